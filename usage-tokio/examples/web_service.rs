//! A web service with axum that shows who calls the API: one client is shared by all requests.
//!
//! ```text
//! cargo run -p usage-tokio --example web_service
//! curl 'http://127.0.0.1:3000/usage?interval=2026-06-01/2026-06-30'
//! ```
//!
//! It asks the simulated service, and listens on a loopback port of its own: `PORT`, or 3000. With `--once` it asks itself
//! one time and ends.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::error::Error;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use usage_core::model::Dimension;
use usage_core::query::OrganizationQuery;
use usage_core::{Interval, Secret};
use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};
use usage_tokio::Client;

#[derive(Deserialize)]
struct Parameters {
    interval: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::default().with_client("7de3af06", "secret");
    let service = serve(Simulator::new(config), ServeOptions::default())?;
    let client = Client::builder()
        .url(service.url().parse()?)
        .client_credentials("7de3af06", Secret::new("secret".to_owned()))?
        .build()?;
    let app = Router::new().route("/usage", get(usage)).with_state(client);

    let once = std::env::args().nth(1).as_deref() == Some("--once");
    let port = if once { 0 } else { std::env::var("PORT").map_or(Ok(3000), |port| port.parse())? };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("http://{address}/usage?interval=2026-06-01/2026-06-30");
    let serving = axum::serve(listener, app).into_future();
    if !once {
        return Ok(serving.await?);
    }
    let answer = reqwest::get(format!("http://{address}/usage?interval=2026-06-01/2026-06-30"));
    tokio::select! {
        ended = serving => ended?,
        answer = answer => println!("{}", answer?.error_for_status()?.text().await?),
    }
    Ok(())
}

/// Returns the requests of each OAuth client in an interval.
///
/// When the browser goes away, axum drops this future, and with it the execution: the client and its token stay usable.
async fn usage(
    State(client): State<Client>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<BTreeMap<String, u64>>, (StatusCode, String)> {
    let interval: Interval = parameters
        .interval
        .parse()
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("interval: {error}")))?;
    let query = OrganizationQuery::new(interval).with_group_by([Dimension::OAuthClientId]);
    let rows = client.run(query).await.map_err(|error| {
        let status = if error.is_timeout() { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        (status, error.to_string())
    })?;
    let mut requests = BTreeMap::new();
    for row in &rows {
        *requests.entry(row.client_name().unwrap_or("(none)").to_owned()).or_default() +=
            row.requests().unwrap_or(0);
    }
    Ok(Json(requests))
}
