//! Everything that the drivers of the Genesys Cloud Usage API share, except I/O.
//!
//! The client, the handle of an execution and its rows are written here, once for drivers that [block](blocking) and once
//! for drivers that return [futures], so that all drivers have the same API. A driver is a type that implements one of the
//! two `Driver` traits: how it connects, its clock, and its loop. The loop drives a [`Task`], which does everything except
//! the I/O.
//!
//! A driver of your own is little more than its I/O. Here the service is a list of responses, and waiting moves the clock:
//!
//! ```
//! use std::sync::Mutex;
//!
//! use usage_driver::blocking::{Client, Clock, Driver};
//! use usage_driver::{ClientConfig, SharedSession, Task};
//! use usage_core::error::BuildError;
//! use usage_core::query::OrganizationQuery;
//! use usage_core::{Error, Machine, Next, Timestamp};
//!
//! #[derive(Clone, Debug)]
//! struct Canned;
//!
//! static ANSWERS: Mutex<Vec<&str>> = Mutex::new(Vec::new());
//!
//! impl Driver for Canned {
//!     type Clock = Moved;
//!     const USER_AGENT: &'static str = "canned/1.0";
//!
//!     fn new(_: &ClientConfig) -> Result<Self, BuildError> {
//!         Ok(Self)
//!     }
//!
//!     fn variable(_: &str) -> Option<String> {
//!         None
//!     }
//!
//!     fn seed() -> u64 {
//!         1
//!     }
//!
//!     fn spawn(work: impl FnOnce() + Send + 'static) {
//!         std::thread::spawn(work);
//!     }
//!
//!     fn advance<M: Machine>(
//!         &self,
//!         clock: &dyn Clock,
//!         session: &SharedSession,
//!         task: &mut Task<M>,
//!     ) -> Result<Option<M::Output>, Error> {
//!         loop {
//!             match task.next(clock.now(), session) {
//!                 Next::Finished => return task.outcome(),
//!                 Next::WaitUntil(until, _) => clock.sleep_until(until),
//!                 Next::Send(exchange) => {
//!                     // exchange.request would be sent here
//!                     let body = ANSWERS.lock().unwrap().remove(0);
//!                     let (answer, ticket) = (http::Response::new(body.as_bytes()), exchange.ticket);
//!                     let (now, mut session) = (clock.now(), session.lock());
//!                     let progress = task.machine.on_response(now, ticket, answer, &mut session);
//!                     drop(session);
//!                     if let Some(output) = task.take(progress) {
//!                         return Ok(Some(output));
//!                     }
//!                 }
//!             }
//!         }
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct Moved(Mutex<Timestamp>);
//!
//! impl Default for Moved {
//!     fn default() -> Self {
//!         Self(Mutex::new(Timestamp::from_unix_millis(1_782_864_000_000)))
//!     }
//! }
//!
//! impl Clock for Moved {
//!     fn now(&self) -> Timestamp {
//!         *self.0.lock().unwrap()
//!     }
//!
//!     fn sleep_until(&self, until: Timestamp) {
//!         *self.0.lock().unwrap() = until;
//!     }
//! }
//!
//! ANSWERS.lock().unwrap().extend([
//!     r#"{"executionId":"9f32b7cf"}"#,
//!     r#"{"queryStatus":"Running"}"#,
//!     r#"{"queryStatus":"Complete","results":[{"clientName":"Nightly Export","requests":42}]}"#,
//! ]);
//! let client = Client::<Canned>::builder().access_token("a-token")?.build()?;
//! let rows = client.run(OrganizationQuery::new("2026-06-01/2026-06-30".parse()?)).unwrap();
//! assert_eq!(rows.row(0).unwrap().requests(), Some(42));
//! # Ok::<(), BuildError>(())
//! ```
//!
//! # Features
//!
//! None is enabled by default; each driver enables what it needs.
//!
//! - `futures`: clients that return futures.
//! - `hyper`: exchanges over hyper on any runtime; includes `futures` and `rustls`.
//! - `http2`: HTTP/2 with services that offer it; includes `hyper`.
//! - `rustls`: TLS by rustls, as the builder describes it.
//! - `gzip`: compressed responses.
//! - `pkce`: log-in with PKCE, which needs SHA-256.
//! - `tracing`: spans and events.
//!
//! # Types of other crates in this API
//!
//! A new major version of these crates is a new major version of this one:
//!
//! - `http`: requests, responses and URIs, the common vocabulary of HTTP crates.
//! - `rustls-pki-types`: certificates in [`TlsOptions`], the common vocabulary of TLS crates.
//! - `rustls` (feature `rustls`): [`TlsOptions`] becomes its `ClientConfig`, and takes a verifier for the roots of the
//!   operating system. For drivers only.
//! - `futures-util` (feature `futures`): streams implement its `Stream`, which is that of `futures-core`.
//! - `bytes` and `http-body` (feature `futures`): [`futures::receive`] takes any body of the HTTP crates. For drivers only.
//! - `hyper` and `hyper-util` (feature `hyper`): the traits of a runtime and its sockets. For drivers only.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod blocking;
mod builder;
mod canceller;
mod connect;
pub mod error;
#[cfg(feature = "futures")]
pub mod futures;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "hyper")]
pub mod hyper;
mod limits;
mod proxy;
mod session;
mod target;
mod task;
mod tls;
mod token_exchange;
mod written;

pub use builder::{ClientBuilder, ClientConfig, FromConfig};
pub use canceller::Canceller;
pub use connect::{late, not_within};
pub use limits::{IDLE_TIMEOUT, MAX_IDLE_PER_HOST, READ_BUFFER, head_size};
pub use proxy::{Proxy, Tunnel};
pub use session::{SessionGuard, SharedSession, TokenWait};
pub use target::address_of;
pub use task::Task;
pub use tls::{Identity, Roots, TlsOptions};
pub use token_exchange::TokenExchange;
pub use usage_core as core;
pub use written::written;
