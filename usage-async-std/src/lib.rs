#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

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
