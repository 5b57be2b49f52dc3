#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # Guides
//!
//! - [`guide::tenants`]: several organizations at once.
//! - [`guide::testing`]: tests of code that uses a client, over loopback and in memory.
//! - [`usage_core::documentation::own_endpoint`] and [`own_transport`](usage_core::documentation::own_transport).
//! - `usage-blocking` has guides for [resuming after a crash], [CSV] and [metrics]; they differ by an `await`.
//! - The examples of this package are a web service, a stream of pages, a test and a transport of one's own.
//!
//! [resuming after a crash]: https://docs.rs/usage-blocking/latest/usage_blocking/guide/index.html#resume-after-a-crash
//! [CSV]: https://docs.rs/usage-blocking/latest/usage_blocking/guide/index.html#rows-as-csv
//! [metrics]: https://docs.rs/usage-blocking/latest/usage_blocking/guide/index.html#metrics

mod clock;
mod driver;
mod runtime;

/// Guides with code that is compiled and run.
pub mod guide {
    #[doc = include_str!("../docs/tenants.md")]
    pub mod tenants {}

    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}
}

pub use clock::SystemClock;
pub use driver::Tokio;
pub use usage_core as core;
pub use usage_driver::futures::{Clock, Pages, Rows, RunAll};
pub use usage_driver::{
    Canceller, ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, Roots, SessionGuard, TlsOptions,
};

usage_driver::futures_client! {
    ///
    /// # Panics
    ///
    /// Its futures panic when they are polled outside of a tokio runtime with time and I/O enabled.
    Tokio, "usage_tokio"
}
