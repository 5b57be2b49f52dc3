//! `postUsageEventsAggregatesQuery`: operational events, counted by kind.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::JsonDecoder;
use crate::endpoint::Endpoint;
use crate::events::{EntityRef, PERMISSIONS};
use crate::failures::BuildError;
use crate::interval::Interval;
use crate::lenient::{lenient, lenient_text, list_or_null};
use crate::uri::PathWriter;

/// A query for the number of operational events of each kind: `postUsageEventsAggregatesQuery`, `POST
/// /api/v2/usage/events/aggregates/query`.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::events::EventAggregatesQuery;
///
/// // 1. Build the request.
/// let query = EventAggregatesQuery::new("2026-07/2026-07".parse()?);
/// let request = query.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.body(), br#"{"interval":"2026-07/2026-07"}"#);
///
/// // 2. Send it with a driver: `client.call(query)`. 3. Or drive a `Call`, as `EventDefinitions` shows.
/// let answer = http::Response::new(&br#"{"eventDefinitionAggregates":[{"eventCount":3}]}"#[..]);
/// let aggregates = EventAggregatesQuery::parse(&answer).unwrap();
/// assert_eq!(aggregates.event_definition_aggregates[0].event_count, Some(3));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventAggregatesQuery {
    /// The time range.
    pub interval: Interval,
}

impl EventAggregatesQuery {
    /// Creates a query of this time range.
    pub fn new(interval: Interval) -> Self {
        Self { interval }
    }
}

impl Endpoint for EventAggregatesQuery {
    const NAME: &'static str = "usage.events.aggregates.query";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    /// The operation only reads.
    const IDEMPOTENT: bool = true;
    type Response = EventAggregates;
    type Decoder = JsonDecoder<EventAggregates>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/events/aggregates/query");
    }

    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        crate::query::to_json(self)
    }
}

/// The response to an [`EventAggregatesQuery`]: `EventAggregatesResponse`.
///
/// ```
/// use usage_core::events::EventAggregates;
///
/// let json = r#"{"eventDefinitionAggregates":[{"eventDefinition":{"id":"e"},"eventCount":3}]}"#;
/// let aggregates: EventAggregates = serde_json::from_str(json)?;
/// let kinds = aggregates.event_definition_aggregates.iter();
/// assert_eq!(kinds.filter_map(|kind| kind.event_count).sum::<u32>(), 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct EventAggregates {
    /// The time range as the service understood it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub interval: Option<String>,
    /// One entry for each kind of event.
    #[serde(deserialize_with = "list_or_null")]
    pub event_definition_aggregates: Vec<EventAggregate>,
}

/// The number of operational events of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct EventAggregate {
    /// The kind of event.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub event_definition: Option<EntityRef>,
    /// The number of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_count: Option<u32>,
}
