//! Operational events: definitions, and queries that are answered at once.

use std::collections::BTreeMap;

use http::{Response, request};
use serde_json::json;
use usage_core::{Date, Timestamp};

use super::Simulator;
use crate::events::{self, Address, Event};
use crate::fault::Fault;
use crate::query::{Anchor, Body, EventPage, EventQuery, Span, event_cursor};
use crate::reply::{self, Problem};
use crate::route::{Operation, Route};
use crate::uri::{page_uri, written};

const QUERY_PATH: &str = "/api/v2/usage/events/query";

impl Simulator {
    pub(super) fn events(
        &self,
        now: Timestamp,
        route: &Route,
        head: &request::Parts,
        body: &[u8],
        fault: Option<&Fault>,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let parse = || match body {
            [] => Ok(None),
            body => Body::parse(&head.headers, body).map(Some),
        };
        let answer = match route.operation {
            Operation::EventDefinitions => json!({"entities": events::described()}),
            Operation::EventDefinition => {
                let id = route.parameter("eventDefinitionId");
                json!(events::described_by_id(id).ok_or_else(|| Problem::not_found("event definition", id))?)
            }
            Operation::EventAggregates => self.count_events(&Span::parse(parse()?.as_ref(), now)?, now),
            _ => {
                let query = EventQuery::parse(parse()?.as_ref(), now)?;
                let page = EventPage::parse(head.uri.query().unwrap_or_default())?;
                self.page_of_events(&query, page, now, fault)
            }
        };
        Ok(reply::json_response(answer.to_string().into_bytes()))
    }

    fn count_events(&self, span: &Span, now: Timestamp) -> serde_json::Value {
        let mut counts: BTreeMap<u16, u32> = BTreeMap::new();
        for event in self.happened(span, now) {
            *counts.entry(event.definition).or_default() += 1;
        }
        let aggregate =
            |(number, count)| json!({"eventDefinition": Address::of_definition(number), "eventCount": count});
        let aggregates: Vec<_> = counts.into_iter().map(aggregate).collect();
        json!({"interval": span.text, "eventDefinitionAggregates": aggregates})
    }

    fn page_of_events(
        &self,
        query: &EventQuery,
        page: EventPage,
        now: Timestamp,
        fault: Option<&Fault>,
    ) -> serde_json::Value {
        let found = self.found(query, now);
        let is_earlier = |event: &Event, position| {
            if query.descending { event.position > position } else { event.position < position }
        };
        let (start, end) = match page.from {
            Anchor::Start => (0, page.size),
            Anchor::After(cursor) => {
                let start =
                    found.partition_point(|event| is_earlier(event, cursor) || event.position == cursor);
                (start, start.saturating_add(page.size))
            }
            Anchor::Before(cursor) => {
                let end = found.partition_point(|event| is_earlier(event, cursor));
                (end.saturating_sub(page.size), end)
            }
        };
        let end = end.min(found.len());
        let shown = &found[start..end];
        let entities: Vec<_> = shown.iter().filter_map(|event| event.show(self.config.seed)).collect();
        let uri = |name: &str, position| {
            page_uri(QUERY_PATH, page.size, Some((name, event_cursor(position).as_str())))
        };
        let own = match page.from {
            Anchor::Start => page_uri(QUERY_PATH, page.size, None),
            Anchor::After(cursor) => uri("after", cursor),
            Anchor::Before(cursor) => uri("before", cursor),
        };
        let next = match fault {
            Some(Fault::RepeatCursor) => Some(own.clone()),
            _ => shown.last().filter(|_| end < found.len()).map(|last| uri("after", last.position)),
        };
        let previous = shown.first().filter(|_| start > 0).map(|first| uri("before", first.position));
        let mut answer = json!({"entities": entities, "selfUri": own});
        for (member, uri) in [("nextUri", next), ("previousUri", previous)] {
            if let Some(uri) = uri {
                answer[member] = written(uri, fault).into();
            }
        }
        answer
    }

    /// Returns all events of a query, in its order.
    fn found(&self, query: &EventQuery, now: Timestamp) -> Vec<Event> {
        let mut events = self.happened(&query.span, now);
        if let Some(definitions) = &query.definitions {
            events.retain(|event| definitions.contains(&event.definition));
        }
        if let Some(term) = &query.search_term {
            let seed = self.config.seed;
            events.retain(|event| event.show(seed).is_some_and(|shown| shown.mentions(term)));
        }
        if query.descending {
            events.reverse();
        }
        events
    }

    /// Returns the events in `span` until `now`, oldest first.
    fn happened(&self, span: &Span, now: Timestamp) -> Vec<Event> {
        let today = Date::of(now);
        let mut day = Date::of(span.start).max(self.horizon(now).first);
        let mut events = Vec::new();
        while day <= today && day.start() < span.end {
            let of_day = events::of_day(self.config.seed, day).into_iter();
            events.extend(
                of_day.filter(|event| span.start <= event.at && event.at < span.end && event.at <= now),
            );
            let next = day.plus_days(1);
            if next == day {
                break;
            }
            day = next;
        }
        events
    }
}
