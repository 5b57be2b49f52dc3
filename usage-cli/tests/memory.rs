//! Memory of the drivers while a very large page arrives over a socket. This is a binary of its own, because its
//! allocator counts the whole process.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what it measured, or fails")]

#[path = "../benches/cold_start/service.rs"]
mod service;

use std::net::SocketAddr;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use usage_core::query::SimpleSearch;
use usage_core::{BaseUrl, Policy, UsageRow, UsageTable};
use usage_driver::{ClientBuilder, FromConfig};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const ROWS: usize = 500_000;

/// What a driver may hold besides the table: buffers, the connection, the thread of a resolver.
const BESIDES: usize = 1024 * 1024;

#[test]
fn a_large_page_costs_its_table_and_little_more() {
    let service = service::serve(ROWS);

    assert_little_more("blocking", || client::<usage_blocking::Client>(service).run(query()).unwrap());
    assert_little_more("tokio", || on_tokio(client::<usage_tokio::Client>(service).run(query())).unwrap());
    assert_little_more("async-std", || {
        async_std::task::block_on(client::<usage_async_std::Client>(service).run(query())).unwrap()
    });

    assert_little("blocking", |count| {
        client::<usage_blocking::Client>(service).start(query()).for_each_row(count).unwrap();
    });
    assert_little("tokio", |count| {
        on_tokio(client::<usage_tokio::Client>(service).start(query()).for_each_row(count)).unwrap();
    });
    assert_little("async-std", |count| {
        let client = client::<usage_async_std::Client>(service);
        async_std::task::block_on(client.start(query()).for_each_row(count)).unwrap();
    });
}

fn assert_little_more(driver: &str, run: impl FnOnce() -> UsageTable) {
    let (table, peak) = peak_of(run);
    assert_eq!(table.len(), ROWS);
    let besides = peak.saturating_sub(table.heap_bytes());
    println!("{driver}: {} bytes of table, at most {besides} besides", table.heap_bytes());
    assert!(besides <= BESIDES, "{driver}: {besides} bytes besides the table");
}

fn assert_little(driver: &str, visit: impl FnOnce(&mut (dyn FnMut(UsageRow<'_>) + Send))) {
    let mut rows = 0;
    let ((), peak) = peak_of(|| visit(&mut |row| rows += usize::from(row.requests().is_some())));
    assert_eq!(rows, ROWS);
    println!("{driver}: at most {peak} bytes while rows are shown");
    assert!(peak <= BESIDES, "{driver}: {peak} bytes");
}

/// Returns the result of `work`, and by how much the peak exceeds the memory before it.
fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = work();
    (result, MEMORY.peak_usage().saturating_sub(before))
}

fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn client<C: FromConfig>(service: SocketAddr) -> C {
    let url: BaseUrl = format!("http://{service}").parse().unwrap();
    // A slow machine may take long.
    let policy = Policy::default()
        .with_first_poll(Duration::from_millis(1))
        .with_exchange_timeout(Duration::from_secs(600))
        .with_deadline(Duration::from_secs(1200));
    let builder = ClientBuilder::new().api_url(url.clone()).login_url(url).policy(policy);
    builder.access_token("a-token").unwrap().build().unwrap()
}

fn query() -> SimpleSearch {
    SimpleSearch::new("2026-06/2026-06".parse().unwrap())
}
