//! One exchange over hyper.

use std::error::Error;
use std::pin::pin;

use async_io::Timer;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use usage_core::Machine;
use usage_core::error::BuildError;
use usage_core::machine::{Exchange, Progress};
use usage_driver::error::{Broken, classify_broken, find_cause};
use usage_driver::futures::{Clock, Turns, exchange_limit, receive};
use usage_driver::{ClientConfig, Proxy};
use usage_driver::{IDLE_TIMEOUT, MAX_HEADERS, MAX_IDLE_PER_HOST, READ_BUFFER, SharedSession, late};

use crate::connector::{Connector, connector};
use crate::runtime::{PoolTimer, Spawner};

/// Connections that leave every decision to the machine: no redirects, no retries.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    kept: legacy::Client<Connector, Full<Bytes>>,
    /// Its connections carry one request each. They share what TLS remembers of the hosts.
    fresh: legacy::Client<Connector, Full<Bytes>>,
    proxy: Option<Proxy>,
}

impl Pool {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        let connector = connector(config)?;
        let client = |max_idle, turns| {
            legacy::Client::builder(Spawner(turns))
                .pool_timer(PoolTimer)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(max_idle)
                .retry_canceled_requests(false)
                .http1_max_buf_size(READ_BUFFER)
                .http1_max_headers(MAX_HEADERS)
                .build(connector.clone())
        };
        let (kept, fresh) = (client(MAX_IDLE_PER_HOST, None), client(0, Some(Turns::default())));
        Ok(Self { kept, fresh, proxy: config.proxy.clone() })
    }
}

pub(crate) async fn run<M: Machine>(
    pool: &Pool,
    clock: &dyn Clock,
    session: &SharedSession,
    machine: &mut M,
    exchange: Exchange,
) -> Progress<M::Output> {
    let Exchange { ticket, request, timeout, connect_within, needs_fresh_connection, .. } = exchange;
    let mut request = request.map(|body| Full::new(Bytes::from(body)));
    let (target, connection) = (request.uri().clone(), capture_connection(&mut request));
    let client = if needs_fresh_connection { &pool.fresh } else { &pool.kept };
    let is_connected = || connection.connection_metadata().is_some();
    let failure = |error: Option<&(dyn Error + 'static)>| match error {
        Some(error) => classify_broken(error, is_connected(), broken(error)),
        None => late(connect_within, &target, pool.proxy.as_ref(), is_connected()),
    };
    let limit = pin!(exchange_limit(Timer::after, connect_within, timeout, is_connected));
    receive(machine, (clock, session), ticket, client.request(request), limit, failure).await
}

type IsKind = fn(&hyper::Error) -> bool;

/// What hyper alone knows of an error.
fn broken(error: &(dyn Error + 'static)) -> Option<Broken> {
    #[cfg(feature = "http2")]
    match find_cause::<h2::Error>(error).filter(|error| error.is_remote()) {
        // Streams that the server may have processed go on, and end with other errors.
        Some(error) if error.is_go_away() => return Some(Broken::GoneAway),
        Some(error) if error.reason() == Some(h2::Reason::REFUSED_STREAM) => return Some(Broken::Refused),
        _ => {}
    }
    let kinds: [(IsKind, _); 4] = [
        // An idle connection turned out to be closed before the first byte went out.
        (hyper::Error::is_canceled, Broken::Unused),
        (hyper::Error::is_incomplete_message, Broken::Closed),
        (is_head_too_long, Broken::HeadTooLong),
        (hyper::Error::is_parse, Broken::NotHttp),
    ];
    let error = find_cause(error)?;
    kinds.into_iter().find_map(|(is, broken)| is(error).then_some(broken))
}

/// hyper asks this itself only where it is built for servers.
fn is_head_too_long(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string() == "message head is too large"
}
