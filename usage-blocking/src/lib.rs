#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # Guides
//!
//! - [`guide::resume`]: a program that may be killed at any moment.
//! - [`guide::csv`]: rows as CSV.
//! - [`guide::metrics`]: counters from an observer.
//! - [`guide::testing`]: tests of code that uses a client, over loopback and in memory.
//! - [`usage_core::documentation::own_endpoint`] and [`own_transport`](usage_core::documentation::own_transport).
//! - For several organizations, give each a client of its own; many queries of one share a client
//!   ([`Client::run_all`]).

mod clock;
mod connector;
mod driver;
mod exchange;
mod transport;

/// Guides with code that is compiled and run.
pub mod guide {
    #[doc = include_str!("../docs/csv.md")]
    pub mod csv {}

    #[doc = include_str!("../docs/metrics.md")]
    pub mod metrics {}

    #[doc = include_str!("../docs/resume.md")]
    pub mod resume {}

    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}
}

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
