//! A simulated Genesys Cloud Usage API, to test clients against and to try them.
//!
//! - [`Simulator`] is the service without sockets and clock: it takes a request and the time, and returns a [`Reply`].
//!   [`SimulatorConfig`] sets its speed, its limits, and the seed of its data.
//! - It implements every [`Operation`]: the login host's token endpoint and authorization page, the older queries, the
//!   jobs that succeed them, and the operational events.
//! - Its data are those of a contact centre with some two dozen OAuth clients that call the platform's API every day.
//!   They are a function of the seed: two simulators with the same seed return the same numbers for a day. The older
//!   queries leave out the platform's own clients; the jobs count them.
//! - Each month has remarkable events ([`Story`]): a client that hammers one URI, a retry storm, a new client, and a
//!   forecast above the allowance.
//! - [`Rule`]s inject [`Fault`]s, including broken connections ([`WireFault`]); the journal of [`Entry`]s lists the
//!   requests that arrived.
//! - [`Organizations`] are several simulators behind one host; the credential decides which of them responds.
//! - [`serve`] puts a simulator on a loopback port as a [`Server`] that any HTTP/1.1 client can use, in real time or on
//!   a [`VirtualClock`].
//!
//! It shares neither endpoints nor decoder with the clients under test: it was written from the service's
//! documentation.
//!
//! # Features
//!
//! - `tls`: the listener speaks TLS, with generated certificates, valid ones and others that no client may accept
//!   (`Tls`).
//! - `driver`: [`VirtualClock`] implements the clock of blocking clients (`with_clock`), and [`in_memory`] has clients
//!   without sockets, for tests of your own code.
//! - `futures`: the same for clients with futures; includes `driver`.
//! - `proptest`: [`strategies`] for responses and rows, for property tests of your own code.
//! - `conformance`: the scenarios that every driver passes.
//! - `fuzzing`: functions for the fuzz targets; not part of the API.
//!
//! # Example
//!
//! ```
//! use http::Request;
//! use usage_core::Timestamp;
//! use usage_sim::{Simulator, SimulatorConfig};
//!
//! let mut service = Simulator::new(SimulatorConfig::default());
//! let start = Timestamp::from_unix_millis(1_783_500_000_000); // 2026-07-08
//! let token = service.issue_token(start); // or POST /oauth/token
//! let bearer = format!("Bearer {token}");
//!
//! let submit = Request::post("/api/v2/usage/query")
//!     .header("Authorization", &bearer)
//!     .header("Content-Type", "application/json")
//!     .body(br#"{"interval":"2026-07-01/2026-07-07"}"#.to_vec())?;
//! let reply = service.handle(start, submit);
//! let submission: serde_json::Value = serde_json::from_slice(reply.response.body())?;
//! let results = || Request::get(submission["resultsUri"].as_str().unwrap()).header("Authorization", &bearer).body(vec![]);
//!
//! let reply = service.handle(start, results()?);
//! assert_eq!(reply.response.body(), br#"{"queryStatus":"Running"}"#);
//!
//! let later = start.saturating_add(std::time::Duration::from_secs(3));
//! let reply = service.handle(later, results()?);
//! let page: serde_json::Value = serde_json::from_slice(reply.response.body())?;
//! assert_eq!(page["queryStatus"], "Complete");
//! assert!(page["results"].as_array().unwrap().len() > 20);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod aggregate;
mod clock;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod events;
mod execution;
mod fault;
#[cfg(feature = "driver")]
pub mod in_memory;
mod job_results;
mod journal;
mod key;
mod order;
mod organizations;
mod query;
mod rate_limit;
mod reply;
mod results;
mod route;
mod seed;
mod serve;
mod simulator;
#[cfg(feature = "proptest")]
pub mod strategies;
mod token;
mod uri;
mod wire_fault;
mod world;

pub use clock::{Clock, VirtualClock};
pub use config::{ALL_PERMISSIONS, SimulatorConfig};
pub use fault::{Fault, Match, Rule};
pub use journal::{Authorization, Entry};
pub use organizations::{Organizations, SameOrganization};
pub use reply::Reply;
pub use route::Operation;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use serve::fuzzing;
#[cfg(feature = "tls")]
pub use serve::{Certificate, Tls};
pub use serve::{MAX_CONNECTIONS, Refusing, ServeOptions, Server, serve};
pub use simulator::{MAX_REQUEST_BODY, OAuthClient, Simulator, User};
pub use wire_fault::{Framing, WireFault};
pub use world::{Episode, Story};
