//! The sans-IO core of a client of the Genesys Cloud Usage API.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
mod call;
mod client_builder;
mod date;
pub mod decode;
mod endpoint;
pub mod error;
pub mod execution;
mod ids;
mod interval;
mod jitter;
pub mod machine;
pub mod model;
mod open_enum;
mod phase;
pub mod query;
pub mod rate_budget;
mod region;
pub mod retry;
mod retry_after;
mod secret;
mod session;
mod table;
mod time;
pub mod uri;

pub use call::Call;
pub use client_builder::{ClientBuilder, ClientConfig, FromConfig};
pub use date::Date;
pub use endpoint::{Endpoint, EndpointExt};
pub use error::Error;
pub use execution::{Execution, Snapshot};
pub use ids::{ClientId, Cursor, ExecutionId, MAX_CURSOR_LEN, MAX_ID_LEN};
pub use interval::Interval;
pub use jitter::Jitter;
pub use machine::{Machine, Next, Notice};
pub use phase::{Cause, Phase, Transition, WaitReason};
pub use query::UsageQuery;
pub use region::{BaseUrl, Region};
pub use retry::Policy;
pub use retry_after::RetryAfter;
pub use secret::{REDACTED, Secret};
pub use session::Session;
pub use table::{IntoIter, Iter, UsageRecord, UsageRow, UsageTable};
pub use time::Timestamp;
