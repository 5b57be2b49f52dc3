//! `doctor`: its checks and its advice.

use serde_json::Value;
use usage_core::Timestamp;
use usage_sim::{Fault, Match, Refusing, Rule, WireFault};

use crate::support::{Ran, Service, config, program};

/// Returns name, verdict and text of each check.
fn checks(ran: &Ran) -> Vec<(String, String, String)> {
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or_default().to_owned();
    let checks = document["checks"].as_array().unwrap().iter();
    checks
        .map(|c| (text(c, "name"), text(c, "verdict"), format!("{} {}", text(c, "text"), text(c, "fix"))))
        .collect()
}

#[track_caller]
fn has(ran: &Ran, name: &str, verdict: &str, text: &str) {
    let checks = checks(ran);
    let found = checks.iter().any(|c| c.0 == name && c.1 == verdict && c.2.contains(text));
    assert!(found, "no {name} that is {verdict} with {text:?} in {checks:#?}");
}

const JSON: [&str; 3] = ["doctor", "--format", "json"];

#[test]
fn all_is_well() {
    let service = Service::new();
    let ran = service.run(&JSON);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{ran:?}");
    for name in ["configuration", "names", "connections", "token", "tls", "permissions", "budget"] {
        has(&ran, name, "ok", "");
    }
    has(&ran, "configuration", "ok", "as OAuth client ");
    let started = service.server.simulator().journal().iter().any(|entry| entry.started.is_some());
    assert!(!started, "nothing is submitted");
    let table = service.run(&["doctor"]).well();
    assert!(table.starts_with("ok       configuration  http://127.0.0.1:"), "{table}");
}

#[test]
fn a_permission_that_is_needed_is_a_failure_and_another_a_warning() {
    let service = Service::with(config().with_permissions(["usage:organization:view"]));
    let ran = service.run(&JSON);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    has(&ran, "permissions", "ok", "aggregate is permitted");
    has(&ran, "permissions", "warning", "events is not permitted");
    has(&ran, "permissions", "warning", "any one of: oauth:client:view, usage:simpleSearch:view");
    let ran = service.run(&[&JSON[..], &["--need", "query,events"]].concat());
    assert_eq!((ran.code, &*ran.stderr), (Some(1), "error: 1 check failed\n"), "{ran:?}");
    has(&ran, "permissions", "failed", "events is not permitted");
}

#[test]
fn what_is_not_there() {
    let ran = Ran::of(&mut program(&JSON));
    assert_eq!(ran.code, Some(1));
    has(&ran, "configuration", "failed", "no credentials");
    has(&ran, "names", "skipped", "");

    let refusing = Refusing::new().unwrap();
    let url = refusing.url();
    let doctor = |url: &str| {
        let mut command = program(&[&JSON[..], &["--api-url", url, "--deadline", "1s"]].concat());
        Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "token"))
    };
    let ran = doctor(&url);
    has(&ran, "connections", "failed", "is a firewall or a proxy in between?");
    has(&ran, "token", "skipped", "");
    let ran = doctor("https://nowhere.invalid");
    has(&ran, "names", "failed", "nowhere.invalid: ");
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_host_that_does_not_speak_tls() {
    let service = Service::new();
    let url = service.server.url().replace("http:", "https:");
    let mut command =
        program(&[&JSON[..], &["--api-url", &url, "--deadline", "2s", "--initial-delay", "20ms"]].concat());
    let ran = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "token"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    has(&ran, "connections", "ok", "");
    assert!(checks(&ran).iter().any(|check| check.1 == "failed"), "{ran:?}");
}

#[test]
fn a_credential_that_is_not_good() {
    let service = Service::new();
    let mut command = service.command(&JSON);
    let ran = Ran::of(command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "wrong"));
    has(&ran, "token", "failed", "invalid_client");
    has(&ran, "permissions", "skipped", "");
    assert_eq!(ran.code, Some(1));
    let mut command = service.command(&JSON);
    let ran = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "wrong"));
    has(&ran, "permissions", "failed", "not authorised");
    let service = Service::misbehaving([Rule::new(Match::Results, WireFault::CloseMidBody).always()]);
    has(&service.run(&JSON), "permissions", "failed", "the service answered 404");
}

#[test]
fn clocks_that_are_apart() {
    for (date, verdict, text) in [
        (Timestamp::UNIX_EPOCH, "failed", "ahead of the service's"),
        (Timestamp::from_unix_millis(4_000_000_000_000), "failed", "behind the service's"),
        (std::time::SystemTime::now().into(), "ok", "apart"),
    ] {
        let headers = vec![("date".to_owned(), http_date(date))];
        let body = br#"{"entities":[]}"#.to_vec();
        let service =
            Service::misbehaving([Rule::new(Match::Event, Fault::StatusWith { status: 200, headers, body })]);
        let ran = service.run(&JSON);
        has(&ran, "clock", verdict, text);
        assert_eq!(ran.code, Some(i32::from(verdict == "failed")));
    }
}

/// Formats a time as in a `Date` header.
fn http_date(at: Timestamp) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_millis(at.as_unix_millis()))
}
