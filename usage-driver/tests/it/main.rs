//! The public API for drivers, tested with drivers that have no sockets.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

mod builder;
mod canceller;
mod debug;
mod delivery;
mod driver;
mod locked;
mod run_all;
mod session_model;
mod stuck;
#[allow(dead_code, reason = "the tests of usage-core need more of it")]
#[path = "../../../usage-core/tests/it/support.rs"]
mod support;
mod token_exchange;
