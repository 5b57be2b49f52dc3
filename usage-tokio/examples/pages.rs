//! Takes the rows of a long search page by page, and stores each page before it asks for the next one.
//!
//! ```text
//! cargo run -p usage-tokio --example pages
//! ```
//!
//! A page counts as delivered when the next one is asked for: killed before, the saved state brings the same page again.

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
        .api_url(service.url().parse()?)
        .login_url(service.url().parse()?)
        .client_credentials("7de3af06", Secret::new("secret".to_owned()))?
        .build()?;

    let state = std::env::temp_dir().join(format!("usage-pages-{}.json", std::process::id()));
    let saved = fs::read_to_string(&state).ok().map(|json| Snapshot::from_json(&json)).transpose()?;
    let query = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
    let mut search = client.start_or_restore(query, saved)?;
    while let Some(page) = search.next_page().await? {
        println!("page {}: {} rows", search.execution().pages(), page.len());
        // Here a program stores the page under its number; then it may forget it.
        fs::write(&state, search.snapshot().to_json())?;
    }
    fs::remove_file(&state)?;
    println!("complete: {}", search.execution().scope().is_complete());
    Ok(())
}
