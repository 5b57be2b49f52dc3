//! Ctrl-C.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Ran, Service, config};

#[test]
fn an_interrupted_run_says_how_to_go_on() {
    for (signal, transport) in [("-INT", "blocking"), ("-TERM", "tokio"), ("-INT", "async-std")] {
        let service = Service::with(config().with_execution_time(Duration::from_secs(3600)));
        let mut command = service.command(&["query", "--last", "1d", "--transport", transport]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while !service.server.simulator().journal().iter().any(|entry| entry.target.ends_with("/results")) {
            assert!(started.elapsed() < Duration::from_secs(30), "it never polled");
            thread::sleep(Duration::from_millis(10));
        }
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).failed(130, &["error: interrupted\n"]);
        let started = service.server.simulator().journal().iter().find_map(|entry| entry.started.clone());
        assert_eq!(started.as_deref(), Some(ran.to_attach()));
    }
}
