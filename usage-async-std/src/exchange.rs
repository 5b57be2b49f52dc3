//! One exchange over hyper: send, hand the answer on in chunks, or say what failed.

use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_io::Timer;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use usage_core::error::{BuildError, Sent, TransportFailure, TransportKind, causes};
use usage_core::machine::{Exchange, Progress};
use usage_core::{ClientConfig, Machine, Session};

use crate::clock::Clock;
use crate::connector::{Connector, Unresolved};
use crate::runtime::{PoolTimer, Spawner};
use crate::tls;

/// How long an idle connection is kept; gateways keep theirs longer.
const IDLE: Duration = Duration::from_secs(15);

/// How many idle connections are kept for a host: with fewer, so many executions at once connect again and again.
const MAX_IDLE: usize = 64;

/// What a connection reads ahead at most, in bytes; the head of an answer fits into it too.
const BUFFER: usize = 64 * 1024;

/// A pool that leaves every decision to the machine: it follows no redirects, and repeats nothing.
pub(crate) type Pool = legacy::Client<Connector, Full<Bytes>>;

pub(crate) fn pool(config: &ClientConfig) -> Result<Pool, BuildError> {
    let connector = Connector::new(config)?;
    Ok(legacy::Client::builder(Spawner)
        .pool_timer(PoolTimer)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .retry_canceled_requests(false)
        .http1_max_buf_size(BUFFER)
        .build(connector))
}

pub(crate) async fn run<M: Machine>(
    pool: &Pool,
    clock: &dyn Clock,
    session: &Mutex<Session>,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, .. } = exchange;
    let mut limit = pin!(Timer::after(timeout));
    let request = request.map(|body| Full::new(Bytes::from(body)));
    let response = match within(limit.as_mut(), pool.request(request)).await {
        Ok(response) => response,
        Err(failure) => return machine.on_failure(clock.now(), ticket, failure, &mut lock(session)),
    };
    let (head, mut body) = response.into_parts();
    let mut intake = machine.on_head(clock.now(), ticket, &head, &mut lock(session));
    loop {
        match within(limit.as_mut(), async { body.frame().await.transpose() }).await {
            Ok(None) => break,
            Ok(Some(frame)) => {
                if frame.data_ref().is_some_and(|chunk| intake.push(chunk).is_break()) {
                    break;
                }
            }
            Err(failure) => return machine.on_failure(clock.now(), intake, failure, &mut lock(session)),
        }
    }
    machine.on_end(clock.now(), intake, &mut lock(session))
}

/// What `work` brings, unless `limit` comes first.
async fn within<T, E: Error + 'static>(
    limit: Pin<&mut impl Future>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, TransportFailure> {
    match select(pin!(work), limit).await {
        Either::Left((done, _)) => done.map_err(|error| failure(&error)),
        Either::Right(_) => Err(TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "")),
    }
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What failed, and whether the request may be on its way.
fn failure(error: &(dyn Error + 'static)) -> TransportFailure {
    let connecting = find::<legacy::Error>(error).is_some_and(legacy::Error::is_connect);
    let of_tls = |error: &rustls::Error| connecting || tls::is_refusal(error);
    // An idle connection turned out to be closed before the first byte went out.
    let too_late = find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled);
    let (kind, sent) = if find::<Unresolved>(error).is_some() {
        (TransportKind::Dns, Sent::No)
    } else if find::<rustls::Error>(error).is_some_and(of_tls) {
        (TransportKind::Tls, Sent::No)
    } else if connecting {
        (TransportKind::Connect, Sent::No)
    } else {
        (TransportKind::Reset, if too_late { Sent::No } else { Sent::Maybe })
    };
    let cause = causes(error).last().unwrap_or(error);
    TransportFailure::new(kind, sent, &cause.to_string())
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}
