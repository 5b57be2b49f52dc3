//! One exchange over ureq: send, hand the answer on in chunks, or say what failed.

use std::io::{self, ErrorKind, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use ureq::{Agent, Body, Proxy, ProxyProtocol, Timeout};
use usage_core::error::{BuildError, Sent, TransportFailure, TransportKind, causes};
use usage_core::machine::{Exchange, Progress};
use usage_core::{ClientConfig, FromConfig, Machine, Session};

use crate::client::Client;
use crate::clock::Clock;
use crate::tls;

/// How much of a body is handed on at once.
const CHUNK: usize = 16 * 1024;

/// How many idle connections are kept for a host: with fewer, so many executions at once connect again and again.
const MAX_IDLE: usize = 64;

/// What a connection reads ahead at most, and gathers to write, in bytes.
const BUFFER: usize = 64 * 1024;

/// Connections that leave every decision to the machine: no redirects, no retries, a status is no error.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    agent: Agent,
    /// Which targets it is for, and how ureq knows it.
    proxy: Option<(usage_core::Proxy, Proxy)>,
}

impl Pool {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(config.connect_timeout))
            .proxy(None)
            .user_agent(Client::USER_AGENT)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_idle_connections(2 * MAX_IDLE)
            .max_idle_connections_per_host(MAX_IDLE)
            .tls_config(tls::config(&config.tls)?)
            .build()
            .new_agent();
        let proxy = config.proxy.clone().map(|proxy| Ok((proxy.clone(), known(&proxy)?)));
        Ok(Self { agent, proxy: proxy.transpose()? })
    }

    fn send(&self, request: Request<Vec<u8>>, timeout: Duration) -> Result<Response<Body>, ureq::Error> {
        let proxy = self.proxy.as_ref().filter(|(proxy, _)| proxy.carries(request.uri()));
        let proxy = proxy.map(|(_, known)| known.clone());
        if request.body().is_empty() {
            // An empty body would go out with a content-length.
            let request = self.agent.configure_request(request.map(drop));
            self.agent.run(request.timeout_global(Some(timeout)).proxy(proxy).build())
        } else {
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_global(Some(timeout)).proxy(proxy).build())
        }
    }
}

fn known(proxy: &usage_core::Proxy) -> Result<Proxy, BuildError> {
    let mut builder = Proxy::builder(ProxyProtocol::Http).host(proxy.host()).port(proxy.port());
    if let Some((user, password)) = proxy.credentials() {
        builder = builder.username(user).password(password.expose());
    }
    builder.build().map_err(tls::refused)
}

pub(crate) fn run<M: Machine>(
    pool: &Pool,
    clock: &dyn Clock,
    session: &Mutex<Session>,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, .. } = exchange;
    let response = match pool.send(request, timeout) {
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
        ureq::Error::Tls(_) | ureq::Error::TlsRequired => (TransportKind::Tls, Sent::No),
        ureq::Error::Rustls(error) => of_tls(error),
        ureq::Error::Io(error) if is_of_dns(error) => (TransportKind::Dns, Sent::No),
        ureq::Error::Io(error) => find_tls(error).map_or_else(|| of_io(error.kind()), of_tls),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            (TransportKind::Reset, Sent::Maybe)
        }
        _ => (TransportKind::Other, Sent::Maybe),
    };
    TransportFailure::new(kind, sent, &error.to_string())
}

/// What TLS finds wrong arrives as an I/O error with the TLS error inside.
fn find_tls(error: &io::Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn of_tls(error: &rustls::Error) -> (TransportKind, Sent) {
    (TransportKind::Tls, if tls::is_refusal(error) { Sent::No } else { Sent::Maybe })
}

/// A name that does not resolve has no kind of error of its own. Elsewhere than on Windows, which has numbers for it,
/// the standard library says it in these words.
fn is_of_dns(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(number) => cfg!(windows) && (11001..=11004).contains(&number),
        None => error.to_string().starts_with("failed to lookup address information"),
    }
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
