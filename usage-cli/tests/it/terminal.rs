//! The program on a terminal: a pseudo-terminal of a size that the test chooses.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::{Service, config};

/// What a terminal shows of `command`, escape sequences and all, and how it ended.
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
    // What is left of it are the child's ends: when they are closed, reading ends.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(slave);
    let reader = thread::spawn(move || {
        let (mut master, mut shown, mut chunk) = (File::from(master), Vec::new(), [0; 4096]);
        // The end of a terminal is an error on some systems.
        while let Ok(length @ 1..) = master.read(&mut chunk) {
            shown.extend_from_slice(&chunk[..length]);
        }
        shown
    });
    let code = child.wait().unwrap().code();
    (code, String::from_utf8(reader.join().unwrap()).unwrap().replace("\r\n", "\n"))
}

/// The lines of the table, without what was rewritten before it.
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
    // `NO_COLOR` is obeyed, and `--quiet` leaves nothing but the table.
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
    ] {
        assert!(whole.contains("Total of "), "{whole}");
    }
    let json = page("head -c 1", &["--format", "json"], 1);
    assert!(json.starts_with("{\"status\":\"Complete\""), "{json}");
    let events =
        service.command(&["events", "query", "--last", "3d"]).env("PAGER", "head -n 1").output().unwrap();
    assert!(events.stdout.split(|byte| *byte == b'\n').count() > 10, "a pipe is not paged");
}
