//! `watch`: looks, thresholds, hooks, what is remembered, and what a scrape gets.

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

#[cfg(unix)]
#[test]
fn a_hook_gets_each_alert_once_even_over_restarts() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let (log, state) = (directory.path().join("log"), directory.path().join("watch.json"));
    let hook = format!(
        "echo \"$GENESYS_USAGE_ALERT $GENESYS_USAGE_ALLOWANCE $GENESYS_USAGE_TEXT\" >> '{}'",
        log.display()
    );
    let options = ["--allowance", "5", "--alert-share", "80%", "--alert-429", "0.001%", "--on-alert", &hook];
    for _ in 0..2 {
        let mut command = service.command(&[&ONCE[..], &options].concat());
        assert_eq!(Ran::of(command.args(keeping(&state))).code, Some(6));
    }
    let told = fs::read_to_string(&log).unwrap();
    let alerts: Vec<_> = told.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>()).collect();
    assert_eq!(alerts, [["share", "5"], ["429", "5"]], "{told}");
    let kept: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!(kept["format"], "genesys-usage watch");
    // A hook that fails is told.
    let mut command =
        service.command(&[&ONCE[..], &["--alert-429", "0.001%", "--on-alert", "exit 7"]].concat());
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--on-alert ended with exit status: 7"), "{ran:?}");
}

#[test]
fn metrics_are_served_while_it_runs() {
    let service = Service::misbehaving([Rule::new(Match::Token, Fault::Status(503)).times(1)]);
    let mut command =
        service.command(&["watch", "--every", "1m", "--metrics-addr", "127.0.0.1:0", "--allowance", "10"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("Metrics are at http://").unwrap().strip_suffix("/metrics.\n").unwrap();
    let get = |request: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
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
        "genesys_usage_requests_total{client_id=",
    ] {
        assert!(answer.contains(text), "{text}: {answer}");
    }
    assert!(answer.ends_with("# EOF\n") && answer.matches("# EOF").count() == 1, "{answer}");
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
            &["--alert-share is a part of an allowance", "--allowance N, or configure allowance"][..],
        ),
        (&["--alert-share", "80"], &["write a share as 80%"]),
        (&["--every", "1s"], &["at most once a minute"]),
        (&["--metrics-addr", "here"], &["--metrics-addr"]),
        (&["--once", "--metrics-addr", "127.0.0.1:0"], &["cannot be used with"]),
        (&["--allowance", "0"], &["--allowance"]),
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
