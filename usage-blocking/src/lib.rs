#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # Guides
//!
//! - [`guide`]: resuming after a crash, rows as CSV, metrics, and tests of code that uses a client.
//! - [`usage_core::documentation::own_endpoint`] and [`own_transport`](usage_core::documentation::own_transport).
//! - For several organizations, give each a client of its own; many queries of one share a client
//!   ([`Client::run_all`]).

mod clock;
mod connector;
mod driver;
mod exchange;
mod transport;

#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

pub use clock::SystemClock;
pub use driver::Blocking;
pub use usage_core as core;
pub use usage_driver::blocking::{Clock, Pages, Rows, RunAll};
pub use usage_driver::{
    Canceller, ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, Roots, SessionGuard, TlsOptions,
};

usage_driver::blocking_client! {
    ///
    /// Its methods block the thread. Inside an async runtime, call them within `spawn_blocking`.
    Blocking, "usage_blocking"
}
