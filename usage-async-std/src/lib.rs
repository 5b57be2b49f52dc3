#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod driver;
mod runtime;
mod socket;

pub use clock::SystemClock;
pub use driver::AsyncStd;
pub use usage_core as core;
pub use usage_driver::futures::{Clock, Rows};
pub use usage_driver::{
    Canceller, ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, Roots, SessionGuard, TlsOptions,
};

/// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
pub type Client = usage_driver::futures::Client<AsyncStd>;

/// An execution that is being driven.
///
/// Its futures may be dropped at any moment. A request that was out then counts as given up: a poll is sent again, a
/// submit is not, unless the policy allows it.
pub type Handle<Q> = usage_driver::futures::Handle<Q, AsyncStd>;
