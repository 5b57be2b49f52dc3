//! The reference decoder of results pages, with `serde_json`, against which tests compare the incremental one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::decode::day::day_of;
use crate::decode::document::{NO_AFTER, cursor};
use crate::decode::json::parse_json;
use crate::decode::{MAX_PAGE_BODY, MAX_PAGE_NESTING, MAX_PAGE_ROWS, MAX_PAGE_STRING};
use crate::decode::{QueryStatus, ResultsPage};
use crate::failures::{DecodeError, ErrorBody};
use crate::lenient::lenient;
use crate::table::UsageRecord;
use crate::uri::after_of;

/// Decodes a results page with `serde_json`. The length of an error body is not limited.
pub(crate) fn decode(body: &[u8]) -> Result<ResultsPage, DecodeError> {
    check_limits(body)?;
    let Object(page) = parse_json::<Object<PageDocument>>(body)?;
    let problem = |problem| DecodeError::new("$", 0, problem);
    let status = text(page.query_status).map(|status| QueryStatus::from(&*status));
    let is_done = status.as_ref().is_some_and(QueryStatus::is_done);
    let (results, no_results) = list::<Object<RowDocument>>(page.results)?;
    let (entities, no_entities) = list::<Object<EntityDocument>>(page.entities)?;
    if is_done && (no_results || no_entities) {
        return Err(problem("no list of rows"));
    }
    let lists_missing = is_done && results.is_none() && entities.is_none();
    let rows: Vec<UsageRecord> = match (results, entities) {
        (Some(_), Some(_)) => return Err(problem("two lists of rows")),
        (Some(results), None) => results.into_iter().map(|Object(row)| row.into()).collect(),
        (None, Some(entities)) => entities.into_iter().map(|Object(entity)| entity.into()).collect(),
        (None, None) => Vec::new(),
    };
    if rows.len() > MAX_PAGE_ROWS {
        return Err(problem("too many rows"));
    }
    let cursors = page.cursors.filter(|cursors| cursors.get().starts_with('{'));
    let cursors =
        cursors.map(|cursors| parse_json::<CursorsDocument>(cursors.get().as_bytes())).transpose()?;
    let after = cursors.and_then(|cursors| text(cursors.after)).map(|after| cursor(&after));
    let next_uri = text(page.next_uri).map(|uri| cursor(&after_of(&uri).ok_or(NO_AFTER)?));
    let next = match (after, next_uri) {
        (Some(Ok(cursor)), _) | (_, Some(Ok(cursor))) => Some(cursor),
        (Some(Err(bad)), _) | (_, Some(Err(bad))) if is_done => return Err(problem(bad)),
        _ => None,
    };
    let rows = rows.into_iter().collect();
    Ok(ResultsPage { status, next, error: page.error_body, rows, lists_missing })
}

/// Returns the list, if it is one, and whether it is neither a list nor `null`.
fn list<T: DeserializeOwned>(json: Option<Box<RawValue>>) -> Result<(Option<Vec<T>>, bool), DecodeError> {
    match json {
        Some(json) if json.get().starts_with('[') => Ok((Some(parse_json(json.get().as_bytes())?), false)),
        json => Ok((None, json.is_some())),
    }
}

/// Checks what `serde_json` does not: the limits, and the texts that it skips.
fn check_limits(body: &[u8]) -> Result<(), DecodeError> {
    let problem = |problem: &str| DecodeError::new("$", 0, problem);
    let text = str::from_utf8(body).map_err(|_| problem("not UTF-8"))?;
    if body.len() > MAX_PAGE_BODY {
        return Err(problem("too many bytes"));
    }
    let (mut depth, mut rest) = (0, text);
    while let Some(at) = rest.find(['"', '{', '}', '[', ']']) {
        let (token, behind) = rest[at..].split_at(1);
        rest = behind;
        match token {
            "\"" => {
                let escaped =
                    |at: &usize| rest[..*at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2;
                let quotes = rest.match_indices('"').map(|(at, _)| at);
                let end =
                    quotes.into_iter().find(|at| escaped(at) == 0).ok_or(problem("a string has no end"))?;
                let string = format!("\"{}\"", &rest[..end]);
                let string: String = serde_json::from_str(&string).map_err(|_| problem("not a string"))?;
                if string.len() > MAX_PAGE_STRING {
                    return Err(problem("a string is too long"));
                }
                rest = &rest[end + 1..];
            }
            "{" | "[" if depth == MAX_PAGE_NESTING => return Err(problem("too deep")),
            "{" | "[" => depth += 1,
            _ => depth = depth.saturating_sub(1),
        }
    }
    Ok(())
}

fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn date(date: Option<String>) -> Option<String> {
    text(date.map(|date| day_of(&date, &mut None).to_owned()))
}

/// `ApiUsageQueryResult` and the jobs' results responses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageDocument {
    results: Option<Box<RawValue>>,
    query_status: Option<String>,
    cursors: Option<Box<RawValue>>,
    entities: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "lenient")]
    next_uri: Option<String>,
    error_body: Option<Box<ErrorBody>>,
}

/// `Cursors`.
#[derive(Deserialize)]
struct CursorsDocument {
    #[serde(default, deserialize_with = "lenient")]
    after: Option<String>,
}

/// `ApiUsageRow`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RowDocument {
    client_id: Option<String>,
    client_name: Option<String>,
    organization_id: Option<String>,
    user_id: Option<String>,
    template_uri: Option<String>,
    http_method: Option<String>,
    date: Option<String>,
    requests: Option<Count>,
    status200: Option<Count>,
    status300: Option<Count>,
    status400: Option<Count>,
    status429: Option<Count>,
    status500: Option<Count>,
}

impl From<RowDocument> for UsageRecord {
    fn from(row: RowDocument) -> Self {
        Self {
            date: date(row.date),
            client_id: text(row.client_id),
            client_name: text(row.client_name),
            organization_id: text(row.organization_id),
            user_id: text(row.user_id),
            template_uri: text(row.template_uri),
            http_method: text(row.http_method),
            platform: None,
            requests: row.requests.map(u64::from),
            status200: row.status200.map(u64::from),
            status300: row.status300.map(u64::from),
            status400: row.status400.map(u64::from),
            status429: row.status429.map(u64::from),
            status500: row.status500.map(u64::from),
        }
    }
}

/// `OrganizationPublicApiUsage` and `ClientPublicApiUsage`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntityDocument {
    date: Option<String>,
    platform: Option<String>,
    http_method: Option<String>,
    template_uri: Option<String>,
    request_count: Option<Count>,
    status200: Option<Count>,
    status300: Option<Count>,
    status400: Option<Count>,
    status429: Option<Count>,
    status500: Option<Count>,
    organization_id: Option<String>,
    oauth_client: Option<Object<ReferenceDocument>>,
    user: Option<Object<UserDocument>>,
}

/// `DomainEntityRef`.
#[derive(Default, Deserialize)]
struct ReferenceDocument {
    id: Option<String>,
    name: Option<String>,
}

/// `UserReference`.
#[derive(Deserialize)]
struct UserDocument {
    id: Option<String>,
}

impl From<EntityDocument> for UsageRecord {
    fn from(entity: EntityDocument) -> Self {
        let client = entity.oauth_client.map(|Object(client)| client).unwrap_or_default();
        Self {
            date: date(entity.date),
            client_id: text(client.id),
            client_name: text(client.name),
            organization_id: text(entity.organization_id),
            user_id: text(entity.user.and_then(|Object(user)| user.id)),
            template_uri: text(entity.template_uri),
            http_method: text(entity.http_method),
            platform: text(entity.platform),
            requests: entity.request_count.map(u64::from),
            status200: entity.status200.map(u64::from),
            status300: entity.status300.map(u64::from),
            status400: entity.status400.map(u64::from),
            status429: entity.status429.map(u64::from),
            status500: entity.status500.map(u64::from),
        }
    }
}

/// A counter: an integer from 0 to [`UsageRecord::MAX_COUNT`].
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        if count > UsageRecord::MAX_COUNT {
            return Err(serde::de::Error::custom("more than a signed 64-bit integer holds"));
        }
        Ok(Self(count))
    }
}

impl From<Count> for u64 {
    fn from(Count(count): Count) -> Self {
        count
    }
}

/// A `T` that must be an object. A derived `Deserialize` alone also accepts a list of the values.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}
