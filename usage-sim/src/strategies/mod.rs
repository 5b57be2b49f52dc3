//! Strategies of proptest for responses and rows of the service, for property tests of your own code.
//!
//! A property of a function that adds up rows, over the rows that a service may have:
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use proptest::prelude::*;
//! use usage_core::UsageTable;
//! use usage_sim::strategies;
//!
//! /// The code under test.
//! fn by_client(rows: &UsageTable) -> BTreeMap<Option<&str>, u128> {
//!     let mut sums = BTreeMap::new();
//!     for row in rows {
//!         *sums.entry(row.client_id()).or_default() += u128::from(row.requests().unwrap_or(0));
//!     }
//!     sums
//! }
//!
//! proptest!(|(rows in strategies::rows(0..50))| {
//!     let all: u128 = rows.iter().filter_map(|row| row.requests()).map(u128::from).sum();
//!     prop_assert_eq!(by_client(&rows).values().sum::<u128>(), all);
//! });
//! ```
//!
//! - [`rows`], [`record`] and [`scope`]: what a client returns.
//! - [`page`], [`submission`] and [`error_response`]: what the service sends, and [`damaged`] documents.
//! - [`Page`]: pages of any size from a seed, for benchmarks as well.
//!
//! With [`in_memory::InMemory`](crate::in_memory::InMemory) a client gets these responses.

mod damage;
mod responses;
mod rows;

pub use damage::damaged;
pub use responses::{error_response, page, submission};
pub use rows::{record, rows, scope};
pub use usage_core::fuzzing::documents::{Family, Order, SamplePage as Page, Spacing};
