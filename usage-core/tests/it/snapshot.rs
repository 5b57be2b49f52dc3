//! An execution that is saved and restored at any step returns the same rows and submits once.

use http::{Request, Response};
use usage_core::error::Failure;
use usage_core::execution::RestoreError;
use usage_core::query::{ClientSummary, OrganizationQuery, SimpleSearch};
use usage_core::{Execution, Machine, Next, Phase, Snapshot, UsageTable};

use crate::support::{ACCEPTED, COMPLETE, RUNNING, START, drive, ok, policy, query, static_token};

fn search() -> Execution<SimpleSearch> {
    Execution::new(SimpleSearch::new("2026-06/2026-06".parse().unwrap()), policy(), 1, START)
}

fn reborn(execution: &Execution<SimpleSearch>, now: usage_core::Timestamp) -> Execution<SimpleSearch> {
    let json = execution.snapshot().to_json();
    assert!(!json.contains("manual-token"));
    Execution::restore(Snapshot::from_json(&json).unwrap(), policy(), now).unwrap()
}

fn service(request: &Request<Vec<u8>>, polls: &mut u32, submits: &mut u32) -> String {
    match request.uri().query() {
        None => {
            *submits += 1;
            ACCEPTED.to_owned()
        }
        Some("pageSize=1000") if *polls < 2 => {
            *polls += 1;
            RUNNING.to_owned()
        }
        Some("pageSize=1000") => {
            r#"{"queryStatus":"Complete","results":[{"requests":1}],"cursors":{"after":"b"}}"#.to_owned()
        }
        Some(_) => r#"{"queryStatus":"Complete","results":[{"requests":2}]}"#.to_owned(),
    }
}

/// Drives a search to its end. Before step `kill_at`, the execution is saved and restored with a new session. A page
/// that was not acknowledged is lost with the process.
fn run_killed_at(kill_at: usize) -> (UsageTable, u32, Option<Failure>) {
    let (mut execution, mut session, mut now) = (search(), static_token(), START);
    let (mut rows, mut polls, mut submits) = (UsageTable::new(), 0, 0);
    let mut page = None;
    for step in 0.. {
        if step == kill_at {
            (execution, session, page) = (reborn(&execution, now), static_token(), None);
        }
        rows.append(&page.take().unwrap_or_default());
        match execution.next(now, &mut session).next {
            Next::Finished => return (rows, submits, execution.error().map(|error| error.failure().clone())),
            Next::WaitUntil(until, _) => now = until,
            Next::Send(exchange) => {
                let body = service(&exchange.request, &mut polls, &mut submits);
                let answer = Response::new(body.as_bytes());
                let progress = execution.on_response(now, exchange.ticket, answer, &mut session);
                page = progress.output;
            }
        }
    }
    unreachable!()
}

#[test]
fn an_execution_killed_between_any_two_steps_returns_the_same_rows() {
    let (whole, _, _) = run_killed_at(usize::MAX);
    assert_eq!(whole.len(), 2);
    for kill_at in 0..12 {
        let (rows, submits, failure) = run_killed_at(kill_at);
        assert_eq!((rows, submits, failure), (whole.clone(), 1, None), "killed at {kill_at}");
    }
}

#[test]
fn a_submit_in_flight_is_ambiguous_and_a_poll_in_flight_is_repeated() {
    let (mut execution, mut session) = (search(), static_token());
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let mut restored = reborn(&execution, START);
    assert!(matches!(restored.next(START, &mut session).next, Next::Finished));
    assert!(matches!(restored.error().unwrap().failure(), Failure::AmbiguousSubmit(_)));

    let _ = execution.on_response(START, submit.ticket, Response::new(ACCEPTED.as_bytes()), &mut session);
    let Next::WaitUntil(poll_at, _) = execution.next(START, &mut session).next else { panic!() };
    let Next::Send(_lost) = execution.next(poll_at, &mut session).next else { panic!() };
    assert!(matches!(reborn(&execution, poll_at).next(poll_at, &mut session).next, Next::Send(_)));
}

#[test]
fn a_restored_execution_has_the_same_state() {
    let (mut execution, mut session, mut now) = (search(), static_token(), START);
    let (mut polls, mut submits) = (0, 0);
    let mut seen = (0, 0);
    loop {
        match execution.next(now, &mut session).next {
            Next::Finished => break,
            Next::WaitUntil(until, _) => now = until,
            Next::Send(exchange) => {
                let body = service(&exchange.request, &mut polls, &mut submits);
                let answer = Response::new(body.as_bytes());
                let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
            }
        }
        if !execution.phase().is_final() {
            let restored = reborn(&execution, now);
            assert_eq!(
                (restored.polls(), restored.pages()),
                (execution.polls(), execution.snapshot().pages())
            );
            // The snapshot contains cursors, the time of the submit and the jitter.
            assert_eq!(restored.snapshot(), execution.snapshot());
            seen = (seen.0.max(restored.polls()), seen.1.max(restored.pages()));
        }
    }
    assert_eq!(seen, (2, 0), "the first page is not acknowledged");
}

#[test]
fn a_snapshot_that_cannot_be_restored_reports_the_reason() {
    let json = Execution::new(query(), policy(), 1, START).snapshot().to_json();
    let error = Snapshot::<ClientSummary>::from_json(&json).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the saved execution is of the query family "organization", not "client-summary""#
    );
    let later = json.replace(r#""version":1"#, r#""version":2"#);
    let error = Snapshot::<OrganizationQuery>::from_json(&later).unwrap_err();
    assert_eq!(error, RestoreError::Version { found: 2 });
    for broken in ["", "{}", "[1]", &json[..json.len() - 1], &json.replace("2026-06", "2026-66")] {
        assert!(matches!(Snapshot::<OrganizationQuery>::from_json(broken), Err(RestoreError::Syntax { .. })));
    }
}

#[test]
fn a_page_with_fewer_rows_than_a_visitor_has_seen_fails() {
    let json = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 7, START).snapshot().to_json();
    for (rows_seen, can_go_on) in [(0, true), (1, true), (2, false), (u64::MAX, false)] {
        let seen = json.replace(r#""polls""#, &format!(r#""rowsSeen":{rows_seen},"polls""#));
        let snapshot = Snapshot::<OrganizationQuery>::from_json(&seen).unwrap();
        let mut restored = Execution::restore(snapshot, policy(), START).unwrap();
        let run = drive(&mut restored, &mut static_token(), START, |_| ok(COMPLETE));
        let expected = if can_go_on { (1 - rows_seen, None) } else { (0, Some(Phase::Failed)) };
        let phase = run.error.as_ref().map(|_| restored.phase());
        assert_eq!((run.rows.len() as u64, phase), expected, "{rows_seen}");
        assert!(run.error.is_none_or(|error| error.to_string().contains("start again")));
    }
}

#[test]
fn the_format_is_the_documented_one() {
    let snapshot = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 7, START).snapshot();
    let json = r#"{"version":1,"family":"organization","query":{"interval":"2026-06/2026-06","granularity":null,"metrics":[],"groupBy":[]},"step":{"op":"poll","id":"e-1"},"inFlight":false,"complete":false,"polls":0,"pages":0,"jitter":7}"#;
    assert_eq!(snapshot.to_json(), json);
    assert_eq!(Snapshot::from_json(json).unwrap(), snapshot);
}
