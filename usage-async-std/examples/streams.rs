//! Takes a long search as a stream: page by page, then row by row with the adapters of `futures_util`.
//!
//! ```text
//! cargo run -p usage-async-std --example streams
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::future::ready;

use async_std::task;
use futures_util::TryStreamExt;
use usage_async_std::Client;
use usage_core::query::SimpleSearch;
use usage_core::{Secret, UsageTable};
use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};

fn main() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::default().with_client("7de3af06", "secret");
    let service = serve(Simulator::new(config), ServeOptions::default())?;
    let client = Client::builder()
        .url(service.url().parse()?)
        .client_credentials("7de3af06", Secret::new("secret".to_owned()))?
        .build()?;
    task::block_on(run(&client))
}

async fn run(client: &Client) -> Result<(), Box<dyn Error>> {
    let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);

    // A page is delivered when the next one is asked for; only one page is held at a time.
    let mut search = client.start(query.clone());
    let mut pages = search.pages();
    while let Some(page) = pages.try_next().await? {
        println!("a page of {} rows", page.len());
    }
    drop(pages);
    println!("complete: {}", search.execution().scope().is_complete());

    // Only the rows that the filter keeps are collected.
    let rows = client.start(query).rows();
    let throttled: UsageTable = rows.try_filter(|row| ready(row.status429 > Some(0))).try_collect().await?;
    println!("{} rows with rate-limited requests", throttled.len());
    Ok(())
}
