//! What one poll costs besides the exchange: build the request, read `Running`, decide, wait.
//!
//! `cargo bench -p usage-core --bench machine` ends with a line `target NAME measured limit`. `-- --count` only counts
//! instructions: see `benches/instructions.sh`. They are not counted in the bench of the decoder, whose allocator
//! counts too.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark needs a clock")]
#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "decode/callgrind.rs"]
mod callgrind;

use std::hint::black_box;
use std::time::Instant;

use http::Response;
use usage_core::auth::{AccessToken, Grant};
use usage_core::query::OrganizationQuery;
use usage_core::{
    BaseUrl, EndpointExt, Execution, ExecutionId, Machine, Next, Policy, Session, Timestamp, UsageQuery,
};

/// The most nanoseconds that a poll may take.
const LIMIT: f64 = 400.0;

const START: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);
/// Fewer than end at the deadline.
const POLLS: u32 = 10;
const REQUESTS: u32 = 1_000;
const EXECUTIONS: usize = 16;
const ROUNDS: usize = 10_001;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--count") {
        return run_counted(arguments.get(at + 1).map_or("", |what| what));
    }
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    times.sort_by(f64::total_cmp);
    let (least, median) = (times[0], times[ROUNDS / 2]);
    println!("a poll takes {median:.0} ns, {least:.0} ns at best");
    println!("target poll_step_ns {median:.0} {LIMIT}");
}

/// Returns the nanoseconds that a poll takes, of many executions that are polled repeatedly. Each has a session of its
/// own: one for all would have them wait for its request budget.
fn round() -> f64 {
    let mut executions: Vec<_> = (0..EXECUTIONS).map(|_| (execution(), session())).collect();
    let started = Instant::now();
    for (execution, session) in &mut executions {
        poll_again_and_again(execution, session);
    }
    let elapsed = started.elapsed();
    drop(executions);
    elapsed.as_nanos() as f64 / (EXECUTIONS as f64 * f64::from(POLLS))
}

fn execution() -> Execution<OrganizationQuery> {
    Execution::attach(query(), id(), Policy::default(), 1, START)
}

fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-06-01/2026-06-30".parse().expect("an interval"))
}

fn id() -> ExecutionId {
    ExecutionId::parse("9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1").expect("an id")
}

fn token() -> AccessToken {
    AccessToken::parse("a-token").expect("a token")
}

fn session() -> Session {
    Session::new(&"eu-central-1".parse().expect("a region"), Grant::StaticToken(token()))
}

fn poll_again_and_again(execution: &mut Execution<OrganizationQuery>, session: &mut Session) {
    let (mut now, mut polls) = (START, 0);
    while polls < POLLS {
        match execution.next(now, session).next {
            Next::Finished => unreachable!("it runs"),
            Next::WaitUntil(until, _) => now = until,
            Next::Send(exchange) => {
                let answer = Response::new(&br#"{"queryStatus":"Running"}"#[..]);
                let _ = black_box(execution.on_response(now, exchange.ticket, answer, session));
                polls += 1;
            }
        }
    }
}

/// Repeats a `poll` or a `request` under callgrind. Without a name, counts both and prints the counts.
fn run_counted(what: &str) {
    match what {
        "poll" => poll(),
        "request" => request(),
        _ => {
            for (what, times) in [("poll", POLLS), ("request", REQUESTS)] {
                println!("{what} {}", callgrind::count(what, times.into()).expect("valgrind is there"));
            }
        }
    }
}

/// A submitted execution, polled repeatedly.
fn poll() {
    let (mut execution, mut session, mut now) = (execution(), session(), START);
    let mut polls = 0;
    while polls < POLLS {
        polls += counted_poll(&mut execution, &mut session, &mut now);
    }
}

/// Half of a poll: the request and the answer `Running`, or the wait.
#[inline(never)]
fn counted_poll(
    execution: &mut Execution<OrganizationQuery>,
    session: &mut Session,
    now: &mut Timestamp,
) -> u32 {
    match execution.next(*now, session).next {
        Next::Finished => unreachable!("it runs"),
        Next::WaitUntil(until, _) => *now = until,
        Next::Send(exchange) => {
            let answer = Response::new(&br#"{"queryStatus":"Running"}"#[..]);
            let _ = black_box(execution.on_response(*now, exchange.ticket, answer, session));
            return 1;
        }
    }
    0
}

fn request() {
    let base: BaseUrl = "https://api.mypurecloud.de".parse().expect("a URL");
    let (query, token, id) = (query(), token(), id());
    for _ in 0..REQUESTS {
        counted_request(&query, &id, &base, &token);
    }
}

#[inline(never)]
fn counted_request(query: &OrganizationQuery, id: &ExecutionId, base: &BaseUrl, token: &AccessToken) {
    black_box(query.results(id, None).to_request(base, Some(token)).expect("a request"));
}
