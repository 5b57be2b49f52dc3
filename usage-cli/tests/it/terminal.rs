//! The program on a pseudo-terminal whose size the test chooses.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::snapshots;
use crate::support::{Service, config, program};

/// Runs `command` and returns what the terminal receives, escape sequences included, and how the command ended.
fn on_terminal(command: &mut Command, columns: u16, rows: u16) -> (Option<i32>, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    tcsetwinsize(&slave, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let end = || Stdio::from(OwnedFd::from(slave.try_clone().unwrap()));
    command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm");
    let mut child = command.spawn().unwrap();
    // Only the child holds the other end now: reading ends when the child closes it.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(slave);
    let reader = thread::spawn(move || {
        let (mut master, mut shown, mut chunk) = (File::from(master), Vec::new(), [0; 4096]);
        // Some systems report the end of a terminal as an error.
        while let Ok(length @ 1..) = master.read(&mut chunk) {
            shown.extend_from_slice(&chunk[..length]);
        }
        shown
    });
    let code = child.wait().unwrap().code();
    (code, String::from_utf8(reader.join().unwrap()).unwrap().replace("\r\n", "\n"))
}

/// Returns the lines of the table, without the progress that was overwritten before it.
fn table(shown: &str) -> Vec<&str> {
    let start = shown.find("Client").unwrap_or_else(|| panic!("no table in {shown:?}"));
    shown[start..].lines().collect()
}

const QUERY: [&str; 5] = ["query", "--last", "1d", "--group-by", "client"];

#[test]
fn progress_is_shown_and_the_table_fits() {
    let service = Service::new();
    let (code, shown) = on_terminal(&mut service.command(&[&QUERY[..], &["--no-pager"]].concat()), 80, 24);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("\u{1b}[1m"), "the header is bold: {shown:?}");
    assert!(
        table(&shown).len() > 24 && table(&shown).iter().all(|line| line.chars().count() <= 84),
        "{shown}"
    );
    // `NO_COLOR` is respected, and `--quiet` leaves only the table.
    let quiet = [&QUERY[..], &["--no-pager", "--quiet"]].concat();
    let (_, shown) = on_terminal(service.command(&quiet).env("NO_COLOR", "1"), 80, 24);
    assert!(shown.starts_with("Client") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn progress_says_what_is_done_and_when_it_goes_on() {
    let service = Service::with(config().with_execution_time(Duration::from_millis(900)));
    let mut command = service.command(&[&QUERY[..], &["--no-pager"]].concat());
    let (code, shown) = on_terminal(&mut command, 120, 24);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("; next poll in 1 s"), "{shown:?}");
}

#[test]
fn a_long_table_goes_through_the_pager_and_quitting_it_is_no_error() {
    let service = Service::new();
    let page = |pager: &str, options: &[&str], rows: u16| {
        let mut command = service.command(&[&QUERY[..], &["--quiet"], options].concat());
        let (code, shown) = on_terminal(command.env("PAGER", pager), 100, rows);
        assert_eq!(code, Some(0), "{shown}");
        shown
    };
    let quits = page("head -n 3", &[], 10);
    assert_eq!(table(&quits).len(), 3, "{quits}");
    for whole in [
        page("head -n 3", &["--no-pager"], 10),
        page("head -n 3", &[], 100),
        page("", &[], 10),
        page("cat", &[], 10),
        page("no-such-pager", &[], 10),
    ] {
        assert!(whole.contains("Total of "), "{whole}");
    }
    let json = page("head -c 1", &["--format", "json"], 1);
    assert!(json.starts_with("{\"status\":\"Complete\""), "{json}");
    let events =
        service.command(&["events", "query", "--last", "3d"]).env("PAGER", "head -n 1").output().unwrap();
    assert!(events.stdout.split(|byte| *byte == b'\n').count() > 10, "a pipe is not paged");
}

/// Two weeks of two clients. One of them is throttled more each day, except on one quiet day.
fn two_weeks() -> String {
    let counts = "requests,status200,status300,status400,status429,status500";
    let mut lines = vec![format!("date,clientId,clientName,templateUri,httpMethod,{counts}")];
    for day in 1..=14 {
        let steady = 1000 + 10 * day;
        lines.push(format!("2026-10-{day:02},a,Nightly Export,api/v2/users,GET,{steady},{steady},0,0,0,0"));
        let (throttled, row) = (50 * day, format!("2026-10-{day:02},b,Chat Bot,api/v2/conversations,POST"));
        if day != 7 {
            lines.push(format!("{row},{},597,0,{throttled},{throttled},3", 600 + throttled));
        }
    }
    lines.join("\n")
}

/// Returns a report of them on a terminal of this many columns.
fn report(columns: u16, options: &[&str], no_color: Option<&str>) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("october.csv"), two_weeks()).unwrap();
    let mut command = program(&[&["report", "october.csv"], options].concat());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("PAGER", "cat").envs(no_color.map(|value| ("NO_COLOR", value))).current_dir(directory.path());
    let (code, shown) = on_terminal(&mut command, columns, 24);
    assert_eq!(code, Some(0), "{shown}");
    shown
}

#[test]
fn a_report_in_colour() {
    let coloured = report(80, &["--compare"], None);
    snapshots::matches("results/report-terminal.txt", &coloured.replace('\u{1b}', "\\e"));
    // Without colours, bars are shaded.
    let plain = report(80, &["--compare"], Some("1"));
    assert!(!plain.contains('\u{1b}') && plain.contains("░ 429  x 5xx"), "{plain}");
}

#[test]
fn a_report_fits_and_leaves_room_for_names() {
    for columns in [76, 80, 96, 100, 120, 160] {
        for options in [&[][..], &["--compare"]] {
            let shown = report(columns, options, Some("1"));
            let width = usize::from(columns);
            assert!(shown.lines().all(|line| line.chars().count() <= width), "{columns}: {shown}");
            assert!(shown.matches("  Nightly Export  ").count() > 1, "{columns}: {shown}");
        }
    }
}

#[test]
fn a_narrow_terminal_loses_no_word_of_a_sentence() {
    let of = |columns| {
        let shown = report(columns, &[], Some("1"));
        let sentences = shown.split("\n\n").nth(1).unwrap();
        sentences.split_whitespace().collect::<String>()
    };
    let whole = of(160);
    for columns in [20, 30, 40, 60] {
        assert_eq!(of(columns), whole, "{columns}");
    }
}

/// Characters that reverse, hide or break the text around them.
const HOSTILE: [char; 10] = [
    '\u{202E}',
    '\u{2066}',
    '\u{2069}',
    '\u{200B}',
    '\u{2028}',
    '\u{FEFF}',
    '\u{E000}',
    '\u{E0041}',
    '\u{1b}',
    '\u{9b}',
];

#[test]
fn foreign_text_neither_turns_nor_hides_what_people_read_and_stays_as_it_is_for_machines() {
    let directory = tempfile::tempdir().unwrap();
    let hostile: String = HOSTILE.iter().flat_map(|c| ['a', *c, 'b']).collect();
    let row = serde_json::json!([{"date": "2026-10-01", "clientId": hostile, "clientName": hostile,
        "templateUri": hostile, "httpMethod": hostile, "requests": 5, "status429": 1}]);
    fs::write(directory.path().join("rows.json"), row.to_string()).unwrap();
    for format in ["text", "html"] {
        let mut command = program(&["report", "rows.json", "--format", format]);
        let shown =
            String::from_utf8(command.current_dir(directory.path()).output().unwrap().stdout).unwrap();
        assert!(shown.contains("a\u{FFFD}b"), "{format}: {shown}");
        assert!(!HOSTILE.iter().any(|c| shown.contains(*c)), "{format}: {shown:?}");
    }
    let mut command = program(&["report", "rows.json", "--format", "json"]);
    let exact = command.current_dir(directory.path()).output().unwrap().stdout;
    let exact: serde_json::Value = serde_json::from_slice(&exact).unwrap();
    assert!(exact.to_string().contains(&serde_json::to_string(&hostile).unwrap()), "{exact}");
}

#[test]
fn a_servers_words_neither_turn_nor_break_an_error() {
    let hostile: String = HOSTILE.iter().flat_map(|c| ['a', *c, 'b']).collect();
    let body =
        serde_json::json!({"message": hostile, "code": hostile, "status": 400}).to_string().into_bytes();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let rule = usage_sim::Rule::new(
        usage_sim::Match::Submit,
        usage_sim::Fault::StatusWith { status: 400, headers, body },
    );
    let service = Service::misbehaving([rule.always()]);
    for arguments in [&["query", "--last", "1d", "-vv"][..], &["query", "--last", "1d"]] {
        let output = service.command(arguments).output().unwrap();
        let shown = String::from_utf8(output.stderr).unwrap();
        assert!(shown.contains("a\u{FFFD}b"), "{shown}");
        assert!(!HOSTILE.iter().any(|c| shown.contains(*c)), "{shown:?}");
    }
}

#[test]
fn arguments_are_shown_like_any_text_of_others() {
    let odd = "\u{202e}x\u{200b}\u{2028}\u{2066}\u{e000}\u{ad}\u{1b}]0;title\u{7}\u{1b}[31mred";
    for arguments in [
        &[odd][..],
        &["query", odd],
        &["query", "--region", odd],
        &["query", "--last", odd],
        &["query", "--format", odd],
        &["query", &format!("--{odd}")],
        &["report", "--licenses", odd],
        &["query", "--profile", odd],
        &["login", "--redirect-uri", odd],
    ] {
        let (code, shown) = on_terminal(&mut program(arguments), 80, 24);
        assert!(code == Some(2) && shown.contains("error: "), "{shown:?}");
        for raw in ["\u{202e}", "\u{200b}", "\u{2028}", "\u{2066}", "\u{e000}", "\u{ad}", "\u{1b}", "\u{7}"] {
            assert!(!shown.contains(raw), "{shown:?}");
        }
    }
    // Others keep their colours.
    assert!(on_terminal(&mut program(&["query", "--region", "nowhere"]), 80, 24).1.contains("\u{1b}["));
}

#[test]
fn colour_is_as_it_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("october.csv"), two_weeks()).unwrap();
    let piped = |options: &[&str], variables: &[(&str, &str)]| {
        let mut command = program(&[&["report", "october.csv"], options].concat());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).current_dir(directory.path());
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains('\u{1b}')
    };
    assert!(!piped(&[], &[]));
    assert!(piped(&["--color", "always"], &[]) && piped(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!piped(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!report(80, &["--color", "never"], None).contains('\u{1b}'));
    assert!(report(80, &["--color", "always"], Some("1")).contains('\u{1b}'));
}

#[test]
fn a_long_report_is_paged_and_a_wide_table_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("october.csv"), two_weeks()).unwrap();
    let mut command = program(&["report", "october.csv"]);
    let (code, shown) = on_terminal(command.env("PAGER", "head -n 1").current_dir(directory.path()), 80, 24);
    assert!(code == Some(0) && shown.lines().count() == 1, "{shown}");
    let service = Service::new();
    let query = ["query", "--last", "1d", "--group-by", "client,uri,method", "--quiet", "--no-pager"];
    let shown =
        |options: &[&str]| on_terminal(&mut service.command(&[&query[..], options].concat()), 80, 24).1;
    let fitted = shown(&["--color", "never"]);
    assert!(fitted.lines().all(|line| line.chars().count() <= 80), "{fitted}");
    assert!(fitted.contains("Too wide for this terminal: ") && !fitted.contains("Client id  "), "{fitted}");
    let whole = shown(&["--color", "never", "--wide"]);
    assert!(whole.starts_with("Client id  ") && !whole.contains('…'), "{whole}");
}

#[test]
fn without_arguments_it_says_what_to_do_next() {
    let shown = |command: &mut Command| {
        let (code, shown) = on_terminal(command, 80, 24);
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.lines().count() <= 12, "{shown}");
        shown
    };
    let unset = shown(&mut program(&[]));
    assert!(unset.starts_with("Not ready to ask an organization: no credentials.\n"), "{unset}");
    assert!(unset.contains("--simulate") && unset.contains("genesys-usage login"), "{unset}");
    assert!(unset.lines().all(|line| line.len() <= 80), "{unset}");
    let set = |command: &mut Command| {
        command
            .env("GENESYSCLOUD_OAUTHCLIENT_ID", "an-id")
            .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "a-secret")
            .env("GENESYSCLOUD_REGION", "eu-central-1");
    };
    let mut command = program(&[]);
    set(&mut command);
    let ready = shown(&mut command);
    assert!(ready.starts_with("Ready to ask https://api.mypurecloud.de as OAuth client an-id.\n"), "{ready}");
    assert!(!ready.contains("a-secret") && ready.contains("genesys-usage report --last 30d  "), "{ready}");
    // A configuration that cannot be used is reported, with the command that tells more.
    let half = shown(program(&[]).env("GENESYSCLOUD_OAUTHCLIENT_ID", "an-id"));
    assert!(half.contains("no secret") && half.contains("genesys-usage doctor"), "{half}");
    // Into a pipe, the help is printed.
    let piped = program(&[]).output().unwrap();
    assert_eq!(piped.status.code(), Some(2));
    assert!(piped.stdout.is_empty() && String::from_utf8_lossy(&piped.stderr).contains("Usage: "));
}
