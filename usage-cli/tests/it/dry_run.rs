//! `--dry-run`: prints what would be sent, and sends nothing.

use std::process::Command;

use crate::support::{Ran, Service, program};

#[test]
fn nothing_is_sent_and_no_credential_is_read() {
    for command in [
        &["query", "--last", "7d", "--group-by", "client"][..],
        &["search", "--last", "1d"],
        &["summary", "--client", "x"],
        &["aggregate", "--last", "5d"],
        &["events", "query", "--last", "1d"],
        &["events", "definitions"],
        &["query", "--attach", "id"],
    ] {
        let dry = |form: &str| {
            Ran::of(&mut program(
                &[command, &[form, "--region", "eu-central-1", "--secret-command", "exit 9"]].concat(),
            ))
            .well()
        };
        let text = dry("--dry-run");
        assert!(text.contains(" https://api.mypurecloud.de/api/v2/"), "{text}");
        assert!(text.contains("authorization: Bearer [redacted]\n"), "{text}");
        let curl = dry("--dry-run=curl");
        assert!(curl.contains("Bearer $GENESYSCLOUD_ACCESS_TOKEN\""), "{curl}");
    }
    let refused = Ran::of(&mut program(&["query", "--interval", "2026-07-02/2026-07-01", "--dry-run"]));
    refused.failed(2, &["ends before it starts"]);
}

/// The printed line works in a shell, and sends what the program would have sent.
#[cfg(unix)]
#[test]
fn the_curl_line_is_the_request() {
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let service = Service::new();
    let arguments = ["search", "--last", "2d", "--client-name", "it's \"$HOME\" \\ ü"];
    let line = service.run(&[&arguments[..], &["--dry-run=curl"]].concat()).well();
    let token = service.server.simulator().issue_token(std::time::SystemTime::now().into());
    let ran = Ran::of(Command::new("sh").args(["-c", &line]).env("GENESYSCLOUD_ACCESS_TOKEN", token));
    assert!(ran.stdout.contains("\"executionId\":"), "{ran:?}");
    service.run(&arguments).well();
    let journal = service.server.simulator().journal().to_vec();
    let bodies: Vec<_> =
        journal.iter().filter(|entry| entry.started.is_some()).map(|entry| entry.body.clone()).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
}

#[test]
fn a_report_shows_the_request_of_its_query() {
    let report = ["report", "--interval", "2026-09-01/2026-09-30", "--dry-run"];
    let shown = Ran::of(&mut program(&report)).well();
    assert!(shown.contains("/api/v2/usage/query") && shown.contains("2026-09-01/2026-09-30"), "{shown}");
    // A comparison needs two queries.
    let shown = Ran::of(&mut program(&[&report[..], &["--compare"]].concat())).well();
    assert_eq!(shown.matches("/api/v2/usage/query").count(), 2, "{shown}");
    let files = ["report", "rows.json", "--dry-run"];
    Ran::of(&mut program(&files)).failed(2, &["cannot be used with"]);
}

#[test]
fn the_curl_line_trusts_the_same_root_and_shows_nothing_raw() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, "ca-file = 'it is.pem'\nregion = 'eu-west-1'\n").unwrap();
    let dry = |arguments: &[&str]| {
        Ran::of(&mut program(&[&["query", "--last", "1d", "--dry-run=curl"], arguments].concat())).well()
    };
    assert!(dry(&["--region", "euw1", "--ca-file", "/a.pem"]).contains(" --cacert '/a.pem' "));
    let configured = dry(&["--config", config.to_str().unwrap()]);
    let path = directory.path().join("it is.pem");
    assert!(configured.contains(&format!(" --cacert '{}' ", path.display())), "{configured}");
    assert!(!dry(&["--region", "euw1"]).contains("--cacert"));
    for form in ["--dry-run", "--dry-run=curl"] {
        let odd = "a\u{202e}b\u{10ffff}\u{1b}c";
        let search = ["search", "--last", "1d", "--client-name", odd, "--region", "euw1", form];
        let shown = Ran::of(&mut program(&search)).well();
        assert!(shown.contains(r"a\u202eb\udbff\udfff\u001bc"), "{shown}");
    }
}
