//! Clients of a service in memory, for tests of code that uses a client: without sockets, runtime and waiting.
//!
//! [`Service`] is the simulated service together with a [`VirtualClock`](crate::VirtualClock). Its clients are those of
//! `usage-driver`, on which every driver builds: [`blocking::Client`](usage_driver::blocking::Client) and, with the
//! feature `futures`, `futures::Client`. Waiting moves the clock, so an hour of polling passes at once.
//!
//! Code that is generic over the driver can be tested with them. A program passes `client.as_generic()` of its own
//! driver:
//!
//! ```
//! use std::time::Duration;
//!
//! use usage_core::query::OrganizationQuery;
//! use usage_core::{Error, Interval, Policy};
//! use usage_driver::blocking::{Client, Driver};
//! use usage_sim::in_memory::Service;
//! use usage_sim::{Fault, Match, Rule, Simulator, SimulatorConfig, VirtualClock};
//!
//! /// The code under test.
//! fn total<D: Driver>(client: &Client<D>, days: Interval) -> Result<u64, Error> {
//!     let rows = client.run(OrganizationQuery::new(days))?;
//!     Ok(rows.iter().filter_map(|row| row.requests()).sum())
//! }
//!
//! let slow = SimulatorConfig::default().with_execution_time(Duration::from_secs(3600));
//! let service = Service::new(Simulator::new(slow), VirtualClock::default());
//! service.simulator().inject(Rule::new(Match::Results, Fault::Status(503)).times(3));
//! let client = service.client().with_policy(Policy::default().with_deadline(Duration::from_secs(2 * 3600)));
//!
//! let began = service.clock().now();
//! assert!(total(&client, "2026-06-01/2026-06-30".parse()?)? > 0);
//! assert!(service.clock().now().saturating_since(began) >= Duration::from_secs(3600));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Code that takes the client of a certain driver is tested over loopback instead: [`serve`](crate::serve) with the
//! same clock takes a few milliseconds more for each request, without waiting.
//!
//! # A service of your own
//!
//! [`InMemory`] is the driver of these clients. Any function of the time and the request can be its service:
//!
//! ```
//! use http::Response;
//! use usage_core::query::SimpleSearch;
//! use usage_driver::{ClientBuilder, ClientConfig};
//! use usage_driver::blocking::Client;
//! use usage_sim::in_memory::InMemory;
//!
//! let service = InMemory::new(|_, request| {
//!     let body: &[u8] = match request.method().as_str() {
//!         "POST" => br#"{"executionId":"9f32b7cf"}"#,
//!         _ => br#"{"queryStatus":"Complete","results":[{"requests":42}]}"#,
//!     };
//!     Ok(Response::new(body.to_vec()).into())
//! });
//! let config = ClientBuilder::<ClientConfig>::new().access_token("a-token")?.build()?;
//! let rows = Client::with_driver(service, config).run(SimpleSearch::new("2026-06-01/2026-06-30".parse()?))?;
//! assert_eq!(rows.row(0).unwrap().requests(), Some(42));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What differs from sockets
//!
//! - A [`WireFault`](crate::WireFault) becomes the failure that a client would see, at once: a service that does not
//!   respond takes no time, not even on the virtual clock.
//! - There are no connections, TLS and proxies.

mod arrival;
mod blocking;
#[cfg(feature = "futures")]
mod futures;
mod service;

pub(crate) use arrival::{Sending, arrive};
pub use service::Service;

use std::fmt;
use std::sync::Arc;

use http::Request;
use usage_core::Timestamp;
use usage_core::error::TransportFailure;

use crate::config::SimulatorConfig;
use crate::organizations::Organizations;
use crate::reply::Reply;
use crate::simulator::Simulator;

/// A service: takes the time and a request, and returns a reply or the failure of the transport.
type Respond = dyn Fn(Timestamp, Request<Vec<u8>>) -> Result<Reply, TransportFailure> + Send + Sync;

/// The driver of clients in memory, whose service is a function. Clones share it.
///
/// The function gets the time of the client's clock, by default a [`VirtualClock`](crate::VirtualClock).
///
/// ```
/// use usage_core::error::{Sent, TransportFailure, TransportKind};
/// use usage_driver::blocking::Client;
/// use usage_driver::{ClientBuilder, ClientConfig};
/// use usage_sim::in_memory::InMemory;
///
/// let unreachable = InMemory::new(|_, _| Err(TransportFailure::new(TransportKind::Connect, Sent::No, "refused")));
/// let config = ClientBuilder::<ClientConfig>::new().client_credentials("id", usage_core::Secret::new("s".into()))?;
/// let error = Client::with_driver(unreachable, config.build()?).log_in().unwrap_err();
/// assert_eq!(error.endpoint(), "oauth.token");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct InMemory {
    respond: Arc<Respond>,
}

impl InMemory {
    const USER_AGENT: &'static str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

    /// Creates a driver with `respond` as its service.
    ///
    /// Clients on several threads call it concurrently.
    pub fn new(
        respond: impl Fn(Timestamp, Request<Vec<u8>>) -> Result<Reply, TransportFailure> + Send + Sync + 'static,
    ) -> Self {
        Self { respond: Arc::new(respond) }
    }

    /// Returns a driver with these organizations as its service.
    fn serving(organizations: Arc<Organizations>) -> Self {
        Self::new(move |now, request| Ok(organizations.handle(now, request)))
    }

    fn respond(&self, now: Timestamp, request: Request<Vec<u8>>) -> Result<Reply, TransportFailure> {
        (self.respond)(now, request)
    }
}

impl Default for InMemory {
    /// Returns a driver with a simulated service of the default configuration.
    fn default() -> Self {
        Self::serving(Arc::new(Simulator::new(SimulatorConfig::default()).into()))
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").finish_non_exhaustive()
    }
}
