//! The driver against the simulated service, over loopback sockets. The async-std driver runs these files too.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

mod answers;
mod conformance;
mod delivery;
mod endless;
mod exchanges;
mod faults;
mod fleet;
#[cfg(feature = "http2")]
mod http2;
mod lifecycle;
mod moved;
mod peers;
mod proxy;
mod queries;
mod runtime;
mod support;
mod surface;
mod tls;
mod tracing;
mod transports;

use usage_tokio as driver;
