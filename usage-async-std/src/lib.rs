//! Client of the Genesys Cloud Usage API for [async-std](https://docs.rs/async-std), on [hyper](https://docs.rs/hyper).
//!
//! ```no_run
//! use usage_core::query::OrganizationQuery;
//! use usage_core::{Interval, Secret};
//! use usage_async_std::Client;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
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
//! and waits. What it does when is the same in `usage-blocking` and `usage-tokio`.
//!
//! A future of this crate may be dropped at any moment, by a `select!` for example: the [`Handle`] knows how far it
//! got, and its next future goes on from there. They are all `Send`.
//!
//! # async-std is discontinued
//!
//! Its authors point to smol (RUSTSEC-2025-0052). New programs should use `usage-tokio` or `usage-blocking`; this
//! crate is for programs that run on async-std and cannot move yet. They get the pool, the TLS and the errors of the
//! tokio driver, and no tokio runtime is started or needed. Of async-std itself only the socket, the resolver and
//! `spawn` are used; the timers are those of async-io, on which smol stands as well. Moving this driver to smol
//! changes three imports, and adds a `detach()` where it spawns.

mod client;
mod clock;
mod connector;
mod exchange;
mod handle;
mod runtime;
mod stream;

pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use handle::{Handle, Rows};
pub use usage_core as core;
