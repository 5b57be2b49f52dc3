//! A row outside a results page: in the members of the older queries, of the jobs, or of this program.

use std::borrow::Cow;

use serde::Deserialize;
use usage_core::{UsageRecord, UsageTable};

use crate::saved::flaw::Flaw;

/// Every member that a row can have.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SavedRow<'a> {
    #[serde(borrow)]
    date: Option<Cow<'a, str>>,
    client_id: Option<String>,
    client_name: Option<String>,
    organization_id: Option<String>,
    user_id: Option<String>,
    template_uri: Option<String>,
    http_method: Option<String>,
    platform: Option<String>,
    #[serde(alias = "requestCount")]
    requests: Option<u64>,
    status200: Option<u64>,
    status300: Option<u64>,
    status400: Option<u64>,
    status429: Option<u64>,
    status500: Option<u64>,
    oauth_client: Option<Reference>,
    user: Option<Reference>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Reference {
    id: Option<String>,
    name: Option<String>,
}

/// Adds the row that is written as `text`, an object that begins at `start`.
pub(super) fn read(text: &str, start: usize, table: &mut UsageTable) -> Result<(), Flaw> {
    let row: SavedRow<'_> = match serde_json::from_str(text) {
        Ok(row) => row,
        Err(error) => return Err(located(text, start, &error)),
    };
    if row == SavedRow::default() {
        return Err(Flaw::new(start, "this is no row of usage: it has no member of one"));
    }
    let (client, user) = (row.oauth_client.unwrap_or_default(), row.user.unwrap_or_default());
    let record = UsageRecord {
        date: row.date.map(|date| day_of(&date).to_owned()),
        client_id: row.client_id.or(client.id),
        client_name: row.client_name.or(client.name),
        organization_id: row.organization_id,
        user_id: row.user_id.or(user.id),
        template_uri: row.template_uri,
        http_method: row.http_method,
        platform: row.platform,
        requests: row.requests,
        status200: row.status200,
        status300: row.status300,
        status400: row.status400,
        status429: row.status429,
        status500: row.status500,
    };
    push(&record, table).map_err(|problem| Flaw::new(start, problem))
}

/// Adds a row, if its counts can be.
pub(super) fn push(record: &UsageRecord, table: &mut UsageTable) -> Result<(), &'static str> {
    let counts = [
        record.requests,
        record.status200,
        record.status300,
        record.status400,
        record.status429,
        record.status500,
    ];
    if counts.into_iter().flatten().any(|count| count > UsageRecord::MAX_COUNT) {
        return Err("a count is larger than 9223372036854775807");
    }
    table.push(record);
    Ok(())
}

/// The day of a date-time at midnight in UTC, which is how the older queries write a day.
pub(super) fn day_of(date: &str) -> &str {
    let midnight = |time: &str| time == "00:00:00Z" || time == "00:00:00.000Z";
    date.split_once('T').filter(|(_, time)| midnight(time)).map_or(date, |(day, _)| day)
}

/// The same error again, this time with the member that it is about.
#[cold]
fn located(text: &str, start: usize, error: &serde_json::Error) -> Flaw {
    let flaw = Flaw::of_json(error, text, start);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, SavedRow<'_>>(&mut deserializer) {
        Err(error) if error.path().iter().next().is_some() => flaw.inside(&error.path().to_string()),
        _ => flaw,
    }
}
