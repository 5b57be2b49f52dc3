//! The body of an older query's results: the `ApiUsageQueryResult` and its rows.

use serde::Serialize;
use usage_core::Date;

use crate::aggregate::{Columns, Plan};
use crate::key::Key;
use crate::world::{Counts, World};

/// Returns `queryStatus` alone, the answer while an execution runs or after it failed.
pub(crate) fn status_only(status: &str) -> Vec<u8> {
    serde_json::json!({ "queryStatus": status }).to_string().into_bytes()
}

/// Returns a complete answer with these rows, and the cursor of the next page if there is one.
pub(crate) fn complete(world: &World, plan: &Plan, rows: &[(Key, Counts)], after: Option<&str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(64 + rows.len() * 320);
    let mut dates = Dates::default();
    body.extend_from_slice(br#"{"results":["#);
    for (index, (key, counts)) in rows.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        let row = Row::new(world, plan, key, counts, dates.text(key.date));
        // Writing to memory does not fail, and a row has nothing that JSON cannot hold.
        let _ = serde_json::to_writer(&mut body, &row);
    }
    body.extend_from_slice(br#"],"queryStatus":"Complete""#);
    if let Some(after) = after {
        body.extend_from_slice(format!(r#","cursors":{{"after":"{after}"}}"#).as_bytes());
    }
    body.push(b'}');
    body
}

/// An `ApiUsageRow`. Dimensions not grouped by are empty strings, not absent; counters are absent only if `metrics`
/// left them out; `date` is absent without a granularity.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    client_id: &'a str,
    client_name: &'a str,
    organization_id: &'a str,
    user_id: &'a str,
    template_uri: &'a str,
    http_method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status200: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status300: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status400: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status500: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status429: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn new(world: &'a World, plan: &Plan, key: &Key, counts: &Counts, date: Option<&'a str>) -> Self {
        let Columns { client_id, requests, status200, status300, status400, status500, status429, .. } =
            plan.columns;
        let client = key.client.and_then(|client| world.client(client));
        Self {
            client_id: client.filter(|_| client_id).map_or("", |client| &client.id),
            client_name: client.map_or("", |client| &client.name),
            organization_id: if plan.grouping.organization { world.organization_id() } else { "" },
            user_id: key.user.and_then(|user| world.user_id(user)).unwrap_or_default(),
            template_uri: key.template_uri().unwrap_or_default(),
            http_method: key.http_method().unwrap_or_default(),
            status200: status200.then_some(counts.status200),
            status300: status300.then_some(counts.status300),
            status400: status400.then_some(counts.status400),
            status500: status500.then_some(counts.status500),
            status429: status429.then_some(counts.status429),
            requests: requests.then(|| counts.requests()),
            date,
        }
    }
}

/// The text of the current bucket: rows are ordered by date, so each text is written once.
#[derive(Default)]
struct Dates {
    current: Option<Date>,
    text: String,
}

impl Dates {
    fn text(&mut self, date: Option<Date>) -> Option<&str> {
        let date = date?;
        if self.current != Some(date) {
            self.current = Some(date);
            self.text = format!("{date}T00:00:00Z");
        }
        Some(&self.text)
    }
}
