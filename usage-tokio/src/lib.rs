//! Client of the Genesys Cloud Usage API for [tokio](https://docs.rs/tokio), on [hyper](https://docs.rs/hyper).
//!
//! ```no_run
//! use usage_core::query::OrganizationQuery;
//! use usage_core::{Interval, Secret};
//! use usage_tokio::Client;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = Secret::new(std::env::var("GENESYSCLOUD_OAUTHCLIENT_SECRET")?);
//! let client = Client::builder().region("eu-central-1".parse()?).client_credentials("7de3af06", secret)?.build()?;
//!
//! let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse::<Interval>()?);
//! for row in &client.run(query).await? {
//!     println!("{:?} {:?}", row.client_name(), row.requests());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The driver decides nothing: [`usage_core::Execution`] says what to send and until when to wait, this crate sends
//! and waits. What it does when is the same in `usage-blocking` and `usage-async-std`.
//!
//! A future of this crate may be dropped at any moment, by a `select!` for example: the [`Handle`] knows how far it
//! got, and its next future goes on from there. They are all `Send`, and need a runtime with time and I/O enabled.

mod client;
mod clock;
mod connector;
mod exchange;
mod handle;

pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use handle::{Handle, Rows};
pub use usage_core as core;
