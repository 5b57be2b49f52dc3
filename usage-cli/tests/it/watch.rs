//! `watch`: polls, thresholds, hooks, remembered alerts, and scrapes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;
use usage_sim::{Fault, Match, Rule};

use crate::support::{Ran, Service, keeping};

const ONCE: [&str; 4] = ["watch", "--once", "--format", "json"];

#[test]
fn one_look() {
    let service = Service::new();
    let seen: Value = serde_json::from_str(&service.run(&ONCE).well()).unwrap();
    assert!(
        seen["requests"].as_u64().unwrap() > 0 && seen["from"].as_str().unwrap().ends_with("-01"),
        "{seen}"
    );
    assert!(seen.get("allowance").is_none() && seen["alerts"] == serde_json::json!([]), "{seen}");
    let line = service.run(&["watch", "--once", "--allowance", "1000"]).well();
    assert!(line.contains("% of 1,000; ") && line.contains("% rate limited\n"), "{line}");
}

#[test]
fn a_threshold_that_is_crossed_is_exit_code_6() {
    let service = Service::new();
    let ran = service.run(&[&ONCE[..], &["--allowance", "1", "--alert-share", "80%"]].concat());
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(
        ran.stderr.starts_with("error: ") && ran.stderr.contains("of the month's allowance is used"),
        "{ran:?}"
    );
    let seen: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(seen["alerts"], serde_json::json!(["share"]));
    service.run(&[&ONCE[..], &["--allowance", "999999999999", "--alert-share", "80%"]].concat()).well();
    let ran = service.run(&[&ONCE[..], &["--alert-429", "0.001%"]].concat());
    assert_eq!(ran.code, Some(6), "{ran:?}");
    service.run(&[&ONCE[..], &["--alert-429", "99%"]].concat()).well();
}

#[test]
fn an_alert_without_a_command_is_told_once_a_month_if_there_is_a_state() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("watch.json");
    let look = |thresholds: &str| {
        let options = ["--allowance", "1", "--alert-share", thresholds];
        let mut command = service.command(&[&ONCE[..], &options].concat());
        Ran::of(command.args(keeping(&state)))
    };
    let first = look("80%");
    assert_eq!(first.code, Some(6), "{first:?}");
    look("80%").well();
    // Another threshold of the same kind is another alert.
    let second = look("80%,100%");
    assert_eq!(second.code, Some(6), "{second:?}");
    assert!(second.stderr.contains("100 % or more is an alert"), "{second:?}");
    assert!(!second.stderr.contains(" 80 % or more"), "{second:?}");
    look("80%,100%").well();
}

#[cfg(unix)]
#[test]
fn a_command_gets_each_alert_once_even_over_restarts() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let (log, state) = (directory.path().join("log"), directory.path().join("watch.json"));
    let hook = format!(
        "echo \"$GENESYS_USAGE_ALERT $GENESYS_USAGE_ALLOWANCE $GENESYS_USAGE_THRESHOLD $GENESYS_USAGE_TEXT\" >> '{}'",
        log.display()
    );
    let options = [
        "--allowance",
        "5",
        "--alert-share",
        "80%,100%",
        "--alert-projected",
        "100%",
        "--alert-429",
        "0.001%",
        "--on-alert",
        &hook,
    ];
    for _ in 0..2 {
        let mut command = service.command(&[&ONCE[..], &options].concat());
        let ran = Ran::of(command.args(keeping(&state)));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    let told = fs::read_to_string(&log).unwrap();
    let alerts: Vec<_> = told.lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>()).collect();
    let wanted =
        [["share", "5", "80%"], ["share", "5", "100%"], ["projected", "5", "100%"], ["429", "5", "0.001%"]];
    assert_eq!(alerts, wanted, "{told}");
    let kept: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!((&kept["format"], &kept["version"]), (&"genesys-usage watch".into(), &3.into()));
}

#[cfg(unix)]
#[test]
fn an_alert_whose_command_failed_is_told_again() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let (log, state) = (directory.path().join("log"), directory.path().join("watch.json"));
    let look = |hook: &str| {
        let options =
            ["--allowance", "5", "--alert-share", "80%", "--alert-429", "0.001%", "--on-alert", hook];
        let mut command = service.command(&[&ONCE[..], &options].concat());
        Ran::of(command.args(keeping(&state)))
    };
    let log_it = format!("echo $GENESYS_USAGE_ALERT >> '{}'", log.display());
    // The hook fails for one of two alerts: the other is sent, and not sent again.
    let ran = look(&format!("test $GENESYS_USAGE_ALERT = 429 || exit 7; {log_it}"));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for text in ["--on-alert ended with exit status: 7", "hint: the alert counts as not sent"] {
        assert!(ran.stderr.contains(text), "{ran:?}");
    }
    assert_eq!(look("kill -9 $$").code, Some(2));
    let ran = look(&log_it);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(look(&log_it).code, Some(0));
    assert_eq!(fs::read_to_string(&log).unwrap(), "429\nshare\n");
}

#[test]
fn licences_are_an_allowance() {
    let service = Service::new();
    let seen = service.run(&[&ONCE[..], &["--licenses", "cx2-named=2,communicate=1"]].concat()).well();
    let seen: Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(seen["allowance"], 230_000, "{seen}");
    let both = [&ONCE[..], &["--licenses", "cx2-named=2", "--allowance", "7"]].concat();
    service.run(&both).failed(2, &["cannot be used with"]);
}

#[cfg(unix)]
#[test]
fn commands_get_no_secret_of_this_program() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let hook = format!("env > '{}'", log.display());
    let mut command = service.command(&[&ONCE[..], &["--alert-429", "0.001%", "--on-alert", &hook]].concat());
    let ran = Ran::of(
        command.env("GENESYSCLOUD_REGION", "eu-central-1").env("GENESYSCLOUD_PROXY_AUTH_PASSWORD", "x"),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let environment = fs::read_to_string(&log).unwrap();
    assert!(!environment.contains(&service.secret), "{environment}");
    assert!(!environment.contains("GENESYSCLOUD_PROXY_AUTH_PASSWORD"), "{environment}");
    assert!(environment.contains("GENESYSCLOUD_REGION=eu-central-1"), "{environment}");

    // A command that fetches the secret gets no other secret.
    let log = directory.path().join("secret-log");
    let secret = format!("env > '{}'; echo {}", log.display(), service.secret);
    let mut command = service.command(&["query", "--last", "1d", "--secret-command", &secret]);
    command.args(["--oauth-client-id", service.client_id()]).env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2");
    Ran::of(&mut command).well();
    let environment = fs::read_to_string(&log).unwrap();
    assert!(!environment.contains("hunter2") && !environment.contains("CLIENT_SECRET"), "{environment}");
}

#[test]
fn metrics_are_served_while_it_runs() {
    let service = Service::misbehaving([Rule::new(Match::Token, Fault::Status(503)).times(1)]);
    let mut command = service.command(&[
        "watch",
        "--every",
        "1m",
        "--metrics-addr",
        "127.0.0.1:0",
        "--metrics-clients",
        "2",
        "--allowance",
        "10",
    ]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("Metrics are at http://").unwrap().strip_suffix("/metrics.\n").unwrap();
    let get_of = |request: &str, host: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{request} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let get = |request: &str| get_of(request, "x");
    let mut looked = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut looked).unwrap();
    let answer = get("GET /metrics");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; "),
        "{answer}"
    );
    for text in [
        "genesys_usage_up 1\n",
        "genesys_usage_allowance_requests 10\n",
        "genesys_usage_client_requests{client_id=",
        "genesys_usage_client_requests{others=\"true\"} ",
        "genesys_usage_last_success_timestamp_seconds ",
    ] {
        assert!(answer.contains(text), "{text}: {answer}");
    }
    assert!(answer.ends_with("# EOF\n") && answer.matches("# EOF").count() == 1, "{answer}");
    // Web pages whose own host name resolves to this machine (DNS rebinding).
    for host in
        ["evil.example", "evil.example:9184", "127.0.0.1.evil.example", "localhost.evil.example", "a.b."]
    {
        let answer = get_of("GET /metrics", host);
        assert!(answer.starts_with("HTTP/1.1 421 ") && !answer.contains("genesys_usage"), "{host}: {answer}");
    }
    for host in [
        "localhost:1",
        "127.0.0.1:9184",
        "[::1]:9184",
        "127.1.2.3",
        "prometheus",
        "a.localhost",
        "localhost.",
    ] {
        assert!(get_of("GET /metrics", host).starts_with("HTTP/1.1 200 "), "{host}");
    }
    assert!(get("GET /").starts_with("HTTP/1.1 404 ") && get("POST /metrics").starts_with("HTTP/1.1 405 "));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_is_wrong_is_refused() {
    let service = Service::new();
    for (options, texts) in [
        (
            &["--alert-share", "80%"][..],
            &[
                "--alert-share is a part of an allowance",
                "--allowance N or --licenses, or configure allowance",
            ][..],
        ),
        (&["--alert-share", "80"], &["write a share as 80%"]),
        (&["--alert-projected", "80%"], &["--alert-projected is a part of an allowance"]),
        (&["--alert-share", "80%,x"], &["write a share as 80%"]),
        (&["--every", "1s"], &["at most once a minute"]),
        (&["--metrics-addr", "here"], &["--metrics-addr"]),
        (&["--once", "--metrics-addr", "127.0.0.1:0"], &["cannot be used with"]),
        (&["--allowance", "0"], &["--allowance"]),
        (&["--alert-jump", "3x"], &["--from"]),
        (&["--alert-new-client"], &["--from"]),
        (&["--from", "lake", "--alert-jump", "3"], &["write a factor above 1 as 3x"]),
        (&["--metrics-clients", "3"], &["--metrics-addr"]),
        (&["--on-alert", " "], &["the command is empty"]),
    ] {
        service.run(&[&["watch"], options].concat()).failed(2, texts);
    }
    let mut command = service.command(&["watch"]);
    Ran::of(command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "wrong")).failed(3, &["not authorised"]);
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("watch.json");
    fs::write(&state, "{}").unwrap();
    let mut command = service.command(&["watch", "--once"]);
    Ran::of(command.args(keeping(&state))).failed(2, &["is no state of genesys-usage watch"]);
}
