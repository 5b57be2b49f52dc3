//! The cost of the polling schedule: the number of requests, and the time until a query's end is seen.

use std::fmt::Write as _;
use std::time::Duration;

use http::Response;
use usage_core::error::{Sent, TransportKind};
use usage_core::retry::Backoff;
use usage_core::{Execution, Machine, Next, Policy, Session};

use crate::support::{ACCEPTED, COMPLETE, RUNNING, Reply, START, drive, ok, policy, query, static_token};

const SECOND: Duration = Duration::from_secs(1);

/// The number of queries of one duration, each with different jitter.
const RUNS: u32 = 200;

/// The compared policies.
const SCHEDULES: [&str; 4] = [
    "earlier default",
    "default",
    "after a query that took 10 % longer or shorter",
    "after a query of any duration",
];

/// The average cost of queries of a similar duration.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    polls: f64,
    most_polls: u32,
    late_secs: f64,
}

fn earlier_default() -> Policy {
    let poll = Backoff::new(Duration::from_secs(4), 1.5, Duration::from_secs(150));
    Policy::default().with_first_poll(Duration::from_secs(2)).with_poll(poll)
}

/// Runs a query of duration `takes`. Returns the number of polls, and the time until its end was seen.
fn run(policy: Policy, session: &mut Session, takes: Duration, seed: u64) -> (u32, Duration) {
    let policy = policy.with_deadline(Duration::from_secs(3 * 3600));
    let mut execution = Execution::new(query(), policy, seed, START);
    let (mut now, done_at) = (START, START.saturating_add(takes));
    loop {
        match execution.next(now, session).next {
            Next::Finished => return (execution.polls() + 1, now.saturating_since(done_at)),
            Next::WaitUntil(until, _) => now = until,
            Next::Send(exchange) => {
                let body = match exchange.request.method().as_str() {
                    "POST" => ACCEPTED,
                    _ if now < done_at => RUNNING,
                    _ => COMPLETE,
                };
                let _ = execution.on_response(now, exchange.ticket, Response::new(body.as_bytes()), session);
            }
        }
    }
}

/// Returns the cost of queries whose durations are spread from half of `around` to one and a half times that, so that
/// the result does not depend on where a poll falls.
fn cost(schedule: usize, around: Duration) -> Cost {
    let mut cost = Cost::default();
    for n in 0..RUNS {
        let takes = around.mul_f64(0.5 + f64::from(n) / f64::from(RUNS));
        let (polls, late) = run_one(schedule, takes, n);
        cost.polls += f64::from(polls) / f64::from(RUNS);
        cost.most_polls = cost.most_polls.max(polls);
        cost.late_secs += late.as_secs_f64() / f64::from(RUNS);
    }
    cost
}

fn run_one(schedule: usize, takes: Duration, n: u32) -> (u32, Duration) {
    let mut session = static_token();
    match schedule {
        0 => run(earlier_default(), &mut session, takes, n.into()),
        1 => run(Policy::default(), &mut session, takes, n.into()),
        _ => {
            let varies = takes.mul_f64(0.9 + 0.2 * f64::from(n % 21) / 20.0);
            let any = Duration::from_secs_f64(0.5 * 1.5f64.powf(f64::from(n % 23)));
            let before = if schedule == 2 { varies } else { any };
            run(Policy::default(), &mut session, before, u64::from(n) + 1_000);
            // The clock restarts, because durations are relative.
            run(Policy::default(), &mut session, takes, n.into())
        }
    }
}

#[test]
fn a_finished_query_is_seen_soon_and_with_few_polls() {
    let mut report = format!("{:>8}", "takes s");
    for schedule in SCHEDULES {
        write!(report, " | {schedule}").unwrap();
    }
    report.push_str("\n(each: polls, seconds late, fraction of the query's time)\n");
    let (mut takes, mut sweeps) = (0.5, vec![Vec::new(); SCHEDULES.len()]);
    while takes <= 3600.0 {
        write!(report, "{takes:8.1}").unwrap();
        for (schedule, sweep) in sweeps.iter_mut().enumerate() {
            let Cost { polls, late_secs, .. } = cost(schedule, Duration::from_secs_f64(takes));
            let fraction = late_secs / takes;
            write!(report, " | {polls:5.1} {late_secs:7.2} {fraction:5.2}").unwrap();
            sweep.push(fraction);
        }
        report.push('\n');
        takes *= 1.5;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few dozen")]
    let means: Vec<f64> = sweeps.iter().map(|sweep| sweep.iter().sum::<f64>() / sweep.len() as f64).collect();
    let ten_minutes: Vec<u32> = (0..SCHEDULES.len())
        .map(|schedule| (0..RUNS).map(|n| run_one(schedule, Duration::from_secs(600), n).0).max().unwrap())
        .collect();
    let at_once: Vec<Duration> = (0..SCHEDULES.len())
        .map(|schedule| (0..RUNS).map(|n| run_one(schedule, Duration::ZERO, n).1).max().unwrap())
        .collect();
    writeln!(report, "mean fraction {means:.3?}, polls in ten minutes at most {ten_minutes:?}, done at once seen after {at_once:?}").unwrap();
    #[expect(clippy::print_stdout, reason = "the figures are what the test is read for")]
    {
        println!("{report}");
    }
    assert!(means[1] <= 0.25 && means[2] <= 0.18 && means[3] <= 0.25, "{report}");
    assert!(ten_minutes[1..].iter().all(|polls| *polls <= 18), "{report}");
    assert!(at_once[1..].iter().all(|seen| *seen <= Duration::from_millis(500)), "{report}");
}

#[test]
fn the_last_poll_is_just_before_the_deadline() {
    let run = drive(&mut crate::support::execution(), &mut static_token(), START, |request| {
        ok(if request.method() == "POST" { ACCEPTED } else { RUNNING })
    });
    assert_eq!(run.requests.last().unwrap().0, 599_000);
    assert!(run.error.unwrap().can_resume());
}

#[test]
fn no_time_is_left_unused_if_the_next_poll_would_be_too_late() {
    let hour = 3_600 * SECOND;
    for (policy, status, last_look) in [
        (policy().with_first_poll(hour), 200, 599_000),
        (policy().with_first_poll(Duration::MAX), 200, 599_000),
        (policy().with_first_poll(hour).with_not_found_grace(hour), 404, 599_000),
        // A backoff of at most 30 s.
        (policy().with_not_found_grace(hour).with_deadline(60 * SECOND), 404, 59_000),
        (policy().with_poll(Backoff::constant(Duration::MAX)), 200, 599_000),
    ] {
        let mut execution = Execution::new(query(), policy, 1, START);
        let run =
            drive(&mut execution, &mut static_token(), START, |request| match request.method().as_str() {
                "POST" => ok(ACCEPTED),
                _ => Reply::Answer(status, Vec::new(), RUNNING.to_owned()),
            });
        assert!(
            run.requests.iter().skip(1).any(|(at, _)| *at == last_look),
            "{policy:?}: {:?}",
            run.requests
        );
        assert!(run.error.unwrap().can_resume());
    }
}

#[test]
fn a_short_query_is_seen_as_soon_after_a_long_one_as_alone() {
    let takes = Duration::from_secs(2);
    let (_, alone) = run(policy(), &mut static_token(), takes, 1);
    for before in [3, 60, 600, 8 * 3_600] {
        let mut session = static_token();
        let patient = policy().with_poll(Backoff::constant(Duration::from_secs(before)));
        run(patient, &mut session, Duration::from_secs(before), 1);
        assert!(run(policy(), &mut session, takes, 1).1 <= alone, "after {before} s");
    }
}

#[test]
fn a_query_is_polled_when_the_previous_one_took_as_long() {
    let (mut session, takes) = (static_token(), Duration::from_secs(40));
    let steady = Policy::default().with_jitter(0.0);
    let (first_polls, first_late) = run(steady, &mut session, takes, 1);
    assert_eq!((first_polls, first_late.as_millis()), (10, 5_330));
    let (polls, late) = run(steady, &mut session, takes, 1);
    assert!(polls <= first_polls + 1 && late < takes / 8, "{polls} polls, late by {late:?}");
}

#[test]
fn a_resumed_execution_does_not_count_the_time_it_was_away() {
    let mut session = static_token();
    let mut execution = crate::support::execution();
    let replies = |request: &http::Request<Vec<u8>>| match request.method().as_str() {
        "POST" => ok(ACCEPTED),
        _ => Reply::Fails(TransportKind::Connect, Sent::No),
    };
    assert!(drive(&mut execution, &mut session, START, replies).error.unwrap().can_resume());
    let a_day_later = START.saturating_add(Duration::from_secs(86_400));
    let mut resumed = Execution::restore(execution.snapshot(), policy(), a_day_later).unwrap();
    assert_eq!(drive(&mut resumed, &mut session, a_day_later, |_| ok(COMPLETE)).error, None);
    // A query that is expected to take half a day is polled rarely.
    let takes = Duration::from_secs(100);
    assert_eq!(run(policy(), &mut session, takes, 1), run(policy(), &mut static_token(), takes, 1));
}
