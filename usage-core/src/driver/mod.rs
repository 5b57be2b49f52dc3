//! What drivers are made of besides I/O. Their users need none of it by these names.
//!
//! A client, the handle of an execution and the rows of it are written here, once for drivers that [block](blocking) and
//! once for those that return [futures], so that all drivers have one surface. A driver is a type that implements
//! `Driver`, of either kind: what it connects with, its clock, and its loop. The loop drives a [`Task`], a machine under
//! way, which does of it all that is no I/O.
//!
//! A driver of one's own is little more than its I/O. Here the service is an array, and the clock one that is moved on:
//!
//! ```
//! use std::sync::Mutex;
//!
//! use usage_core::driver::blocking::{Client, Clock, Driver};
//! use usage_core::driver::{Task, SharedSession};
//! use usage_core::error::BuildError;
//! use usage_core::query::OrganizationQuery;
//! use usage_core::{ClientConfig, Error, Machine, Next, Timestamp};
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
//!         driven: &mut Task<M>,
//!     ) -> Result<Option<M::Output>, Error> {
//!         loop {
//!             match driven.next(clock.now(), session) {
//!                 Next::Finished => return driven.outcome(),
//!                 Next::WaitUntil(until, _) => clock.sleep_until(until),
//!                 Next::Send(exchange) => {
//!                     // exchange.request would be sent here
//!                     let body = ANSWERS.lock().unwrap().remove(0);
//!                     let (answer, ticket) = (http::Response::new(body.as_bytes()), exchange.ticket);
//!                     let (now, mut session) = (clock.now(), session.lock());
//!                     let progress = driven.machine.on_response(now, ticket, answer, &mut session);
//!                     drop(session);
//!                     if let Some(output) = driven.take(progress) {
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

use std::time::Duration;

use http::Request;

pub mod blocking;
#[cfg(feature = "futures")]
pub mod futures;
mod shared_session;
pub(crate) mod target;
mod task;
mod token_exchange;
mod token_wait;
mod tunnel;
mod written;

pub use shared_session::{SessionGuard, SharedSession};
pub use target::{address_of, port_of};
pub use task::Task;
pub use token_exchange::TokenExchange;
pub use token_wait::TokenWait;
pub use tunnel::Tunnel;
pub use written::written;

/// For drivers: how long an idle connection is kept; gateways keep theirs longer.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// For drivers: how many idle connections are kept for a host. With fewer, so many executions at once connect again and
/// again.
pub const MAX_IDLE_PER_HOST: usize = 64;

/// For drivers: what a connection reads ahead at most, in bytes; the head of an answer fits into it too.
pub const READ_BUFFER: usize = 64 * 1024;

/// For drivers: how many headers an answer has at most: as many as the transport takes that cannot be told a number.
pub const MAX_HEADERS: usize = 128;

/// For drivers: returns an upper bound of the length of the head of `request` as HTTP/1.1, in bytes.
pub fn head_size<B>(request: &Request<B>) -> usize {
    /// The method, the version, the host, and what an HTTP client adds.
    const REST: usize = 1024;
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    headers.sum::<usize>() + request.uri().to_string().len() + REST
}
