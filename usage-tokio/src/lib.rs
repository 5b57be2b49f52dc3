#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod driver;
mod runtime;

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
