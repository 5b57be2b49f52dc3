//! Takes the rows of a long search page by page, and saves how far it got after each page.
//!
//! ```text
//! cargo run -p usage-tokio --example pages
//! ```
//!
//! A page is delivered when the next one is asked for. A program that is killed before that gets the same page again.
//! Without state to save, `search.pages()` gives the same pages as a stream.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::fs;

use usage_core::query::SimpleSearch;
use usage_core::{Secret, Snapshot};
use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};
use usage_tokio::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::default().with_client("7de3af06", "secret");
    let service = serve(Simulator::new(config), ServeOptions::default())?;
    let client = Client::builder()
        .url(service.url().parse()?)
        .client_credentials("7de3af06", Secret::new("secret".to_owned()))?
        .build()?;

    let state = std::env::temp_dir().join(format!("usage-pages-{}.json", std::process::id()));
    let saved = fs::read_to_string(&state).ok().map(|json| Snapshot::from_json(&json)).transpose()?;
    let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
    let mut search = client.start_or_restore(query, saved)?;
    while let Some(page) = search.next_page().await? {
        println!("page {}: {} rows", search.execution().pages(), page.len());
        // Here a program stores the page under its number, which a repeated page has again.
        fs::write(&state, search.snapshot().to_json())?;
    }
    fs::remove_file(&state)?;
    println!("complete: {}", search.execution().scope().is_complete());
    Ok(())
}
