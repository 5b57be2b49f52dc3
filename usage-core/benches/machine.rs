//! What one poll costs besides the exchange: build the request, read `Running`, decide, wait.
//!
//! `cargo bench -p usage-core --bench machine` ends with a line `target NAME measured limit`.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark needs a clock")]
#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::hint::black_box;
use std::time::Instant;

use http::Response;
use usage_core::auth::{AccessToken, Grant};
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, ExecutionId, Machine, Next, Policy, Session, Timestamp};

/// The most nanoseconds that a poll may take.
const LIMIT: f64 = 400.0;

const START: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);
/// Fewer than end at the deadline.
const POLLS: u32 = 10;
const EXECUTIONS: usize = 16;
const ROUNDS: usize = 10_001;

fn main() {
    let mut times: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    times.sort_by(f64::total_cmp);
    let (least, median) = (times[0], times[ROUNDS / 2]);
    println!("a poll takes {median:.0} ns, {least:.0} ns at best");
    println!("target poll_step_ns {median:.0} {LIMIT}");
}

/// How many nanoseconds each poll takes, of many executions that are polled again and again. Each has a session of its
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
    let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse().expect("an interval"));
    let id = ExecutionId::parse("9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1").expect("an id");
    Execution::attach(query, id, Policy::default(), 1, START)
}

fn session() -> Session {
    let token = AccessToken::parse("a-token").expect("a token");
    Session::new(&"eu-central-1".parse().expect("a region"), Grant::StaticToken(token))
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
