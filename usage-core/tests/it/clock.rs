//! Clocks that step.

use std::time::Duration;

use http::Response;
use usage_core::{Execution, Machine, Next, WaitReason};

use crate::support::{ACCEPTED, RUNNING, START, TOKEN, credentials, execution, policy, query, static_token};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_clock_that_steps_back_does_not_stretch_a_wait() {
    let (mut execution, mut session) = (execution(), static_token());
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let _ = execution.on_response(START, submit.ticket, Response::new(ACCEPTED.as_bytes()), &mut session);
    let back = START.saturating_sub(HOUR);
    let Next::WaitUntil(until, _) = execution.next(back, &mut session).next else { panic!() };
    assert_eq!(until.saturating_since(back), policy().first_poll);
    assert_eq!(execution.deadline().saturating_since(back), Duration::from_secs(600));
}

#[test]
fn a_clock_that_steps_back_during_an_exchange_keeps_the_deadline_as_far_away() {
    let (mut execution, mut session) = (execution(), static_token());
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let back = START.saturating_sub(HOUR);
    let _ = execution.on_response(back, submit.ticket, Response::new(ACCEPTED.as_bytes()), &mut session);
    let Next::WaitUntil(until, _) = execution.next(back, &mut session).next else { panic!() };
    assert_eq!(until.saturating_since(back), policy().first_poll);
}

#[test]
fn the_session_steps_back_with_the_clock() {
    let mut session = credentials();
    let mut first = execution();
    let Next::Send(fetch) = first.next(START, &mut session).next else { panic!() };
    let _ = first.on_response(START, fetch.ticket, Response::new(TOKEN.as_bytes()), &mut session);
    let Next::Send(submit) = first.next(START, &mut session).next else { panic!() };
    let throttled = Response::builder()
        .status(429)
        .header("retry-after", "5")
        .header("date", "Wed, 01 Jul 2026 00:00:00 GMT")
        .body(&b""[..])
        .unwrap();
    let _ = first.on_response(START, submit.ticket, throttled, &mut session);

    let back = START.saturating_sub(HOUR);
    let mut second = Execution::new(query(), policy(), 2, back);
    let Next::WaitUntil(until, WaitReason::RateLimit) = second.next(back, &mut session).next else {
        panic!()
    };
    assert_eq!(until.saturating_since(back), Duration::from_secs(5));
    let expires_at = session.access_token_expires_at().unwrap();
    assert_eq!(expires_at.saturating_since(back), Duration::from_secs(86_400));
    assert_eq!(session.server_date(), Some((START, back)));
}

#[test]
fn a_clock_that_leaps_forward_ends_the_wait_or_the_execution() {
    let (mut execution, mut session) = (execution(), static_token());
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let _ = execution.on_response(START, submit.ticket, Response::new(ACCEPTED.as_bytes()), &mut session);
    let leap = START.saturating_add(Duration::from_secs(300));
    let Next::Send(poll) = execution.next(leap, &mut session).next else { panic!() };
    let _ = execution.on_response(leap, poll.ticket, Response::new(RUNNING.as_bytes()), &mut session);
    assert!(matches!(execution.next(START.saturating_add(HOUR), &mut session).next, Next::Finished));
    assert!(execution.error().unwrap().can_resume());
}
