//! The body of a job's results: state, rows and the URI of the next page.

use serde::Serialize;
use serde_json::Value;
use usage_core::Date;

use crate::aggregate::{Columns, Plan};
use crate::key::Key;
use crate::uri::segment;
use crate::world::{Counts, World};

/// An `OrganizationPublicApiUsageResultsResponse`, or its counterpart for a client. Absent members are left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobResults<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_body: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entities: Option<Vec<Row<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_uri: Option<String>,
    pub(crate) self_uri: String,
}

impl JobResults<'_> {
    pub(crate) fn into_body(self) -> Vec<u8> {
        // Every member can be written as JSON.
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

/// A row without dimensions that are not grouped by, and without counters that `metrics` omits.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_uri: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status200: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status300: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status400: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status429: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status500: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_client: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<&'a str>,
}

/// A `DomainEntityRef` or, without a name, a `UserReference`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_uri: Option<String>,
}

/// Returns the rows of a page of a job over the organization, or with `of_client` of a job over one client.
pub(crate) fn rows<'a>(
    world: &'a World,
    plan: &Plan,
    of_client: bool,
    rows: &[(Key, Counts)],
) -> Vec<Row<'a>> {
    rows.iter().map(|(key, counts)| row(world, plan, of_client, key, counts)).collect()
}

fn row<'a>(world: &'a World, plan: &Plan, of_client: bool, key: &Key, counts: &Counts) -> Row<'a> {
    let columns = plan.columns;
    Row {
        date: key.date,
        platform: key.platform_name(),
        http_method: key.http_method(),
        template_uri: key.template_uri(),
        request_count: columns.requests.then(|| counts.requests()),
        status200: columns.status200.then_some(counts.status200),
        status300: columns.status300.then_some(counts.status300),
        status400: columns.status400.then_some(counts.status400),
        status429: columns.status429.then_some(counts.status429),
        status500: columns.status500.then_some(counts.status500),
        oauth_client: if of_client { None } else { oauth_client(world, columns, key) },
        user: if of_client { None } else { user(world, key) },
        organization_id: (of_client && plan.grouping.organization).then(|| world.organization_id()),
    }
}

/// Returns the client. Its id and its name are separate dimensions; each is present if the query groups by it.
fn oauth_client<'a>(world: &'a World, columns: Columns, key: &Key) -> Option<Reference<'a>> {
    let client = world.client(key.client?)?;
    let id = columns.client_id.then_some(client.id.as_str());
    let name = columns.client_name.then_some(client.name.as_str());
    Some(Reference { id, name, self_uri: id.map(|id| format!("/api/v2/oauth/clients/{}", segment(id))) })
}

/// Returns the user, or `None` if the client acted for itself.
fn user<'a>(world: &'a World, key: &Key) -> Option<Reference<'a>> {
    let id = world.user_id(key.user?)?;
    Some(Reference { id: Some(id), name: None, self_uri: Some(format!("/api/v2/users/{id}")) })
}
