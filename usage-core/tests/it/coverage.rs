//! Every operation that the API documents has its endpoint, and every endpoint its test.

#[path = "../../examples/coverage/document.rs"]
mod document;

/// Method, path and permissions of the service's documentation.
const DOCUMENTED: [(&str, &str, &[&str]); 15] = [
    ("POST", "/api/v2/usage/query", &["oauth:client:view", "usage:organization:view"]),
    ("GET", "/api/v2/usage/query/{executionId}/results", &["oauth:client:view", "usage:organization:view"]),
    ("POST", "/api/v2/usage/simplesearch", &["oauth:client:view", "usage:simpleSearch:view"]),
    (
        "GET",
        "/api/v2/usage/simplesearch/{executionId}/results",
        &["oauth:client:view", "usage:simpleSearch:view"],
    ),
    ("POST", "/api/v2/oauth/clients/{clientId}/usage/query", &["oauth:client:view", "usage:client:view"]),
    (
        "GET",
        "/api/v2/oauth/clients/{clientId}/usage/query/results/{executionId}",
        &["oauth:client:view", "usage:client:view"],
    ),
    ("GET", "/api/v2/oauth/clients/{clientId}/usage/summary", &["oauth:client:view", "usage:client:view"]),
    ("POST", "/api/v2/usage/aggregates/query/jobs", &["usage:organization:view"]),
    ("GET", "/api/v2/usage/aggregates/query/jobs/{jobId}", &["usage:organization:view"]),
    ("POST", "/api/v2/usage/client/{clientId}/aggregates/query/jobs", &["usage:client:view"]),
    ("GET", "/api/v2/usage/client/{clientId}/aggregates/query/jobs/{jobId}", &["usage:client:view"]),
    ("GET", "/api/v2/usage/events/definitions", &["usage:events:view"]),
    ("GET", "/api/v2/usage/events/definitions/{eventDefinitionId}", &["usage:events:view"]),
    ("POST", "/api/v2/usage/events/query", &["usage:events:view"]),
    ("POST", "/api/v2/usage/events/aggregates/query", &["usage:events:view"]),
];

/// The same of the operations outside the Usage API.
const OF_THE_PLATFORM: [(&str, &str, &[&str]); 3] = [
    ("GET", "/api/v2/users", &[]),
    ("GET", "/api/v2/oauth/clients", &["oauth:client:view"]),
    ("GET", "/api/v2/organizations/me", &[]),
];

fn all_rows() -> impl Iterator<Item = document::Row> {
    document::rows().into_iter().chain(document::platform_rows())
}

#[test]
fn every_documented_operation_is_there() {
    for (rows, documented) in
        [(document::rows(), &DOCUMENTED[..]), (document::platform_rows(), &OF_THE_PLATFORM[..])]
    {
        let found: Vec<_> = rows.iter().map(|row| (&*row.method, &*row.path, row.permissions)).collect();
        assert_eq!(found, documented);
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = all_rows().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DOCUMENTED.len() + OF_THE_PLATFORM.len());
}

#[test]
fn every_row_names_a_test_that_exists() {
    let tests = include_str!("../../../usage-blocking/tests/it/coverage.rs");
    for row in all_rows() {
        assert!(tests.contains(&format!("#[test]\nfn {}() {{", row.test)), "{}", row.test);
    }
}

#[test]
fn the_document_is_fresh() {
    let command = "cargo run -p usage-core --example coverage > usage-core/docs/coverage.md";
    let committed = include_str!("../../docs/coverage.md");
    assert!(committed == document::document(), "docs/coverage.md is stale; run: {command}");
}
