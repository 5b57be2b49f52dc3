//! Which service, with which credential, how patiently: settled before anything is sent.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use usage_core::auth::Grant;
use usage_core::error::BuildError;
use usage_core::retry::Backoff;
use usage_core::{BaseUrl, ClientBuilder, ExecutionId, FromConfig, Policy, Region};
use usage_sim::{ServeOptions, Server, Simulator, SimulatorConfig};

use crate::credentials::{CredentialArgs, Variables, variable};
use crate::exit::{Lasting, Problem};
use crate::state::Service;
use crate::transport::Transport;

const REGION: &str = "GENESYSCLOUD_REGION";

/// How long an execution of the built-in simulator takes: done at the first poll.
const SIMULATED_EXECUTION: Duration = Duration::from_secs(1);

/// Where the service is and how to talk to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArgs {
    /// Run against a built-in simulator, started for this command: no account needed
    #[arg(long, conflicts_with_all = ["region", "api_url", "login_url", "attach", "state", "CredentialArgs"])]
    simulate: bool,

    /// The organisation's region: eu-central-1, or its domain, mypurecloud.de [env: GENESYSCLOUD_REGION] [default: us-east-1]
    #[arg(long, conflicts_with = "api_url")]
    region: Option<Region>,

    /// Where requests and the access token go, in place of the region's API host: https, or http to this machine
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,

    /// Where client credentials go, in place of the region's login host; needed if --api-url names another machine
    #[arg(long, value_name = "URL")]
    login_url: Option<String>,

    /// Go on with an execution that was submitted before, by its id; the period is not needed then
    #[arg(long, value_name = "EXECUTION_ID")]
    pub(crate) attach: Option<ExecutionId>,

    /// Keep in this file how far the run got, at every step: after any end, even a kill, 'genesys-usage resume FILE' goes on
    ///
    /// The file must not exist yet; it is removed when the result is written. It holds the query and the hosts, no
    /// credential and no row.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

/// How the service is talked to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct PaceArgs {
    /// What carries the requests; the result is the same [default: blocking]
    #[arg(long, value_enum)]
    pub(crate) transport: Option<Transport>,

    /// How long the whole command may wait for the service: 90s, 10m, 1h
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = humantime::parse_duration)]
    deadline: Duration,

    /// The first delay before a poll and before a retry. For tests, which cannot wait as long as the service wants
    /// to be left alone; hidden so that nobody else is tempted.
    #[arg(long, value_name = "DURATION", hide = true, value_parser = humantime::parse_duration)]
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
    pub(crate) transport: Transport,
    /// It serves as long as this lives.
    simulator: Option<Server>,
}

impl Connection {
    /// Settles everything that can be settled without a request.
    pub(crate) fn open(service: &ServiceArgs, credentials: &CredentialArgs) -> Result<Self, Problem> {
        let (policy, transport) = (service.pace.policy(), service.pace.transport.unwrap_or_default());
        if service.simulate {
            let server = start_simulator()?;
            let url: BaseUrl = server.url().parse().map_err(Problem::build)?;
            let grant = own_grant(&server)?;
            return Ok(Self {
                api: url.clone(),
                login: url,
                grant,
                policy,
                transport,
                simulator: Some(server),
            });
        }
        let variables: Variables<'_> = &|name| env::var_os(name);
        let grant = credentials.grant(variables)?;
        let (api, login) = service.hosts(&grant, variables)?;
        Ok(Self { api, login, grant, policy, transport, simulator: None })
    }

    /// The hosts of a run that is gone on with, by the credential and at the pace given now.
    pub(crate) fn reopen(
        service: Service,
        credentials: &CredentialArgs,
        pace: &PaceArgs,
        transport: Transport,
    ) -> Result<Self, Problem> {
        let grant = credentials.grant(&|name| env::var_os(name))?;
        let Service { api_url, login_url } = service;
        let policy = pace.policy();
        Ok(Self { api: api_url, login: login_url, grant, policy, transport, simulator: None })
    }

    /// Its hosts.
    pub(crate) fn service(&self) -> Service {
        Service { api_url: self.api.clone(), login_url: self.login.clone() }
    }

    /// A client of this connection.
    pub(crate) fn client<C: FromConfig>(&self) -> Result<C, BuildError> {
        ClientBuilder::<C>::new()
            .api_url(self.api.clone())
            .login_url(self.login.clone())
            .grant(self.grant.clone())
            .policy(self.policy)
            .user_agent(concat!("genesys-usage/", env!("CARGO_PKG_VERSION")))
            .build()
    }

    /// Whether executions outlast this program.
    pub(crate) fn lasting(&self) -> Lasting {
        if self.simulator.is_some() { Lasting::Program } else { Lasting::Service }
    }

    /// Hosts and credential, without anything secret.
    pub(crate) fn describe(&self) -> String {
        let who = match &self.grant {
            Grant::Manual(_) => "an access token".to_owned(),
            Grant::ClientCredentials { client_id, .. } => {
                format!("OAuth client {client_id} at {}", self.login)
            }
            _ => "another grant".to_owned(),
        };
        format!("{} with {who}, transport {:?}", self.api, self.transport)
    }
}

impl PaceArgs {
    fn policy(&self) -> Policy {
        let policy = Policy::default().with_deadline(self.deadline);
        match self.initial_delay {
            None => policy,
            Some(initial) => policy
                .with_first_poll(initial)
                .with_poll(Backoff { initial, ..policy.poll })
                .with_retry(Backoff { initial, ..policy.retry }),
        }
    }
}

impl ServiceArgs {
    /// The API host and the login host. A credential goes to no host that was not named for it.
    fn hosts(&self, grant: &Grant, variables: Variables<'_>) -> Result<(BaseUrl, BaseUrl), Problem> {
        let given = |option: &str, url: &Option<String>| {
            let parsed = url.as_ref().map(|url| url.parse::<BaseUrl>()).transpose();
            parsed.map_err(|error| Problem::usage(format!("{option}: {error}")))
        };
        let (api, login) = (given("--api-url", &self.api_url)?, given("--login-url", &self.login_url)?);
        match (api, login) {
            (Some(api), Some(login)) => Ok((api, login)),
            // A manual token is not sent to a login host; a simulated service is both hosts in one.
            (Some(api), None) if matches!(grant, Grant::Manual(_)) || api.is_loopback() => {
                Ok((api.clone(), api))
            }
            (Some(_), None) => Err(Problem::usage("--api-url does not say where client credentials go")
                .with_hint("give --login-url as well, or use an access token")),
            (None, login) => {
                let region = self.region(variables)?;
                Ok((region.api_url(), login.unwrap_or_else(|| region.login_url())))
            }
        }
    }

    fn region(&self, variables: Variables<'_>) -> Result<Region, Problem> {
        match (&self.region, variable(variables, REGION)?) {
            (Some(region), _) => Ok(region.clone()),
            (None, Some(text)) => {
                text.parse().map_err(|error: BuildError| Problem::usage(format!("{REGION}: {error}")))
            }
            (None, None) => Ok(Region::default()),
        }
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
    use clap::Parser;
    use usage_core::auth::AccessToken;

    use super::*;

    #[derive(Debug, Parser)]
    struct Parsed {
        #[command(flatten)]
        service: ServiceArgs,
        #[command(flatten)]
        _credentials: CredentialArgs,
    }

    /// The API host and the login host.
    fn hosts(arguments: &[&str], grant: &Grant, region: Option<&str>) -> Option<(String, String)> {
        let parsed = Parsed::parse_from([&["genesys-usage"], arguments].concat());
        let variables: Variables<'_> = &|name| (name == REGION).then(|| region.map(Into::into)).flatten();
        let (api, login) = parsed.service.hosts(grant, variables).ok()?;
        Some((api.to_string(), login.to_string()))
    }

    #[test]
    fn a_credential_goes_to_no_host_that_was_not_named_for_it() {
        let client = Grant::client_credentials("id", String::from("secret").into()).unwrap();
        let token = Grant::Manual(AccessToken::parse("token").unwrap());
        let pair = |api: &str, login: &str| Some((api.to_owned(), login.to_owned()));
        let us = pair("https://api.mypurecloud.com", "https://login.mypurecloud.com");
        let germany = pair("https://api.mypurecloud.de", "https://login.mypurecloud.de");
        assert_eq!(hosts(&[], &client, None), us);
        assert_eq!(hosts(&[], &client, Some("")), us);
        assert_eq!(hosts(&[], &client, Some("eu-central-1")), germany);
        assert_eq!(hosts(&["--region", "mypurecloud.de"], &client, Some("us-west-2")), germany);
        assert_eq!(hosts(&[], &client, Some("nowhere")), None);

        let gateway = ["--api-url", "https://gateway.example/api"];
        assert_eq!(hosts(&gateway, &client, Some("eu-central-1")), None);
        assert!(hosts(&gateway, &token, None).is_some());
        let both = [&gateway[..], &["--login-url", "https://gateway.example/login"]].concat();
        assert_eq!(
            hosts(&both, &client, None),
            pair("https://gateway.example/api", "https://gateway.example/login")
        );
        let here = "http://127.0.0.1:8080";
        assert_eq!(hosts(&["--api-url", here], &client, Some("eu-central-1")), pair(here, here));
        assert_eq!(hosts(&["--api-url", "http://gateway.example"], &token, None), None);
    }

    #[test]
    fn a_description_has_no_secret() {
        let url: BaseUrl = "https://api.mypurecloud.de".parse().unwrap();
        let grant = Grant::client_credentials("id", String::from("hunter2").into()).unwrap();
        let (policy, transport) = (Policy::default(), Transport::Tokio);
        let connection =
            Connection { api: url.clone(), login: url, grant, policy, transport, simulator: None };
        assert!(!format!("{connection:?} {}", connection.describe()).contains("hunter2"));
    }
}
