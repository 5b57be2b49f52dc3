//! Failures that end an execution, and failures that are retried.

use http::Response;
use usage_core::error::{Failure, MAX_ERROR_BODY, Sent, TransportFailure, TransportKind};
use usage_core::{Execution, Interval, Machine, Next, Phase};

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, Reply, START, credentials, drive, execution, ok, play, policy, query,
    script, static_token, status,
};

fn with_header(status: u16, name: &'static str, value: &str) -> Reply {
    Reply::Answer(status, vec![(name, value.to_owned())], String::new())
}

fn last_transition(replies: Vec<Reply>) -> String {
    play(replies).transitions.pop().unwrap()
}

#[test]
fn a_failed_query_fails_and_keeps_its_id() {
    let run = play(vec![ok(ACCEPTED), ok(r#"{"queryStatus":"Failed"}"#)]);
    assert_eq!(run.transitions.last().unwrap(), "InFlightPoll -QueryFailed-> Failed");
    let error = run.error.unwrap();
    assert_eq!(
        error.to_string(),
        "the query ended as Failed at the service, which gives no reason (at usage.query.results, execution e-1)"
    );
    assert_eq!(error.execution_id().unwrap().as_str(), "e-1");
    assert!(!error.can_resume());
}

#[test]
fn a_throttled_request_waits_for_retry_after_and_its_own_delay() {
    for (retry_after, resumed_at) in
        [("7", 7_000), ("0", 500), ("Wed, 01 Jul 2026 00:00:09 GMT", 9_000), ("soon", 500)]
    {
        let throttled = with_header(429, "retry-after", retry_after);
        let run = play(vec![throttled, ok(ACCEPTED), ok(COMPLETE)]);
        assert_eq!(run.requests[1].0, resumed_at, "{retry_after}");
        assert_eq!(run.transitions[1], "InFlightSubmit -Throttled-> WaitSubmit");
        assert_eq!(run.error, None);
    }
}

#[test]
fn a_wait_past_the_deadline_fails_at_once_with_the_next_allowed_time() {
    let run = play(vec![ok(ACCEPTED), with_header(429, "retry-after", "7200")]);
    assert_eq!(run.end.saturating_since(START).as_millis(), 400);
    let error = run.error.unwrap();
    assert!(error.can_resume() && error.is_timeout() && error.is_rate_limited());
    let Failure::Deadline { next_allowed, .. } = error.failure() else { panic!("{error}") };
    assert_eq!(next_allowed.saturating_since(START).as_millis(), 7_200_400);
    assert!(error.to_string().contains("execution e-1, can be resumed"), "{error}");
}

#[test]
fn temporary_failures_are_retried_with_growing_delays() {
    let run = play(vec![status(503), status(500), status(504), status(408), ok(ACCEPTED), ok(COMPLETE)]);
    let times: Vec<u64> = run.requests.iter().map(|(at, _)| *at).collect();
    assert_eq!(times[..5], [0, 500, 1_500, 3_500, 7_500]);
    assert_eq!(run.error, None);
}

#[test]
fn five_consecutive_failures_are_final_and_a_success_resets_the_count() {
    let five = || (0..5).map(|_| status(503));
    let run = play(std::iter::once(ok(ACCEPTED)).chain(five()).collect());
    let error = run.error.unwrap();
    assert!(matches!(error.failure(), Failure::TooManyFailures { failures: 5, .. }), "{error}");
    assert!(error.is_service_unavailable() && error.can_resume());

    let four = || (0..4).map(|_| status(503));
    let replies =
        four().chain([ok(ACCEPTED)]).chain(four()).chain([ok(RUNNING)]).chain(four()).chain([ok(COMPLETE)]);
    assert_eq!(play(replies.collect()).error, None);
}

#[test]
fn retry_after_is_obeyed_until_the_deadline() {
    let mut execution = execution();
    let run = drive(&mut execution, &mut static_token(), START, |_| with_header(429, "retry-after", "100"));
    assert_eq!(run.requests.len(), 6);
    assert!(matches!(run.error.unwrap().failure(), Failure::Deadline { .. }));
}

#[test]
fn retry_after_zero_is_retried_with_growing_delays() {
    let past = "Wed, 01 Jul 2026 00:00:00 GMT";
    for (name, value) in [("retry-after", "0"), ("inin-ratelimit-reset", "0"), ("retry-after", past)] {
        for mut session in [static_token(), credentials()] {
            let run = drive(&mut execution(), &mut session, START, |_| with_header(429, name, value));
            assert!(run.requests.len() < 30, "{name}: {} requests", run.requests.len());
            assert!(matches!(run.error.unwrap().failure(), Failure::Deadline { .. }));
        }
    }
}

#[test]
fn throttling_without_retry_after_counts_as_a_failure() {
    for reply in [|| status(429), || with_header(503, "retry-after", "1")] {
        let run = drive(&mut execution(), &mut static_token(), START, |_| reply());
        assert_eq!(run.requests.len(), 5);
        let error = run.error.unwrap();
        assert!(matches!(error.failure(), Failure::TooManyFailures { failures: 5, .. }), "{error}");
    }
}

#[test]
fn an_error_body_is_read_up_to_its_limit() {
    for (sizes, wanted) in [
        (&[MAX_ERROR_BODY][..], &[true][..]),
        (&[MAX_ERROR_BODY + 1], &[false]),
        (&[MAX_ERROR_BODY - 1, 1, 0], &[true, true, true]),
        (&[MAX_ERROR_BODY - 1, 2], &[true, false]),
    ] {
        let (mut execution, mut session) = (execution(), static_token());
        let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
        let (head, ()) = Response::builder().status(403).body(()).unwrap().into_parts();
        let mut reader = execution.on_head(START, submit.ticket, &head, &mut session);
        let taken: Vec<_> = sizes.iter().map(|size| reader.push(&vec![b'x'; *size]).is_continue()).collect();
        assert_eq!(taken, wanted, "{sizes:?}");
        let _ = execution.on_end(START, reader, &mut session);
        assert!(matches!(execution.error().unwrap().failure(), Failure::Rejected(_)));
    }
}

#[test]
fn refusals_are_final() {
    for code in [400, 403, 404, 405, 409, 413, 415, 422] {
        let error = play(vec![status(code)]).error.unwrap();
        assert!(matches!(error.failure(), Failure::Rejected(_)), "{error}");
        assert_eq!(error.api_error().unwrap().status.as_u16(), code);
        assert_eq!(error.is_unauthorized(), code == 403);
    }
}

#[test]
fn a_redirect_is_refused_and_not_followed() {
    let run = play(vec![ok(ACCEPTED), with_header(302, "location", "https://evil.example/")]);
    assert_eq!(run.requests.len(), 2);
    let error = run.error.unwrap();
    assert!(matches!(error.failure(), Failure::Rejected(_)) && error.is_service_unavailable());
}

#[test]
fn a_404_shortly_after_the_submit_means_not_yet_and_later_it_is_final() {
    let run = play(vec![ok(ACCEPTED), status(404), ok(COMPLETE)]);
    assert!(run.transitions.contains(&"InFlightPoll -NotFoundYet-> WaitPoll".to_owned()));
    assert_eq!(run.error, None);

    let mut attached = Execution::attach(query(), "e-9".parse().unwrap(), policy(), 1, START);
    let error = drive(&mut attached, &mut static_token(), START, script(vec![status(404)])).error.unwrap();
    assert_eq!(
        error.to_string(),
        "the service answered 404 Not Found (at usage.query.results, execution e-9)"
    );

    let error = drive(&mut execution(), &mut static_token(), START, |request| {
        if request.method() == "POST" { ok(ACCEPTED) } else { status(404) }
    })
    .error
    .unwrap();
    assert!(matches!(error.failure(), Failure::Rejected(_)), "{error}");
}

#[test]
fn an_unknown_or_missing_status_is_pending_and_named_when_the_deadline_passes() {
    for (body, named) in [
        (r#"{"queryStatus":"Pondering"}"#, r#"the service reported the unknown status "Pondering""#),
        ("{}", "the service reported no query status"),
    ] {
        let run = drive(&mut execution(), &mut static_token(), START, |request| {
            ok(if request.method() == "POST" { ACCEPTED } else { body })
        });
        assert!(run.error.unwrap().to_string().contains(named));
    }
}

#[test]
fn unreadable_answers_are_final_and_say_where() {
    for (submit, problem) in [
        ("", "the body is empty"),
        ("<html>", "this is not JSON"),
        ("{}", "unreadable answer at executionId (byte 0): the member is missing"),
        (r#"{"executionId":".."}"#, "would change the path"),
    ] {
        let error = play(vec![ok(submit)]).error.unwrap();
        assert!(error.to_string().contains(problem), "{error}");
        assert!(error.is_service_unavailable());
    }
    assert_eq!(last_transition(vec![ok(ACCEPTED), ok("[]")]), "InFlightPoll -Undecodable-> Failed");
    let encoded = Reply::Answer(200, vec![("content-encoding", "br".into())], COMPLETE.into());
    assert!(play(vec![ok(ACCEPTED), encoded]).error.unwrap().to_string().contains("encoded as br"));
}

#[test]
fn an_unsent_request_is_retried_and_one_that_may_have_arrived_only_if_idempotent() {
    use TransportKind::{Connect, Dns, Reset, Timeout, Tls};
    let fails = |kind, sent| Reply::Fails(kind, sent);
    let overcome = vec![
        fails(Dns, Sent::No),
        fails(Connect, Sent::No),
        ok(ACCEPTED),
        fails(Reset, Sent::Maybe),
        fails(Timeout, Sent::Maybe),
        ok(COMPLETE),
    ];
    assert_eq!(play(overcome).error, None);

    let error = play(vec![fails(Reset, Sent::Maybe)]).error.unwrap();
    assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");

    let mut resubmitting = Execution::new(query(), policy().with_resubmit(true), 1, START);
    let replies = vec![fails(Reset, Sent::Maybe), ok(ACCEPTED), ok(COMPLETE)];
    assert_eq!(drive(&mut resubmitting, &mut static_token(), START, script(replies)).error, None);

    let error = play(vec![fails(Tls, Sent::No)]).error.unwrap();
    assert!(matches!(error.failure(), Failure::Transport(_)), "{error}");

    // TLS broke while the request was in flight.
    let error = play(vec![fails(Tls, Sent::Maybe)]).error.unwrap();
    assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");
    let error = play(vec![ok(ACCEPTED), fails(Tls, Sent::Maybe)]).error.unwrap();
    assert!(matches!(error.failure(), Failure::Transport(_)), "{error}");
}

#[test]
fn an_abandoned_poll_is_repeated_and_an_abandoned_submit_is_ambiguous() {
    let (mut execution, mut session) = (execution(), static_token());
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let accepted = Response::new(ACCEPTED.as_bytes());
    let _ = execution.on_response(START, submit.ticket, accepted, &mut session);
    let Next::WaitUntil(poll_at, _) = execution.next(START, &mut session).next else { panic!() };
    let Next::Send(first) = execution.next(poll_at, &mut session).next else { panic!() };
    let step = execution.next(poll_at, &mut session);
    let moved: Vec<String> = step.transitions.iter().map(ToString::to_string).collect();
    assert_eq!(moved, ["InFlightPoll -Abandoned-> ReadyPoll", "ReadyPoll -Sent-> InFlightPoll"]);
    let Next::Send(second) = step.next else { panic!() };

    // The late response to the first request is ignored; the response to the second counts.
    let late = execution.on_response(poll_at, first.ticket, Response::new(COMPLETE.as_bytes()), &mut session);
    assert!(late.transition.is_none() && late.output.is_none());
    assert_eq!(execution.phase(), Phase::InFlightPoll);
    let progress =
        execution.on_response(poll_at, second.ticket, Response::new(COMPLETE.as_bytes()), &mut session);
    assert_eq!(progress.output.unwrap().len(), 1);

    let mut execution = crate::support::execution();
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    assert!(matches!(execution.next(START, &mut session).next, Next::Finished));
    assert!(matches!(execution.error().unwrap().failure(), Failure::AmbiguousSubmit(_)));
    let failure = TransportFailure::new(TransportKind::Reset, Sent::No, "");
    assert!(execution.on_failure(START, submit.ticket, failure, &mut session).transition.is_none());
}

#[test]
fn a_response_after_a_cancellation_changes_nothing() {
    let (mut execution, mut session) = (execution(), static_token());
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let _ = execution.cancel().unwrap();
    let late = execution.on_response(START, submit.ticket, Response::new(ACCEPTED.as_bytes()), &mut session);
    assert!(late.transition.is_none());
    assert_eq!(execution.phase(), Phase::Failed);
}

#[test]
fn a_query_that_cannot_be_built_sends_nothing() {
    use usage_core::model::Dimension;
    use usage_core::query::ClientQuery;
    let query = ClientQuery::new("c".parse().unwrap(), "2026-06/2026-06".parse().unwrap());
    let query = query.with_group_by([Dimension::UserId]);
    let mut execution = Execution::new(query, policy(), 1, START);
    let run = drive(&mut execution, &mut static_token(), START, script(Vec::new()));
    assert_eq!(run.transitions, ["ReadySubmit -Unbuildable-> Failed"]);
}

#[test]
fn a_job_that_reaches_back_more_than_a_year_is_not_submitted() {
    use usage_core::query::{ClientJob, OrganizationJob};
    // The current day is the first of July 2026.
    for (interval, refused) in [("2025-06-30/2025-07-02", true), ("2025-07-01/2025-07-02", false)] {
        let interval: Interval = interval.parse().unwrap();
        let of_organization = OrganizationJob::new(interval.clone());
        let of_client = ClientJob::new("c".parse().unwrap(), interval);
        let answers = || vec![ok(r#"{"id":"e-1"}"#), ok(r#"{"queryStatus":"Succeeded"}"#)];
        let runs = [
            drive(
                &mut Execution::new(of_organization, policy(), 1, START),
                &mut static_token(),
                START,
                script(answers()),
            ),
            drive(
                &mut Execution::new(of_client, policy(), 1, START),
                &mut static_token(),
                START,
                script(answers()),
            ),
        ];
        for run in runs {
            assert_eq!((run.error.is_some(), run.requests.is_empty()), (refused, refused), "{:?}", run.error);
        }
    }
}
