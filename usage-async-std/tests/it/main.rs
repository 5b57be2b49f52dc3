//! The driver against the simulated service, over loopback sockets: the tests of the tokio driver with another driver and
//! another runtime.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

#[path = "../../../usage-tokio/tests/it/answers.rs"]
mod answers;
#[path = "../../../usage-tokio/tests/it/conformance.rs"]
mod conformance;
#[path = "../../../usage-tokio/tests/it/delivery.rs"]
mod delivery;
#[path = "../../../usage-tokio/tests/it/endless.rs"]
mod endless;
#[path = "../../../usage-tokio/tests/it/exchanges.rs"]
mod exchanges;
#[path = "../../../usage-tokio/tests/it/faults.rs"]
mod faults;
#[path = "../../../usage-tokio/tests/it/fleet.rs"]
mod fleet;
#[cfg(feature = "http2")]
#[path = "../../../usage-tokio/tests/it/http2.rs"]
mod http2;
#[path = "../../../usage-tokio/tests/it/lifecycle.rs"]
mod lifecycle;
#[path = "../../../usage-tokio/tests/it/peers.rs"]
mod peers;
#[path = "../../../usage-tokio/tests/it/proxy.rs"]
mod proxy;
#[path = "../../../usage-tokio/tests/it/queries.rs"]
mod queries;
mod runtime;
#[path = "../../../usage-tokio/tests/it/support.rs"]
mod support;
#[path = "../../../usage-tokio/tests/it/surface.rs"]
mod surface;
#[path = "../../../usage-tokio/tests/it/tls.rs"]
mod tls;
#[path = "../../../usage-tokio/tests/it/tracing.rs"]
mod tracing;
#[path = "../../../usage-tokio/tests/it/transports.rs"]
mod transports;

use usage_async_std as driver;
