//! `postUsageEventsQuery`: operational events, page by page.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::JsonDecoder;
use crate::endpoint::Endpoint;
use crate::events::{EntityRef, PERMISSIONS};
use crate::failures::BuildError;
use crate::ids::{Cursor, EventDefinitionId};
use crate::interval::Interval;
use crate::lenient::{lenient, lenient_text, list_or_null};
use crate::open_enum::open_enum;
use crate::uri::{PathWriter, QueryWriter, after_of};

/// The largest number of events in a page.
pub const MAX_EVENT_PAGE_SIZE: u32 = 200;

open_enum! {
    /// The order of events by time. It is upper-case, unlike [`SortOrder`](crate::model::SortOrder) of the jobs.
    ///
    /// ```
    /// use usage_core::events::{EventQuery, EventSortOrder};
    ///
    /// let query = EventQuery::new("2026-07/2026-07".parse()?).with_sort_order(EventSortOrder::Asc);
    /// assert_eq!(serde_json::to_string(&query)?, r#"{"interval":"2026-07/2026-07","sortOrder":"ASC"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub enum EventSortOrder {
        /// Earliest first.
        Asc = "ASC",
        /// Latest first, the service's default.
        Desc = "DESC",
    }
}

/// A query for the operational events of a time range: `postUsageEventsQuery`, `POST /api/v2/usage/events/query`.
///
/// A call returns one page. Pass [`EventPage::next`] to [`with_after`](Self::with_after) for the next page.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::events::EventQuery;
///
/// // 1. Build the request.
/// let query = EventQuery::new("2026-07-01T00:00:00Z/2026-07-02T00:00:00Z".parse()?).with_search_term("main");
/// let request = query.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/events/query");
///
/// // 2. Send it with a driver: `client.call(query)`. 3. Or drive a `Call`, as `EventDefinitions` shows.
/// let answer = http::Response::new(&br#"{"entities":[{"entityName":"Main Flow"}],"nextUri":"/x?after=b"}"#[..]);
/// let page = EventQuery::parse(&answer).unwrap();
/// assert_eq!(page.entities[0].entity_name.as_deref(), Some("Main Flow"));
/// let next = query.with_after(page.next()?.unwrap());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventQuery {
    /// The time range.
    pub interval: Interval,
    /// The kinds of events to select. See [`with_event_definition_ids`](Self::with_event_definition_ids).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_definition_ids: Vec<EventDefinitionId>,
    /// The text that events must match. See [`with_search_term`](Self::with_search_term).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_term: Option<String>,
    /// The order by time. See [`with_sort_order`](Self::with_sort_order).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<EventSortOrder>,
    /// The cursor that the page ends before. See [`with_before`](Self::with_before).
    #[serde(skip)]
    pub before: Option<Cursor>,
    /// The cursor that the page starts after. See [`with_after`](Self::with_after).
    #[serde(skip)]
    pub after: Option<Cursor>,
    /// The number of events in a page. See [`with_page_size`](Self::with_page_size).
    #[serde(skip)]
    pub page_size: Option<u32>,
}

impl EventQuery {
    /// Creates a query for all events in `interval`.
    pub fn new(interval: Interval) -> Self {
        Self {
            interval,
            event_definition_ids: Vec::new(),
            search_term: None,
            sort_order: None,
            before: None,
            after: None,
            page_size: None,
        }
    }

    /// Selects the events of these kinds.
    #[must_use]
    pub fn with_event_definition_ids(mut self, ids: impl IntoIterator<Item = EventDefinitionId>) -> Self {
        self.event_definition_ids = ids.into_iter().collect();
        self
    }

    /// Selects the events that match this text.
    #[must_use]
    pub fn with_search_term(mut self, term: impl Into<String>) -> Self {
        self.search_term = Some(term.into());
        self
    }

    /// Sets the order by time.
    #[must_use]
    pub fn with_sort_order(mut self, order: EventSortOrder) -> Self {
        self.sort_order = Some(order);
        self
    }

    /// Requests the page that ends before this cursor.
    #[must_use]
    pub fn with_before(mut self, cursor: Cursor) -> Self {
        self.before = Some(cursor);
        self
    }

    /// Requests the page that starts after this cursor.
    #[must_use]
    pub fn with_after(mut self, cursor: Cursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// Sets the number of events in a page, 1 to [`MAX_EVENT_PAGE_SIZE`].
    #[must_use]
    pub fn with_page_size(mut self, size: u32) -> Self {
        self.page_size = Some(size);
        self
    }
}

impl Endpoint for EventQuery {
    const NAME: &'static str = "usage.events.query";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    /// The operation only reads.
    const IDEMPOTENT: bool = true;
    type Response = EventPage;
    type Decoder = JsonDecoder<EventPage>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/events/query");
    }

    fn query(&self, query: &mut QueryWriter) {
        query.maybe("before", self.before.as_ref().map(Cursor::as_str));
        query.maybe("after", self.after.as_ref().map(Cursor::as_str));
        query.maybe("pageSize", self.page_size.map(|size| size.to_string()));
    }

    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        if self.page_size.is_some_and(|size| !(1..=MAX_EVENT_PAGE_SIZE).contains(&size)) {
            let problem = format!("takes pages of 1 to {MAX_EVENT_PAGE_SIZE} events");
            return Err(BuildError::Query { operation: Self::NAME, problem: problem.into() });
        }
        crate::query::to_json(self)
    }
}

/// One page of operational events: `EventQueryResponse`.
///
/// ```
/// use usage_core::events::EventPage;
///
/// let json = r#"{"entities":[{"entityName":"Main Flow"}],"nextUri":"/api/v2/usage/events/query?after=b"}"#;
/// let page: EventPage = serde_json::from_str(json)?;
/// assert_eq!(page.entities.len(), 1);
/// assert_eq!(page.next()?.unwrap().as_str(), "b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct EventPage {
    /// The events of this page.
    #[serde(deserialize_with = "list_or_null")]
    pub entities: Vec<OperationalEvent>,
    /// The address of the next page. It is never requested; [`next`](Self::next) returns its cursor.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub next_uri: Option<String>,
    /// The address of the previous page. It is never requested.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub previous_uri: Option<String>,
    /// The address of this page. It is never requested.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub self_uri: Option<String>,
}

impl EventPage {
    /// Returns the cursor of the next page, if there is one.
    ///
    /// # Errors
    ///
    /// [`BuildError::Id`] if the cursor is empty or too long.
    pub fn next(&self) -> Result<Option<Cursor>, BuildError> {
        self.next_uri.as_deref().and_then(after_of).map(Cursor::parse).transpose()
    }
}

/// An operational event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct OperationalEvent {
    /// The kind of event.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub event_definition: Option<EntityRef>,
    /// The id of the affected entity.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub entity_id: Option<String>,
    /// The token of the affected entity.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub entity_token: Option<String>,
    /// The name of the affected entity.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub entity_name: Option<String>,
    /// The value before the event.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub previous_value: Option<String>,
    /// The value after the event.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub current_value: Option<String>,
    /// The error code, if the event is an error.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub error_code: Option<String>,
    /// The id of the entity that contains the affected one.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub parent_entity_id: Option<String>,
    /// The conversation in which the event happened.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub conversation: Option<EntityRef>,
    /// The time of the event, an ISO 8601 date-time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub date_created: Option<String>,
    /// The version of the affected entity.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub entity_version: Option<String>,
    /// The phone number that the event concerns.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub phone_number: Option<String>,
    /// The id of the external contact that the event concerns.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub external_contact_id: Option<String>,
    /// The time of the last change, an ISO 8601 date-time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub date_modified: Option<String>,
    /// The id of the user who changed the affected entity.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub entity_modified_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointExt;

    #[test]
    fn sends_body_and_paging_apart() {
        let query = EventQuery::new("2026-07-01T00:00:00Z/2026-07-02T00:00:00Z".parse().unwrap())
            .with_event_definition_ids(["d".parse().unwrap()])
            .with_sort_order(EventSortOrder::Desc)
            .with_before(Cursor::parse("b&").unwrap())
            .with_page_size(200);
        let request = query.to_request(&"https://api.mypurecloud.com".parse().unwrap(), None).unwrap();
        assert_eq!(request.uri().query(), Some("before=b%26&pageSize=200"));
        let sample = r#"{"interval":"2026-07-01T00:00:00Z/2026-07-02T00:00:00Z","eventDefinitionIds":["d"],"sortOrder":"DESC"}"#;
        assert_eq!(request.body(), sample.as_bytes());
    }

    #[test]
    fn refuses_pages_that_the_service_does_not_give() {
        let query = EventQuery::new("2026-07/2026-07".parse().unwrap());
        for (size, allowed) in [(0, false), (1, true), (200, true), (201, false)] {
            assert_eq!(query.clone().with_page_size(size).body().is_ok(), allowed, "{size}");
        }
    }

    #[test]
    fn what_stands_beside_the_events_does_not_decide_about_them() {
        for json in [
            r#"{"entities":null}"#,
            r#"{"entities":[],"nextUri":null,"selfUri":7,"previousUri":[],"total":"3"}"#,
            r#"{"nextUri":{"x":1e999}}"#,
        ] {
            let page: EventPage =
                serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!(page, EventPage::default(), "{json}");
        }
        let json = r#"{"entities":[{"entityId":"i","entityVersion":3,"conversation":"c","errorCode":{}}]}"#;
        let page: EventPage = serde_json::from_str(json).unwrap();
        let event = &page.entities[0];
        assert_eq!((event.entity_version.as_deref(), &event.conversation), (Some("3"), &None));
        assert!(serde_json::from_str::<EventPage>(r#"{"entities":"none"}"#).is_err());
    }

    #[test]
    fn keeps_every_member_of_an_event() {
        let json = r#"{"eventDefinition":{"id":"d","selfUri":"/d"},"entityId":"i","entityToken":"t","entityName":"n","previousValue":"p","currentValue":"c","errorCode":"e","parentEntityId":"q","conversation":{"id":"v"},"dateCreated":"2026-07-01T10:00:00.000Z","entityVersion":"1","phoneNumber":"tel:1","externalContactId":"x","dateModified":"2026-07-01T11:00:00.000Z","entityModifiedBy":"m"}"#;
        let event: OperationalEvent = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), json);
    }
}
