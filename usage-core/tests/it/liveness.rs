//! An execution ends by its deadline, whatever the service replies.

use std::time::Duration;

use proptest::prelude::*;
use usage_core::error::{Sent, TransportKind};
use usage_core::retry::Backoff;
use usage_core::{Execution, Phase};

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, Reply, START, TOKEN, credentials, drive, ok, policy, query, static_token,
    status,
};

fn reply() -> impl Strategy<Value = (u16, Option<u64>, usize)> {
    let statuses =
        prop::sample::select(vec![0, 1, 2, 200, 204, 302, 400, 401, 403, 404, 408, 409, 429, 500, 503, 504]);
    (statuses, prop::option::of(prop_oneof![0u64..5, 50u64..2000, Just(u64::MAX)]), 0usize..6)
}

fn answer((code, retry_after, body): (u16, Option<u64>, usize)) -> Reply {
    match code {
        0 => return Reply::Fails(TransportKind::Connect, Sent::No),
        1 => return Reply::Fails(TransportKind::Timeout, Sent::Maybe),
        2 => return Reply::Fails(TransportKind::Reset, Sent::Maybe),
        _ => {}
    }
    let bodies =
        [ACCEPTED, RUNNING, COMPLETE, TOKEN, "", r#"{"queryStatus":"Complete","cursors":{"after":"a"}}"#];
    let headers = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
    Reply::Answer(code, headers.into_iter().collect(), bodies[body].to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_execution_ends_whatever_the_constant_answer(constant in reply(), submit: bool, token: bool, resubmit: bool, seed: u64) {
        let mut session = if token { credentials() } else { static_token() };
        let mut execution = Execution::new(query(), policy().with_jitter(0.2).with_resubmit(resubmit), seed, START);
        let run = drive(&mut execution, &mut session, START, |request| {
            match request.uri().path() {
                "/oauth/token" if submit => ok(TOKEN),
                "/api/v2/usage/query" if submit => ok(ACCEPTED),
                _ => answer(constant),
            }
        });
        prop_assert!(execution.phase().is_final());
        prop_assert!(run.end <= execution.deadline());
        prop_assert_eq!(execution.phase() == Phase::Failed, run.error.is_some());
    }

    #[test]
    fn an_execution_ends_whatever_the_changing_answers(replies in prop::collection::vec(reply(), 1..40), token: bool, seed: u64) {
        let mut session = if token { credentials() } else { static_token() };
        let mut execution = Execution::new(query(), policy().with_jitter(0.2), seed, START);
        let mut turn = 0;
        let run = drive(&mut execution, &mut session, START, |_| {
            turn += 1;
            answer(replies[(turn - 1) % replies.len()])
        });
        prop_assert!(execution.phase().is_final());
        if let Some(error) = run.error {
            prop_assert_eq!(error.execution_id(), execution.id());
        }
    }
}

#[test]
fn a_policy_without_delays_still_waits_in_the_future() {
    let none = Backoff::constant(Duration::ZERO);
    let hasty = policy().with_first_poll(Duration::ZERO).with_poll(none).with_retry(none);
    let hasty = hasty.with_deadline(Duration::from_millis(200)).with_max_failures(u32::MAX);
    for body in [RUNNING, ""] {
        // `drive` refuses waits that do not lie in the future.
        let run =
            drive(&mut Execution::new(query(), hasty, 1, START), &mut static_token(), START, |request| {
                if request.method() == "POST" {
                    ok(ACCEPTED)
                } else {
                    Reply::Answer(if body.is_empty() { 503 } else { 200 }, Vec::new(), body.into())
                }
            });
        assert!(run.error.unwrap().is_timeout());
        assert!(run.requests.is_sorted_by(|a, b| a.0 < b.0), "two requests in one moment");
    }
}

#[test]
fn an_error_that_may_be_resumed_names_its_execution() {
    let mut execution = Execution::new(query(), policy(), 1, START);
    let run = drive(&mut execution, &mut static_token(), START, |request| {
        if request.method() == "POST" { ok(ACCEPTED) } else { status(500) }
    });
    let error = run.error.unwrap();
    assert!(error.can_resume());
    assert!(error.to_string().contains("execution e-1"));
}
