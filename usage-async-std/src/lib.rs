#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # Guides
//!
//! The guides of `usage-tokio` hold for this crate with its name in place of `usage_tokio`: [several organizations] and
//! [testing]. `usage-blocking` has guides for [resuming after a crash], [CSV] and [metrics]; they differ by an `await`.
//! [`usage_core::documentation::own_endpoint`] and [`own_transport`](usage_core::documentation::own_transport) need no
//! driver.
//!
//! [several organizations]: https://docs.rs/usage-tokio/latest/usage_tokio/guide/tenants/
//! [testing]: https://docs.rs/usage-tokio/latest/usage_tokio/guide/testing/
//! [resuming after a crash]: https://docs.rs/usage-blocking/latest/usage_blocking/guide/index.html#resume-after-a-crash
//! [CSV]: https://docs.rs/usage-blocking/latest/usage_blocking/guide/index.html#rows-as-csv
//! [metrics]: https://docs.rs/usage-blocking/latest/usage_blocking/guide/index.html#metrics

mod clock;
mod driver;
mod runtime;
mod socket;

pub use clock::SystemClock;
pub use driver::AsyncStd;
pub use usage_core as core;
pub use usage_driver::futures::{Clock, Pages, Rows, RunAll};
pub use usage_driver::{
    Canceller, ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, Roots, SessionGuard, TlsOptions,
};

usage_driver::futures_client! {
    AsyncStd, "usage_async_std"
}
