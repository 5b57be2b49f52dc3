//! Tests code that uses a client: against the simulated service, with faults, on virtual time.
//!
//! ```text
//! cargo run -p usage-tokio --example testing
//! ```
//!
//! In a project of your own, the functions with the assertions are tests (`#[tokio::test]`), and `usage-sim` is a
//! development dependency with the feature `futures`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use usage_core::model::Dimension;
use usage_core::query::OrganizationQuery;
use usage_core::{Date, Interval, Secret, UsageRow};
use usage_sim::{Fault, Match, Rule, ServeOptions, Server, Simulator, SimulatorConfig, VirtualClock, serve};
use usage_tokio::Client;

/// The code under test: returns the name of the client with the most requests.
async fn busiest_client(client: &Client, days: Interval) -> Result<Option<String>, usage_core::Error> {
    let query = OrganizationQuery::new(days).with_group_by([Dimension::OAuthClientId]);
    let rows = client.run(query).await?;
    let busiest = rows.iter().max_by_key(UsageRow::requests);
    Ok(busiest.and_then(|row| row.client_name()).map(str::to_owned))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    finds_the_busiest_client_in_a_slow_execution().await?;
    survives_an_outage().await?;
    reports_a_failed_query().await
}

/// Starts the service and a client on one virtual clock: what waits moves the clock, and takes no time.
fn service(config: SimulatorConfig) -> Result<(Server, Client, VirtualClock), Box<dyn Error>> {
    let clock = VirtualClock::new("2026-07-08".parse::<Date>()?.start());
    let simulator = Simulator::new(config.with_client("7de3af06", "secret"));
    let service = serve(simulator, ServeOptions::default().with_clock(clock.clone()))?;
    let client = Client::builder()
        .url(service.url().parse()?)
        .client_credentials("7de3af06", Secret::new("secret".to_owned()))?
        .build()?
        .with_clock(clock.clone());
    Ok((service, client, clock))
}

async fn finds_the_busiest_client_in_a_slow_execution() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::default().with_seed(7).with_execution_time(Duration::from_secs(300));
    let (_service, client, clock) = service(config)?;
    let began = clock.now();
    let busiest = busiest_client(&client, "2026-06-01/2026-06-30".parse()?).await?;
    let waited = clock.now().saturating_since(began);
    assert!(busiest.is_some());
    assert!(waited >= Duration::from_secs(300), "{waited:?}");
    println!("found after {waited:?} of virtual time: {}", busiest.unwrap_or_default());
    Ok(())
}

async fn survives_an_outage() -> Result<(), Box<dyn Error>> {
    let (service, client, _) = service(SimulatorConfig::default())?;
    service.simulator().inject(Rule::new(Match::Results, Fault::Status(503)).times(3));
    assert!(busiest_client(&client, "2026-06-01/2026-06-30".parse()?).await?.is_some());
    println!("found after three errors of the service");
    Ok(())
}

async fn reports_a_failed_query() -> Result<(), Box<dyn Error>> {
    let (service, client, _) = service(SimulatorConfig::default())?;
    service.simulator().inject(Rule::new(Match::Submit, Fault::FailQuery));
    let Err(error) = busiest_client(&client, "2026-06-01/2026-06-30".parse()?).await else {
        return Err("the query did not fail".into());
    };
    assert!(!error.is_timeout());
    println!("reported: {error}");
    Ok(())
}
