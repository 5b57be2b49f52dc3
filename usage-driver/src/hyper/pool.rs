//! The connection pool.

use std::error::Error;
use std::marker::PhantomData;
use std::mem;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::rt::{Executor, Timer};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use usage_core::Machine;
use usage_core::error::TransportFailure;
use usage_core::machine::{Exchange, Progress};

use crate::builder::ClientConfig;
use crate::connect::late;
use crate::error::{Broken, classify_broken, find_cause};
use crate::futures::{Clock, Turns, exchange_limit, receive};
use crate::hyper::Runtime;
use crate::hyper::connector::{Connector, connector};
use crate::hyper::refusal::{Remembering, refusal_of};
use crate::limits::{IDLE_TIMEOUT, MAX_HEADERS, MAX_IDLE_PER_HOST, READ_BUFFER};
use crate::proxy::Proxy;
use crate::session::SharedSession;

/// A connection pool that leaves every decision to the machine: no redirects, no retries.
#[derive(Clone, Debug)]
pub struct Pool<R: Runtime> {
    kept: Client<R>,
    /// For exchanges that need a fresh connection: one request each. Both clients share the TLS sessions of the hosts.
    fresh: Client<R>,
    proxy: Option<Proxy>,
    runtime: PhantomData<R>,
}

type Client<R> = legacy::Client<Connector<Remembering<<R as Runtime>::Socket>>, Full<Bytes>>;

impl<R: Runtime> Pool<R> {
    /// Creates an empty pool.
    pub fn new(config: &ClientConfig, tls: rustls::ClientConfig) -> Self {
        let connector = connector::<R>(config, tls);
        let client = |max_idle, turns| {
            let mut builder = legacy::Client::builder(Spawner::<R> { turns, runtime: PhantomData });
            builder
                .pool_timer(R::Timer::default())
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(max_idle)
                .retry_canceled_requests(false)
                .http1_max_buf_size(READ_BUFFER)
                .http1_max_headers(MAX_HEADERS);
            #[cfg(feature = "http2")]
            builder.http2_max_header_list_size(u32::try_from(READ_BUFFER).unwrap_or(u32::MAX));
            builder.build(connector.clone())
        };
        let (kept, fresh) = (client(MAX_IDLE_PER_HOST, None), client(0, Some(Turns::default())));
        Self { kept, fresh, proxy: config.proxy.clone(), runtime: PhantomData }
    }

    /// Sends the request of `exchange`, and passes the response or the failure to `machine`.
    pub async fn carry_out<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        machine: &mut M,
        exchange: Exchange,
    ) -> Progress<M::Output> {
        let Exchange { ticket, request, timeout, connect_within, needs_fresh_connection, .. } = exchange;
        let mut request = request.map(|body| Full::new(Bytes::from(body)));
        let (target, connection) = (request.uri().clone(), capture_connection(&mut request));
        let client = if needs_fresh_connection { &self.fresh } else { &self.kept };
        let is_connected = || connection.connection_metadata().is_some();
        let has_failed = AtomicBool::new(false);
        let failure = |error: Option<&(dyn Error + 'static)>| {
            has_failed.store(true, Ordering::Relaxed);
            match error {
                Some(error) => refusal_of(&connection).unwrap_or_else(|| failure_of(error, is_connected())),
                None => late(connect_within, &target, self.proxy.as_ref(), is_connected()),
            }
        };
        let doubtful = Doubtful(&connection);
        let timer = R::Timer::default();
        let sleep = |duration| timer.sleep(duration);
        let limit = pin!(exchange_limit(sleep, connect_within, timeout, is_connected));
        let progress =
            receive(machine, (clock, session), ticket, client.request(request), limit, failure).await;
        if !has_failed.into_inner() {
            mem::forget(doubtful);
        }
        progress
    }
}

/// The connection of an exchange that failed or was given up. When this is dropped, the pool uses it for no other request:
/// an HTTP/2 connection that is dead would be shared by all further ones.
struct Doubtful<'a>(&'a CaptureConnection);

impl Drop for Doubtful<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.connection_metadata().as_ref() {
            connection.poison();
        }
    }
}

/// Runs the tasks of connections. Those of submits proceed one at a time.
#[derive(Clone, Debug)]
struct Spawner<R> {
    turns: Option<Turns>,
    runtime: PhantomData<R>,
}

impl<R: Runtime, F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner<R> {
    fn execute(&self, task: F) {
        match &self.turns {
            Some(turns) => R::spawn(turns.take(task)),
            None => R::spawn(task),
        }
    }
}

/// Returns the failure that hyper's `error` means.
fn failure_of(error: &(dyn Error + 'static), is_connected: bool) -> TransportFailure {
    let failure = classify_broken(error, is_connected, broken(error));
    #[cfg(feature = "http2")]
    if let Some(reason) = find_cause(error).filter(|error| is_reset(error)).and_then(h2::Error::reason) {
        let text = format!("the server reset the request (HTTP/2 {reason:?})");
        return TransportFailure::new(failure.kind, failure.sent, &text);
    }
    failure
}

/// Whether the server reset a request that it may have processed.
#[cfg(feature = "http2")]
fn is_reset(error: &h2::Error) -> bool {
    error.is_remote() && error.is_reset() && error.reason() != Some(h2::Reason::REFUSED_STREAM)
}

type IsKind = fn(&hyper::Error) -> bool;

/// Returns what hyper's own error type tells about an error.
fn broken(error: &(dyn Error + 'static)) -> Option<Broken> {
    #[cfg(feature = "http2")]
    let of_http2 = find_cause::<h2::Error>(error);
    #[cfg(feature = "http2")]
    match of_http2.filter(|error| error.is_remote()) {
        // Streams that the server may have processed continue, and end with other errors.
        Some(error) if error.is_go_away() => return Some(Broken::GoneAway),
        Some(error) if error.reason() == Some(h2::Reason::REFUSED_STREAM) => return Some(Broken::Refused),
        _ => {}
    }
    let kinds: [(IsKind, _); 5] = [
        // An idle connection was closed before the first byte was sent.
        (hyper::Error::is_canceled, Broken::Unused),
        (hyper::Error::is_closed, Broken::Unused),
        (hyper::Error::is_incomplete_message, Broken::Closed),
        (is_head_too_long, Broken::HeadTooLong),
        (hyper::Error::is_parse, Broken::NotHttp),
    ];
    let of_hyper = find_cause(error)?;
    let broken = kinds.into_iter().find_map(|(is, broken)| is(of_hyper).then_some(broken));
    #[cfg(feature = "http2")]
    let broken = broken.or_else(|| match of_http2 {
        Some(error) if error.is_library() => Some(Broken::NotHttp),
        Some(error) if error.is_io() => Some(Broken::Closed),
        _ => None,
    });
    broken
}

/// hyper has no predicate for this in its client.
fn is_head_too_long(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string() == "message head is too large"
}
