//! A simulated service with its clients.

use std::sync::{Arc, MutexGuard};

use usage_core::error::BuildError;
use usage_core::{BaseUrl, Secret};
use usage_driver::{ClientBuilder, ClientConfig, blocking};

use crate::clock::VirtualClock;
use crate::in_memory::InMemory;
use crate::organizations::Organizations;
use crate::simulator::Simulator;

/// The address of the service. Nothing listens there: the top-level domain `invalid` is reserved (RFC 2606).
const URL: &str = "https://usage.invalid";

/// A simulated service in memory and the clock that it shares with its clients. Clones share both.
///
/// It corresponds to a [`Server`](crate::Server) on loopback.
///
/// ```
/// use usage_core::query::SimpleSearch;
/// use usage_sim::in_memory::Service;
/// use usage_sim::{Simulator, SimulatorConfig, VirtualClock};
///
/// let service = Service::new(Simulator::new(SimulatorConfig::default()), VirtualClock::default());
/// let rows = service.client().run(SimpleSearch::new("2026-06-01/2026-06-30".parse()?))?;
/// assert!(rows.len() > 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Service {
    organizations: Arc<Organizations>,
    clock: VirtualClock,
}

impl Service {
    /// Creates a service of one organization (a [`Simulator`]) or several.
    pub fn new(organizations: impl Into<Organizations>, clock: VirtualClock) -> Self {
        Self { organizations: Arc::new(organizations.into()), clock }
    }

    /// Returns a blocking client with the credential of the first organization.
    pub fn client(&self) -> blocking::Client<InMemory> {
        blocking::Client::with_driver(self.driver(), self.config(0)).with_clock(self.clock.clone())
    }

    /// Returns an async client with the credential of the first organization. Any executor can run its futures.
    ///
    /// ```
    /// use usage_core::query::SimpleSearch;
    /// use usage_sim::in_memory::Service;
    /// use usage_sim::{Simulator, SimulatorConfig, VirtualClock};
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let service = Service::new(Simulator::new(SimulatorConfig::default()), VirtualClock::default());
    /// let rows = service.futures_client().run(SimpleSearch::new("2026-06-01/2026-06-30".parse()?)).await?;
    /// assert!(rows.len() > 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # });
    /// ```
    #[cfg(feature = "futures")]
    pub fn futures_client(&self) -> usage_driver::futures::Client<InMemory> {
        usage_driver::futures::Client::with_driver(self.driver(), self.config(0))
            .with_clock(self.clock.clone())
    }

    /// Returns the configuration of a client of the organization with this index, for
    /// [`Client::with_driver`](blocking::Client::with_driver); of the first one if there is none with this index.
    ///
    /// ```
    /// use usage_driver::blocking::Client;
    /// use usage_sim::in_memory::Service;
    /// use usage_sim::{Organizations, VirtualClock};
    ///
    /// let service = Service::new(Organizations::varied(3, 1), VirtualClock::default());
    /// let third = Client::with_driver(service.driver(), service.config(2)).with_clock(service.clock().clone());
    /// third.log_in()?;
    /// # Ok::<(), usage_core::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the organization's client has an id or secret that no client can send.
    pub fn config(&self, organization: usize) -> ClientConfig {
        let simulator = self.organization(organization).unwrap_or_else(|| self.simulator());
        let (id, secret) = (simulator.client_id(), Secret::new(simulator.client_secret().to_owned()));
        config(id, secret).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the driver of its clients.
    pub fn driver(&self) -> InMemory {
        InMemory::serving(Arc::clone(&self.organizations))
    }

    /// Returns the clock.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Locks the first organization, to inject faults or read the journal. No request is answered while the guard lives.
    pub fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.organizations.first()
    }

    /// Locks the organization with this index.
    pub fn organization(&self, index: usize) -> Option<MutexGuard<'_, Simulator>> {
        self.organizations.get(index)
    }
}

fn config(client_id: &str, client_secret: Secret<String>) -> Result<ClientConfig, BuildError> {
    let builder = ClientBuilder::<ClientConfig>::new().user_agent(InMemory::USER_AGENT).direct();
    builder.url(URL.parse::<BaseUrl>()?).client_credentials(client_id, client_secret)?.build()
}
