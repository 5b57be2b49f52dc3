//! Responses of the service.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Response, StatusCode};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::strategies::{Family, Order, Page, Spacing};

/// Returns the bodies of results pages of both families (`results` with cursors, `entities` of jobs) with up to 20 rows:
/// members in any order, absent, `null` or unknown; texts with escapes; white space anywhere. All are valid.
pub fn page() -> impl Strategy<Value = Vec<u8>> {
    let odd = || prop_oneof![Just(0u64), 0u64..60];
    let family = select(&[Family::Legacy, Family::Jobs][..]);
    let spacing = select(&[Spacing::Compact, Spacing::Pretty, Spacing::Ragged][..]);
    let order = select(&[Order::ByDay, Order::Random][..]);
    ((0usize..=20, any::<u64>(), odd(), odd()), family, spacing, order).prop_map(
        |((rows, seed, odd_texts, odd_members), family, spacing, order)| {
            let page = Page { spacing, order, odd_texts, odd_members, seed, ..Page::benchmark(family, rows) };
            page.to_json().into_bytes()
        },
    )
}

/// Returns the bodies of responses to submits of queries and jobs, whose ids and URIs are as documented, missing, of
/// another type, or hostile (a climbing path, another host). All are valid JSON.
pub fn submission() -> impl Strategy<Value = Vec<u8>> {
    let id = prop_oneof![
        4 => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}".prop_map(|id| json!(id)),
        1 => select(&["", ".", "..", "../../evil", "a/b?c#d", "%2e%2e", "https://evil.example/"][..]).prop_map(|id| json!(id)),
        1 => select(vec![json!(null), json!(7), json!(["e"]), json!({})]),
    ];
    let uri = prop_oneof![
        select(&["/api/v2/usage/query/e/results", "https://evil.example/results", "//evil.example", ""][..])
            .prop_map(|uri| json!(uri)),
        Just(json!(null)),
    ];
    (select(&["executionId", "jobId", "id"][..]), option::weighted(0.9, id), option::of(uri)).prop_map(
        |(name, id, uri)| {
            let mut members = serde_json::Map::new();
            members.extend(id.map(|id| (name.to_owned(), id)));
            members.extend(uri.map(|uri| ("resultsUri".to_owned(), uri)));
            serde_json::Value::Object(members).to_string().into_bytes()
        },
    )
}

/// Returns error responses: any status from 300 to 599; the service's error document, other JSON, a gateway's page, a
/// text or nothing; with and without `Retry-After`.
pub fn error_response() -> impl Strategy<Value = Response<Vec<u8>>> {
    let word = || "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}";
    let document = (option::of(word()), option::of("\\PC{0,80}"), option::of(0u32..1_000_000)).prop_map(
        |(code, message, limit)| {
            let limit =
                limit.map(|value| json!({"key": "usage.query", "namespace": "usage", "value": value}));
            ("application/json", json!({"code": code, "message": message, "limit": limit}).to_string())
        },
    );
    let body = prop_oneof![
        3 => document,
        1 => select(&["[]", "null", "\"no\"", "{\"error\":\"invalid_client\"}", "{\"message\":[1]}", "{"][..])
            .prop_map(|json| ("application/json", json.to_owned())),
        1 => select(&["<html><body><h1>502 Bad Gateway</h1></body></html>", "<!doctype html>"][..])
            .prop_map(|page| ("text/html", page.to_owned())),
        1 => "\\PC{0,200}".prop_map(|text| ("text/plain", text)),
        1 => Just(("application/json", String::new())),
    ];
    let retry_after =
        prop_oneof!["[0-9]{1,6}", Just("Wed, 08 Jul 2026 07:28:00 GMT".to_owned()), "[ -~]{0,12}"];
    (300u16..600, body, option::of(retry_after)).prop_map(|(status, (kind, body), retry_after)| {
        let mut response = Response::new(body.into_bytes());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
        if let Some(Ok(value)) = retry_after.map(|text| http::HeaderValue::from_str(&text)) {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response
    })
}
