//! The story of the default organization in rows, reports and events.

use usage_core::Date;
use usage_sim::SimulatorConfig;

use crate::support::{Bench, json, sum, text};

fn july() -> Date {
    "2026-07-01".parse().unwrap()
}

/// Creates a service at the end of July.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.now = "2026-08-01".parse::<Date>().unwrap().start();
    bench.token = bench.service.issue_token(bench.now);
    bench
}

#[test]
fn hammering_is_visible_in_the_rows_of_its_uri() {
    let mut bench = bench();
    let hammering = bench.service.story(july()).unwrap().hammering;
    let path = bench.client_path(&hammering.client_name, "query");
    let day = |bench: &mut Bench, day: Date| {
        let body = format!(r#"{{"interval":"{day}/{day}","groupBy":["TemplateUri","HttpMethod"]}}"#);
        let rows = bench.rows(&path, &body);
        let row = rows.iter().find(|row| {
            (text(row, "templateUri"), text(row, "httpMethod")) == (hammering.uri, hammering.method)
        });
        row.map_or(0, |row| row["requests"].as_u64().unwrap())
    };
    let (before, after) =
        (day(&mut bench, hammering.first_day.plus_days(-1)), day(&mut bench, hammering.first_day));
    assert!(after > 100_000 && after > before * 10, "{before} {after}");
}

#[test]
fn the_retry_storm_causes_most_429s_of_its_day() {
    let mut bench = bench();
    let storm = bench.service.story(july()).unwrap().retry_storm;
    let day = storm.first_day;
    let body = format!(r#"{{"interval":"{day}/{day}","groupBy":["OAuthClientId","TemplateUri"]}}"#);
    let rows = bench.rows("/api/v2/usage/query", &body);
    let most = rows.iter().max_by_key(|row| row["status429"].as_u64()).unwrap();
    assert_eq!((text(most, "clientName"), text(most, "templateUri")), (&*storm.client_name, storm.uri));
}

#[test]
fn the_new_client_was_not_there_before() {
    let mut bench = bench();
    let name = bench.service.story(july()).unwrap().new_client;
    let mut requests = |interval: &str| {
        let rows = bench.rows("/api/v2/usage/query", &format!(r#"{{"interval":"{interval}"}}"#));
        sum(&rows.into_iter().filter(|row| text(row, "clientName") == name).collect::<Vec<_>>(), "requests")
    };
    assert_eq!(requests("2026-06-01/2026-06-30"), 0);
    assert!(requests("2026-07-01/2026-07-31") > 10_000);
}

#[test]
fn it_can_be_switched_off() {
    let bench = Bench::with(SimulatorConfig::default().with_story(false));
    assert_eq!(bench.service.story(july()), None);
}

#[test]
fn a_search_for_the_main_flow_finds_events_every_day() {
    let mut bench = bench();
    for offset in 0..31 {
        let day = july().plus_days(offset);
        let body = format!(r#"{{"interval":"{day}/{day}","searchTerm":"Main Flow"}}"#);
        let page = json(&bench.post("/api/v2/usage/events/query", &body));
        assert!(!page["entities"].as_array().unwrap().is_empty(), "{day}");
    }
}
