//! Time limits, to the millisecond.

use std::time::Duration;

use usage_core::retry::Backoff;
use usage_core::{Execution, Policy};

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, START, drive, ok, policy, query, script, static_token, status,
};

/// A policy whose first poll follows after 2 s and the second 4 s later.
fn slow_polls() -> Policy {
    let poll = Backoff::new(Duration::from_secs(4), 1.5, Duration::from_secs(150));
    policy().with_first_poll(Duration::from_secs(2)).with_poll(poll)
}

#[test]
fn a_404_at_the_end_of_the_grace_is_final() {
    let run = |grace: Duration| {
        let policy = slow_polls().with_not_found_grace(grace);
        let mut execution = Execution::new(query(), policy, 1, START);
        let replies = script(vec![ok(ACCEPTED), status(404), ok(COMPLETE)]);
        drive(&mut execution, &mut static_token(), START, replies).error
    };
    assert!(run(Duration::from_secs(2)).is_some());
    assert!(run(Duration::from_millis(2001)).is_none());
}

#[test]
fn a_wait_until_the_deadline_fails_at_once() {
    let gives_up_after = |deadline_millis: u64| {
        let policy = slow_polls().with_deadline(Duration::from_millis(deadline_millis));
        let mut execution = Execution::new(query(), policy, 1, START);
        let run = drive(&mut execution, &mut static_token(), START, |request| {
            ok(if request.method() == "POST" { ACCEPTED } else { RUNNING })
        });
        run.end.saturating_since(START).as_millis()
    };
    assert_eq!((gives_up_after(2_000), gives_up_after(2_001)), (0, 2_000));
}

/// Returns the times of all polls of a query that is never done, in milliseconds after the start.
fn polls_until(deadline_millis: u64) -> Vec<u64> {
    let policy = slow_polls().with_deadline(Duration::from_millis(deadline_millis));
    let mut execution = Execution::new(query(), policy, 1, START);
    let run = drive(&mut execution, &mut static_token(), START, |request| {
        ok(if request.method() == "POST" { ACCEPTED } else { RUNNING })
    });
    run.requests.iter().skip(1).map(|(at, _)| *at).collect()
}

#[test]
fn the_last_poll_is_a_second_before_the_deadline() {
    assert_eq!(polls_until(6_001), [2_000, 6_000]);
    assert_eq!(polls_until(6_000), [2_000, 5_000]);
    assert_eq!(polls_until(4_001), [2_000, 3_001]);
    // A second after the previous poll, the result would be the same.
    assert_eq!(polls_until(4_000), [2_000]);
}
