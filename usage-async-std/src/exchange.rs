//! One exchange over hyper: send, hand the answer on in chunks, or say what failed.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use async_io::Timer;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use usage_core::driver::SharedSession;
use usage_core::driver::futures::{Clock, within};
use usage_core::error::{BuildError, Reached, TransportFailure, find_cause};
use usage_core::machine::{Exchange, Progress};
use usage_core::{ClientConfig, Machine};

use crate::connector::{Connector, connector};
use crate::runtime::{PoolTimer, Spawner};

/// How long an idle connection is kept; gateways keep theirs longer.
const IDLE: Duration = Duration::from_secs(15);

/// How many idle connections are kept for a host: with fewer, so many executions at once connect again and again.
const MAX_IDLE: usize = 64;

/// What a connection reads ahead at most, in bytes; the head of an answer fits into it too.
const BUFFER: usize = 64 * 1024;

/// A pool that leaves every decision to the machine: it follows no redirects, and repeats nothing.
pub(crate) type Pool = legacy::Client<Connector, Full<Bytes>>;

pub(crate) fn pool(config: &ClientConfig) -> Result<Pool, BuildError> {
    Ok(legacy::Client::builder(Spawner)
        .pool_timer(PoolTimer)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .retry_canceled_requests(false)
        .http1_max_buf_size(BUFFER)
        .build(connector(config)?))
}

pub(crate) async fn run<M: Machine>(
    pool: &Pool,
    clock: &dyn Clock,
    session: &SharedSession,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, .. } = exchange;
    let mut limit = pin!(Timer::after(timeout));
    let request = request.map(|body| Full::new(Bytes::from(body)));
    let response = match within(limit.as_mut(), pool.request(request), failure).await {
        Ok(response) => response,
        Err(failure) => return machine.on_failure(clock.now(), ticket, failure, &mut session.lock()),
    };
    let (head, mut body) = response.into_parts();
    let mut intake = machine.on_head(clock.now(), ticket, &head, &mut session.lock());
    loop {
        match within(limit.as_mut(), async { body.frame().await.transpose() }, failure).await {
            Ok(None) => break,
            Ok(Some(frame)) if frame.data_ref().is_some_and(|chunk| intake.push(chunk).is_break()) => break,
            Ok(Some(_)) => {}
            Err(failure) => return machine.on_failure(clock.now(), intake, failure, &mut session.lock()),
        }
    }
    let intake = intake.ended();
    machine.on_end(clock.now(), intake, &mut session.lock())
}

fn failure(error: &(dyn Error + 'static)) -> TransportFailure {
    let reached = if find_cause(error).is_some_and(legacy::Error::is_connect) {
        Reached::NoConnection
    } else if find_cause(error).is_some_and(hyper::Error::is_canceled) {
        // An idle connection turned out to be closed before the first byte went out.
        Reached::Connection
    } else {
        Reached::Service
    };
    TransportFailure::from_error(error, reached)
}
