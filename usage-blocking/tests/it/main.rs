//! The blocking client against the simulated service, over real sockets and on a virtual clock.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

#[path = "../../../usage-tokio/tests/it/answers.rs"]
mod answers;
mod conformance;
mod connections;
mod coverage;
#[path = "../../../usage-tokio/tests/it/delivery.rs"]
mod delivery;
#[path = "../../../usage-tokio/tests/it/endless.rs"]
mod endless;
#[path = "../../../usage-tokio/tests/it/exchanges.rs"]
mod exchanges;
mod failures;
#[path = "../../../usage-tokio/tests/it/fleet.rs"]
mod fleet;
mod killed;
mod nightly_job;
#[path = "../../../usage-tokio/tests/it/peers.rs"]
mod peers;
#[path = "../../../usage-tokio/tests/it/proxy.rs"]
mod proxy;
mod queries;
mod runtime;
mod support;
#[path = "../../../usage-tokio/tests/it/tls.rs"]
mod tls;
mod token;
#[path = "../../../usage-tokio/tests/it/tracing.rs"]
mod tracing;
#[path = "../../../usage-tokio/tests/it/transports.rs"]
mod transports;

use usage_blocking as driver;
