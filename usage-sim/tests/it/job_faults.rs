//! Faults of jobs and of operational events.

use serde_json::json as object;
use usage_sim::{Fault, Match, Operation, Rule};

use crate::support::{Bench, json, text};

const JOBS: &str = "/api/v2/usage/aggregates/query/jobs";
const EVENTS: &str = "/api/v2/usage/events/query";
const BODY: &str = r#"{"interval":"2026-07-01/2026-07-02"}"#;

#[test]
fn a_job_that_fails_says_why() {
    let mut bench = Bench::new();
    bench.service.inject(Rule::new(Match::Submit, Fault::FailQuery));
    let uri = bench.submit(JOBS, BODY);
    assert_eq!(json(&bench.get(&uri))["queryStatus"], "Queued");
    bench.wait(3);
    let response = bench.get(&uri);
    let answer = json(&response);
    assert_eq!((response.status().as_u16(), text(&answer, "queryStatus")), (200, "Failed"));
    assert_eq!(answer["errorBody"]["code"], "internal.server.error");
    let correlation_id = response.headers()["inin-correlation-id"].to_str().unwrap();
    assert_eq!(answer["errorBody"]["contextId"], correlation_id);
    assert_eq!(bench.service.journal().last().unwrap().correlation_id, correlation_id);
    assert!(answer.get("entities").is_none() && answer.get("nextUri").is_none());
}

#[test]
fn a_cancelled_job_stays_cancelled() {
    let mut bench = Bench::new();
    let uri = bench.submit(JOBS, BODY);
    bench.service.inject(Rule::new(Match::Job, Fault::CancelQuery));
    assert_eq!(json(&bench.get(&uri))["queryStatus"], "Queued");
    bench.wait(3);
    for _ in 0..2 {
        assert_eq!(json(&bench.get(&uri)), object!({"queryStatus": "Cancelled", "selfUri": uri}));
    }
    bench.service.inject(Rule::new(Match::Any, Fault::CancelQuery).always());
    assert!(!bench.rows("/api/v2/usage/query", BODY).is_empty(), "the older executions know no such state");
}

#[test]
fn odd_statuses() {
    let mut bench = Bench::new();
    let uri = bench.submit(JOBS, BODY);
    bench.service.inject(Rule::new(Match::Results, Fault::UnknownStatus("Pausing \"".into())));
    bench.service.inject(Rule::new(Match::Results, Fault::MissingStatus));
    assert_eq!(json(&bench.get(&uri)), object!({"queryStatus": "Pausing \"", "selfUri": uri}));
    assert_eq!(json(&bench.get(&uri)), object!({"selfUri": uri}));
    assert_eq!(json(&bench.get(&uri))["queryStatus"], "Queued");
}

#[test]
fn a_next_uri_may_have_no_cursor() {
    let mut bench = Bench::new();
    let uri = bench.submit(JOBS, BODY);
    bench
        .service
        .inject(Rule::new(Match::Operation(Operation::OrganizationJobResults), Fault::RepeatCursor).always());
    assert!(json(&bench.get(&uri)).get("nextUri").is_none(), "nothing happens while it is queued");
    bench.wait(3);
    let first = json(&bench.get(&format!("{uri}?pageSize=10")));
    let again = json(&bench.get(text(&first, "nextUri")));
    assert_eq!((&again["entities"], &again["nextUri"]), (&first["entities"], &first["nextUri"]));
}

#[test]
fn uris_of_another_origin() {
    let mut bench = Bench::new();
    let elsewhere = "https://elsewhere.example";
    bench.service.inject(Rule::new(Match::Any, Fault::AbsoluteNextUri(elsewhere.into())).always());
    let submission = json(&bench.post(JOBS, BODY));
    let path = format!("{JOBS}/{}", text(&submission, "id"));
    assert_eq!(
        (text(&submission, "resultsUri"), text(&submission, "selfUri")),
        (&*format!("{elsewhere}{path}"), &*path)
    );
    assert!(text(&json(&bench.post("/api/v2/usage/query", BODY)), "resultsUri").starts_with(elsewhere));
    bench.wait(3);
    let page = json(&bench.get(&path));
    assert!(text(&page, "nextUri").starts_with(&format!("{elsewhere}{path}?pageSize=100&after=")));
    assert!(text(&page, "selfUri").starts_with(&path));
    let page = json(&bench.post(&format!("{EVENTS}?pageSize=5"), BODY));
    assert!(text(&page, "nextUri").starts_with(&format!("{elsewhere}{EVENTS}?pageSize=5&after=")));
}

#[test]
fn events_that_repeat_and_fail() {
    let mut bench = Bench::new();
    bench.service.inject(Rule::new(Match::Event, Fault::RepeatCursor));
    bench.service.inject(Rule::new(Match::Event, Fault::Status(503)));
    let page = json(&bench.post(&format!("{EVENTS}?pageSize=5"), BODY));
    assert_eq!(page["nextUri"], page["selfUri"]);
    assert_eq!(bench.get("/api/v2/usage/events/definitions").status(), 503);
    assert_eq!(bench.post(EVENTS, BODY).status(), 200);
}
