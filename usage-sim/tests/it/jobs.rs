//! Jobs: their states, rows and pages.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json as object};
use usage_sim::{Operation, SimulatorConfig};

use crate::support::{Bench, json, sum, text};

const JOBS: &str = "/api/v2/usage/aggregates/query/jobs";
const COUNTERS: [&str; 6] = ["requestCount", "status200", "status300", "status400", "status429", "status500"];
const BODY: &str = r#"{"interval":"2026-07-01/2026-07-02"}"#;

type Member = fn(&Value) -> &Value;

fn members(row: &Value) -> BTreeSet<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_job_is_queued_runs_and_succeeds() {
    let mut bench = Bench::new();
    let submission = json(&bench.post(JOBS, BODY));
    let uri = format!("{JOBS}/{}", text(&submission, "id"));
    assert_eq!(submission, object!({"id": submission["id"], "resultsUri": uri, "selfUri": uri}));
    let mut state_after = |millis: u64| {
        bench.now = bench.now.saturating_add(Duration::from_millis(millis));
        bench.get(&uri)
    };
    for (millis, state) in [(0, "Queued"), (749, "Queued"), (1, "Running"), (2_249, "Running")] {
        let response = state_after(millis);
        assert_eq!(response.status(), 200);
        assert_eq!(json(&response), object!({"queryStatus": state, "selfUri": uri}));
    }
    let page = json(&state_after(1));
    assert_eq!((text(&page, "queryStatus"), page["entities"].as_array().unwrap().len()), ("Succeeded", 100));
    assert!(text(&page, "nextUri").starts_with(&format!("{uri}?pageSize=100&after=")));
    assert_eq!(text(&page, "selfUri"), format!("{uri}?pageSize=100"));
    let operations: Vec<_> = bench.service.journal().iter().filter_map(|entry| entry.operation).collect();
    assert_eq!(operations[..2], [Operation::OrganizationJob, Operation::OrganizationJobResults]);
    assert!(operations.iter().all(|operation| operation.is_job() && !operation.is_event()));
    assert_eq!(bench.service.journal()[0].started.as_deref(), submission["id"].as_str());
}

#[test]
fn without_group_by_nothing_is_aggregated() {
    let mut bench = Bench::new();
    let rows = bench.job_rows(JOBS, BODY);
    let distinct: BTreeSet<_> = rows.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), rows.len());
    let mut shown = BTreeSet::from(COUNTERS);
    shown.extend(["date", "platform", "httpMethod", "templateUri", "oauthClient"]);
    for row in &rows {
        let mut wanted = shown.clone();
        if row.get("user").is_some() {
            wanted.insert("user");
            let id = text(&row["user"], "id");
            assert_eq!(row["user"], object!({"id": id, "selfUri": format!("/api/v2/users/{id}")}));
        }
        assert_eq!(members(row), wanted);
        assert!(["2026-07-01", "2026-07-02"].contains(&text(row, "date")));
        let client = &row["oauthClient"];
        assert_eq!(members(client), ["id", "name", "selfUri"].into());
        assert_eq!(text(client, "selfUri"), format!("/api/v2/oauth/clients/{}", text(client, "id")));
        let classes: u64 = COUNTERS
            .iter()
            .skip(1)
            .filter(|name| **name != "status429")
            .map(|name| row[*name].as_u64().unwrap())
            .sum();
        assert_eq!(classes, row["requestCount"].as_u64().unwrap());
    }
    let platforms: BTreeSet<_> = rows.iter().map(|row| text(row, "platform")).collect();
    assert!(platforms.len() >= 5 && platforms.contains("api") && platforms.contains("data-actions"));
    let users = rows.iter().filter(|row| row.get("user").is_some()).count();
    assert!(0 < users && users < rows.len());
}

#[test]
fn a_row_has_only_the_requested_members() {
    let mut bench = Bench::new();
    let mut row = |body: Value| {
        let mut whole = object!({"interval": "2026-07-01/2026-07-02", "metrics": ["Requests"]});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        bench.job_rows(JOBS, &whole.to_string()).remove(0)
    };
    assert_eq!(members(&row(object!({"groupBy": ["Platform"]}))), ["platform", "requestCount"].into());
    let by_id = row(object!({"groupBy": ["OauthClientId"], "granularity": "Week"}));
    assert_eq!(members(&by_id), ["date", "oauthClient", "requestCount"].into());
    assert_eq!(
        (text(&by_id, "date"), members(&by_id["oauthClient"])),
        ("2026-06-29", ["id", "selfUri"].into())
    );
    let by_name = row(object!({"groupBy": ["OauthClientName"]}));
    assert_eq!(members(&by_name["oauthClient"]), ["name"].into());
    let by_user = row(object!({"groupBy": ["UserId"], "metrics": ["Status429", "Status500"]}));
    assert!(
        members(&by_user).is_superset(&["status429", "status500"].into())
            && by_user.get("requestCount").is_none()
    );
    let by_month = row(object!({"granularity": "Month"}));
    assert_eq!((text(&by_month, "date"), by_month.get("platform").is_some()), ("2026-07-01", true));
    let by_method = row(object!({"groupBy": ["HttpMethod", "TemplateUri"]}));
    assert_eq!(members(&by_method), ["httpMethod", "requestCount", "templateUri"].into());
}

#[test]
fn a_client_job_is_about_one_client() {
    let mut bench = Bench::new();
    let organization = bench.service.organization_id().to_string();
    for name in ["CRM Connector", "Nightly Export", "Usage Reporter"] {
        let jobs = bench.client_jobs(name);
        let rows = bench.job_rows(&jobs, BODY);
        let mut shown = BTreeSet::from(COUNTERS);
        shown.extend(["date", "platform", "httpMethod", "templateUri", "organizationId"]);
        assert!(
            rows.iter().all(|row| members(row) == shown && row["organizationId"] == organization.as_str())
        );
        let keys: BTreeSet<_> = rows
            .iter()
            .map(|row| ["date", "platform", "httpMethod", "templateUri"].map(|member| text(row, member)))
            .collect();
        assert_eq!(keys.len(), rows.len(), "users do not split its rows");

        let all =
            bench.job_rows(JOBS, r#"{"interval":"2026-07-01/2026-07-02","groupBy":["OauthClientName"]}"#);
        let own: Vec<_> = all.into_iter().filter(|row| row["oauthClient"]["name"] == name).collect();
        for counter in COUNTERS {
            assert_eq!(sum(&rows, counter), sum(&own, counter));
        }
        let of =
            |ids: &[&str]| object!({"interval": "2026-07-01/2026-07-02", "organizationIds": ids}).to_string();
        assert_eq!(bench.job_rows(&jobs, &of(&["another", &organization])), rows);
        assert_eq!(bench.job_rows(&jobs, &of(&["another"])), [] as [Value; 0]);
    }
}

#[test]
fn each_job_has_its_own_path() {
    let mut bench = Bench::new();
    let (own, other) = (bench.client_jobs("Usage Reporter"), bench.client_jobs("Nightly Export"));
    let places = [JOBS, &own, &other, "/api/v2/usage/query"];
    let ids: Vec<_> = places
        .iter()
        .map(|place| {
            let submission = json(&bench.post(place, BODY));
            submission["id"].as_str().or(submission["executionId"].as_str()).unwrap().to_string()
        })
        .collect();
    for (index, id) in ids.iter().enumerate() {
        for (place, path) in places.iter().take(3).enumerate() {
            let status = bench.get(&format!("{path}/{id}")).status().as_u16();
            assert_eq!(status, if place == index { 200 } else { 404 });
        }
        assert_eq!(bench.get(&format!("/api/v2/usage/query/{id}/results")).status() == 200, index == 3);
    }
    assert_eq!(bench.post("/api/v2/usage/client/nobody/aggregates/query/jobs", BODY).status(), 404);
}

#[test]
fn the_platforms_own_clients_are_in_jobs_only() {
    let mut bench = Bench::new();
    let body = r#"{"interval":"2026-07-01/2026-07-02","groupBy":["OauthClientName","OauthClientId"]}"#;
    let rows = bench.job_rows(JOBS, body);
    let is_internal = |row: &&Value| text(&row["oauthClient"], "name").starts_with("purecloud");
    let internal: Vec<_> = rows.iter().filter(is_internal).collect();
    let names: BTreeSet<_> = internal.iter().map(|row| text(&row["oauthClient"], "name")).collect();
    assert_eq!(names, ["purecloud", "purecloud-builtin"].into());
    assert!(bench.service.oauth_clients(bench.now).iter().all(|client| !names.contains(&*client.name)));

    let older = bench.rows("/api/v2/usage/query", BODY);
    assert_eq!(older.len() + 2, rows.len());
    assert_eq!(
        sum(&older, "requests")
            + internal.iter().map(|row| row["requestCount"].as_u64().unwrap()).sum::<u64>(),
        sum(&rows, "requestCount")
    );
    for row in &older {
        let same = rows.iter().find(|other| other["oauthClient"]["id"] == row["clientId"]).unwrap();
        for (old, new) in
            [("requests", "requestCount"), ("status429", "status429"), ("status500", "status500")]
        {
            assert_eq!(row[old], same[new]);
        }
    }
    let id = text(&internal[0]["oauthClient"], "id");
    assert_eq!(bench.post(&format!("/api/v2/oauth/clients/{id}/usage/query"), BODY).status(), 404);
    assert_eq!(bench.post(&format!("/api/v2/usage/client/{id}/aggregates/query/jobs"), BODY).status(), 404);
    let search = r#"{"interval":"2026-07-01/2026-07-02","oauthClientNames":["purecloud"]}"#;
    assert!(bench.rows("/api/v2/usage/simplesearch", search).is_empty());
    let body = object!({"interval": "2026-07-01/2026-07-02", "oauthClientIds": [id]});
    assert!(bench.job_rows(JOBS, &body.to_string()).iter().all(|row| row["oauthClient"]["id"] == id));
}

#[test]
fn filters() {
    let mut bench = Bench::new();
    let all = bench.job_rows(JOBS, BODY);
    let user = all.iter().find_map(|row| row["user"]["id"].as_str()).unwrap();
    let client = text(&all[0]["oauthClient"], "id");
    let cases: [(&str, &str, Member); 5] = [
        ("userIds", user, |row| &row["user"]["id"]),
        ("oauthClientIds", client, |row| &row["oauthClient"]["id"]),
        ("platforms", "embedded", |row| &row["platform"]),
        ("httpMethods", "PATCH", |row| &row["httpMethod"]),
        ("templateUris", "api/v2/users", |row| &row["templateUri"]),
    ];
    for (filter, value, member) in cases {
        let wanted: Vec<_> = all.iter().filter(|row| member(row) == value).cloned().collect();
        let body = object!({"interval": "2026-07-01/2026-07-02", filter: [value]});
        assert!(!wanted.is_empty() && wanted.len() < all.len());
        assert_eq!(bench.job_rows(JOBS, &body.to_string()), wanted, "{filter}");
        if filter != "httpMethods" {
            let body = object!({"interval": "2026-07-01/2026-07-02", filter: ["no such"]});
            assert!(bench.job_rows(JOBS, &body.to_string()).is_empty(), "{filter}");
        }
    }
}

#[test]
fn rows_are_sorted_as_asked() {
    let mut bench = Bench::new();
    let mut sorted = |by: Value| {
        let body = object!({"interval": "2026-07-01/2026-07-02", "granularity": "Day",
            "groupBy": ["OauthClientId", "OauthClientName", "Platform"], "sortBy": by});
        bench.job_rows(JOBS, &body.to_string())
    };
    let plain = sorted(object!([]));
    for (field, member) in [
        ("requestCount", &(|row: &Value| row["requestCount"].clone()) as &dyn Fn(&Value) -> Value),
        ("status429", &|row| row["status429"].clone()),
        ("date", &|row| row["date"].clone()),
        ("platform", &|row| row["platform"].clone()),
        ("oauthClient", &|row| row["oauthClient"]["id"].clone()),
        ("oauthClient.name", &|row| row["oauthClient"]["name"].clone()),
        ("user", &|_| Value::Null),
    ] {
        let key = |row: &Value| {
            let value = member(row);
            (value.as_u64(), value.as_str().map(str::to_string))
        };
        let mut wanted = plain.clone();
        wanted.sort_by_key(key);
        assert_eq!(sorted(object!([{"fieldName": field}])), wanted, "{field}");
        assert_eq!(sorted(object!([{"fieldName": field, "order": "Asc"}])), wanted, "{field}");
        wanted = plain.clone();
        wanted.sort_by_key(|row| std::cmp::Reverse(key(row)));
        assert_eq!(sorted(object!([{"fieldName": field, "order": "Desc"}])), wanted, "{field}");
    }
    let two = sorted(object!([{"fieldName": "platform", "order": "Desc"}, {"fieldName": "requestCount"}]));
    let keys: Vec<_> = two
        .iter()
        .map(|row| (std::cmp::Reverse(text(row, "platform")), row["requestCount"].as_u64()))
        .collect();
    assert!(keys.is_sorted());
}

#[test]
fn no_row_is_lost_or_doubled() {
    let mut bench = Bench::new();
    let body =
        r#"{"interval":"2026-07-01/2026-07-01","sortBy":[{"fieldName":"requestCount","order":"Desc"}]}"#;
    let uri = bench.submit(JOBS, body);
    bench.wait(3);
    let whole = bench.pages(&format!("{uri}?pageSize=1000")).concat();
    let distinct: BTreeSet<_> = whole.iter().map(ToString::to_string).collect();
    assert!(whole.len() > 1_000 && distinct.len() == whole.len());
    for size in [100, 999, 137, whole.len() / 2, whole.len() / 3].into_iter().filter(|&size| size <= 1_000) {
        let pages = bench.pages(&format!("{uri}?pageSize={size}"));
        assert!(pages[..pages.len() - 1].iter().all(|page| page.len() == size));
        assert!(!pages.last().unwrap().is_empty());
        assert_eq!(pages.concat(), whole);
    }
    let first = json(&bench.get(&uri));
    assert_eq!(first["entities"].as_array().unwrap()[..], whole[..100], "100 is the default");
}

#[test]
fn a_cursor_is_valid_for_its_own_job_only() {
    let mut bench = Bench::new();
    let (first, second) = (bench.submit(JOBS, BODY), bench.submit(JOBS, BODY));
    bench.wait(3);
    let next = text(&json(&bench.get(&first)), "nextUri").to_string();
    assert_eq!(bench.get(&next).status(), 200);
    let after = next.split_once("after=").unwrap().1;
    for query in [format!("after={after}"), "after=MTAw".into(), "pageSize=0".into(), "pageSize=1001".into()]
    {
        let refused = bench.get(&format!("{second}?{query}"));
        assert_eq!(
            (refused.status().as_u16(), text(&json(&refused), "code")),
            (400, "invalid.value"),
            "{query}"
        );
    }
}

#[test]
fn bodies_that_are_refused() {
    let mut bench = Bench::new();
    let own = bench.client_jobs("Usage Reporter");
    let day = "2026-07-01/2026-07-01";
    for (target, body, field) in [
        (JOBS, object!({}), "interval"),
        (JOBS, object!({"interval": "July"}), "interval"),
        (JOBS, object!({"interval": "2025-07-07/2025-07-08"}), "interval"),
        (JOBS, object!({"interval": "2026-01-01/2026-04-02"}), "interval"),
        (JOBS, object!({"interval": day, "granularity": "day"}), "granularity"),
        (JOBS, object!({"interval": day, "groupBy": ["OAuthClientId"]}), "groupBy"),
        (JOBS, object!({"interval": day, "groupBy": ["OrganizationId"]}), "groupBy"),
        (&own, object!({"interval": day, "groupBy": ["OauthClientId"]}), "groupBy"),
        (&own, object!({"interval": day, "groupBy": ["UserId"]}), "groupBy"),
        (&own, object!({"interval": day, "organizationIds": "x"}), "organizationIds"),
        (JOBS, object!({"interval": day, "metrics": ["requests"]}), "metrics"),
        (JOBS, object!({"interval": day, "httpMethods": ["TRACE"]}), "httpMethods"),
        (JOBS, object!({"interval": day, "platforms": [1]}), "platforms"),
        (JOBS, object!({"interval": day, "userIds": {}}), "userIds"),
        (JOBS, object!({"interval": day, "sortBy": {}}), "sortBy"),
        (JOBS, object!({"interval": day, "sortBy": ["date"]}), "sortBy"),
        (JOBS, object!({"interval": day, "sortBy": [{}]}), "fieldName"),
        (JOBS, object!({"interval": day, "sortBy": [{"fieldName": "requests"}]}), "fieldName"),
        (JOBS, object!({"interval": day, "sortBy": [{"fieldName": "organizationId"}]}), "fieldName"),
        (&own, object!({"interval": day, "sortBy": [{"fieldName": "oauthClient"}]}), "fieldName"),
        (JOBS, object!({"interval": day, "sortBy": [{"fieldName": "date", "order": "DESC"}]}), "order"),
    ] {
        let response = bench.post(target, &body.to_string());
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(json(&response)["details"][0]["fieldName"], field, "{body}");
    }
    for body in ["", "{", "[]"] {
        assert_eq!(bench.post(JOBS, body).status(), 400);
    }
    for interval in ["2025-07-08/2025-10-06", "2026-01-01/2026-04-01", "2026-07-01/2026-09-29"] {
        assert_eq!(
            bench.post(JOBS, &object!({"interval": interval}).to_string()).status(),
            200,
            "{interval}"
        );
    }
}

#[test]
fn jobs_require_a_usage_permission() {
    let own = Bench::new().client_jobs("Usage Reporter");
    for (granted, organization, client) in [
        ("oauth:client:view", 403, 403),
        ("usage:organization:view", 200, 403),
        ("usage:client:view", 403, 200),
        ("usage:events:view", 403, 403),
    ] {
        let mut bench = Bench::with(SimulatorConfig::default().with_permissions([granted]));
        assert_eq!(bench.post(JOBS, BODY).status(), organization, "{granted}");
        assert_eq!(bench.post(&own, BODY).status(), client, "{granted}");
        assert_eq!(bench.get(&format!("{JOBS}/x")).status(), if organization == 200 { 404 } else { 403 });
        assert_eq!(bench.get(&format!("{own}/x")).status(), if client == 200 { 404 } else { 403 });
    }
}

#[test]
fn a_job_over_the_longest_interval() {
    let mut bench = Bench::new();
    let body = r#"{"interval":"2026-04-01/2026-06-30","groupBy":["OauthClientId","TemplateUri","Platform","UserId"]}"#;
    assert!(bench.job_rows(JOBS, body).len() > 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn totals_are_equal_across_groupings(
        dimensions in prop::sample::subsequence(
            vec!["OauthClientName", "OauthClientId", "UserId", "HttpMethod", "TemplateUri", "Platform"], 0..=6),
        granularity in prop::sample::select(vec![None, Some("Day"), Some("Week"), Some("Month")]),
    ) {
        let mut bench = Bench::new();
        let plain = bench.job_rows(JOBS, r#"{"interval":"2026-06-30/2026-07-01","groupBy":["Platform"]}"#);
        let mut body = object!({"interval": "2026-06-30/2026-07-01", "groupBy": dimensions});
        if let Some(granularity) = granularity {
            body["granularity"] = granularity.into();
        }
        let rows = bench.job_rows(JOBS, &body.to_string());
        for counter in COUNTERS {
            prop_assert_eq!(sum(&rows, counter), sum(&plain, counter));
        }
        let has_date = rows.iter().all(|row| row.get("date").is_some());
        prop_assert_eq!(has_date, granularity.is_some() || dimensions.is_empty());
    }
}
