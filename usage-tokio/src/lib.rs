#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod driver;
mod runtime;

pub use clock::SystemClock;
pub use driver::Tokio;
pub use usage_core as core;
pub use usage_driver::futures::{Clock, Rows};
pub use usage_driver::{
    Canceller, ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, Roots, SessionGuard, TlsOptions,
};

/// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
///
/// # Panics
///
/// Its futures panic when they are polled outside of a tokio runtime with time and I/O enabled.
pub type Client = usage_driver::futures::Client<Tokio>;

/// An execution that is being driven.
///
/// Its futures may be dropped at any moment. A request that was out then counts as given up: a poll is sent again, a
/// submit is not, unless the policy allows it.
pub type Handle<Q> = usage_driver::futures::Handle<Q, Tokio>;
