#![doc = include_str!("../README.md")]

mod clock;
mod connector;
mod driver;
mod exchange;
mod transport;

pub use clock::SystemClock;
pub use driver::Blocking;
pub use usage_core as core;
pub use usage_core::driver::blocking::{Clock, RunAll};

/// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
pub type Client = usage_core::driver::blocking::Client<Blocking>;

/// An execution that is being driven.
pub type Handle<Q> = usage_core::driver::blocking::Handle<Q, Blocking>;

/// The rows of an execution, fetched page by page. It ends after the first error.
pub type Rows<Q> = usage_core::driver::blocking::Rows<Q, Blocking>;
