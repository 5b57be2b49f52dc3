//! Which service, with which credential, how patiently: settled before anything is sent.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use usage_core::auth::Grant;
use usage_core::error::BuildError;
use usage_core::retry::Backoff;
use usage_core::{BaseUrl, ExecutionId, Policy};
use usage_driver::{ClientBuilder, FromConfig, Proxy};
use usage_sim::{ServeOptions, Server, Simulator, SimulatorConfig};

use crate::config::Config;
use crate::credentials::{CredentialArgs, Source};
use crate::dry_run::DryRun;
use crate::exit::{Lasting, Problem};
use crate::hosts::{HostArgs, check_hosts};
use crate::login::{self, Keeper};
use crate::roots::{RootArgs, Roots};
use crate::state::Service;
use crate::transport::{Transport, USER_AGENT};
use crate::variables::Variables;
use crate::words::duration;

/// How long an execution of the built-in simulator takes: done at the first poll.
const SIMULATED_EXECUTION: Duration = Duration::from_secs(1);

/// Options that speak of another service.
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

/// Where the service is and how to talk to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Go on with an execution that was submitted before, by its id; the period is not needed then
    #[arg(long, value_name = "EXECUTION_ID", conflicts_with = "simulate")]
    pub(crate) attach: Option<ExecutionId>,

    /// Keep in this file how far the run got, at every step: after any end, even a kill, 'genesys-usage resume FILE' goes on
    ///
    /// The file must not exist yet; it is removed when the result is written. It holds the query and the hosts, no
    /// credential and no row.
    #[arg(long, value_name = "FILE", conflicts_with = "simulate")]
    pub(crate) state: Option<PathBuf>,

    /// Show the request in place of sending it, as text or as a curl command, without the token
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with_all = ["simulate", "state"]
    )]
    pub(crate) dry_run: Option<DryRun>,

    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

/// Where the service is: the organisation's, or a simulated one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct PlaceArgs {
    /// Run against a built-in simulator, started for this command: no account needed
    #[arg(long, conflicts_with_all = NOT_SIMULATED)]
    pub(crate) simulate: bool,

    #[command(flatten)]
    pub(crate) hosts: HostArgs,
}

/// How the service is talked to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct PaceArgs {
    /// What carries the requests; the result is the same [default: blocking]
    #[arg(long, value_enum)]
    pub(crate) transport: Option<Transport>,

    /// How long the whole command may wait for the service: 90s, 10m, 1h [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,

    #[command(flatten)]
    pub(crate) roots: RootArgs,

    /// The first delay before a poll and before a retry. For tests, which cannot wait as long as the service wants
    /// to be left alone; hidden so that nobody else is tempted.
    #[arg(long, value_name = "DURATION", hide = true, value_parser = duration)]
    initial_delay: Option<Duration>,

    /// Stop at the n-th point that a run with --state comes to, until killed. For tests.
    #[arg(long, value_name = "N", hide = true)]
    pub(crate) halt_at: Option<u32>,
}

/// A service to talk to.
#[derive(Debug)]
pub(crate) struct Connection {
    api: BaseUrl,
    login: BaseUrl,
    grant: Grant,
    policy: Policy,
    route: Route,
    pub(crate) transport: Transport,
    /// Writes a renewed token back, if it is a log-in's.
    pub(crate) keeper: Option<Keeper>,
    /// It serves as long as this lives.
    simulator: Option<Server>,
}

impl Connection {
    /// Settles everything that can be settled without a request to the API. A log-in that is about to expire is renewed.
    pub(crate) fn open(service: &ServiceArgs, credentials: &CredentialArgs) -> Result<Self, Problem> {
        Self::to(&service.place, &service.pace, credentials)
    }

    /// The same, for commands that run no query.
    pub(crate) fn to(
        where_to: &PlaceArgs,
        pace: &PaceArgs,
        credentials: &CredentialArgs,
    ) -> Result<Self, Problem> {
        if where_to.simulate {
            return Self::simulated(pace);
        }
        let variables: Variables<'_> = &|name| env::var_os(name);
        let config = Config::load(&credentials.profile, variables)?;
        let source = credentials.source(variables, &config)?;
        let service = where_to.hosts.service(&source, variables, &config)?;
        let route = pace.route(&service, variables, &config)?;
        Self::with(service, source, pace.policy(Some(&config)), route, pace.transport(&config))
    }

    /// The hosts of a resumed run, with the credential and the timing given now.
    pub(crate) fn reopen(
        service: Service,
        credentials: &CredentialArgs,
        pace: &PaceArgs,
        transport: Transport,
    ) -> Result<Self, Problem> {
        let variables: Variables<'_> = &|name| env::var_os(name);
        let config = Config::load(&credentials.profile, variables)?;
        let source = credentials.source(variables, &config)?;
        if let Source::Login(login, _) = &source {
            check_hosts(login, &service)?;
        }
        let route = pace.route(&service, variables, &config)?;
        Self::with(service, source, pace.policy(Some(&config)), route, transport)
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

    /// To exchange `grant` for a token, and nothing else.
    pub(crate) fn to_log_in(
        service: Service,
        grant: Grant,
        pace: &PaceArgs,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Self, Problem> {
        let route = pace.route(&service, variables, config)?;
        let Service { api_url: api, login_url: login } = service;
        let (policy, transport) = (pace.policy(Some(config)), pace.transport(config));
        Ok(Self { api, login, grant, policy, route, transport, keeper: None, simulator: None })
    }

    fn simulated(pace: &PaceArgs) -> Result<Self, Problem> {
        let server = start_simulator()?;
        let url: BaseUrl = server.url().parse().map_err(Problem::build)?;
        let grant = own_grant(&server)?;
        let (policy, transport) = (pace.policy(None), pace.transport.unwrap_or_default());
        let (api, login) = (url.clone(), url);
        let route = Route::default();
        Ok(Self { api, login, grant, policy, route, transport, keeper: None, simulator: Some(server) })
    }

    /// Its hosts.
    pub(crate) fn service(&self) -> Service {
        Service { api_url: self.api.clone(), login_url: self.login.clone() }
    }

    /// A client of this connection.
    pub(crate) fn client<C: FromConfig>(&self) -> Result<C, BuildError> {
        let builder = ClientBuilder::<C>::new()
            .api_url(self.api.clone())
            .login_url(self.login.clone())
            .grant(self.grant.clone())
            .policy(self.policy)
            .user_agent(USER_AGENT);
        self.route.build(builder)
    }

    /// Whether executions outlast this program.
    pub(crate) fn lasting(&self) -> Lasting {
        if self.simulator.is_some() { Lasting::Program } else { Lasting::Service }
    }

    /// Hosts and credential, without anything secret.
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

/// How the service is reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    roots: Roots,
    /// One that other programs' settings name; the drivers read the variables of all programs.
    proxy: Option<Proxy>,
}

impl Route {
    /// The client of `builder` that takes this route.
    pub(crate) fn build<C: FromConfig>(&self, mut builder: ClientBuilder<C>) -> Result<C, BuildError> {
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        let built = self.roots.apply(builder).and_then(ClientBuilder::build);
        built.map_err(|error| self.roots.explained(error))
    }
}

impl PaceArgs {
    pub(crate) fn policy(&self, config: Option<&Config>) -> Policy {
        let configured = config.and_then(|config| config.own(|settings| settings.deadline));
        let deadline = self.deadline.or(configured.map(|(deadline, _)| deadline));
        let policy = Policy::default();
        let policy = policy.with_deadline(deadline.unwrap_or(policy.deadline));
        match self.initial_delay {
            None => policy,
            Some(initial) => policy
                .with_first_poll(initial)
                .with_poll(Backoff { initial, ..policy.poll })
                .with_retry(Backoff { initial, ..policy.retry }),
        }
    }

    /// The certificates that connections to `service` trust.
    pub(crate) fn roots(
        &self,
        service: &Service,
        variables: Variables<'_>,
        config: &Config,
    ) -> Result<Roots, Problem> {
        let encrypted = [&service.api_url, &service.login_url].iter().any(|url| url.is_encrypted());
        self.roots.load(encrypted, variables, config)
    }

    /// How `service` is reached.
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
