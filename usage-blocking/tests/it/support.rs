use std::time::Duration;

use usage_blocking::Client;
use usage_core::query::OrganizationQuery;
use usage_core::{Policy, Secret, Timestamp};
use usage_sim::{ServeOptions, Server, Simulator, SimulatorConfig, VirtualClock, serve};

pub(crate) const SECRET: &str = "a-client-secret-that-must-not-show";

/// 2026-07-08T08:40:00Z.
pub(crate) const START: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
}

pub(crate) fn policy() -> Policy {
    Policy::default().with_exchange_timeout(Duration::from_millis(500))
}

pub(crate) fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-07-01/2026-07-07".parse().unwrap())
}

pub(crate) fn world() -> World {
    world_with(SECRET)
}

/// A service that knows the secret [`SECRET`], and a client that sends `secret`.
pub(crate) fn world_with(secret: &str) -> World {
    let clock = VirtualClock::new(START);
    let simulator = Simulator::new(SimulatorConfig::default().with_client("reporter", SECRET));
    let server = serve(simulator, ServeOptions::default().with_clock(clock.clone())).unwrap();
    let url = server.url();
    let builder = Client::builder().api_url(url.parse().unwrap()).login_url(url.parse().unwrap());
    let builder = builder.client_credentials("reporter", Secret::new(secret.to_owned())).unwrap();
    let client = builder.policy(policy()).build().unwrap().with_clock(clock);
    World { server, client }
}
