//! One exchange over ureq: send, hand the answer on in chunks, or say what failed.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body, Timeout};
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::machine::{Exchange, Progress};
use usage_core::{Machine, Session};

use crate::clock::Clock;

/// How much of a body is handed on at once.
const CHUNK: usize = 16 * 1024;

/// An agent that leaves every decision to the machine: no redirects, no retries, a status is no error.
pub(crate) fn agent(connect_timeout: Duration) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(connect_timeout))
        .proxy(None)
        .tls_config(TlsConfig::builder().unversioned_rustls_crypto_provider(provider).build())
        .build()
        .new_agent()
}

pub(crate) fn run<M: Machine>(
    agent: &Agent,
    clock: &dyn Clock,
    session: &Mutex<Session>,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, .. } = exchange;
    let response = match send(agent, request, timeout) {
        Ok(response) => response,
        Err(error) => return machine.on_failure(clock.now(), ticket, failure(&error), &mut lock(session)),
    };
    let (head, body) = response.into_parts();
    let mut intake = machine.on_head(clock.now(), ticket, &head, &mut lock(session));
    let mut reader = body.into_reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) if intake.push(&chunk[..length]).is_break() => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let failure = failure(&error.into());
                return machine.on_failure(clock.now(), intake, failure, &mut lock(session));
            }
        }
    }
    machine.on_end(clock.now(), intake, &mut lock(session))
}

fn send(agent: &Agent, request: Request<Vec<u8>>, timeout: Duration) -> Result<Response<Body>, ureq::Error> {
    if request.body().is_empty() {
        // An empty body would go out with a content-length.
        let request = request.map(drop);
        agent.run(agent.configure_request(request).timeout_global(Some(timeout)).build())
    } else {
        agent.run(agent.configure_request(request).timeout_global(Some(timeout)).build())
    }
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What failed, and whether the request may be on its way.
fn failure(error: &ureq::Error) -> TransportFailure {
    let (kind, sent) = match error {
        ureq::Error::HostNotFound | ureq::Error::Timeout(Timeout::Resolve) => (TransportKind::Dns, Sent::No),
        ureq::Error::Timeout(Timeout::Connect)
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_) => (TransportKind::Connect, Sent::No),
        ureq::Error::Timeout(_) => (TransportKind::Timeout, Sent::Maybe),
        ureq::Error::Tls(_) | ureq::Error::TlsRequired | ureq::Error::Rustls(_) => {
            (TransportKind::Tls, Sent::No)
        }
        ureq::Error::Io(error) if is_of_tls(error) => (TransportKind::Tls, Sent::No),
        ureq::Error::Io(error) => of_io(error.kind()),
        ureq::Error::Protocol(_) => (TransportKind::Reset, Sent::Maybe),
        _ => (TransportKind::Other, Sent::Maybe),
    };
    let text = match error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    TransportFailure::new(kind, sent, &text)
}

/// A refused certificate arrives as an I/O error with the TLS error inside.
fn is_of_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// Only connecting fails in the first of these ways.
fn of_io(kind: ErrorKind) -> (TransportKind, Sent) {
    match kind {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable => (TransportKind::Connect, Sent::No),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => (TransportKind::Timeout, Sent::Maybe),
        _ => (TransportKind::Reset, Sent::Maybe),
    }
}
