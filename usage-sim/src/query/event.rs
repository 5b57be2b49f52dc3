//! `postUsageEventsQuery` and `postUsageEventsAggregatesQuery`.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil;
use usage_core::{Interval, Timestamp};

use super::page::parse_cursor;
use super::{Body, PageSizes, cursor, unless_empty};
use crate::events::definition_number;
use crate::reply::Problem;

/// The time range of a request without a body.
const DEFAULT_LENGTH: Duration = Duration::from_secs(24 * 60 * 60);

/// The id in every cursor of events. Such cursors are valid for any query.
const CURSORS: &str = "events";

/// A parsed `EventQueryRequest`.
#[derive(Debug)]
pub(crate) struct EventQuery {
    pub(crate) span: Span,
    pub(crate) definitions: Option<BTreeSet<u16>>,
    /// In lower case.
    pub(crate) search_term: Option<String>,
    pub(crate) descending: bool,
}

/// A half-open time range.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// The range as it is written in the request.
    pub(crate) text: String,
}

/// The part of the events that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventPage {
    pub(crate) size: usize,
    pub(crate) from: Anchor,
}

/// The start or end of a page: the position of an event that is not on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    After(usize),
    Before(usize),
}

impl EventQuery {
    /// Parses a query. Without a body, it asks for all events of the last 24 hours.
    pub(crate) fn parse(body: Option<&Body>, now: Timestamp) -> Result<Self, Problem> {
        let span = Span::parse(body, now)?;
        let Some(body) = body else {
            return Ok(Self { span, definitions: None, search_term: None, descending: true });
        };
        let order = body.one_of("sortOrder", &["ASC", "DESC"], |name| name)?;
        let search_term = body.text("searchTerm")?.filter(|term| !term.is_empty());
        Ok(Self {
            span,
            definitions: unless_empty(&body.texts("eventDefinitionIds")?, definition_number),
            search_term: search_term.map(str::to_lowercase),
            descending: order != Some("ASC"),
        })
    }
}

impl Span {
    /// Parses the time range. Without a body, it is the last 24 hours.
    pub(crate) fn parse(body: Option<&Body>, now: Timestamp) -> Result<Self, Problem> {
        let Some(body) = body else {
            let start = now.saturating_sub(DEFAULT_LENGTH);
            return Ok(Self { start, end: now, text: format!("{start}/{now}") });
        };
        let interval = body.interval()?;
        let text = interval.to_string();
        let (start, end) = text.split_once('/').unwrap_or_default();
        Ok(Self {
            start: instant(start).unwrap_or_else(|| interval.first_day().start()),
            end: instant(end).unwrap_or_else(|| end_of(&interval)),
            text,
        })
    }
}

impl EventPage {
    /// Parses the query string.
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let mut page = Self { size: PageSizes::EVENTS.default, from: Anchor::Start };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "pageSize" => page.size = PageSizes::EVENTS.parse(&value)?,
                "after" => page.set(Anchor::After(position("after", &value)?))?,
                "before" => page.set(Anchor::Before(position("before", &value)?))?,
                _ => {}
            }
        }
        Ok(page)
    }

    fn set(&mut self, from: Anchor) -> Result<(), Problem> {
        if self.from != Anchor::Start {
            return Err(Problem::bad_request("Only one of before and after can be given"));
        }
        self.from = from;
        Ok(())
    }
}

/// Returns the cursor of the page that begins after, or ends before, the event at `position`.
pub(crate) fn event_cursor(position: usize) -> String {
    cursor(position, CURSORS)
}

fn position(field: &'static str, text: &str) -> Result<usize, Problem> {
    parse_cursor(text, CURSORS).ok_or_else(|| Problem::invalid_value(field, text))
}

/// Returns the instant that one side of an interval names, or `None` for a day or a month.
fn instant(side: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = side.parse().ok().or_else(|| {
        let civil: civil::DateTime = side.contains('T').then(|| side.parse().ok())??;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })?;
    u64::try_from(instant.as_millisecond()).ok().map(Timestamp::from_unix_millis)
}

/// Returns the end of a range. A last day is included.
fn end_of(interval: &Interval) -> Timestamp {
    interval.last_day().plus_days(1).start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_instants_are_instants() {
        let body = |interval: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert("Content-Type", "application/json".parse().unwrap());
            let body = serde_json::json!({"interval": interval}).to_string();
            Body::parse(&headers, body.as_bytes()).unwrap()
        };
        for (interval, start, end) in [
            ("2026-07-01/2026-07-01", "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"),
            ("2026-07/2026-07", "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"),
            ("2026-07-01T01:02:03/2026-07-01T04:00:00Z", "2026-07-01T01:02:03Z", "2026-07-01T04:00:00Z"),
            ("2026-07-01T01:00:00+02:00/2026-07-01", "2026-06-30T23:00:00Z", "2026-07-02T00:00:00Z"),
        ] {
            let span = Span::parse(Some(&body(interval)), Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!((span.start.to_string(), span.end.to_string()), (start.into(), end.into()));
            assert_eq!(span.text, interval);
        }
    }

    #[test]
    fn pages() {
        let page = |query: &str| EventPage::parse(query).map_err(|problem| problem.status().as_u16());
        assert_eq!(page(""), Ok(EventPage { size: 100, from: Anchor::Start }));
        assert_eq!(page("pageSize=200").unwrap().size, 200);
        for query in ["pageSize=201", "pageSize=0", "pageSize=", "after=", "before=x"] {
            assert_eq!(page(query), Err(400), "{query}");
        }
        let text: String = form_urlencoded::byte_serialize(cursor(7, CURSORS).as_bytes()).collect();
        assert_eq!(page(&format!("before={text}")).unwrap().from, Anchor::Before(7));
        assert_eq!(page(&format!("after={text}&before={text}")), Err(400));
    }
}
