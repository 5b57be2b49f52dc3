//! The sans-IO core of a client of the Genesys Cloud Usage API: who called what, when, and with which result.
//!
//! This crate builds requests and decodes responses; it has no sockets, no clock and no threads. The drivers
//! `usage-blocking`, `usage-tokio` and `usage-async-std` do the I/O. Use one of them, or drive an [`Execution`]
//! yourself, as here with a service that is an array:
//!
//! ```
//! use usage_core::auth::{AccessToken, Grant};
//! use usage_core::query::OrganizationQuery;
//! use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp, UsageTable};
//!
//! let mut service = [
//!     r#"{"executionId":"9f32b7cf"}"#,
//!     r#"{"queryStatus":"Running"}"#,
//!     r#"{"queryStatus":"Complete","results":[{"clientName":"Nightly Export","requests":42}]}"#,
//! ]
//! .into_iter();
//!
//! let mut session = Session::new(&"eu-central-1".parse()?, Grant::StaticToken(AccessToken::parse("a-token")?));
//! let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
//! let mut now = Timestamp::from_unix_millis(1_782_864_000_000);
//! let mut execution = Execution::new(query, Policy::default(), 1, now);
//! let mut rows = UsageTable::new();
//! loop {
//!     match execution.next(now, &mut session).next {
//!         Next::Finished => break,
//!         Next::WaitUntil(until, _) => now = until, // a driver sleeps
//!         Next::Send(exchange) => {
//!             // a driver sends exchange.request
//!             let answer = http::Response::new(service.next().unwrap().as_bytes());
//!             let progress = execution.on_response(now, exchange.ticket, answer, &mut session);
//!             rows.append(&progress.output.unwrap_or_default());
//!         }
//!     }
//! }
//! assert!(execution.error().is_none());
//! assert_eq!(rows.row(0).unwrap().client_name(), Some("Nightly Export"));
//! # Ok::<(), usage_core::error::BuildError>(())
//! ```
//!
//! # Contents
//!
//! - [`query`]: the queries, what an execution runs. [`Endpoint`]: the operations behind them.
//! - [`events`]: the operational events, synchronous.
//! - [`platform`]: three operations outside the Usage API, for the names behind ids.
//! - [`Execution`], [`Call`] and [`LogIn`]: the machines. [`machine`]: what a driver needs to know of them.
//! - [`Session`]: hosts, credential ([`auth`]), token and request budget of one client.
//! - [`UsageTable`]: the rows, whatever family they came from. [`Scope`]: what they cover. The crate
//!   `usage-report` adds them up.
//! - [`Policy`]: waits, retries, deadline. [`error`]: what can go wrong.
//! - [`documentation`]: the design, and guides for [a transport](documentation::own_transport) and [an
//!   endpoint](documentation::own_endpoint) of your own.
//! - [`Interval`], [`Region`], [`BaseUrl`], [`ClientId`], …: input that was parsed and is valid from then on.
//!
//! # Features
//!
//! - `pkce` (default): the log-in of public clients, which needs SHA-256.
//! - `gzip`: responses may be compressed.
//! - `tracing`: spans and events, see [`trace`].
//! - `fuzzing`: functions for the fuzz targets; not part of the API.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod auth;
mod call;
mod date;
pub mod decode;
mod endpoint;
pub mod error {
    //! Errors, sorted by their origin.
    //!
    //! - [`BuildError`]: the caller's input is invalid, and nothing was sent.
    //! - [`TransportFailure`]: the network failed. Only drivers make it.
    //! - [`ResponseError`]: the server refused the request ([`ApiError`]), or its response cannot be read
    //!   ([`DecodeError`]).
    //! - [`Failure`]: why an execution or a call ended. [`Error`] adds where it happened.

    pub use crate::failures::*;
    pub use crate::report::Error;
}
pub mod events;
pub mod execution;
mod failures;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod http_method;
mod ids;
mod interval;
mod jitter;
mod lenient;
mod log_in;
pub mod machine;
pub mod model;
mod open_enum;
mod phase;
pub mod platform;
pub mod query;
mod query_durations;
pub mod rate_budget;
mod region;
mod report;
pub mod retry;
mod retry_after;
mod scope;
mod secret;
mod session;
mod table;
mod time;
pub mod trace;
pub mod uri;
mod written_date;

/// The long documents.
pub mod documentation {
    #[doc = include_str!("../docs/comparison.md")]
    pub mod comparison {}

    #[doc = include_str!("../docs/coverage.md")]
    pub mod coverage {}

    #[doc = include_str!("../docs/design.md")]
    pub mod design {}

    #[doc = include_str!("../docs/own-endpoint.md")]
    pub mod own_endpoint {}

    #[doc = include_str!("../docs/own-transport.md")]
    pub mod own_transport {}

    #[doc = include_str!("../docs/state-machine.md")]
    pub mod state_machine {}
}

pub use call::Call;
pub use date::Date;
pub use endpoint::{Endpoint, EndpointExt};
pub use execution::{Execution, Snapshot};
pub use ids::{ClientId, Cursor, EventDefinitionId, ExecutionId, MAX_CURSOR_LEN, MAX_ID_LEN, UserId};
pub use interval::Interval;
pub use jitter::Jitter;
pub use log_in::LogIn;
pub use machine::{Event, Machine, Next};
pub use phase::{Cause, Phase, Transition, WaitReason};
pub use query::UsageQuery;
pub use region::{BaseUrl, Region};
pub use report::Error;
pub use retry::Policy;
pub use retry_after::{MAX_RETRY_AFTER, RetryAfter};
pub use scope::{Gap, Scope, ScopeQuery};
pub use secret::{REDACTED, Secret};
pub use session::Session;
pub use table::{
    Column, Counter, IntoIter, Iter, LegacyRows, Symbol, TableBuilder, UsageRecord, UsageRow, UsageTable,
};
pub use time::Timestamp;
pub use written_date::{DateOrder, NumericDate, WrittenDate};
