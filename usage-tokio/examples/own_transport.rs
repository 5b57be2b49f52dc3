//! Drives an execution over a transport of your own, here reqwest, on nothing but `usage-core`.
//!
//! ```text
//! cargo run -p usage-tokio --example own_transport
//! ```
//!
//! The machine decides what is sent and when; this loop only obeys it. It runs against the simulated service, whose
//! executions take a few seconds, as real ones do.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use usage_core::auth::Grant;
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::machine::Exchange;
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Machine, Next, Policy, Secret, Session, Timestamp, UsageTable};
use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::default().with_client("7de3af06", "secret");
    let service = serve(Simulator::new(config), ServeOptions::default())?;
    let url: usage_core::BaseUrl = service.url().parse()?;

    let grant = Grant::client_credentials("7de3af06", Secret::new("secret".to_owned()))?;
    let mut session = Session::with_hosts(url.clone(), url, grant);
    let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
    let rows = run(query, &mut session).await?;
    println!("{} rows", rows.len());
    Ok(())
}

/// Runs `query` to its end and returns its rows.
async fn run(query: OrganizationQuery, session: &mut Session) -> Result<UsageTable, Box<dyn Error>> {
    // Nothing that a server says is followed: redirects are answers, and it is the machine that tries again. Without a
    // pool every connection is fresh, which submits need. (For a real service, enable a TLS feature of reqwest.)
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()?;
    let mut execution = Execution::new(query, Policy::default(), 1, now());
    let mut rows = UsageTable::new();
    loop {
        match execution.next(now(), session).next {
            Next::Finished => break,
            Next::WaitUntil(until, _) => tokio::time::sleep(until.saturating_since(now())).await,
            Next::Send(exchange) => {
                let page = exchange_with(&http, *exchange, &mut execution, session).await;
                rows.append(&page.unwrap_or_default());
            }
        }
    }
    execution.error().map_or(Ok(rows), |error| Err(error.into()))
}

/// Sends one request and hands the answer to the machine in the pieces that arrive. Returns the rows of a page.
async fn exchange_with(
    http: &reqwest::Client,
    exchange: Exchange,
    execution: &mut Execution<OrganizationQuery>,
    session: &mut Session,
) -> Option<UsageTable> {
    let Exchange { request, ticket, timeout, .. } = exchange;
    let sending = tokio::time::timeout(timeout, async {
        http.execute(request.try_into().map_err(Failed::Before)?).await.map_err(Failed::of)
    });
    let mut response = match sending.await {
        Ok(Ok(response)) => response,
        Ok(Err(failed)) => return execution.on_failure(now(), ticket, failed.into(), session).output,
        Err(_) => {
            let failure = TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "no answer in time");
            return execution.on_failure(now(), ticket, failure, session).output;
        }
    };
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    *head.headers_mut() = response.headers().clone();
    let mut reader = execution.on_head(now(), ticket, &head.into_parts().0, session);
    loop {
        match tokio::time::timeout(timeout, response.chunk()).await {
            Ok(Ok(Some(chunk))) if reader.push(&chunk).is_continue() => {}
            // The end of the body, or the reader needs no more of it.
            Ok(Ok(_)) => return execution.on_end(now(), reader, session).output,
            // The body broke off: the status of an error counts without it.
            _ if reader.is_error() => return execution.on_end(now(), reader, session).output,
            Ok(Err(error)) => {
                return execution.on_failure(now(), reader, Failed::of(error).into(), session).output;
            }
            Err(_) => {
                let failure =
                    TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "no more of the body");
                return execution.on_failure(now(), reader, failure, session).output;
            }
        }
    }
}

/// What failed, and whether the request may have been sent: the machine decides from that whether to try again.
enum Failed {
    Before(reqwest::Error),
    Maybe(reqwest::Error),
}

impl Failed {
    fn of(error: reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() { Self::Before(error) } else { Self::Maybe(error) }
    }
}

impl From<Failed> for TransportFailure {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Before(error) => Self::new(TransportKind::Connect, Sent::No, &error.to_string()),
            Failed::Maybe(error) => Self::new(TransportKind::Reset, Sent::Maybe, &error.to_string()),
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
