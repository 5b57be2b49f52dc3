//! Every reason for a refusal.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use proptest::prelude::*;
use usage_core::Timestamp;
use usage_sim::{Authorization, MAX_REQUEST_BODY, Simulator, SimulatorConfig};

use crate::support::{Bench, json, start};

const ORGANIZATION: &str = "/api/v2/usage/query";
const SEARCH: &str = "/api/v2/usage/simplesearch";
const BODY: &str = r#"{"interval":"2026-07-01/2026-07-07"}"#;

fn code(response: &Response<Vec<u8>>) -> (u16, String) {
    let body = json(response);
    assert_eq!(body["status"], response.status().as_u16());
    assert_eq!(body["contextId"], response.headers()["inin-correlation-id"].to_str().unwrap());
    (response.status().as_u16(), body["code"].as_str().unwrap().to_string())
}

fn refused(status: u16, wanted: &str, response: &Response<Vec<u8>>) {
    assert_eq!(code(response), (status, wanted.to_string()));
}

#[test]
fn paths_and_methods() {
    let mut bench = Bench::new();
    refused(404, "not.found", &bench.get("/api/v2/usage/nothing"));
    let response = bench.get(ORGANIZATION);
    refused(405, "method.not.allowed", &response);
    assert_eq!(response.headers()["allow"], "POST");
    refused(404, "not.found", &bench.get("/api/v2/usage/query/00000000-0000-4000-8000-000000000000/results"));
    refused(404, "not.found", &bench.get("/api/v2/oauth/clients/nobody/usage/summary"));
    refused(404, "not.found", &bench.post("/api/v2/oauth/clients/nobody/usage/query", BODY));
}

#[test]
fn tokens() {
    let mut bench = Bench::with(SimulatorConfig::default().with_token_lifetime(Duration::from_secs(600)));
    let bare = Request::post(ORGANIZATION).body(Vec::new()).unwrap();
    refused(401, "authentication.required", &bench.service.handle(bench.now, bare).response);
    let right = std::mem::replace(&mut bench.token, "wrong".into());
    refused(401, "bad.credentials", &bench.post(ORGANIZATION, BODY));
    bench.token = right.clone();
    assert_eq!(bench.post(ORGANIZATION, BODY).status(), 200);
    bench.now = start().saturating_add(Duration::from_millis(599_999));
    assert_eq!(bench.post(ORGANIZATION, BODY).status(), 200);
    bench.wait(1);
    refused(401, "bad.credentials", &bench.post(ORGANIZATION, BODY));
    bench.token = bench.service.issue_token(bench.now);
    assert_eq!(bench.post(ORGANIZATION, BODY).status(), 200);
    assert!(bench.service.revoke_token(&bench.token.clone()));
    refused(401, "bad.credentials", &bench.post(ORGANIZATION, BODY));
    let seen: Vec<_> = bench.service.journal().iter().map(|entry| entry.authorization).collect();
    assert_eq!(seen[..2], [Authorization::Absent, Authorization::Bearer]);
    assert!(!format!("{:?}", bench.service.journal()).contains(&right));
}

#[test]
fn the_token_endpoint() {
    let config = SimulatorConfig::default().with_seed(3);
    let mut service = Simulator::new(config.clone());
    let mut ask = |id: &str, secret: &str, form: &str| {
        let request = Request::post("https://login.mypurecloud.com/oauth/token")
            .header("Authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec())
            .unwrap();
        service.handle(start(), request).response
    };
    let (id, secret) = (config.client_id(), config.client_secret());
    let form = "grant_type=client_credentials";
    let response = ask(&id, &secret, form);
    let token = json(&response);
    assert_eq!((token["token_type"].as_str(), token["expires_in"].as_u64()), (Some("bearer"), Some(86_400)));

    for (id, secret, form, status, error, description) in [
        ("nobody", &*secret, form, 400, "invalid_client", "client not found"),
        (&id, "wrong", form, 401, "invalid_client", "authentication failed"),
        (&id, &secret, "grant_type=password", 400, "unsupported_grant_type", "grant type is not supported"),
        (&id, &secret, "", 400, "invalid_request", "exactly one grant_type is needed"),
    ] {
        let response = ask(id, secret, form);
        let body =
            serde_json::json!({"error": error, "description": description, "error_description": description});
        assert_eq!((response.status().as_u16(), json(&response)), (status, body));
    }
    let entry = &service.journal()[0];
    assert_eq!((&*entry.host, &*entry.target), ("login.mypurecloud.com", "/oauth/token"));
    assert_eq!((entry.authorization, entry.body.as_slice()), (Authorization::Basic, form.as_bytes()));
    assert!(!format!("{:?}", service.journal()).contains(&STANDARD.encode(format!("{id}:{secret}"))));

    let access_token = token["access_token"].as_str().unwrap();
    let request = Request::get("/api/v2/usage/query/x/results")
        .header("Authorization", format!("bearer {access_token}"));
    assert_eq!(service.handle(start(), request.body(Vec::new()).unwrap()).response.status(), 404);
}

#[test]
fn permissions_are_any_of() {
    let own = Bench::new().own_path("summary");
    let operations = [
        (ORGANIZATION, "usage:organization:view"),
        (SEARCH, "usage:simpleSearch:view"),
        (&own, "usage:client:view"),
    ];
    for (_, granted) in operations {
        let mut bench = Bench::with(SimulatorConfig::default().with_permissions([granted]));
        for (target, wanted) in operations {
            let response = if target == own { bench.get(target) } else { bench.post(target, BODY) };
            if granted == wanted {
                assert_eq!(response.status(), 200);
            } else {
                refused(403, "missing.any.permissions", &response);
                assert!(json(&response)["message"].as_str().unwrap().contains(wanted));
            }
        }
    }
    let mut bench = Bench::with(SimulatorConfig::default().with_permissions(["oauth:client:view"]));
    assert_eq!((bench.get(&own).status().as_u16(), bench.post(SEARCH, BODY).status().as_u16()), (200, 200));
    let mut bench = Bench::with(SimulatorConfig::default().with_permissions::<&str>([]));
    refused(403, "missing.any.permissions", &bench.get("/api/v2/usage/query/x/results"));
}

#[test]
fn bodies() {
    let mut bench = Bench::new();
    let mut plain = bench.request("POST", ORGANIZATION, BODY);
    plain.headers_mut().insert("Content-Type", "text/plain".parse().unwrap());
    refused(415, "unsupported.media.type", &bench.service.handle(bench.now, plain).response);
    refused(413, "request.entity.too.large", &bench.post(ORGANIZATION, &" ".repeat(MAX_REQUEST_BODY + 1)));
    for (target, body, wanted, field) in [
        (ORGANIZATION, "{", "bad.request", None),
        (ORGANIZATION, "", "bad.request", None),
        (ORGANIZATION, "{}", "bad.request", Some("interval")),
        (ORGANIZATION, r#"{"interval":"yesterday"}"#, "invalid.date", Some("interval")),
        (ORGANIZATION, r#"{"interval":"2026-07-02/2026-07-01"}"#, "invalid.date", Some("interval")),
        (
            ORGANIZATION,
            r#"{"interval":"2026-07/2026-07","granularity":"Hour"}"#,
            "invalid.value",
            Some("granularity"),
        ),
        (
            ORGANIZATION,
            r#"{"interval":"2026-07/2026-07","granularity":7}"#,
            "invalid.value",
            Some("granularity"),
        ),
        (
            ORGANIZATION,
            r#"{"interval":"2026-07/2026-07","metrics":["Status404"]}"#,
            "invalid.value",
            Some("metrics"),
        ),
        (
            ORGANIZATION,
            r#"{"interval":"2026-07/2026-07","groupBy":["OauthClientId"]}"#,
            "invalid.value",
            Some("groupBy"),
        ),
        (
            ORGANIZATION,
            r#"{"interval":"2026-07/2026-07","groupBy":"UserId"}"#,
            "invalid.value",
            Some("groupBy"),
        ),
        (
            SEARCH,
            r#"{"interval":"2026-07/2026-07","metrics":["Requests"]}"#,
            "invalid.value",
            Some("metrics"),
        ),
        (
            SEARCH,
            r#"{"interval":"2026-07/2026-07","httpMethods":["get"]}"#,
            "invalid.value",
            Some("httpMethods"),
        ),
        (
            SEARCH,
            r#"{"interval":"2026-07/2026-07","templateUris":[1]}"#,
            "invalid.value",
            Some("templateUris"),
        ),
    ] {
        let response = bench.post(target, body);
        refused(400, wanted, &response);
        assert_eq!(json(&response)["details"][0]["fieldName"].as_str(), field, "{body}");
    }
    let own = bench.own_path("query");
    refused(
        400,
        "invalid.value",
        &bench.post(&own, r#"{"interval":"2026-07/2026-07","groupBy":["UserId"]}"#),
    );
    for days in ["0", "-1", "seven", "", "1.5", "99999999999"] {
        refused(400, "invalid.value", &bench.get(&bench.own_path(&format!("summary?days={days}"))));
    }
}

#[test]
fn the_rate_limit() {
    let mut bench = Bench::with(SimulatorConfig::default().with_rate_limit(3));
    let header =
        |response: &Response<Vec<u8>>, name: &str| response.headers()[name].to_str().unwrap().to_string();
    for count in 1..=3 {
        let response = bench.post(ORGANIZATION, BODY);
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "inin-ratelimit-count"), count.to_string());
        assert_eq!(header(&response, "inin-ratelimit-allowed"), "3");
        assert_eq!(header(&response, "inin-ratelimit-reset"), (70 - 10 * count).to_string());
        bench.wait(10);
    }
    let response = bench.post(ORGANIZATION, BODY);
    refused(429, "too.many.requests", &response);
    assert_eq!(
        (header(&response, "retry-after"), header(&response, "inin-ratelimit-reset")),
        ("30".into(), "30".into())
    );
    assert_eq!(json(&response)["limit"]["value"], 3);
    assert_eq!(
        json(&response)["message"],
        "Rate limit exceeded the maximum. Retry the request in [30] seconds"
    );
    bench.wait(30);
    assert_eq!(bench.post(ORGANIZATION, BODY).status(), 200);
    bench.token = bench.service.issue_token(bench.now);
    assert_eq!(
        header(&bench.post(ORGANIZATION, BODY), "inin-ratelimit-count"),
        "1",
        "each token has its own"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_panics(
        method in prop::sample::select(vec!["GET", "POST", "HEAD", "OPTIONS", "PUT", "X"]),
        path in prop::sample::select(vec![
            "/api/v2/usage/query", "/api/v2/usage/simplesearch", "/oauth/token", "*", "/api/v2/usage/query/%00%F0/results",
            "/api/v2/usage/aggregates/query/jobs", "/api/v2/usage/aggregates/query/jobs/x?after=%FF",
            "/api/v2/usage/client/x/aggregates/query/jobs", "/api/v2/usage/events/definitions/%00",
            "/api/v2/usage/events/query?after=%FF", "/oauth/authorize?client_id=%FF&client_id=", "/oauth/authorize?&&=",
            "/api/v2/usage/simplesearch/x/results?after=%FF&pageSize=99999999999999999999&&=", "/%", "http://h/",
        ]),
        body: Vec<u8>, now: u64,
    ) {
        let mut bench = Bench::new();
        let mut request = bench.request(method, path, "");
        *request.body_mut() = body;
        let response = bench.service.handle(Timestamp::from_unix_millis(now), request).response;
        prop_assert!(response.status().as_u16() >= 400);
    }

    #[test]
    fn no_interval_panics(interval in "[0-9]{4}-[01][0-9]-[0-3][0-9]/[0-9]{4}-[01][0-9]-[0-3][0-9]") {
        let mut bench = Bench::with(SimulatorConfig::default().with_history_days(5).with_execution_time(Duration::ZERO));
        let response = bench.post(SEARCH, &serde_json::json!({"interval": interval}).to_string());
        if response.status() == 200 {
            let uri = json(&response)["resultsUri"].as_str().unwrap().to_string();
            prop_assert_eq!(bench.get(&uri).status(), 200);
        } else {
            prop_assert_eq!(code(&response), (400, "invalid.date".into()));
        }
        for path in ["/api/v2/usage/aggregates/query/jobs", "/api/v2/usage/events/query"] {
            let response = bench.post(path, &serde_json::json!({"interval": interval}).to_string());
            prop_assert!([200, 400].contains(&response.status().as_u16()));
        }
    }
}
