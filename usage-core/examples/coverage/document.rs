use std::fmt::Write as _;

use usage_core::events::{EventAggregatesQuery, EventDefinitionById, EventDefinitions, EventQuery};
use usage_core::platform::{OAuthClients, OrganizationMe, Users};
use usage_core::query::{
    ClientJob, ClientJobResults, ClientQuery, ClientQueryResults, ClientSummary, OrganizationJob,
    OrganizationJobResults, OrganizationQuery, OrganizationQueryResults, SimpleSearch, SimpleSearchResults,
};
use usage_core::{Endpoint, EndpointExt, Interval};

/// One operation, as its type describes it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) r#type: &'static str,
    pub(crate) permissions: &'static [&'static str],
    pub(crate) repeatable: bool,
    /// The test that runs it against the simulated service over a socket.
    pub(crate) test: &'static str,
}

fn row<E: Endpoint>(endpoint: &E, test: &'static str) -> Row {
    let base = "https://api.mypurecloud.com".parse().expect("the base URL of the default region");
    let request = endpoint.to_request(&base, None).expect("an endpoint with placeholders for ids");
    Row {
        name: E::NAME,
        method: request.method().to_string(),
        // Only the braces of the placeholders are encoded.
        path: request.uri().path().replace("%7B", "{").replace("%7D", "}"),
        r#type: std::any::type_name::<E>().rsplit("::").next().unwrap_or_default(),
        permissions: E::PERMISSIONS,
        repeatable: E::IDEMPOTENT,
        test,
    }
}

/// Every operation of the Usage API.
pub(crate) fn rows() -> Vec<Row> {
    let interval: Interval = "2026-07/2026-07".parse().expect("a month");
    let client_id = || "{clientId}".parse().expect("a placeholder");
    let execution_id = "{executionId}".parse().expect("a placeholder");
    let job_id = || "{jobId}".parse().expect("a placeholder");
    let (after, page_size) = (None, None);
    vec![
        row(&OrganizationQuery::new(interval.clone()), "organization_query"),
        row(&OrganizationQueryResults { execution_id }, "organization_query"),
        row(&SimpleSearch::new(interval.clone()), "simple_search"),
        row(
            &SimpleSearchResults {
                execution_id: "{executionId}".parse().expect("a placeholder"),
                after: None,
                page_size,
            },
            "simple_search",
        ),
        row(&ClientQuery::new(client_id(), interval.clone()), "client_query"),
        row(
            &ClientQueryResults {
                client_id: client_id(),
                execution_id: "{executionId}".parse().expect("a placeholder"),
            },
            "client_query",
        ),
        row(&ClientSummary::new(client_id()), "client_summary"),
        row(&OrganizationJob::new(interval.clone()), "organization_job"),
        row(&OrganizationJobResults { job_id: job_id(), after: None, page_size }, "organization_job"),
        row(&ClientJob::new(client_id(), interval.clone()), "client_job"),
        row(&ClientJobResults { client_id: client_id(), job_id: job_id(), after, page_size }, "client_job"),
        row(&EventDefinitions, "event_definitions"),
        row(
            &EventDefinitionById { id: "{eventDefinitionId}".parse().expect("a placeholder") },
            "event_definitions",
        ),
        row(&EventQuery::new(interval.clone()), "event_query"),
        row(&EventAggregatesQuery { interval }, "event_aggregates"),
    ]
}

/// The operations outside the Usage API.
pub(crate) fn platform_rows() -> Vec<Row> {
    vec![
        row(&Users::by_ids(["{userId}".parse().expect("a placeholder")]), "users"),
        row(&OAuthClients::default(), "oauth_clients"),
        row(&OrganizationMe, "organization_me"),
    ]
}

/// The whole document.
pub(crate) fn document() -> String {
    let mut text = String::from(
        "# Coverage\n\n\
         Generated from the endpoints' own constants by the example `coverage`; do not edit.\n\n\
         Each test runs its operation against the simulated service over a socket: \
         `usage-blocking/tests/it/coverage.rs`.\n\n",
    );
    table(&mut text, rows());
    text.push_str(
        "\n## Outside the Usage API\n\n\
         They give names to the ids in usage rows.\n\n",
    );
    table(&mut text, platform_rows());
    text
}

fn table(text: &mut String, rows: Vec<Row>) {
    text.push_str(
        "| endpoint | request | type | any of these permissions | repeatable | test |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let Row { name, method, path, r#type, permissions, repeatable, test } = row;
        let repeatable = if repeatable { "yes" } else { "no" };
        let permissions = match permissions {
            [] => "none documented".to_owned(),
            permissions => format!("`{}`", permissions.join("`, `")),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{name}` | `{method} {path}` | `{type}` | {permissions} | {repeatable} | `{test}` |"
        );
    }
}
