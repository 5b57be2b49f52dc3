//! A connection to the service: hosts, credential and timing, resolved before any request is sent.

pub(crate) mod caller;
pub(crate) mod client;
pub(crate) mod credentials;
pub(crate) mod hosts;
pub(crate) mod organizations;

use std::env;
use std::time::Duration;

use clap::Args;
use usage_core::auth::Grant;
use usage_core::error::BuildError;
use usage_core::retry::Backoff;
use usage_core::{BaseUrl, Policy};
use usage_driver::{ClientBuilder, FromConfig};
use usage_sim::{ServeOptions, Server, Simulator, SimulatorConfig};

use crate::arguments::value_parsers::duration;
use crate::config::Config;
use crate::config::transport::Transport;
use crate::connection::credentials::{CredentialArgs, Source};
use crate::connection::hosts::{HostArgs, check_hosts};
use crate::login::{self, Keeper};
use crate::problem::Problem;
use crate::process::variables::Variables;
use crate::service::roots::{RootArgs, Roots};
use crate::service::route::Route;
use crate::service::{Service, USER_AGENT};

/// How long an execution of the built-in simulator takes: it is done at the first poll.
const SIMULATED_EXECUTION: Duration = Duration::from_secs(1);

/// Options that cannot be combined with `--simulate`.
const NOT_SIMULATED: [&str; 11] = [
    "region",
    "api_url",
    "login_url",
    "oauth_client_id",
    "oauth_client_secret_file",
    "secret_command",
    "access_token_file",
    "config",
    "profile",
    "ca_file",
    "system_roots",
];

/// The options that say where the service is: the organization's, or a simulated one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct TargetArgs {
    /// Use a built-in simulator. No account is needed
    #[arg(long, conflicts_with_all = NOT_SIMULATED)]
    pub(crate) simulate: bool,

    #[command(flatten)]
    pub(crate) hosts: HostArgs,
}

/// The options for timing and transport.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct TimingArgs {
    /// Choose the HTTP driver. The result is the same with each [default: blocking]
    #[arg(long, value_enum)]
    pub(crate) transport: Option<Transport>,

    /// Limit the time of the whole command: 90s, 10m, 1h [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,

    #[command(flatten)]
    pub(crate) roots: RootArgs,

    /// Initial delay before a poll and before a retry. Hidden, because only tests may poll more often than the
    /// service's limits allow.
    #[arg(long, value_name = "DURATION", hide = true, value_parser = duration)]
    initial_delay: Option<Duration>,

    /// Block at the n-th failpoint of a run with --state. For tests.
    #[arg(long = "halt-at", value_name = "N", hide = true)]
    pub(crate) failpoint: Option<u32>,
}

/// Whether executions outlive this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// The service keeps them.
    Service,
    /// They end with this program, which runs the simulated service.
    Program,
}

/// A service, and how to connect to it.
#[derive(Debug)]
pub(crate) struct Connection {
    api: BaseUrl,
    login: BaseUrl,
    grant: Grant,
    policy: Policy,
    route: Route,
    pub(crate) transport: Transport,
    /// Stores a renewed token, if the credential is a log-in.
    pub(crate) keeper: Option<Keeper>,
    /// The simulator, which serves until it is dropped.
    simulator: Option<Server>,
}

impl Connection {
    /// Resolves hosts, credential and timing without a request to the API. Renews a log-in that is about to expire.
    pub(crate) fn open(
        where_to: &TargetArgs,
        timing: &TimingArgs,
        credentials: &CredentialArgs,
    ) -> Result<Self, Problem> {
        if where_to.simulate {
            return Self::simulated(timing);
        }
        let variables: Variables<'_> = &|name| env::var_os(name);
        let config = Config::load(&credentials.profile, variables)?;
        let source = credentials.source(variables, &config)?;
        let service = where_to.hosts.service(&source, variables, &config)?;
        let route = timing.route(&service, variables, &config)?;
        Self::with(service, source, timing.policy(Some(&config)), route, timing.transport(&config))
    }

    /// Returns a connection to the hosts of a resumed run, with the credential and the timing of this command.
    pub(crate) fn reopen(
        service: Service,
        credentials: &CredentialArgs,
        timing: &TimingArgs,
        transport: Transport,
    ) -> Result<Self, Problem> {
        let variables: Variables<'_> = &|name| env::var_os(name);
        let config = Config::load(&credentials.profile, variables)?;
        let source = credentials.source(variables, &config)?;
        if let Source::Login(login, _) = &source {
            check_hosts(login, &service)?;
        }
        let route = timing.route(&service, variables, &config)?;
        Self::with(service, source, timing.policy(Some(&config)), route, transport)
    }

    fn with(
        service: Service,
        mut source: Source,
        policy: Policy,
        route: Route,
        transport: Transport,
    ) -> Result<Self, Problem> {
        let mut keeper = None;
        if let Source::Login(login, store) = &mut source {
            **login = login::fresh(store, (**login).clone(), policy, &route)?;
            keeper = Some(Keeper::new(store.clone(), (**login).clone()));
        }
        let Service { api_url: api, login_url: login } = service;
        Ok(Self { api, login, grant: source.grant()?, policy, route, transport, keeper, simulator: None })
    }

    /// Returns a connection that only exchanges `grant` for a token.
    pub(crate) fn to_log_in(
        service: Service,
        grant: Grant,
        timing: &TimingArgs,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Self, Problem> {
        let route = timing.route(&service, variables, config)?;
        let Service { api_url: api, login_url: login } = service;
        let (policy, transport) = (timing.policy(Some(config)), timing.transport(config));
        Ok(Self { api, login, grant, policy, route, transport, keeper: None, simulator: None })
    }

    fn simulated(timing: &TimingArgs) -> Result<Self, Problem> {
        let server = start_simulator()?;
        let url: BaseUrl = server.url().parse().map_err(Problem::build)?;
        let grant = own_grant(&server)?;
        let (policy, transport) = (timing.policy(None), timing.transport.unwrap_or_default());
        let (api, login) = (url.clone(), url);
        let route = Route::default();
        Ok(Self { api, login, grant, policy, route, transport, keeper: None, simulator: Some(server) })
    }

    /// Returns the hosts.
    pub(crate) fn service(&self) -> Service {
        Service { api_url: self.api.clone(), login_url: self.login.clone() }
    }

    /// Returns what distinguishes this service from others in a history: the URL of its API, or `this machine` for a
    /// simulated service, whose port changes.
    #[cfg(feature = "parquet")]
    pub(crate) fn place(&self) -> String {
        if self.api.is_loopback() { "this machine".to_owned() } else { self.api.to_string() }
    }

    /// Returns whether both connections use the same credential of the same service.
    fn has_credential_of(&self, other: &Self) -> bool {
        let is_same = match (&self.grant, &other.grant) {
            (Grant::StaticToken(one), Grant::StaticToken(other)) => one.expose() == other.expose(),
            (
                Grant::ClientCredentials { client_id: one, .. },
                Grant::ClientCredentials { client_id: other, .. },
            ) => one == other,
            _ => false,
        };
        is_same && self.api == other.api
    }

    /// Builds a client of this connection.
    pub(crate) fn client<C: FromConfig>(&self) -> Result<C, BuildError> {
        let builder = ClientBuilder::<C>::new()
            .api_url(self.api.clone())
            .login_url(self.login.clone())
            .grant(self.grant.clone())
            .policy(self.policy)
            .user_agent(USER_AGENT);
        self.route.build(builder)
    }

    /// Returns whether executions outlive this program.
    pub(crate) fn lasting(&self) -> Lasting {
        if self.simulator.is_some() { Lasting::Program } else { Lasting::Service }
    }

    /// Describes hosts and credential, without secrets.
    pub(crate) fn describe(&self) -> String {
        let who = match &self.grant {
            Grant::StaticToken(_) => "an access token".to_owned(),
            Grant::ClientCredentials { client_id, .. } => {
                format!("OAuth client {client_id} at {}", self.login)
            }
            _ if self.keeper.is_some() => "a log-in".to_owned(),
            _ => "another grant".to_owned(),
        };
        format!("{} with {who}, transport {}", self.api, self.transport)
    }
}

impl TimingArgs {
    pub(crate) fn policy(&self, config: Option<&Config>) -> Policy {
        let configured = config.and_then(|config| config.own(|settings| settings.deadline));
        let deadline = self.deadline.or(configured.map(|(deadline, _)| deadline));
        let policy = Policy::default();
        let policy = policy.with_deadline(deadline.unwrap_or(policy.deadline));
        match self.initial_delay {
            None => policy,
            Some(initial) => policy
                .with_first_poll(initial)
                .with_poll(Backoff::new(initial, policy.poll.factor, policy.poll.max))
                .with_retry(Backoff::new(initial, policy.retry.factor, policy.retry.max)),
        }
    }

    /// Loads the certificates that connections to `service` trust.
    pub(crate) fn roots(
        &self,
        service: &Service,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Roots, Problem> {
        let encrypted = [&service.api_url, &service.login_url].iter().any(|url| url.is_encrypted());
        self.roots.load(encrypted, variables, config)
    }

    /// Returns the certificates and the proxy for connections to `service`.
    pub(crate) fn route(
        &self,
        service: &Service,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Route, Problem> {
        let roots = self.roots(service, variables, config)?;
        Ok(Route { roots, proxy: config.proxy(variables)?.map(|proxy| proxy.value) })
    }

    fn transport(&self, config: &Config) -> Transport {
        let configured = config.own(|settings| settings.transport).map(|(transport, _)| transport);
        self.transport.or(configured).unwrap_or_default()
    }
}

fn start_simulator() -> Result<Server, Problem> {
    let config = SimulatorConfig::default().with_execution_time(SIMULATED_EXECUTION);
    usage_sim::serve(Simulator::new(config), ServeOptions::default())
        .map_err(|error| Problem::usage(format!("cannot start the simulator: {error}")))
}

fn own_grant(server: &Server) -> Result<Grant, Problem> {
    let simulator = server.simulator();
    let secret = simulator.client_secret().to_owned().into();
    Grant::client_credentials(simulator.client_id(), secret).map_err(Problem::build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_no_secret() {
        let url: BaseUrl = "https://api.mypurecloud.de".parse().unwrap();
        let grant = Grant::client_credentials("id", String::from("hunter2").into()).unwrap();
        let (policy, transport) = (Policy::default(), Transport::Tokio);
        let connection = Connection {
            api: url.clone(),
            login: url,
            grant,
            policy,
            route: Route::default(),
            transport,
            keeper: None,
            simulator: None,
        };
        assert!(!format!("{connection:?} {}", connection.describe()).contains("hunter2"));
    }
}
