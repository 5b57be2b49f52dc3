//! Waiting well: what the polling schedule costs in requests and in time between done and seen.

use std::fmt::Write as _;
use std::time::Duration;

use usage_core::{Execution, Policy, Timestamp};

use crate::support::{ACCEPTED, COMPLETE, RUNNING, START, drive, manual, ok, query};

/// Polls spent, and how late it was seen, for a query that takes `takes`.
fn cost(takes: Duration, seed: u64) -> (u32, Duration) {
    let policy = Policy::default().with_deadline(Duration::from_secs(3 * 3600));
    let mut execution = Execution::new(query(), policy, seed, START);
    let done_at = START.saturating_add(takes);
    let clock = std::cell::Cell::new(START);
    let run = drive_with_time(&mut execution, &clock, done_at);
    (execution.polls() + 1, run.saturating_since(done_at))
}

fn drive_with_time(
    execution: &mut Execution<usage_core::query::OrganizationQuery>,
    clock: &std::cell::Cell<Timestamp>,
    done_at: Timestamp,
) -> Timestamp {
    use http::Response;
    use usage_core::{Machine, Next};
    let mut session = manual();
    loop {
        let now = clock.get();
        match execution.next(now, &mut session).next {
            Next::Finished => return now,
            Next::WaitUntil(until, _) => clock.set(until),
            Next::Send(exchange) => {
                let body = match exchange.request.method().as_str() {
                    "POST" => ACCEPTED,
                    _ if now < done_at => RUNNING,
                    _ => COMPLETE,
                };
                let _ =
                    execution.on_response(now, exchange.ticket, Response::new(body.as_bytes()), &mut session);
            }
        }
    }
}

#[test]
fn a_finished_query_is_noticed_soon_and_with_few_polls() {
    let first_poll = Policy::default().first_poll.as_secs_f64();
    let mut report = String::from(" takes s | polls | late s, mean | share of the time\n");
    let (mut takes, mut shares) = (0.5, Vec::new());
    while takes <= 3600.0 {
        // From half of this duration to one and a half times it, so that no coincidence with a poll decides.
        let around: Vec<_> = (0..200u32)
            .map(|n| cost(Duration::from_secs_f64(takes * (0.5 + 0.005 * f64::from(n))), u64::from(n)))
            .collect();
        let polls = around.iter().map(|(polls, _)| f64::from(*polls)).sum::<f64>() / 200.0;
        let late = around.iter().map(|(_, late)| late.as_secs_f64()).sum::<f64>() / 200.0;
        let share = (late - first_poll).max(0.0) / takes;
        writeln!(report, "{takes:8.1} | {polls:5.1} | {late:12.2} | {share:8.2}").unwrap();
        shares.push(share);
        takes *= 1.5;
    }
    let worst = shares.iter().copied().fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let ten_minutes =
        f64::from((0..200).map(|seed| cost(Duration::from_secs(600), seed).0).sum::<u32>()) / 200.0;
    writeln!(
        report,
        "late by {mean:.2} of the time on average, {worst:.2} at most; ten minutes: {ten_minutes:.1} polls"
    )
    .unwrap();
    assert!(mean <= 0.25 && worst <= 0.35 && ten_minutes <= 12.5, "{report}");
    #[expect(clippy::print_stdout, reason = "the figures are what the test is read for")]
    {
        println!("{report}");
    }
}

#[test]
fn the_last_look_is_just_before_the_deadline() {
    let run = drive(&mut crate::support::execution(), &mut manual(), START, |request| {
        ok(if request.method() == "POST" { ACCEPTED } else { RUNNING })
    });
    assert_eq!(run.requests.last().unwrap().0, 599_000);
    assert!(run.error.unwrap().can_resume());
}
