//! Rows of queries: dimensions, counters, buckets, filters.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Bench, sum, text};

const ORGANIZATION: &str = "/api/v2/usage/query";
const SEARCH: &str = "/api/v2/usage/simplesearch";
const COUNTERS: [&str; 6] = ["status200", "status300", "status400", "status500", "status429", "requests"];

fn members(row: &Value) -> BTreeSet<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn without_group_by_rows_are_by_client() {
    let mut bench = Bench::new();
    let rows = bench.rows(ORGANIZATION, r#"{"interval":"2026-07-01/2026-07-07"}"#);
    assert!(rows.len() >= 20);
    let ids: BTreeSet<_> = rows.iter().map(|row| text(row, "clientId")).collect();
    assert_eq!(ids.len(), rows.len());
    for row in &rows {
        assert!(!text(row, "clientName").is_empty());
        for empty in ["organizationId", "userId", "templateUri", "httpMethod"] {
            assert_eq!(row[empty], "");
        }
        assert!(row.get("date").is_none());
        let classes: u64 = COUNTERS[..4].iter().map(|counter| row[counter].as_u64().unwrap()).sum();
        assert_eq!(classes, row["requests"].as_u64().unwrap());
        assert!(row["status429"].as_u64() <= row["status400"].as_u64());
    }
    let explicit = r#"{"interval":"2026-07-01/2026-07-07","groupBy":["OAuthClientId"]}"#;
    assert_eq!(bench.rows(ORGANIZATION, explicit), rows);
}

#[test]
fn a_dimension_is_returned_when_grouped_by() {
    let mut bench = Bench::new();
    let rows = bench.rows(
        ORGANIZATION,
        r#"{"interval":"2026-07-01/2026-07-01","granularity":"Day","metrics":["Requests","Status429"],
            "groupBy":["UserId","OrganizationId","TemplateUri","HttpMethod"]}"#,
    );
    let organization = bench.service.organization_id().to_string();
    for row in &rows {
        assert_eq!((text(row, "clientId"), text(row, "clientName")), ("", ""));
        assert_eq!(text(row, "organizationId"), organization);
        assert!(text(row, "templateUri").starts_with("api/v2/"));
        assert!(!text(row, "httpMethod").is_empty());
        assert_eq!(text(row, "date"), "2026-07-01T00:00:00Z");
        assert!(row.get("status200").is_none() && row["requests"].is_u64() && row["status429"].is_u64());
    }
    assert!(rows.iter().any(|row| text(row, "userId").is_empty()), "clients that act for themselves");
    assert!(rows.iter().any(|row| text(row, "userId").len() == 36));
}

#[test]
fn buckets_are_named_after_their_first_day() {
    let mut bench = Bench::new();
    let mut dates = |granularity: &str| {
        let body = json!({"interval": "2026-06-10/2026-07-05", "granularity": granularity, "groupBy": ["OrganizationId"]});
        let rows = bench.rows(ORGANIZATION, &body.to_string());
        rows.iter().map(|row| text(row, "date")[..10].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(dates("Day").len(), 26);
    assert_eq!(dates("Week"), ["2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"]);
    assert_eq!(dates("Month"), ["2026-06-01", "2026-07-01"]);
}

#[test]
fn every_form_of_an_interval() {
    let mut bench = Bench::new();
    let mut days = |interval: &str| {
        let body = json!({"interval": interval, "granularity": "Day", "groupBy": ["OrganizationId"]});
        bench.rows(ORGANIZATION, &body.to_string()).len()
    };
    assert_eq!(days("2026-06/2026-06"), 30);
    assert_eq!(days("2026-06-01T00:00:00/2026-06-03T00:00:00"), 3, "both ends are included");
    assert_eq!(days("2026-06-01T00:00:00Z/2026-06-03T23:59:59.999Z"), 3);
    assert_eq!(days("2026-07-05/2026-12-31"), 3, "up to yesterday");
    assert_eq!(days("2030-01-01/2030-01-31"), 0);
    assert_eq!(days("2018-01-01/2025-01-01"), 0);
    assert_eq!(days("2018-01-01/2026-07-08"), 400);
}

#[test]
fn a_client_query_is_about_one_client() {
    let mut bench = Bench::new();
    let all = bench.rows(ORGANIZATION, r#"{"interval":"2026-07-01/2026-07-07"}"#);
    for name in ["Nightly Export", "CRM Connector", "Usage Reporter"] {
        let wanted: Vec<_> = all.iter().filter(|row| text(row, "clientName") == name).cloned().collect();
        let query = bench.client_path(name, "query");
        assert_eq!(bench.rows(&query, r#"{"interval":"2026-07-01/2026-07-07"}"#), wanted);
        let summary = bench.client_path(name, "summary");
        assert_eq!(bench.rows(&summary, ""), wanted, "seven days are the default");
        assert_eq!(bench.rows(&format!("{summary}?days=7"), ""), wanted);
        assert!(sum(&bench.rows(&format!("{summary}?days=30"), ""), "requests") > sum(&wanted, "requests"));
        let parts = bench
            .rows(&query, r#"{"interval":"2026-07-01/2026-07-07","groupBy":["TemplateUri","HttpMethod"]}"#);
        assert_eq!(sum(&parts, "requests"), sum(&wanted, "requests"));
    }
}

#[test]
fn a_simple_search_has_the_columns_that_it_names() {
    let mut bench = Bench::new();
    let all = bench.rows(SEARCH, r#"{"interval":"2026-07-01/2026-07-02"}"#);
    let row = &all[0];
    assert!(
        ["date", "clientName", "httpMethod", "templateUri"]
            .iter()
            .all(|member| !text(row, member).is_empty())
    );
    assert!(["clientId", "organizationId", "userId"].iter().all(|member| text(row, member).is_empty()));
    assert!(row.get("requests").is_none(), "there is no such column");

    let rows = bench.rows(
        SEARCH,
        r#"{"interval":"2026-07-01/2026-07-02","metrics":["ClientName","Status200","Status429"],"httpMethods":["GET"],
            "oauthClientNames":["Nightly Export","Queue Wallboard"]}"#,
    );
    let names: Vec<_> = rows.iter().map(|row| text(row, "clientName")).collect();
    assert_eq!(names, ["Nightly Export", "Queue Wallboard"]);
    let wanted = [
        "clientId",
        "clientName",
        "httpMethod",
        "organizationId",
        "status200",
        "status429",
        "templateUri",
        "userId",
    ];
    assert_eq!(members(&rows[0]), BTreeSet::from(wanted));
    let of_export = |row: &&Value| row["clientName"] == "Nightly Export" && row["httpMethod"] == "GET";
    let counted: Vec<_> = all.iter().filter(of_export).cloned().collect();
    assert_eq!(rows[0]["status200"], sum(&counted, "status200"));

    for (filter, found) in [
        (json!({"templateUris": ["api/v2/users"]}), true),
        (json!({"templateUris": ["/api/v2/users", "no/such"]}), true),
        (json!({"templateUris": ["no/such"]}), false),
        (json!({"oauthClientNames": ["nightly export"]}), false),
        (json!({"httpMethods": ["TRACE"]}), false),
        (json!({"httpMethods": [], "oauthClientNames": [], "templateUris": []}), true),
    ] {
        let mut body = json!({"interval": "2026-07-01/2026-07-01"});
        body.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let rows = bench.rows(SEARCH, &body.to_string());
        assert_eq!(!rows.is_empty(), found, "{filter}");
        if filter["templateUris"][0].as_str().is_some_and(|uri| uri.ends_with("users")) {
            assert!(rows.iter().all(|row| row["templateUri"] == "api/v2/users"));
        }
    }
}

#[test]
fn one_client_is_new_and_one_has_vanished() {
    let mut bench = Bench::new();
    let mut names = |interval: &str| -> BTreeSet<String> {
        let rows = bench.rows(ORGANIZATION, &json!({"interval": interval}).to_string());
        rows.iter().map(|row| text(row, "clientName").to_string()).collect()
    };
    let (before, after) = (names("2026-05-01/2026-05-28"), names("2026-06-10/2026-07-07"));
    assert!(before.difference(&after).next().is_some() && after.difference(&before).next().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn totals_are_equal_across_groupings(
        dimensions in prop::sample::subsequence(vec!["OAuthClientId", "OrganizationId", "UserId", "TemplateUri", "HttpMethod"], 0..=5),
        granularity in prop::sample::select(vec![None, Some("Day"), Some("Week"), Some("Month")]),
        days in 1u32..7,
    ) {
        let mut bench = Bench::new();
        let interval = format!("2026-06-28/2026-07-0{days}");
        let plain = bench.rows(ORGANIZATION, &json!({"interval": interval, "groupBy": ["OrganizationId"]}).to_string());
        prop_assert_eq!(plain.len(), 1);
        let mut body = json!({"interval": interval, "groupBy": dimensions});
        if let Some(granularity) = granularity {
            body["granularity"] = granularity.into();
        }
        let rows = bench.rows(ORGANIZATION, &body.to_string());
        for counter in COUNTERS {
            prop_assert_eq!(sum(&rows, counter), plain[0][counter].as_u64().unwrap());
        }
        prop_assert_eq!(rows.iter().all(|row| row.get("date").is_some()), granularity.is_some());
    }
}
