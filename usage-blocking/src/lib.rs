#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # Crash and resume
//!
//! A page is delivered when the next one is asked for. A snapshot that is saved before points at it, so that a crash
//! repeats the page, under the same number, instead of losing it. A program that stores each page under its number can
//! therefore be killed at any moment and started again: no row is lost or doubled in what it stored.
//!
//! ```
//! # use std::path::Path;
//! # use usage_blocking::Client;
//! # use usage_core::query::SimpleSearch;
//! # use usage_core::{Policy, Secret};
//! # use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};
//! use std::fs;
//!
//! use usage_core::Snapshot;
//!
//! fn store_all(client: &Client, query: SimpleSearch, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
//!     let state = folder.join("state.json");
//!     let saved = fs::read_to_string(&state).ok().map(|json| Snapshot::from_json(&json)).transpose()?;
//!     let mut handle = client.start_or_restore(query, saved)?;
//!     while let Some(page) = handle.next_page()? {
//!         let rows: Vec<_> = page.into_iter().collect();
//!         let number = handle.execution().pages();
//!         replace(&folder.join(format!("page-{number}")), &format!("{rows:?}"))?;
//!         replace(&state, &handle.snapshot().to_json())?;
//!     }
//!     Ok(replace(&state, &handle.snapshot().to_json())?)
//! }
//!
//! /// Writes the file whole or not at all.
//! fn replace(path: &Path, text: &str) -> std::io::Result<()> {
//!     fs::write(path.with_extension("new"), text)?;
//!     fs::rename(path.with_extension("new"), path)
//! }
//! # let config = SimulatorConfig::default().with_client("7de3af06", "secret");
//! # let config = config.with_execution_time(std::time::Duration::ZERO);
//! # let server = serve(Simulator::new(config), ServeOptions::default())?;
//! # let client = Client::builder()
//! #     .api_url(server.url().parse()?)
//! #     .login_url(server.url().parse()?)
//! #     .policy(Policy::default().with_first_poll(std::time::Duration::ZERO))
//! #     .client_credentials("7de3af06", Secret::new("secret".into()))?
//! #     .build()?;
//! # let folder = std::env::temp_dir().join(format!("usage-resume-{}", std::process::id()));
//! # fs::create_dir_all(&folder)?;
//! # let query = SimpleSearch::new("2026-06-01/2026-06-08".parse()?);
//! # store_all(&client, query.clone(), &folder)?;
//! # store_all(&client, query, &folder)?;
//! # assert!(folder.join("page-3").exists() && !folder.join("page-4").exists());
//! # fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where pages and snapshot are stored in one transaction, call [`acknowledge`](Handle::acknowledge) before the snapshot is taken:
//! then no page is fetched twice. To lose no submit either, save the snapshot from
//! [`try_observe`](Handle::try_observe) at every step: an error there ends the run before the next request goes out. A snapshot whose
//! [submit is in doubt](usage_core::Snapshot::is_submit_in_doubt) is not submitted again by itself.

mod clock;
mod connector;
mod driver;
mod exchange;
mod transport;

pub use clock::SystemClock;
pub use driver::Blocking;
pub use usage_core as core;
pub use usage_driver::blocking::{Clock, Pages, Rows, RunAll};
pub use usage_driver::{
    Canceller, ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, Roots, SessionGuard, TlsOptions,
};

usage_driver::blocking_client! {
    ///
    /// Its methods block the thread. Inside an async runtime, call them within `spawn_blocking`.
    Blocking, "usage_blocking"
}
