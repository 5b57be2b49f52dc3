//! Several organizations behind one host, as on the real platform: the credential selects the organization.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Request;
use usage_core::Timestamp;

use crate::config::{ALL_PERMISSIONS, SimulatorConfig};
use crate::fault::{Fault, Match, Rule};
use crate::reply::Reply;
use crate::simulator::Simulator;
use crate::token;

/// Several simulated organizations that share one host.
///
/// Each is a [`Simulator`] with its own data, clients, limits, faults and journal. The access token (in a log-in, the
/// client id) selects the organization of a request. The first organization responds to requests with neither.
/// Organizations are independent: while one is locked, the others respond.
///
/// ```
/// use usage_sim::{Organizations, ServeOptions, Simulator, SimulatorConfig, serve};
///
/// let mut organizations = Organizations::from(Simulator::new(SimulatorConfig::default()));
/// let small = SimulatorConfig::default().with_seed(2).with_size(5).with_organization_name("north-wind");
/// organizations.add(Simulator::new(small))?;
///
/// let server = serve(organizations, ServeOptions::default())?;
/// assert_eq!(server.organization(1).unwrap().organization_name(), "north-wind");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Organizations {
    /// Never empty.
    simulators: Vec<Mutex<Simulator>>,
    by_client_id: HashMap<String, usize>,
    by_token_prefix: HashMap<String, usize>,
}

/// The error of [`Organizations::add`]: another organization has the same seed or client id, so that their requests
/// could not be distinguished.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SameOrganization {
    /// The client id of the refused organization.
    pub client_id: String,
}

impl fmt::Display for SameOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "another organization has the seed or the client id of {:?}; give it its own",
            self.client_id
        )
    }
}

impl Error for SameOrganization {}

impl From<Simulator> for Organizations {
    fn from(first: Simulator) -> Self {
        Self {
            by_client_id: HashMap::from([(first.client_id().to_owned(), 0)]),
            by_token_prefix: HashMap::from([(first.token_prefix(), 0)]),
            simulators: vec![Mutex::new(first)],
        }
    }
}

impl Organizations {
    /// Creates `count` organizations (at least one) that differ in size, limits and faults, with the seeds `seed`,
    /// `seed + 1`, and so on. The name of organization `n` is `org-n`.
    ///
    /// | organizations | what is special about them |
    /// |---|---|
    /// | all | 1 % to 300 % of the default size; 60, 120, 300 or 600 requests a minute; executions of 0 to 4 s |
    /// | `n % 10 == 3` | the first two polls fail with 503 |
    /// | `n % 10 == 5` | the first submit fails with 429 and `Retry-After: 2` |
    /// | `n % 20 == 7` | the credential is refused (401) |
    /// | `n % 20 == 13` | every request of the API fails with 503 |
    /// | `n % 20 == 17` | the role lacks every permission of a usage operation |
    ///
    /// ```
    /// let organizations = usage_sim::Organizations::varied(20, 1);
    /// assert_eq!(organizations.len(), 20);
    /// assert_eq!(organizations.get(7).unwrap().organization_name(), "org-7");
    /// ```
    pub fn varied(count: u32, seed: u64) -> Self {
        let mut organizations = Self::from(varied(0, seed));
        for number in 1..count {
            // Seeds differ, so none is refused.
            let _ = organizations.add(varied(number, seed));
        }
        organizations
    }

    /// Adds an organization and returns its index.
    ///
    /// # Errors
    ///
    /// Returns an error if another organization has the same seed or client id.
    pub fn add(&mut self, organization: Simulator) -> Result<usize, SameOrganization> {
        let (client_id, prefix) = (organization.client_id().to_owned(), organization.token_prefix());
        if self.by_client_id.contains_key(&client_id) || self.by_token_prefix.contains_key(&prefix) {
            return Err(SameOrganization { client_id });
        }
        let index = self.simulators.len();
        self.by_client_id.insert(client_id, index);
        self.by_token_prefix.insert(prefix, index);
        self.simulators.push(Mutex::new(organization));
        Ok(index)
    }

    /// Returns the number of organizations, which is never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.simulators.len()
    }

    /// Returns the organization with this index, locked: its requests wait while the guard lives.
    pub fn get(&self, index: usize) -> Option<MutexGuard<'_, Simulator>> {
        self.simulators.get(index).map(lock)
    }

    /// Returns the first organization, locked.
    pub fn first(&self) -> MutexGuard<'_, Simulator> {
        lock(&self.simulators[0])
    }

    /// Handles a request that arrives at `now`, as the organization that it belongs to.
    pub fn handle(&self, now: Timestamp, request: Request<Vec<u8>>) -> Reply {
        let index = self.index_of(&request).unwrap_or(0);
        lock(&self.simulators[index]).handle(now, request)
    }

    fn index_of(&self, request: &Request<Vec<u8>>) -> Option<usize> {
        if let Some(prefix) = token::bearer_prefix(request.headers()) {
            return self.by_token_prefix.get(prefix).copied();
        }
        self.by_client_id.get(&token::client_id(request)?).copied()
    }
}

fn lock(simulator: &Mutex<Simulator>) -> MutexGuard<'_, Simulator> {
    simulator.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates organization `number` of [`Organizations::varied`].
fn varied(number: u32, seed: u64) -> Simulator {
    const SIZES: [u32; 7] = [100, 1, 25, 5, 300, 10, 50];
    const LIMITS: [u32; 4] = [300, 60, 600, 120];
    let pick = |values: &[u32]| values[number as usize % values.len()];
    let mut config = SimulatorConfig::default()
        .with_seed(seed.wrapping_add(number.into()))
        .with_organization_name(format!("org-{number}"))
        .with_size(pick(&SIZES))
        .with_rate_limit(pick(&LIMITS))
        .with_execution_time(Duration::from_secs(u64::from(number % 5)));
    if number % 20 == 17 {
        let others = ALL_PERMISSIONS.iter().copied();
        config = config.with_permissions(others.filter(|name| name.starts_with("directory:")));
    }
    let mut simulator = Simulator::new(config);
    match (number % 10, number % 20) {
        (_, 7) => simulator.inject(Rule::new(Match::Token, Fault::Status(401)).always()),
        (_, 13) => {
            for on in [Match::Submit, Match::Results, Match::Event, Match::Platform] {
                simulator.inject(Rule::new(on, Fault::Status(503)).always());
            }
        }
        (3, _) => simulator.inject(Rule::new(Match::Results, Fault::Status(503)).times(2)),
        (5, _) => {
            let limited = Fault::RateLimited { retry_after: Some("2".into()) };
            simulator.inject(Rule::new(Match::Submit, limited));
        }
        _ => {}
    }
    simulator
}
