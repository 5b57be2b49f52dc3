//! No secret and no token appears in any output, however verbose.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use usage_core::Timestamp;
use usage_sim::{Fault, Match, Rule, Simulator};

use crate::support::{Ran, Service, config};

/// Texts that must not appear: the secret, its encodings, and every token that the service will issue.
fn secrets(service: &Service) -> Vec<String> {
    // The same seed issues the same tokens.
    let mut twin = Simulator::new(config());
    let mut secrets: Vec<_> = (0..10).map(|_| twin.issue_token(Timestamp::UNIX_EPOCH)).collect();
    secrets.push(STANDARD.encode(format!("{}:{}", service.client_id(), service.secret)));
    secrets.push(service.secret.clone());
    secrets
}

#[test]
fn nothing_secret_is_ever_told() {
    let rules = [
        vec![],
        vec![Rule::new(Match::Submit, Fault::FailQuery)],
        vec![Rule::new(Match::Token, Fault::Status(503)).always()],
        vec![Rule::new(Match::Results, Fault::Status(401)).always()],
        vec![Rule::new(Match::Submit, Fault::Status(403))],
        vec![Rule::new(Match::Submit, Fault::Status(400))],
        vec![Rule::new(Match::Results, Fault::Html).always()],
        vec![Rule::new(Match::Submit, Fault::RateLimited { retry_after: Some("9999".into()) })],
        vec![Rule::new(Match::Submit, Fault::Redirect("http://127.0.0.1:1/".into()))],
        vec![Rule::new(
            Match::Token,
            Fault::StatusWith { status: 200, headers: vec![], body: b"{}".to_vec() },
        )],
    ];
    for (index, rules) in rules.into_iter().enumerate() {
        let service = Service::misbehaving(rules);
        let client = service.client_id().to_owned();
        let commands =
            [&["query", "--last", "1d"][..], &["summary", "--client", &client], &["search", "--last", "1d"]];
        let command = commands[index % 3];
        let transport = crate::support::TRANSPORTS[(index / 3) % 3];
        let ran = service.run(&[command, &["-vvv", "--transport", transport]].concat());
        assert!(!service.server.simulator().journal().is_empty());
        assert!(ran.stderr.contains("with OAuth client"), "{ran:?}");
        for secret in secrets(&service) {
            assert!(!ran.stdout.contains(&secret) && !ran.stderr.contains(&secret), "{secret}: {ran:?}");
        }
    }
}

#[test]
fn nor_is_a_token_that_was_given() {
    let service = Service::new();
    let token = service.server.simulator().issue_token(std::time::SystemTime::now().into());
    assert!(secrets(&service).contains(&token), "the twin issues other tokens");
    for transport in crate::support::TRANSPORTS {
        for end in ["", "x"] {
            let mut command = service.command(&["query", "--last", "1d", "-vvv", "--transport", transport]);
            let ran = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", format!("{token}{end}")));
            assert_eq!(ran.code, Some(if end.is_empty() { 0 } else { 3 }));
            assert!(ran.stderr.contains("with an access token"));
            assert!(!ran.stdout.contains(&token) && !ran.stderr.contains(&token), "{ran:?}");
        }
    }
}

#[test]
fn nor_is_one_that_cannot_be_used() {
    for token in ["hunter2 hunter2", "hünter2 hunter2"] {
        let service = Service::new();
        let mut command = service.command(&["query", "--last", "1d", "-vvv"]);
        let ran = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", token)).failed(2, &["the access token"]);
        assert!(!ran.stderr.contains("nter2"), "{ran:?}");
    }
}

/// Returns an error response whose message is `words`.
fn saying(status: u16, words: &str) -> Fault {
    let body = serde_json::json!({"message": words, "code": "bad.request", "status": status}).to_string();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Fault::StatusWith { status, headers, body: body.into_bytes() }
}

#[test]
fn a_server_that_repeats_a_secret_is_not_repeated() {
    for (index, transport) in (0..).zip(crate::support::TRANSPORTS) {
        let service = Service::new();
        // The first token that the service issues.
        let token = Simulator::new(config()).issue_token(Timestamp::UNIX_EPOCH);
        let basic = STANDARD.encode(format!("{}:{}", service.client_id(), service.secret));
        let percent = token.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let words = [
            format!("the token {token} is odd, {percent}, Bearer {token}"),
            format!("secret={} Basic {basic}", service.secret),
            // Truncated, as error messages are.
            format!("{} {}", "x".repeat(300), token.repeat(20)),
        ];
        for (when, status) in
            [(Match::Submit, 400), (Match::Token, 400), (Match::Results, 403), (Match::Submit, 503)]
        {
            // Before there is a token, only the secret can be repeated.
            if when == Match::Token && index != 1 {
                continue;
            }
            for arguments in
                [&["query", "--last", "1d", "-vvv"][..], &["doctor"], &["doctor", "--format", "json"]]
            {
                // Each run gets the first token.
                let service =
                    Service::misbehaving([Rule::new(when.clone(), saying(status, &words[index])).always()]);
                let ran = service.run(&[arguments, &["--transport", transport]].concat());
                assert!(arguments[0] == "doctor" || ran.code != Some(0), "{ran:?}");
                for secret in secrets(&service).into_iter().chain([basic.clone(), token[..16].to_owned()]) {
                    assert!(
                        !ran.stdout.contains(&secret) && !ran.stderr.contains(&secret),
                        "{secret}: {ran:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_clipboards_and_files_add_to_a_secret_is_left_out() {
    for end in ["\r\n", " ", "\n\n", "\u{feff}", "\t"] {
        let service = Service::new();
        let mut command = service.command(&["query", "--last", "1d"]);
        command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", format!("{}{end}", service.secret));
        Ran::of(&mut command).well();
        let token = service.server.simulator().issue_token(std::time::SystemTime::now().into());
        for pasted in [
            format!("{token}{end}"),
            format!("Bearer {token}{end}"),
            format!("Authorization: bearer {token}"),
        ] {
            let mut command = service.command(&["query", "--last", "1d"]);
            Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", pasted)).well();
        }
    }
}

#[test]
fn commands_and_urls_are_not_shown_whole() {
    let service = Service::new();
    for command in [
        "exit 3 # hunter2",
        "HUNTER=hunter2 false",
        "printf hunter2; exit 1",
        "head -c 100000 /dev/zero # hunter2",
    ] {
        let ran =
            service.run(&["query", "--last", "1d", "--oauth-client-id", "x", "--secret-command", command]);
        let ran = ran.failed(2, &["the secret command '"]);
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    }
    for url in [
        "https://me:hunter2@a.example",
        "https://a.example/?token=hunter2",
        "https://a.example/#hunter2",
        "http://a.example?hunter2",
    ] {
        for option in ["--api-url", "--login-url"] {
            let arguments = ["query", "--last", "1d", option, url];
            let ran = Ran::of(crate::support::program(&arguments).env("GENESYSCLOUD_ACCESS_TOKEN", "x"));
            let ran = ran.failed(2, &[option]);
            assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
        }
    }
    for (option, url) in [
        ("--region", "https://me:hunter2@api.mypurecloud.de"),
        ("--region", "me:hunter2@mypurecloud.de"),
        ("--redirect-uri", "http://me:hunter2@localhost/x"),
        ("--metrics-addr", "http://me:hunter2@localhost/x"),
    ] {
        let command = match option {
            "--redirect-uri" => "login",
            "--metrics-addr" => "watch",
            _ => "query",
        };
        let ran = Ran::of(&mut crate::support::program(&[command, option, url])).failed(2, &[option]);
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn rows_that_repeat_a_token_lose_it_in_every_format() {
    let token = Simulator::new(config()).issue_token(Timestamp::UNIX_EPOCH);
    let row = serde_json::json!({"clientName": format!("it's {token}"), "templateUri": token, "requests": 7});
    let body = serde_json::json!({"queryStatus": "Complete", "results": [row]}).to_string().into_bytes();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    for format in ["table", "csv", "json", "jsonl", "openmetrics"] {
        let fault = Fault::StatusWith { status: 200, headers: headers.clone(), body: body.clone() };
        let service = Service::misbehaving([Rule::new(Match::Results, fault).always()]);
        let shown = service.run(&["query", "--last", "1d", "--format", format]).well();
        assert!(shown.contains("it's [redacted]") && !shown.contains(&token), "{shown}");
    }
}
