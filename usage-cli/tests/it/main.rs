//! The program as its users run it, against simulated services that misbehave.

#![expect(clippy::unwrap_used, reason = "a test fails by it, and says where")]
#![expect(clippy::disallowed_methods, reason = "tests choose the environment of the program")]

mod aggregate;
mod answers;
mod body;
mod browser;
#[cfg(all(unix, feature = "parquet"))]
mod collect;
#[cfg(unix)]
mod completions;
mod config;
mod doctor;
mod dry_run;
mod events;
mod exports;
mod failures;
mod foreign_config;
mod formats;
mod interruptions;
mod kills;
#[cfg(unix)]
mod leftovers;
mod login;
mod login_listener;
mod man;
#[cfg(all(unix, feature = "parquet"))]
mod manual;
#[cfg(feature = "parquet")]
mod many_organizations;
#[cfg(all(unix, feature = "parquet"))]
mod monitoring;
mod names;
#[cfg(unix)]
mod organizations;
mod output_file;
mod ownership;
mod projection;
#[cfg(all(unix, feature = "parquet"))]
mod readers;
mod report;
mod roots;
mod saved;
mod schema;
mod search;
mod secrets;
mod selection;
mod simulate;
mod snapshots;
mod state;
mod support;
#[cfg(unix)]
mod terminal;
mod usage;
mod watch;
mod xlsx;
