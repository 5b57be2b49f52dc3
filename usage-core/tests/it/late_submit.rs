//! Submits shortly before the deadline.

use std::time::Duration;

use http::Response;
use proptest::prelude::*;
use usage_core::error::{Failure, Sent, TransportFailure, TransportKind};
use usage_core::machine::MIN_SUBMIT_TIME;
use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp, WaitReason};

use crate::support::{
    ACCEPTED, COMPLETE, Reply, START, credentials, drive, ok, policy, query, script, static_token,
};

fn throttled(seconds: u64) -> Reply {
    Reply::Answer(429, vec![("retry-after", seconds.to_string())], String::new())
}

fn within(deadline: u64) -> Execution<usage_core::query::OrganizationQuery> {
    Execution::new(query(), policy().with_deadline(Duration::from_millis(deadline)), 1, START)
}

#[test]
fn a_submit_just_before_the_deadline_fails_at_once_and_can_be_restored() {
    for deadline in [2_001, 2_150, 2_190, 2_999] {
        let mut execution = within(deadline);
        let run = drive(&mut execution, &mut static_token(), START, script(vec![throttled(2)]));
        assert_eq!((run.end, run.requests.len()), (START, 1), "{deadline}");
        let error = run.error.unwrap();
        let Failure::Deadline { next_allowed, waiting_for, .. } = error.failure() else { panic!("{error}") };
        let allowed = START.saturating_add(Duration::from_secs(2));
        assert_eq!((*next_allowed, *waiting_for), (allowed, Some(WaitReason::RateLimit)));

        let saved = execution.snapshot();
        let mut restored = Execution::restore(saved, policy(), allowed).unwrap();
        let run =
            drive(&mut restored, &mut static_token(), allowed, script(vec![ok(ACCEPTED), ok(COMPLETE)]));
        assert_eq!((run.error, run.rows.len()), (None, 1));
    }
    let mut execution = within(3_000);
    let run = drive(
        &mut execution,
        &mut static_token(),
        START,
        script(vec![throttled(2), ok(ACCEPTED), ok(COMPLETE)]),
    );
    assert_eq!(run.requests[1].0, 2_000);
}

#[test]
fn a_token_that_comes_late_leaves_no_time_for_the_submit() {
    let mut session = credentials();
    let mut execution = within(10_000);
    let Next::Send(exchange) = execution.next(START, &mut session).next else { panic!("no token request") };
    let late = START.saturating_add(Duration::from_millis(9_001));
    let token = crate::support::TOKEN.as_bytes();
    let _ = execution.on_response(late, exchange.ticket, Response::new(token), &mut session);
    assert!(matches!(execution.next(late, &mut session).next, Next::Finished));
    let error = execution.error().unwrap();
    assert!(matches!(error.failure(), Failure::Deadline { .. }), "{error}");
    assert!(!error.to_string().contains("may have been submitted"), "{error}");
}

#[test]
fn polls_and_idempotent_submits_are_sent_until_the_deadline() {
    let resubmitting = policy().with_deadline(Duration::from_millis(2_150)).with_resubmit(true);
    let mut execution = Execution::new(query(), resubmitting, 1, START);
    let replies = vec![throttled(2), Reply::Fails(TransportKind::Timeout, Sent::Maybe)];
    let run = drive(&mut execution, &mut static_token(), START, script(replies));
    assert_eq!(run.requests.len(), 2);

    let mut execution = within(2_150);
    let run = drive(&mut execution, &mut static_token(), START, script(vec![ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!((run.error, run.requests.len()), (None, 2));
}

#[test]
fn submits_and_token_requests_need_a_fresh_connection() {
    let mut session = credentials();
    let mut execution = within(60_000);
    let mut now = START;
    let mut seen = Vec::new();
    for body in [crate::support::TOKEN, ACCEPTED, COMPLETE] {
        let exchange = send(&mut execution, &mut now, &mut session);
        seen.push((exchange.endpoint, exchange.needs_fresh_connection));
        let _ = execution.on_response(now, exchange.ticket, Response::new(body.as_bytes()), &mut session);
    }
    assert_eq!(seen, [("oauth.token", true), ("usage.query", true), ("usage.query.results", false)]);
}

fn send(
    execution: &mut Execution<usage_core::query::OrganizationQuery>,
    now: &mut Timestamp,
    session: &mut Session,
) -> usage_core::machine::Exchange {
    loop {
        match execution.next(*now, session).next {
            Next::Send(exchange) => return *exchange,
            Next::WaitUntil(until, _) => *now = until,
            Next::Finished => panic!("{:?}", execution.error()),
        }
    }
}

#[derive(Clone, Debug)]
enum AttemptError {
    Throttled(u64),
    Unavailable,
    Unsent,
}

proptest! {
    /// A submit is sent with enough time for its response or not at all, whatever delays it. It is never ambiguous only
    /// for lack of time.
    #[test]
    fn a_submit_is_sent_only_with_enough_time(
        deadline in 1u64..20_000,
        exchange_timeout in 1u64..40_000,
        troubles in prop::collection::vec(
            prop_oneof![(0u64..8).prop_map(AttemptError::Throttled), Just(AttemptError::Unavailable), Just(AttemptError::Unsent)],
            0..5,
        ),
    ) {
        let (deadline, exchange_timeout) = (Duration::from_millis(deadline), Duration::from_millis(exchange_timeout));
        let policy = Policy::default().with_deadline(deadline).with_exchange_timeout(exchange_timeout);
        let least = MIN_SUBMIT_TIME.min(exchange_timeout).min(deadline / 2);
        let (mut execution, mut session) = (Execution::new(query(), policy, 1, START), static_token());
        let (mut now, mut troubles) = (START, troubles.into_iter());
        loop {
            match execution.next(now, &mut session).next {
                Next::WaitUntil(until, _) => now = until,
                Next::Finished => break,
                Next::Send(exchange) => {
                    let left = execution.deadline().saturating_since(now);
                    prop_assert!(left >= least.saturating_sub(Duration::from_millis(1)), "{left:?} left");
                    prop_assert!(exchange.needs_fresh_connection);
                    // The connect timeout leaves half of that time to the response, and is not zero.
                    let connected = exchange.connect_within;
                    let half = (least / 2).saturating_sub(Duration::from_millis(1));
                    prop_assert!(connected <= exchange.timeout && connected >= half, "{connected:?}");
                    prop_assert!(left.saturating_sub(connected) >= half, "{left:?} left, {connected:?}");
                    let Some(trouble) = troubles.next() else { break };
                    let ticket = exchange.ticket;
                    let _ = match trouble {
                        AttemptError::Throttled(seconds) => {
                            let answer = Response::builder().status(429).header("retry-after", seconds);
                            execution.on_response(now, ticket, answer.body(&[][..]).unwrap(), &mut session)
                        }
                        AttemptError::Unavailable => {
                            let answer = Response::builder().status(503).body(&[][..]).unwrap();
                            execution.on_response(now, ticket, answer, &mut session)
                        }
                        AttemptError::Unsent => {
                            let failure = TransportFailure::new(TransportKind::Connect, Sent::No, "");
                            execution.on_failure(now, ticket, failure, &mut session)
                        }
                    };
                }
            }
        }
        let ambiguous = execution.error().is_some_and(|error| matches!(error.failure(), Failure::AmbiguousSubmit(_)));
        prop_assert!(!ambiguous);
    }
}
