//! Pages of a simple search contain every record once.

use std::collections::BTreeSet;

use serde_json::{Value, json as object};

use crate::support::{Bench, json};

const SEARCH: &str = "/api/v2/usage/simplesearch";

/// Returns all pages of the results at `uri`.
fn pages(bench: &mut Bench, uri: &str, size: Option<usize>) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(size.map(|size| ("pageSize", size.to_string())));
        query.extend_pairs(after.as_deref().map(|after: &str| ("after", after)));
        let answer = json(&bench.get(&format!("{uri}?{}", query.finish())));
        assert_eq!(answer["queryStatus"], "Complete");
        pages.push(answer["results"].as_array().unwrap().clone());
        match answer["cursors"]["after"].as_str() {
            Some(next) => after = Some(next.to_string()),
            None => return pages,
        }
    }
}

#[test]
fn no_record_is_lost_or_doubled() {
    let mut bench = Bench::new();
    let uri = bench.submit(SEARCH, r#"{"interval":"2026-07-01/2026-07-07"}"#);
    bench.wait(3);
    let whole: Vec<_> = pages(&mut bench, &uri, None).concat();
    let distinct: BTreeSet<_> = whole.iter().map(ToString::to_string).collect();
    assert!(whole.len() > 1_000 && distinct.len() == whole.len());
    for size in [1_000, 999, 137, whole.len() / 2, whole.len() / 3].into_iter().filter(|&size| size <= 1_000)
    {
        let parts = pages(&mut bench, &uri, Some(size));
        assert!(parts[..parts.len() - 1].iter().all(|part| part.len() == size));
        assert!(!parts.last().unwrap().is_empty());
        assert_eq!(parts.concat(), whole);
    }
}

#[test]
fn a_search_stops_at_twenty_thousand_records() {
    let mut bench = Bench::new();
    let uri = bench.submit(SEARCH, r#"{"interval":"2026-01/2026-06"}"#);
    bench.wait(3);
    let pages = pages(&mut bench, &uri, None);
    assert_eq!((pages.len(), pages.concat().len()), (20, 20_000));
}

#[test]
fn a_cursor_is_valid_for_its_own_execution_only() {
    let mut bench = Bench::new();
    let body = object!({"interval": "2026-07-01/2026-07-07"}).to_string();
    let (first, second) = (bench.submit(SEARCH, &body), bench.submit(SEARCH, &body));
    bench.wait(3);
    let answer = json(&bench.get(&format!("{first}?pageSize=10")));
    let after: String =
        form_urlencoded::byte_serialize(answer["cursors"]["after"].as_str().unwrap().as_bytes()).collect();
    assert_eq!(bench.get(&format!("{first}?after={after}")).status(), 200);
    let refused = bench.get(&format!("{second}?after={after}"));
    assert_eq!(refused.status(), 400);
    assert_eq!(json(&refused)["details"][0]["fieldName"], "after");
    for query in ["pageSize=0", "pageSize=1001", "pageSize=ten", "after=x"] {
        let refused = bench.get(&format!("{first}?{query}"));
        assert_eq!(
            (refused.status().as_u16(), json(&refused)["code"].clone()),
            (400, "invalid.value".into()),
            "{query}"
        );
    }
}

#[test]
fn other_results_have_no_pages() {
    let mut bench = Bench::new();
    let body = r#"{"interval":"2026-07-01/2026-07-07","granularity":"Day","groupBy":["TemplateUri","HttpMethod","OAuthClientId"]}"#;
    let uri = bench.submit("/api/v2/usage/query", body);
    bench.wait(3);
    let answer = json(&bench.get(&format!("{uri}?pageSize=10&after=x")));
    assert!(answer["results"].as_array().unwrap().len() > 1_000);
    assert!(answer.get("cursors").is_none());
}
