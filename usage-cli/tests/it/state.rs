//! `--state` and `resume`: when the file exists, what it contains, what is refused.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use usage_sim::{Fault, Match, Rule, WireFault};

use crate::support::{Ran, Service, TRANSPORTS, config, keeping, program, without_the_time};

/// Creates a directory with the state file of a query that reached its deadline.
fn stopped(service: &Service) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("run.json");
    let mut command = service.command(&["query", "--last", "1d", "--format", "json", "--deadline", "700ms"]);
    let ran = Ran::of(command.args(keeping(&state)));
    ran.failed(4, &["error: the deadline passed", "hint: --deadline allows more time", "resume "]);
    (directory, state)
}

fn slow() -> Service {
    Service::with(config().with_execution_time(Duration::from_secs(2)))
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_run_that_is_done_leaves_no_file() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    for (command, transport) in ["query", "search", "aggregate"].into_iter().zip(TRANSPORTS) {
        let arguments = [command, "--last", "1d", "--format", "json", "--transport", transport];
        let wanted = service.run(&arguments).well();
        let mut command = service.command(&arguments);
        command.args(keeping(&directory.path().join("run.json")));
        assert_eq!(without_the_time(&Ran::of(&mut command).well()), without_the_time(&wanted));
        assert!(names(directory.path()).is_empty());
    }
}

#[test]
fn after_the_deadline_the_hint_leads_to_the_result() {
    let service = slow();
    let (directory, state) = stopped(&service);
    assert_eq!(names(directory.path()), ["run.json"]);
    let path = state.to_str().unwrap();
    let attached = fs::read_to_string(&state).unwrap();
    let document: Value = serde_json::from_str(&attached).unwrap();
    let id = document["parts"][0]["snapshot"]["step"]["id"].as_str().unwrap();
    let attached = service.run(&["query", "--attach", id, "--format", "json"]).well();
    let resumed: Value = serde_json::from_str(&service.resume(&["resume", path]).well()).unwrap();
    let attached: Value = serde_json::from_str(&attached).unwrap();
    assert_eq!(resumed["rows"], attached["rows"]);
    // Only the state file contains the query.
    assert!(resumed["scope"]["query"].is_object() && attached["scope"]["query"].is_null());
    assert!(names(directory.path()).is_empty());
    let journal = service.server.simulator().journal().to_vec();
    assert_eq!(journal.iter().filter(|entry| entry.started.is_some()).count(), 1);
}

#[test]
fn output_and_transport_are_kept_and_can_be_changed() {
    let service = slow();
    let directory = tempfile::tempdir().unwrap();
    let (state, rows) = (directory.path().join("run.json"), directory.path().join("rows.csv"));
    let start = || {
        let mut command =
            service.command(&["query", "--last", "1d", "--format", "csv", "--deadline", "700ms"]);
        command.args(["--transport", "tokio", "--output", "rows.csv"]).current_dir(directory.path());
        Ran::of(command.args(keeping(&state))).failed(4, &[]);
    };
    start();
    let document: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!((&document["transport"], &document["output"]["format"]), (&json!("tokio"), &json!("csv")));
    // The file is found from another directory, too.
    assert_eq!(service.resume(&["resume", state.to_str().unwrap()]).well(), "");
    assert!(fs::read_to_string(&rows).unwrap().starts_with("date,clientId,"));
    start();
    let other = directory.path().join("rows.jsonl");
    let options = ["--format", "jsonl", "--transport", "async-std", "--output", other.to_str().unwrap()];
    service.resume(&[&["resume", state.to_str().unwrap()][..], &options].concat()).well();
    assert!(fs::read_to_string(&other).unwrap().starts_with('{'));
}

#[test]
fn a_file_that_is_there_is_not_touched() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("run.json");
    fs::write(&state, "mine").unwrap();
    let mut command = service.command(&["query", "--last", "1d"]);
    Ran::of(command.args(keeping(&state))).failed(2, &["is there already", "genesys-usage resume "]);
    assert_eq!(fs::read_to_string(&state).unwrap(), "mine");
    for path in [directory.path().join("none").join("run.json"), directory.path().to_owned()] {
        let mut command = service.command(&["query", "--last", "1d"]);
        Ran::of(command.args(keeping(&path))).failed(2, &["error: "]);
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn nothing_is_left_of_a_run_that_submitted_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("run.json");
    for (fault, code) in [(Fault::Status(401), 3), (Fault::Status(400), 1), (Fault::Status(503), 5)] {
        let service = Service::misbehaving([Rule::new(Match::Submit, fault).always()]);
        let mut command = service.command(&["query", "--last", "1d"]);
        let ran = Ran::of(command.args(keeping(&state))).failed(code, &[]);
        assert!(!ran.stderr.contains("resume"), "{ran:?}");
        assert!(names(directory.path()).is_empty());
    }
}

#[test]
fn what_ended_without_a_result_is_submitted_anew_only_if_told() {
    let service = Service::misbehaving([Rule::new(Match::Submit, Fault::FailQuery)]);
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("run.json");
    let mut command = service.command(&["query", "--last", "1d"]);
    let texts = [
        "the query ended as Failed",
        "it is over, and genesys-usage resume ",
        " --resubmit submits a new one",
    ];
    Ran::of(command.args(keeping(&state))).failed(1, &texts);
    let resume = ["resume", state.to_str().unwrap()];
    service.resume(&resume).failed(1, &texts);
    service.resume(&[&resume[..], &["--resubmit"]].concat()).well();
    let journal = service.server.simulator().journal().to_vec();
    assert_eq!(journal.iter().filter(|entry| entry.started.is_some()).count(), 2);
    assert!(names(directory.path()).is_empty());
}

#[test]
fn without_its_state_no_submit_goes_out() {
    for transport in TRANSPORTS {
        let drip = WireFault::Drip { interval: Duration::from_millis(20), bytes: 20 };
        let service = Service::misbehaving([Rule::new(Match::Token, drip)]);
        let directory = tempfile::tempdir().unwrap();
        let mut command = service.command(&["query", "--last", "1d", "--transport", transport]);
        command.args(keeping(&directory.path().join("run.json")));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        service.until(|journal| !journal.is_empty());
        drop(directory);
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert!(ran.stderr.contains("cannot write the state to "), "{ran:?}");
        assert_eq!(ran.code, Some(2));
        assert_eq!(service.server.simulator().journal().len(), 1, "a token and no submit");
    }
}

#[test]
fn after_the_submit_a_state_that_cannot_be_written_is_a_warning() {
    let drip = WireFault::Drip { interval: Duration::from_millis(20), bytes: 20 };
    let service = Service::misbehaving([Rule::new(Match::Submit, drip)]);
    let directory = tempfile::tempdir().unwrap();
    let mut command = service.command(&["query", "--last", "1d", "--format", "json"]);
    command.args(keeping(&directory.path().join("run.json")));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    service.until(|journal| journal.iter().any(|entry| entry.started.is_some()));
    drop(directory);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.starts_with("warning: cannot write the state to "), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(ran.stdout.starts_with("{\"status\":\"Complete\""));
}

#[test]
fn what_is_no_state_of_a_run_is_refused() {
    let service = slow();
    let (directory, state) = stopped(&service);
    service.server.simulator().clear_journal();
    let good: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    let with = |path: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(path).unwrap() = value;
        document.to_string()
    };
    let whole = good.to_string();
    for (text, message) in [
        (String::new(), "is no state file of genesys-usage"),
        ("date,clientId\n".into(), "is no state file"),
        ("\u{0}\u{1}\u{2}".into(), "is no state file"),
        ("{\"format\":\"another\",\"version\":1}".into(), "is no state file"),
        (whole[..whole.len() / 2].into(), "is no state file"),
        (with("/version", json!(2)), "has format 2, of a later genesys-usage; this one reads up to 1"),
        (with("/parts", json!([])), "cannot be used: it has no parts"),
        (with("/parts", json!(7)), "cannot be used: "),
        (with("/family", json!("weather")), "a query family that is not known here: weather"),
        (
            with("/family", json!("simple-search")),
            "of the query family \"organization\", not \"simple-search\"",
        ),
        (with("/parts/0/snapshot", json!({})), "cannot be used: this is no saved execution"),
        (with("/parts/0/snapshot/version", json!(9)), "the saved execution has format 9"),
        (with("/parts/0/snapshot/complete", json!(true)), "its checksum is another one"),
        (with("/service/apiUrl", json!("http://example.com")), "is not https"),
        (with("/transport", json!("carrier-pigeon")), "unknown variant"),
    ] {
        fs::write(&state, &text).unwrap();
        service.resume(&["resume", state.to_str().unwrap()]).failed(2, &[message]);
        assert_eq!(fs::read_to_string(&state).unwrap(), text, "it was touched");
    }
    let missing = directory.path().join("none");
    service.resume(&["resume", missing.to_str().unwrap()]).failed(2, &["cannot read "]);
    service.resume(&["resume", directory.path().to_str().unwrap()]).failed(2, &["cannot read "]);
    service.resume(&["resume"]).failed(2, &["<FILE>"]);
    assert!(service.server.simulator().journal().is_empty());
}

#[cfg(unix)]
#[test]
fn hosts_that_others_may_have_written_get_no_credential() {
    use std::os::unix::fs::PermissionsExt;

    let service = slow();
    let (_directory, state) = stopped(&service);
    service.server.simulator().clear_journal();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o660)).unwrap();
    service.resume(&["resume", state.to_str().unwrap()]).failed(2, &["others may write to ", "chmod go-w "]);
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn a_resumed_run_needs_credentials_and_takes_no_hosts() {
    let service = slow();
    let (_directory, state) = stopped(&service);
    let path = state.to_str().unwrap();
    Ran::of(&mut program(&["resume", path])).failed(2, &["no credentials"]);
    for option in ["--api-url=https://example.com", "--last=1d", "--state=x", "--attach=x"] {
        service.resume(&["resume", path, option]).failed(2, &["unexpected argument"]);
    }
    assert!(state.exists());
}

#[test]
fn two_runs_of_one_file_are_kept_apart() {
    let service = slow();
    let (_directory, state) = stopped(&service);
    let path = state.to_str().unwrap();
    let mut first = service.resume_command(&["resume", path, "--halt-at", "0"]);
    let mut child = first.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("halted "), "{line}");
    service
        .resume(&["resume", path])
        .failed(2, &["another process is at the run of", "wait until it has ended"]);
    child.kill().unwrap();
    child.wait().unwrap();
    // The lock ended with the process.
    service.resume(&["resume", path]).well();
}

#[test]
fn a_file_that_was_damaged_anywhere_leads_to_no_request() {
    let service = slow();
    let (_directory, state) = stopped(&service);
    service.server.simulator().clear_journal();
    let good = fs::read(&state).unwrap();
    // Each run is a process, so only every seventh byte and those at both ends are tried.
    let flips = (0..good.len()).filter(|at| at % 7 == 0 || *at < 4 || *at + 4 > good.len());
    let flipped = flips.enumerate().map(|(number, at)| {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (number % 8);
        bytes
    });
    let cut =
        (0..good.len()).filter(|at| at % 40 == 0 || *at + 1 == good.len()).map(|at| good[..at].to_vec());
    for bytes in flipped.chain(cut) {
        fs::write(&state, &bytes).unwrap();
        service.resume(&["resume", state.to_str().unwrap()]).failed(2, &["error: "]);
    }
    assert!(service.server.simulator().journal().is_empty());
    fs::write(&state, &good).unwrap();
    service.resume(&["resume", state.to_str().unwrap()]).well();
}
