//! Connections that are not established in time.

use std::io;
use std::time::Duration;

use http::Uri;
use usage_core::error::{Sent, TransportFailure, TransportKind};

use crate::proxy::Proxy;

/// For drivers: returns the error of a connection to `target`, through `proxy` if that carries it, that was not
/// established within `limit`.
pub fn not_within(limit: Duration, target: &Uri, proxy: Option<&Proxy>) -> io::Error {
    // The limit may be the rest of another one: without this, it would print as microseconds.
    let limit = Duration::from_millis(u64::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
    let text = match proxy.filter(|proxy| proxy.carries(target)) {
        None => format!("not within {limit:?}"),
        Some(proxy) => format!("not within {limit:?} through the proxy {}", proxy.address()),
    };
    io::Error::new(io::ErrorKind::TimedOut, text)
}

/// For drivers: returns the failure of an exchange that took longer than `limit`, with or without a connection to
/// `target`, through `proxy` if that carries it.
pub fn late(limit: Duration, target: &Uri, proxy: Option<&Proxy>, is_connected: bool) -> TransportFailure {
    if is_connected {
        return TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "");
    }
    let text = not_within(limit, target, proxy).to_string();
    TransportFailure::new(TransportKind::Connect, Sent::No, &text)
}
