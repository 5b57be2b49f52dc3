//! The memory of a waiting execution. Each driver is measured in its own process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use usage_core::query::OrganizationQuery;
use usage_core::{Event, Policy, WaitReason};
use usage_driver::{ClientBuilder, FromConfig};

/// The number of executions that are submitted at a time: with more, their sockets would be measured.
const BATCH: u32 = 10;

/// Returns the bytes of each waiting execution of `driver`.
pub(crate) fn measure(driver: &str, url: &str) -> f64 {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--waiting", driver, url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = first_line(&mut process).parse().unwrap();
    process.wait().unwrap();
    bytes
}

pub(crate) fn first_line(process: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line.trim().to_owned()
}

/// Prints how many bytes each of `count` executions of `driver` holds.
pub(crate) fn run(driver: &str, url: &str, count: u32) {
    let bytes = if driver == "usage-tokio" {
        let client: usage_tokio::Client = client(url);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(fill(
            count,
            |waits| {
                let handle = client.start(query()).observe(move |_, event| waits.event(event));
                drop(tokio::spawn(async { drop(handle.finish().await) }));
            },
            || tokio::time::sleep(Duration::from_millis(1)),
        ))
    } else {
        let client: usage_async_std::Client = client(url);
        async_std::task::block_on(fill(
            count,
            |waits| {
                let handle = client.start(query()).observe(move |_, event| waits.event(event));
                drop(async_std::task::spawn(async { drop(handle.finish().await) }));
            },
            || async_std::task::sleep(Duration::from_millis(1)),
        ))
    };
    println!("{bytes}");
}

/// Counts the waiting executions.
#[derive(Clone, Default)]
struct Waits(Arc<AtomicU32>);

impl Waits {
    fn event(&self, event: Event) {
        if matches!(event, Event::Waiting(_, WaitReason::Poll)) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn fill<F: Future<Output = ()>>(count: u32, start: impl Fn(Waits), pause: impl Fn() -> F) -> f64 {
    let waits = Waits::default();
    let wait_for = async |wanted: u32| {
        while waits.0.load(Ordering::Relaxed) < wanted {
            pause().await;
        }
    };
    let mut started = 0;
    // The memory of the first executions belongs to the runtime, the pool and the allocator, like the memory that a batch
    // returns.
    let (first, mut before) = (count / 5, 0);
    for _ in 0..(first + count).div_ceil(BATCH) {
        (0..BATCH).for_each(|_| start(waits.clone()));
        started += BATCH;
        wait_for(started).await;
        if started == first {
            before = resident();
        }
    }
    (resident() - before) as f64 / f64::from(started - first)
}

/// Returns the memory of this process in bytes, as Linux reports it. The numbers in `/proc/self/status` are estimates.
fn resident() -> u64 {
    let memory = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = memory.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-07-01/2026-07-07".parse().unwrap())
}

/// Creates a client whose executions wait for hours.
fn client<C: FromConfig>(url: &str) -> C {
    let hours = Duration::from_secs(10 * 3600);
    let policy = Policy::default().with_first_poll(hours).with_deadline(3 * hours);
    let builder = ClientBuilder::new().api_url(url.parse().unwrap()).login_url(url.parse().unwrap());
    builder.policy(policy).access_token("a-token").unwrap().build().unwrap()
}
