//! The states of an execution, and the path under which it is found.

use std::time::Duration;

use usage_sim::{Simulator, SimulatorConfig};

use crate::support::{Bench, json, start};

const ORGANIZATION: &str = "/api/v2/usage/query";
const SEARCH: &str = "/api/v2/usage/simplesearch";
const BODY: &str = r#"{"interval":"2026-07-01/2026-07-07"}"#;

#[test]
fn a_query_runs_and_completes() {
    let mut bench = Bench::new();
    let submission = json(&bench.post(ORGANIZATION, BODY));
    let id = submission["executionId"].as_str().unwrap().to_string();
    assert_eq!(submission["resultsUri"], format!("/api/v2/usage/query/{id}/results"));
    assert_eq!(submission.as_object().unwrap().len(), 2);

    let results = format!("/api/v2/usage/query/{id}/results");
    for _ in 0..2 {
        let response = bench.get(&results);
        assert_eq!(response.status(), 200);
        assert_eq!(response.body(), br#"{"queryStatus":"Running"}"#);
        bench.now = bench.now.saturating_add(Duration::from_millis(1_499));
    }
    bench.now = bench.now.saturating_add(Duration::from_millis(2));
    let complete = bench.get(&results);
    assert!(complete.body().starts_with(br#"{"results":[{"clientId":""#));
    assert!(complete.body().ends_with(br#"}],"queryStatus":"Complete"}"#));
    assert_eq!(bench.get(&results).body(), complete.body(), "and stays so");
}

#[test]
fn a_clone_continues_independently_from_the_same_state() {
    let mut bench = Bench::new();
    let submission = json(&bench.post(ORGANIZATION, BODY));
    let results = format!("{ORGANIZATION}/{}/results", submission["executionId"].as_str().unwrap());
    let mut clone = bench.service.clone();
    bench.wait(3);
    let theirs = clone.handle(bench.now, bench.request("GET", &results, "")).response;
    let ours = bench.get(&results);
    assert_eq!(
        (ours.status(), ours.headers(), ours.body()),
        (theirs.status(), theirs.headers(), theirs.body())
    );
    let started = json(&bench.post(ORGANIZATION, BODY));
    let unknown = format!("{ORGANIZATION}/{}/results", started["executionId"].as_str().unwrap());
    assert_eq!(clone.handle(bench.now, bench.request("GET", &unknown, "")).response.status(), 404);
}

#[test]
fn each_family_has_its_own_path() {
    let mut bench = Bench::new();
    let own = bench.own_path("query");
    let other = bench.client_path("Nightly Export", "query");
    let mut ids = Vec::new();
    for target in [ORGANIZATION, SEARCH, &own, &other] {
        ids.push(json(&bench.post(target, BODY))["executionId"].as_str().unwrap().to_string());
    }
    bench.wait(3);
    for (index, id) in ids.iter().enumerate() {
        let paths = [
            format!("{ORGANIZATION}/{id}/results"),
            format!("{SEARCH}/{id}/results"),
            format!("{own}/results/{id}"),
            format!("{other}/results/{id}"),
        ];
        for (place, path) in paths.iter().enumerate() {
            let response = bench.get(path);
            assert_eq!(response.status(), if place == index { 200 } else { 404 }, "{path}");
            if place != index {
                assert_eq!(json(&response)["code"], "not.found");
            }
        }
    }
    assert_eq!(bench.get("/api/v2/usage/query/..%2F/results").status(), 404);
}

#[test]
fn a_summary_is_polled_like_a_client_query() {
    let mut bench = Bench::new();
    let submission = bench.get(&bench.own_path("summary"));
    let id = json(&submission)["executionId"].as_str().unwrap().to_string();
    assert_eq!(json(&submission)["resultsUri"], bench.own_path(&format!("query/results/{id}")));
    let started: Vec<_> = bench.service.journal().iter().filter_map(|entry| entry.started.clone()).collect();
    assert_eq!(started, [id]);
}

#[test]
fn the_same_seed_gives_the_same_service() {
    let answers = |seed: u64| {
        let mut bench = Bench::with(SimulatorConfig::default().with_seed(seed));
        let results = bench.submit(ORGANIZATION, BODY);
        bench.wait(3);
        let response = bench.get(&results);
        (response.headers().clone(), response.into_body())
    };
    assert_eq!(answers(5), answers(5));
    assert_ne!(answers(5).1, answers(6).1);
}

#[test]
fn a_day_is_the_same_at_any_time() {
    let body =
        r#"{"interval":"2026-07-01/2026-07-03","granularity":"Day","groupBy":["TemplateUri","UserId"]}"#;
    let now = Bench::new().rows(ORGANIZATION, body);
    let mut later = Bench::new();
    later.wait(100 * 86_400);
    later.token = later.service.issue_token(later.now);
    assert_eq!(later.rows(ORGANIZATION, body), now);
    let mut before = Bench::new();
    before.now = "2026-07-02".parse::<usage_core::Date>().unwrap().start();
    let only_first: Vec<_> = now.into_iter().filter(|row| row["date"] == "2026-07-01T00:00:00Z").collect();
    assert_eq!(before.rows(ORGANIZATION, body), only_first, "today and tomorrow have no data yet");
}

#[test]
fn zero_execution_time_and_other_clients() {
    let config = SimulatorConfig::default().with_execution_time(Duration::ZERO).with_client("a b/ü", "x");
    let mut bench = Bench::with(config);
    let results = bench.submit("/api/v2/oauth/clients/a%20b%2F%C3%BC/usage/query", BODY);
    let answer = json(&bench.get(&results));
    assert_eq!(answer["queryStatus"], "Complete");
    assert_eq!(answer["results"][0]["clientId"], "a b/ü");
}

#[test]
fn every_response_has_its_own_correlation_id() {
    let mut bench = Bench::new();
    let mut seen = std::collections::BTreeSet::new();
    for target in ["/", ORGANIZATION, "/api/v2/usage/query/x/results", "/oauth/token"] {
        let response = bench.get(target);
        let id = response.headers()["ININ-Correlation-Id"].to_str().unwrap().to_string();
        assert_eq!(json(&response)["contextId"], id.as_str());
        assert!(seen.insert(id));
    }
    let debug = format!("{:?}", Simulator::new(SimulatorConfig::default().with_client("id", "hunter2")));
    assert!(!debug.contains("hunter2") && !format!("{:?}", bench.service).contains(&bench.token));
    assert_eq!(bench.service.journal()[0].at, start());
}
