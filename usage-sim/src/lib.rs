//! A simulated Genesys Cloud Usage API, to test and try clients against.
//!
//! - [`Simulator`] is the service without sockets and without a clock: a request and the time go in, a [`Reply`]
//!   comes out. [`SimulatorConfig`] says how fast it is, what it allows, and from which seed its world is made.
//! - It answers every [`Operation`]: the login host's token endpoint and authorize page, the older queries, the jobs
//!   that succeed them, and the operational events.
//! - Its world is a contact centre of some two dozen OAuth clients that call the platform's API day by day. It is a
//!   function of the seed: two simulators with one seed give the same numbers for the same day. The older queries leave
//!   out what the platform's own clients do; the jobs count it.
//! - Each month something happens that is worth finding ([`Story`]): a client that hammers one URI, a retry storm, a new
//!   client, and a forecast that breaks the allowance.
//! - [`Rule`]s inject [`Fault`]s, up to broken connections ([`WireFault`]); the journal of [`Entry`]s tells
//!   what arrived.
//! - [`Organizations`] are several simulators behind one host; the credential decides which one answers.
//! - [`serve`] puts a simulator on a loopback port as a [`Server`] that any HTTP/1.1 client can use, in real time or on
//!   a [`VirtualClock`].
//!
//! It shares neither endpoints nor decoder with the client that it judges: it was written from the service's
//! documentation.
//!
//! # Features
//!
//! - `tls`: the listener speaks TLS, with certificates made on the spot, good ones and such as no client may take
//!   (`Tls`).
//! - `driver`: a [`VirtualClock`] is a clock of blocking clients (`with_clock`), and [`in_memory`] has clients without
//!   sockets, for tests of one's own code.
//! - `futures`: the same for clients with futures; includes `driver`.
//! - `proptest`: [`strategies`] of what the service sends and what becomes of it, for property tests of one's own handlers.
//! - `conformance`: the scenarios that every driver of the core passes.
//! - `fuzzing`: functions for the fuzz targets; not part of the API.
//!
//! # A round in memory
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
