//! The texts of failures. The conformance suite tests what follows them.

use std::net::TcpListener;
use std::time::Duration;

use usage_core::{Error, Policy};
use usage_sim::Refusing;

use crate::runtime::run;
use crate::support::{Service, at, query};

/// One attempt, so that its failure is reported.
fn fails_at(url: &str, connect_timeout: Duration) -> Error {
    let service = Service::start();
    let client = at(url).access_token("hunter2-token").unwrap();
    let client = client.policy(Policy::default().with_max_failures(1)).connect_timeout(connect_timeout);
    run(service.on_virtual_time(client).run(query())).unwrap_err()
}

#[test]
fn a_refused_connection() {
    let refusing = Refusing::new().unwrap();
    let error = fails_at(&refusing.url(), Duration::from_secs(10));
    assert!(error.is_service_unavailable() && !error.is_timeout() && !error.can_resume());
    let wanted = "the only try failed: no connection: Connection refused (os error ";
    assert!(error.to_string().starts_with(wanted), "{error}");
}

#[test]
fn a_handshake_that_takes_too_long() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let error = fails_at(&url, Duration::from_millis(100));
    assert!(error.to_string().contains("no connection: not within 100ms"), "{error}");
}
