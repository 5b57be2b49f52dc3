//! The table of all operations.

use std::fmt::Write as _;

use usage_core::events::{EventAggregatesQuery, EventDefinitionById, EventDefinitions, EventQuery};
use usage_core::platform::{OAuthClients, OrganizationMe, Users};
use usage_core::query::{
    ClientJob, ClientQuery, ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch,
};
use usage_core::{Endpoint, EndpointExt, Interval, UsageQuery};

/// One operation, as its type describes it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) r#type: &'static str,
    pub(crate) permissions: &'static [&'static str],
    pub(crate) idempotent: bool,
    /// The test that calls it on the simulated service over a socket.
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
        idempotent: E::IDEMPOTENT,
        test,
    }
}

/// Returns every operation of the Usage API.
pub(crate) fn rows() -> Vec<Row> {
    let interval: Interval = "2026-07/2026-07".parse().expect("a month");
    let client_id = || "{clientId}".parse().expect("a placeholder");
    let [execution_id, job_id] = ["{executionId}", "{jobId}"].map(|id| id.parse().expect("a placeholder"));
    let (organization, search) =
        (OrganizationQuery::new(interval.clone()), SimpleSearch::new(interval.clone()));
    let client = ClientQuery::new(client_id(), interval.clone());
    let organization_job = OrganizationJob::new(interval.clone());
    let client_job = ClientJob::new(client_id(), interval.clone());
    vec![
        row(&organization, "organization_query"),
        row(&organization.results(&execution_id, None), "organization_query"),
        row(&search, "simple_search"),
        row(&search.results(&execution_id, None), "simple_search"),
        row(&client, "client_query"),
        row(&client.results(&execution_id, None), "client_query"),
        row(&ClientSummary::new(client_id()), "client_summary"),
        row(&organization_job, "organization_job"),
        row(&organization_job.results(&job_id, None), "organization_job"),
        row(&client_job, "client_job"),
        row(&client_job.results(&job_id, None), "client_job"),
        row(&EventDefinitions, "event_definitions"),
        row(
            &EventDefinitionById::new("{eventDefinitionId}".parse().expect("a placeholder")),
            "event_definitions",
        ),
        row(&EventQuery::new(interval.clone()), "event_query"),
        row(&EventAggregatesQuery::new(interval), "event_aggregates"),
    ]
}

/// Returns the operations outside the Usage API.
pub(crate) fn platform_rows() -> Vec<Row> {
    vec![
        row(&Users::by_ids(["{userId}".parse().expect("a placeholder")]), "users"),
        row(&OAuthClients::default(), "oauth_clients"),
        row(&OrganizationMe, "organization_me"),
    ]
}

/// Returns the table of all operations.
pub(crate) fn document() -> String {
    let mut text = String::from(
        "# Coverage\n\n\
         Generated from the endpoints' own constants by `cargo xtask generate`; do not edit.\n\n\
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
        "| endpoint | request | type | any of these permissions | idempotent | test |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let Row { name, method, path, r#type, permissions, idempotent, test } = row;
        let idempotent = if idempotent { "yes" } else { "no" };
        let permissions = match permissions {
            [] => "none documented".to_owned(),
            permissions => format!("`{}`", permissions.join("`, `")),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{name}` | `{method} {path}` | `{type}` | {permissions} | {idempotent} | `{test}` |"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{platform_rows, rows};

    /// Method, path and permissions in the service's documentation.
    const DOCUMENTED: [(&str, &str, &[&str]); 15] = [
        ("POST", "/api/v2/usage/query", &["oauth:client:view", "usage:organization:view"]),
        (
            "GET",
            "/api/v2/usage/query/{executionId}/results",
            &["oauth:client:view", "usage:organization:view"],
        ),
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
        (
            "GET",
            "/api/v2/oauth/clients/{clientId}/usage/summary",
            &["oauth:client:view", "usage:client:view"],
        ),
        ("POST", "/api/v2/usage/aggregates/query/jobs", &["usage:organization:view"]),
        ("GET", "/api/v2/usage/aggregates/query/jobs/{jobId}", &["usage:organization:view"]),
        ("POST", "/api/v2/usage/client/{clientId}/aggregates/query/jobs", &["usage:client:view"]),
        ("GET", "/api/v2/usage/client/{clientId}/aggregates/query/jobs/{jobId}", &["usage:client:view"]),
        ("GET", "/api/v2/usage/events/definitions", &["usage:events:view"]),
        ("GET", "/api/v2/usage/events/definitions/{eventDefinitionId}", &["usage:events:view"]),
        ("POST", "/api/v2/usage/events/query", &["usage:events:view"]),
        ("POST", "/api/v2/usage/events/aggregates/query", &["usage:events:view"]),
    ];

    /// The same for the operations outside the Usage API.
    const OF_THE_PLATFORM: [(&str, &str, &[&str]); 3] = [
        ("GET", "/api/v2/users", &[]),
        ("GET", "/api/v2/oauth/clients", &["oauth:client:view"]),
        ("GET", "/api/v2/organizations/me", &[]),
    ];

    #[test]
    fn every_documented_operation_is_there() {
        for (rows, documented) in [(rows(), &DOCUMENTED[..]), (platform_rows(), &OF_THE_PLATFORM[..])] {
            let found: Vec<_> = rows.iter().map(|row| (&*row.method, &*row.path, row.permissions)).collect();
            assert_eq!(found, documented);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = rows().into_iter().chain(platform_rows()).map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DOCUMENTED.len() + OF_THE_PLATFORM.len());
    }
}
