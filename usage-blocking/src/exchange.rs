//! One exchange over ureq: send, hand the answer on in chunks, or say what failed.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use http::{Request, Response};
use ureq::{Agent, AsSendBody, Body, Proxy, ProxyProtocol};
use usage_core::driver::SharedSession;
use usage_core::driver::blocking::Clock;
use usage_core::error::{BuildError, Reached, Sent, TransportFailure, TransportKind};
use usage_core::machine::{Exchange, Progress};
use usage_core::{ClientConfig, Machine};

use crate::connector::Connector;
use crate::resolver::Resolver;
use crate::tls;

/// How much of a body is handed on at once, and what a connection gathers to write, in bytes.
const CHUNK: usize = 16 * 1024;

/// How many idle connections are kept for a host: with fewer, so many executions at once connect again and again.
const MAX_IDLE: usize = 64;

/// What a connection reads ahead at most, in bytes.
const BUFFER: usize = 64 * 1024;

/// Connections that leave every decision to the machine: no redirects, no retries, a status is no error.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    agent: Agent,
    /// Which targets it is for, and how ureq knows it.
    proxy: Option<(usage_core::Proxy, Proxy)>,
}

impl Pool {
    pub(crate) fn new(config: &ClientConfig, user_agent: &str) -> Result<Self, BuildError> {
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(config.connect_timeout))
            .proxy(None)
            .user_agent(user_agent)
            .input_buffer_size(BUFFER)
            .output_buffer_size(CHUNK)
            .max_idle_connections(2 * MAX_IDLE)
            .max_idle_connections_per_host(MAX_IDLE)
            .tls_config(tls::config(&config.tls)?)
            .build();
        let agent = Agent::with_parts(settings, Connector::default(), Resolver::default());
        let proxy = config.proxy.clone().map(|proxy| Ok((proxy.clone(), known(&proxy)?)));
        Ok(Self { agent, proxy: proxy.transpose()? })
    }

    fn send(&self, request: Request<Vec<u8>>, timeout: Duration) -> Result<Response<Body>, ureq::Error> {
        // An empty body would go out with a content-length.
        if request.body().is_empty() {
            self.run(request.map(drop), timeout)
        } else {
            self.run(request, timeout)
        }
    }

    fn run(
        &self,
        request: Request<impl AsSendBody>,
        timeout: Duration,
    ) -> Result<Response<Body>, ureq::Error> {
        let proxy = self.proxy.as_ref().filter(|(proxy, _)| proxy.carries(request.uri()));
        let request = self.agent.configure_request(request).timeout_global(Some(timeout));
        self.agent.run(request.proxy(proxy.map(|(_, known)| known.clone())).build())
    }
}

fn known(proxy: &usage_core::Proxy) -> Result<Proxy, BuildError> {
    let mut builder = Proxy::builder(ProxyProtocol::Http).host(proxy.host()).port(proxy.port());
    if let Some((user, password)) = proxy.credentials() {
        builder = builder.username(user).password(password.expose());
    }
    builder.build().map_err(BuildError::client)
}

pub(crate) fn run<M: Machine>(
    pool: &Pool,
    clock: &dyn Clock,
    session: &SharedSession,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, .. } = exchange;
    let response = match pool.send(request, timeout) {
        Ok(response) => response,
        Err(error) => return machine.on_failure(clock.now(), ticket, failure(error), &mut session.lock()),
    };
    let (head, body) = response.into_parts();
    let mut intake = machine.on_head(clock.now(), ticket, &head, &mut session.lock());
    let mut reader = body.into_reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) if intake.push(&chunk[..length]).is_break() => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let failure = failure(error.into());
                return machine.on_failure(clock.now(), intake, failure, &mut session.lock());
            }
        }
    }
    let intake = intake.ended();
    machine.on_end(clock.now(), intake, &mut session.lock())
}

/// What failed, and whether the request may be on its way.
fn failure(error: ureq::Error) -> TransportFailure {
    match error {
        ureq::Error::Other(error) => TransportFailure::from_error(&*error, Reached::NoConnection),
        ureq::Error::Timeout(_) => TransportFailure::new(TransportKind::Timeout, Sent::Maybe, ""),
        ureq::Error::Io(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            TransportFailure::new(TransportKind::Timeout, Sent::Maybe, &error.to_string())
        }
        ureq::Error::Io(_) | ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            TransportFailure::from_error(&error.into_io(), Reached::Service)
        }
        _ => TransportFailure::new(TransportKind::Other, Sent::Maybe, &error.to_string()),
    }
}
