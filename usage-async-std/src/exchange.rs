//! One exchange over hyper: send, hand the answer on in chunks, or say what failed.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::iter::successors;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_io::Timer;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use usage_core::error::{BuildError, Sent, TransportFailure, TransportKind};
use usage_core::machine::{Exchange, Progress};
use usage_core::{Machine, Session};

use crate::clock::Clock;
use crate::connector::{Connector, Unresolved};
use crate::runtime::{PoolTimer, Spawner};

/// How long an idle connection is kept; gateways keep theirs longer.
const IDLE: Duration = Duration::from_secs(15);

/// How many idle connections are kept for a host.
const MAX_IDLE: usize = 4;

/// A pool that leaves every decision to the machine: it follows no redirects, and repeats nothing.
pub(crate) type Pool = legacy::Client<Connector, Full<Bytes>>;

pub(crate) fn pool(connect_timeout: Duration) -> Result<Pool, BuildError> {
    let connector = Connector::new(connect_timeout)?;
    Ok(legacy::Client::builder(Spawner)
        .pool_timer(PoolTimer)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .retry_canceled_requests(false)
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
    mut limit: Pin<&mut impl Future>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, TransportFailure> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done.map_err(|error| failure(&error))),
        Poll::Pending => {
            let late = || Err(TransportFailure::new(TransportKind::Timeout, Sent::Maybe, ""));
            limit.as_mut().poll(cx).map(|_| late())
        }
    })
    .await
}

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What failed, and whether the request may be on its way.
fn failure(error: &(dyn Error + 'static)) -> TransportFailure {
    let (kind, sent) = if find::<legacy::Error>(error).is_some_and(legacy::Error::is_connect) {
        let kind = if find::<Unresolved>(error).is_some() {
            TransportKind::Dns
        } else if find::<rustls::Error>(error).is_some() {
            TransportKind::Tls
        } else {
            TransportKind::Connect
        };
        (kind, Sent::No)
    } else if find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled) {
        // An idle connection turned out to be closed before the first byte went out.
        (TransportKind::Reset, Sent::No)
    } else {
        (TransportKind::Reset, Sent::Maybe)
    };
    let cause = causes(error).last().unwrap_or(error);
    TransportFailure::new(kind, sent, &cause.to_string())
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// `error`, what is behind it, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |error| cause(*error))
}

/// What an I/O error wraps is not its source: its source is that one's.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
