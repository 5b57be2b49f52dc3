//! No secret and no token in any output, however much the program is asked to tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use usage_core::Timestamp;
use usage_sim::{Fault, Match, Rule, Simulator};

use crate::support::{Ran, Service, config};

/// What must not be seen: the secret, what it is sent as, and every token that the service will issue.
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
