//! Interruptions by ctrl-C.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::Duration;

use usage_sim::{Match, Rule, WireFault};

use crate::support::{Ran, Service, config, keeping};

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    for (signal, transport) in [("-INT", "blocking"), ("-TERM", "tokio"), ("-INT", "async-std")] {
        let service = Service::with(config().with_execution_time(Duration::from_secs(3600)));
        let mut command = service.command(&["query", "--last", "1d", "--transport", transport]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        service.until(|journal| journal.iter().any(|entry| entry.target.ends_with("/results")));
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).failed(130, &["error: interrupted\n"]);
        let started = service.server.simulator().journal().iter().find_map(|entry| entry.started.clone());
        assert_eq!(started.as_deref(), Some(ran.to_attach()));
    }
}

#[test]
fn an_interrupted_run_with_a_state_says_to_resume() {
    for (transport, on, hint) in [
        ("blocking", Match::Results, "hint: to go on where it stopped: genesys-usage resume "),
        ("tokio", Match::Submit, "--resubmit submits it again"),
        ("async-std", Match::Token, ""),
    ] {
        let service = Service::misbehaving([Rule::new(on, WireFault::Hang)]);
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("run.json");
        let mut command = service.command(&["query", "--last", "1d", "--transport", transport]);
        command.args(keeping(&state));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        service.until(|journal| journal.iter().any(|entry| entry.fault.is_some()));
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).failed(130, &["error: interrupted\n", hint]);
        assert!(!ran.stderr.contains("--attach"));
        // If nothing was submitted, no state is kept.
        assert_eq!(state.exists(), !hint.is_empty());
    }
}
