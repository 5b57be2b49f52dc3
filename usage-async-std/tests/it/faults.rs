use std::net::TcpListener;
use std::time::Duration;

use usage_core::error::{Failure, Sent, TransportFailure, TransportKind};
use usage_core::retry::Backoff;
use usage_core::{Error, Policy, Secret};
use usage_sim::{Authorization, Fault, Match, Rule, WireFault};

use crate::runtime::run;
use crate::support::{Service, Wire, answer, at, builder, in_memory, query};

/// One try, so that its failure is the one that is told.
fn once() -> Policy {
    Policy::default().with_max_failures(1)
}

fn kind_and_sent(error: &Error) -> Option<(TransportKind, Sent)> {
    error.failure().transport_failure().map(|failure| (failure.kind, failure.sent))
}

fn fails_at(url: &str, connect_timeout: Duration) -> Error {
    let service = Service::start();
    let client =
        at(url).access_token("hunter2-token").unwrap().policy(once()).connect_timeout(connect_timeout);
    run(service.on_virtual_time(client).run(query())).unwrap_err()
}

#[test]
fn a_refused_connection() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = fails_at(&format!("http://{address}"), Duration::from_secs(10));
    assert_eq!(kind_and_sent(&error), Some((TransportKind::Connect, Sent::No)));
    assert!(error.is_service_unavailable() && !error.is_timeout() && !error.can_resume());
    let wanted = "the only try failed: no connection: Connection refused (os error ";
    assert!(error.to_string().starts_with(wanted), "{error}");
}

#[test]
fn a_refused_connection_is_tried_again() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let service = Service::start();
    let client = service.on_virtual_time(builder(&format!("http://{address}")).policy(Policy::default()));
    let error = run(client.run(query())).unwrap_err();
    assert_eq!(error.attempts(), 5);
    assert!(matches!(error.failure(), Failure::TooManyFailures { failures: 5, .. }), "{error:?}");
}

#[test]
fn a_name_that_does_not_resolve() {
    let error = fails_at("https://api.usage.invalid", Duration::from_secs(10));
    assert_eq!(kind_and_sent(&error), Some((TransportKind::Dns, Sent::No)), "{error}");
    assert!(error.is_service_unavailable());
    assert!(error.to_string().contains("the host name does not resolve: "), "{error}");
}

#[test]
fn a_host_that_does_not_speak_tls() {
    let service = Service::start();
    let error = fails_at(&service.server.url().replace("http:", "https:"), Duration::from_secs(10));
    assert_eq!(kind_and_sent(&error), Some((TransportKind::Tls, Sent::No)), "{error}");
    assert!(matches!(error.failure(), Failure::Transport(_)), "not worth another try: {error:?}");
}

#[test]
fn a_handshake_that_takes_too_long() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let error = fails_at(&url, Duration::from_millis(100));
    assert_eq!(kind_and_sent(&error), Some((TransportKind::Connect, Sent::No)), "{error}");
    assert!(error.to_string().contains("no connection: not within 100ms"), "{error}");
}

#[test]
fn a_wrong_secret() {
    let service = Service::start();
    let client =
        at(&service.server.url()).client_credentials("7de3af06", Secret::new("guessed".into())).unwrap();
    let error = run(service.on_virtual_time(client).run(query())).unwrap_err();
    assert!(error.is_unauthorized() && !error.is_service_unavailable());
    assert_eq!(error.api_error().unwrap().status, 401);
    assert_eq!(service.journal(|_| true).len(), 1);
    assert!(!format!("{error} {error:?}").contains("guessed"));
}

/// The poll that this strikes is sent again, and all rows arrive. Returns what the machine is told of it.
fn mended(fault: impl Into<Fault>, timeout: Duration) -> TransportFailure {
    let fault = fault.into();
    let service = Service::with(Rule::new(Match::Results, fault.clone()).skip(1));
    let policy = Policy::default().with_exchange_timeout(timeout);
    assert_eq!(run(service.client_with(policy).run(query())).unwrap(), in_memory(query()));

    let service = Service::with(Rule::new(Match::Results, fault));
    let error = run(service.client_with(policy.with_max_failures(1)).run(query())).unwrap_err();
    assert!(error.is_service_unavailable() && error.can_resume(), "{error:?}");
    error.failure().transport_failure().unwrap().clone()
}

#[test]
fn a_silent_service() {
    let told = mended(WireFault::Hang, Duration::from_millis(300));
    assert_eq!((told.kind, told.sent), (TransportKind::Timeout, Sent::Maybe));
    assert_eq!(told.to_string(), "no answer in time");
}

#[test]
fn a_body_that_does_not_end_in_time() {
    let told =
        mended(WireFault::Drip { interval: Duration::from_millis(20), bytes: 1 }, Duration::from_millis(300));
    assert_eq!((told.kind, told.sent), (TransportKind::Timeout, Sent::Maybe));
}

#[test]
fn connections_that_break() {
    let garbage = WireFault::Garbage(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec());
    for fault in [WireFault::CloseBeforeReply, WireFault::CloseMidHead, WireFault::CloseMidBody, garbage] {
        let told = mended(fault.clone(), Policy::default().exchange_timeout);
        assert_eq!((told.kind, told.sent), (TransportKind::Reset, Sent::Maybe), "{fault:?}: {told}");
        assert!(!told.text.is_empty());
    }
}

#[test]
fn a_slow_body_is_no_fault() {
    let service = Service::with(
        Rule::new(Match::Results, WireFault::Drip { interval: Duration::from_millis(1), bytes: 500 })
            .always(),
    );
    assert_eq!(run(service.client().run(query())).unwrap(), in_memory(query()));
}

#[test]
fn a_submit_of_unknown_fate_is_not_sent_again() {
    let service = Service::with(Rule::new(Match::Submit, WireFault::CloseBeforeReply));
    let error = run(service.client().run(query())).unwrap_err();
    assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error:?}");
    assert_eq!(service.journal(|entry| entry.started.is_some()).len(), 1);

    let service = Service::with(Rule::new(Match::Submit, WireFault::CloseBeforeReply));
    let client = service.client_with(Policy::default().with_resubmit(true));
    assert_eq!(run(client.run(query())).unwrap().len(), in_memory(query()).len());
    assert_eq!(service.journal(|entry| entry.started.is_some()).len(), 2);
}

#[test]
fn waits_are_those_of_the_policy() {
    let retry = Backoff { initial: Duration::from_secs(7), factor: 1.0, max: Duration::from_secs(7) };
    let service = Service::with(Rule::new(Match::Submit, Fault::Status(503)).times(2));
    let client = service.client_with(Policy::default().with_retry(retry).with_jitter(0.0));
    run(client.run(query())).unwrap();
    let at: Vec<_> =
        service.journal(|_| true).iter().map(|entry| entry.at.as_unix_millis() % 100_000).collect();
    assert_eq!(at[..4], [0, 0, 7_000, 14_000]);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Wire::start(&[&answer("200 OK", "{}")]);
    let location = format!("http://{}/api/v2/usage/query", elsewhere.address);
    for on in [Match::Token, Match::Submit, Match::Results] {
        let service = Service::with(Rule::new(on, Fault::Redirect(location.clone())));
        let error = run(service.client().run(query())).unwrap_err();
        assert_eq!(error.api_error().unwrap().status, 302, "{error:?}");
        assert!(service.journal(|entry| entry.authorization == Authorization::Absent).is_empty());
    }
    assert!(elsewhere.requests().is_empty());
}
