//! One exchange over ureq.

use std::io;
use std::time::Duration;

use http::header::TRANSFER_ENCODING;
use http::{Request, Response, Version};
use ureq::{Agent, AsSendBody, Body, BodyReader};
use usage_core::Machine;
use usage_core::error::{BuildError, Sent, TransportFailure, TransportKind};
use usage_core::machine::{Exchange, Progress};
use usage_driver::ClientConfig;
use usage_driver::blocking::{Clock, receive};
use usage_driver::error::{Broken, Reached, classify};
use usage_driver::{IDLE_TIMEOUT, MAX_IDLE_PER_HOST, READ_BUFFER, SharedSession, head_size};

use crate::connector::{Connector, Unneeded};

/// What a connection gathers to write, in bytes.
const WRITE_BUFFER: usize = 16 * 1024;

/// Connections that leave every decision to the machine: no redirects, no retries, a status is no error.
#[derive(Clone, Debug)]
pub(crate) struct Pool(Agent);

impl Pool {
    pub(crate) fn new(config: &ClientConfig, user_agent: &str) -> Result<Self, BuildError> {
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The connector knows the proxy.
            .proxy(None)
            .user_agent(user_agent)
            .input_buffer_size(READ_BUFFER)
            .output_buffer_size(WRITE_BUFFER)
            .max_idle_age(IDLE_TIMEOUT)
            .max_idle_connections(2 * MAX_IDLE_PER_HOST)
            .max_idle_connections_per_host(MAX_IDLE_PER_HOST)
            .build();
        Ok(Self(Agent::with_parts(settings, Connector::new(config)?, Unneeded)))
    }

    fn send(
        &self,
        request: Request<impl AsSendBody>,
        fresh: bool,
        (timeout, connect_within): (Duration, Duration),
    ) -> Result<Response<BodyReader<'static>>, ureq::Error> {
        // No idle connection is younger than zero. The new one is kept, so that the polls after a submit need no other.
        let max_idle_age = if fresh { Duration::ZERO } else { IDLE_TIMEOUT };
        // The head has to fit into the buffer.
        let buffer = head_size(&request).max(WRITE_BUFFER);
        let request = self.0.configure_request(request);
        let request = request.timeout_global(Some(timeout)).timeout_connect(Some(connect_within));
        let request = request.max_idle_age(max_idle_age).output_buffer_size(buffer);
        let answer = self.0.run(request.build())?;
        if answer.version() < Version::HTTP_11 && answer.headers().contains_key(TRANSFER_ENCODING) {
            // It has no defined end (RFC 9112, 6.1). ureq would take the chunks for the body.
            return Err(io::Error::other(Broken::NotHttp).into());
        }
        Ok(answer.map(Body::into_reader))
    }
}

pub(crate) fn run<M: Machine>(
    pool: &Pool,
    clock: &dyn Clock,
    session: &SharedSession,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, connect_within, needs_fresh_connection: fresh, .. } = exchange;
    let limits = (timeout, connect_within);
    let answer = if request.body().is_empty() {
        // An empty body would go out with a content-length.
        pool.send(request.map(drop), fresh, limits)
    } else {
        pool.send(request, fresh, limits)
    };
    receive(machine, (clock, session), ticket, answer, failure)
}

/// What failed, and whether the request may be on its way.
fn failure(error: ureq::Error) -> TransportFailure {
    match error {
        // Of the connector.
        ureq::Error::Other(error) => classify(&*error, Reached::NoConnection),
        ureq::Error::Timeout(_) => TransportFailure::new(TransportKind::Timeout, Sent::Maybe, ""),
        ureq::Error::Protocol(_) => Broken::NotHttp.into(),
        // The connection ended between two chunks.
        ureq::Error::BodyStalled => Broken::Closed.into(),
        ureq::Error::LargeResponseHeader(..) => Broken::HeadTooLong.into(),
        error => classify(&error.into_io(), Reached::Service),
    }
}
