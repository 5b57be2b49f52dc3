//! Responses that differ from the documentation, and what they must not change.

use std::time::Duration;

use http::{Request, Response};
use usage_core::error::Failure;
use usage_core::events::EventDefinitions;
use usage_core::execution::StreamingExecution;
use usage_core::query::{ClientQuery, ClientSummary, OrganizationJob, SimpleSearch};
use usage_core::retry::Backoff;
use usage_core::{Call, Execution, Machine, Next, Policy, Session, Timestamp, UsageQuery, UsageRow};

use crate::support::*;

const HOUR: Duration = Duration::from_secs(3600);

fn with_headers(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Reply::Answer(status, headers, body.to_owned())
}

fn run<Q: UsageQuery>(query: Q, service: impl FnMut(&Request<Vec<u8>>) -> Reply) -> Run {
    drive(&mut Execution::new(query, policy(), 1, START), &mut static_token(), START, service)
}

fn job() -> OrganizationJob {
    OrganizationJob::new("2026-06/2026-06".parse().unwrap())
}

/// Replies to a submit, and to polls with a page that has a next one until `last`.
fn paged(accepted: &'static str, page: &str, last: &'static str) -> impl FnMut(&Request<Vec<u8>>) -> Reply {
    let page = page.to_owned();
    move |request| match request.uri().query().unwrap_or_default() {
        _ if request.method() == "POST" || request.uri().path().ends_with("summary") => ok(accepted),
        query if query.contains("after=") => ok(last),
        _ => ok(&page),
    }
}

#[test]
fn cursors_are_followed_only_for_families_with_pages() {
    for side in [r#""cursors":{"after":"x"}"#, r#""nextUri":"/api/v2/x?after=x""#] {
        let page = format!(r#"{{"queryStatus":"Complete","results":[{{"requests":1}}],{side}}}"#);
        let id: usage_core::ClientId = "c".parse().unwrap();
        let client = ClientQuery::new(id.clone(), "2026-06/2026-06".parse().unwrap());
        for run in [
            run(query(), paged(ACCEPTED, &page, COMPLETE)),
            run(client, paged(ACCEPTED, &page, COMPLETE)),
            run(ClientSummary::new(id), paged(ACCEPTED, &page, COMPLETE)),
        ] {
            assert_eq!((run.error.map(|e| e.to_string()), run.rows.len()), (None, 1), "{side}");
        }
        let search = SimpleSearch::new("2026-06/2026-06".parse().unwrap());
        let run_search = run(search, paged(ACCEPTED, &page, COMPLETE));
        assert_eq!((run_search.error.map(|e| e.to_string()), run_search.rows.len()), (None, 2), "{side}");
        let run_job = run(job(), paged(r#"{"id":"j"}"#, &page, COMPLETE));
        assert_eq!((run_job.error.map(|e| e.to_string()), run_job.rows.len()), (None, 2), "{side}");
    }
}

#[test]
fn a_visitor_sees_one_page_of_a_family_without_pages() {
    let long = "x".repeat(20_000);
    for side in [
        r#""cursors":{"after":"x"}"#.to_owned(),
        r#""nextUri":"/no/cursor""#.to_owned(),
        format!(r#""cursors":{{"after":"{long}"}}"#),
    ] {
        let (mut session, mut shown) = (static_token(), 0);
        let execution = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 1, START);
        let mut streaming = StreamingExecution::new(execution, |_: UsageRow<'_>| shown += 1);
        let Next::Send(exchange) = streaming.next(START, &mut session).next else { panic!() };
        let page = format!(r#"{{"queryStatus":"Complete","results":[{{"requests":1}}],{side}}}"#);
        let _ = streaming.on_response(START, exchange.ticket, Response::new(page.as_bytes()), &mut session);
        assert!(matches!(streaming.next(START, &mut session).next, Next::Finished));
        assert_eq!(streaming.error().map(|e| e.to_string()), None);
        drop(streaming);
        assert_eq!(shown, 1);
    }
}

#[test]
fn a_failed_job_fails_whatever_its_other_members_are() {
    for (side, reason) in [
        (r#""errorBody":{"message":"no","status":"500"}"#, "no"),
        (r#""errorBody":"no""#, "no"),
        (r#""errorBody":{"details":[{"fieldName":7}]}"#, "no reason"),
        (r#""errorBody":null,"nextUri":"/x""#, "no reason"),
        (r#""errorBody":{"message":"no","limit":{"value":"300"}},"entities":"none""#, "no"),
    ] {
        let page = format!(r#"{{"queryStatus":"Failed",{side}}}"#);
        let run = run(job(), paged(r#"{"id":"j","resultsUri":7}"#, &page, COMPLETE));
        let error = run.error.unwrap();
        assert!(matches!(error.failure(), Failure::QueryFailed { .. }), "{side}: {error}");
        assert!(error.to_string().contains(reason), "{side}: {error}");
    }
}

#[test]
fn a_query_that_is_done_without_a_list_reports_it() {
    for (page, missing) in [
        (r#"{"queryStatus":"Complete"}"#, true),
        (r#"{"queryStatus":"Complete","results":null}"#, true),
        (r#"{"queryStatus":"Complete","results":[]}"#, false),
        (COMPLETE, false),
    ] {
        let mut execution = execution();
        let run = drive(&mut execution, &mut static_token(), START, script(vec![ok(ACCEPTED), ok(page)]));
        assert_eq!((run.error.map(|e| e.to_string()), execution.lists_missing()), (None, missing), "{page}");
        assert_eq!(execution.scope().missing.contains(&usage_core::Gap::Lists), missing, "{page}");
    }
}

#[test]
fn a_missing_list_is_remembered_in_the_snapshot() {
    let pages = [r#"{"queryStatus":"Complete","cursors":{"after":"b"}}"#, COMPLETE];
    for (acknowledged, missing) in [(false, false), (true, true)] {
        let mut execution =
            Execution::new(SimpleSearch::new("2026-06/2026-06".parse().unwrap()), policy(), 1, START);
        execution.hold_pages(!acknowledged);
        let run = drive(
            &mut execution,
            &mut static_token(),
            START,
            script(vec![ok(ACCEPTED), ok(pages[0]), ok(pages[1])]),
        );
        assert_eq!((run.error, execution.lists_missing()), (None, true));
        let restored = Execution::restore(execution.snapshot(), policy(), START).unwrap();
        // A page that was not delivered is requested again, and may have a list then.
        assert_eq!(restored.lists_missing(), missing);
        assert_eq!(restored.scope().missing.contains(&usage_core::Gap::Lists), missing);
    }
}

/// Returns the milliseconds from the first request to the second, which follows a 429 with `headers` and `body`.
fn waited(headers: &[(&'static str, &str)], body: &str) -> u64 {
    let run = play(vec![with_headers(429, headers, body), ok(ACCEPTED), ok(COMPLETE)]);
    assert_eq!(run.error.map(|e| e.to_string()), None);
    run.requests[1].0
}

#[test]
fn a_429_waits_by_retry_after_or_the_window_or_its_message() {
    let words =
        r#"{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds","status":429}"#;
    let (after, reset) = (("retry-after", "3"), ("inin-ratelimit-reset", "6"));
    assert_eq!(waited(&[after, reset], words), 3000);
    assert_eq!(waited(&[reset], words), 6000);
    assert_eq!(waited(&[], words), 42_000);
    assert_eq!(waited(&[], r#"{"code":"too.many.requests","messageParams":{"seconds":"7"}}"#), 7000);
    assert_eq!(waited(&[], ""), 500);
}

#[test]
fn waits_named_by_the_service_do_not_count_as_failures() {
    let words = r#"{"message":"Retry the request in [7] seconds","code":"too.many.requests"}"#;
    let kinds: [(&[(&str, &str)], &str); 3] =
        [(&[("retry-after", "7")], ""), (&[("inin-ratelimit-reset", "7")], ""), (&[], words)];
    for (headers, body) in kinds {
        let mut replies: Vec<_> = (0..20).map(|_| with_headers(429, headers, body)).collect();
        replies.extend([ok(ACCEPTED), ok(COMPLETE)]);
        let run = play(replies);
        assert_eq!(run.error.map(|e| e.to_string()), None, "{headers:?} {body}");
    }
    let run = play((0..20).map(|_| status(429)).collect());
    assert!(matches!(run.error.unwrap().failure(), Failure::TooManyFailures { failures: 5, .. }));
}

#[test]
fn a_retry_date_is_compared_with_the_date_of_its_response() {
    for (date, until) in [
        ("Wed, 01 Jul 2026 00:20:00 GMT", "Wed, 01 Jul 2026 00:20:05 GMT"),
        ("Tue, 30 Jun 2026 22:00:00 GMT", "Tue, 30 Jun 2026 22:00:05 GMT"),
    ] {
        assert_eq!(waited(&[("date", date), ("retry-after", until)], ""), 5000, "{date}");
    }
}

#[test]
fn no_header_blocks_a_session_forever() {
    for (name, value) in [
        ("retry-after", "99999999999999"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("inin-ratelimit-reset", "18446744073709551615"),
    ] {
        let mut session = static_token();
        let short = policy().with_deadline(Duration::from_secs(30));
        let first = drive(&mut Execution::new(query(), short, 1, START), &mut session, START, |_| {
            with_headers(429, &[(name, value)], "")
        });
        assert!(first.error.is_some(), "{name}: {value}");
        let blocked = session.rate_budget().blocked(START).unwrap();
        assert_eq!(blocked.reason, usage_core::rate_budget::BlockReason::Throttled);
        assert!(blocked.until <= START.saturating_add(usage_core::MAX_RETRY_AFTER));
        let later = START.saturating_add(usage_core::MAX_RETRY_AFTER);
        let mut second = Execution::new(query(), policy(), 1, later);
        let run = drive(&mut second, &mut session, later, script(vec![ok(ACCEPTED), ok(COMPLETE)]));
        assert_eq!(run.error.map(|e| e.to_string()), None, "{name}: {value}");
    }
}

/// Replies with 404 to every poll, and counts the requests.
fn not_found(mut execution: Execution<impl UsageQuery>, session: &mut Session, now: Timestamp) -> usize {
    let run = drive(&mut execution, session, now, |request| match request.method().as_str() {
        "POST" => ok(ACCEPTED),
        _ => status(404),
    });
    assert!(run.error.is_some());
    run.requests.len()
}

#[test]
fn a_404_after_the_submit_is_polled_a_few_times() {
    let nothing = Backoff::constant(Duration::ZERO);
    let eager = policy().with_first_poll(Duration::ZERO).with_poll(nothing).with_retry(nothing);
    for policy in [policy(), eager, eager.with_not_found_grace(HOUR).with_deadline(HOUR / 6)] {
        let requests = not_found(Execution::new(query(), policy, 1, START), &mut static_token(), START);
        assert!((3..40).contains(&requests), "{requests} requests with {policy:?}");
    }
    let requests = not_found(Execution::new(query(), eager, 1, START), &mut static_token(), START);
    assert!(requests < 10, "{requests} requests in 15 s of grace");
}

#[test]
fn a_restored_execution_has_no_longer_grace_period() {
    for ahead in [HOUR, 24 * HOUR, Duration::from_secs(1)] {
        let (mut saved, mut session) = (execution(), static_token());
        let Next::Send(submit) = saved.next(START, &mut session).next else { panic!() };
        let _ = saved.on_response(START, submit.ticket, Response::new(ACCEPTED.as_bytes()), &mut session);
        let now = START.saturating_sub(ahead);
        let restored = Execution::restore(saved.snapshot(), policy(), now).unwrap();
        let requests = not_found(restored, &mut session, now);
        assert!(requests < 12, "{requests} requests with a clock that was {ahead:?} ahead");
    }
}

#[test]
fn a_truncated_body_is_fetched_again() {
    for cut in [&COMPLETE[..0], &COMPLETE[..1], &COMPLETE[..40], &COMPLETE[..COMPLETE.len() - 1]] {
        let run = play(vec![ok(ACCEPTED), ok(cut), ok(COMPLETE)]);
        assert_eq!((run.error.map(|e| e.to_string()), run.rows.len()), (None, 1), "{cut}");
        // A body of the announced length is not truncated.
        for header in [("content-length", &*cut.len().to_string()), ("transfer-encoding", "chunked")] {
            let run = play(vec![ok(ACCEPTED), with_headers(200, &[header], cut)]);
            assert!(matches!(run.error.unwrap().failure(), Failure::Decode(_)), "{cut}");
        }
    }
    // An error before the end is not a truncation.
    let run = play(vec![ok(ACCEPTED), ok("{\"queryStatus\":\"Complete\",]")]);
    assert!(matches!(run.error.unwrap().failure(), Failure::Decode(_)));
    // The submit may have been carried out.
    let run = play(vec![ok(&ACCEPTED[..20])]);
    assert!(matches!(run.error.unwrap().failure(), Failure::AmbiguousSubmit(_)));
    // An idempotent call is retried.
    let (mut call, mut session) = (Call::new(EventDefinitions, Policy::default(), 1, START), static_token());
    let Next::Send(exchange) = call.next(START, &mut session).next else { panic!() };
    let _ = call.on_response(START, exchange.ticket, Response::new(&b"{\"entities\":["[..]), &mut session);
    assert!(matches!(call.next(START, &mut session).next, Next::WaitUntil(..)));
}
