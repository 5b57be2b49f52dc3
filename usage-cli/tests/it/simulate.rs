//! `genesys-usage simulate`: prints one line, and serves until a signal or its input ends it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Ran, program};

/// Starts the service and returns the line that it prints.
fn start(arguments: &[&str], stdin: Stdio) -> (Child, Value, BufReader<ChildStdout>) {
    let mut command = program(&[&["simulate"], arguments].concat());
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap(), stdout)
}

#[track_caller]
fn ended_well(child: Child) {
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
}

#[test]
fn it_serves_what_it_announces_until_its_input_closes() {
    let (mut child, line, _stdout) = start(&["--seed", "7", "--execution-time", "0s"], Stdio::piped());
    assert_eq!(line.as_object().unwrap().len(), 4);
    assert_eq!(line["api_url"], line["login_url"]);
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    let mut query =
        program(&["query", "--last", "1d", "--initial-delay", "20ms", "--api-url", &text("api_url")]);
    query.env("GENESYSCLOUD_OAUTHCLIENT_ID", text("client_id"));
    query.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", text("client_secret"));
    assert!(Ran::of(&mut query).well().contains("Total of"));
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    ended_well(child);
}

#[test]
fn many_organizations_have_a_line_and_a_credential_each() {
    let (mut child, first, mut stdout) = start(&["--organizations", "3", "--seed", "7"], Stdio::piped());
    let mut lines = vec![first];
    for _ in 1..3 {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        lines.push(serde_json::from_str(&line).unwrap());
    }
    let names: Vec<_> = lines.iter().map(|line| line["organization"].as_str().unwrap()).collect();
    assert_eq!(names, ["org-0", "org-1", "org-2"]);
    let text = |line: usize, name: &str| lines[line][name].as_str().unwrap().to_owned();
    let query = |secret: String| {
        let mut query =
            program(&["query", "--last", "1d", "--initial-delay", "20ms", "--group-by", "organization"]);
        query.args(["--api-url", &text(1, "api_url")]);
        query.env("GENESYSCLOUD_OAUTHCLIENT_ID", text(1, "client_id"));
        query.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", secret);
        Ran::of(&mut query)
    };
    query(text(1, "client_secret")).well();
    query(text(2, "client_secret")).failed(3, &["invalid_client"]);
    drop(child.stdin.take());
    ended_well(child);
}

#[test]
fn it_ends_in_time() {
    let started = Instant::now();
    let (child, _, _stdout) = start(&["--for", "400ms"], Stdio::null());
    ended_well(child);
    assert!((Duration::from_millis(400)..Duration::from_secs(20)).contains(&started.elapsed()));
}

#[cfg(unix)]
#[test]
fn it_ends_by_a_signal_and_not_by_dev_null() {
    for signal in ["-TERM", "-INT"] {
        let (mut child, _, _stdout) = start(&[], Stdio::null());
        thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none(), "/dev/null ended it");
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        ended_well(child);
    }
}

#[test]
fn a_closed_input_does_not_end_it() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" simulate --for 600ms <&-", env!("CARGO_BIN_EXE_genesys-usage")]);
    let started = Instant::now();
    let ran = Ran::of(&mut shell);
    assert_eq!(ran.code, Some(0));
    assert!(started.elapsed() >= Duration::from_millis(600));
}

#[test]
fn the_seed_makes_the_credentials_and_the_port_is_kept() {
    let (mut one, first, _one_stdout) = start(&["--seed", "9"], Stdio::piped());
    let port = first["api_url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    Ran::of(&mut program(&["simulate", "--port", &port])).failed(2, &["cannot listen on port", &port]);
    drop(one.stdin.take());
    ended_well(one);
    let (mut two, second, _two_stdout) = start(&["--seed", "9"], Stdio::piped());
    assert_eq!(first["client_secret"], second["client_secret"]);
    drop(two.stdin.take());
    ended_well(two);
}
