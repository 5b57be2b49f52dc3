//! The query families. Each parses its body into a [`Plan`](crate::aggregate::Plan).

mod body;
mod client;
mod event;
mod job;
mod organization;
mod page;
mod simple_search;

use std::collections::BTreeSet;

use usage_core::model::{Dimension, Granularity, Metric};
use usage_core::{Date, Interval};

use crate::aggregate::{Bucket, Columns, Filter, Grouping, Plan};
use crate::reply::Problem;

pub(crate) use body::Body;
pub(crate) use client::{client_query, client_summary};
pub(crate) use event::{Anchor, EventPage, EventQuery, Span, event_cursor};
pub(crate) use job::{client_job, organization_job};
pub(crate) use organization::organization_query;
pub(crate) use page::{Page, PageSizes, cursor};
pub(crate) use simple_search::simple_search;

/// The days with data, up to yesterday.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    pub(crate) first: Date,
    pub(crate) yesterday: Date,
}

impl Horizon {
    /// Returns the part of `interval` with data. If there is none, its end is before its start.
    fn days_of(self, interval: &Interval) -> (Date, Date) {
        (interval.first_day().max(self.first), interval.last_day().min(self.yesterday))
    }
}

/// Parses the body that organization and client queries share. They differ in the allowed dimensions.
fn grouped_query(body: &Body, horizon: Horizon, allowed: &[Dimension]) -> Result<Plan, Problem> {
    let interval = body.interval()?;
    let granularity = body.one_of("granularity", Granularity::KNOWN, Granularity::as_str)?;
    let metrics = body.any_of("metrics", Metric::KNOWN, Metric::as_str)?;
    let dimensions = body.any_of("groupBy", allowed, Dimension::as_str)?;
    Ok(Plan {
        days: horizon.days_of(&interval),
        filter: Filter::default(),
        bucket: granularity.as_ref().and_then(bucket),
        grouping: grouping(&dimensions),
        columns: columns(&metrics),
        sort: Vec::new(),
        max_rows: usize::MAX,
    })
}

/// Returns the numbers of the values in a filter, or `None` for an empty filter. A filter of unknown values only matches no
/// row.
fn unless_empty<N, T: FromIterator<N>>(texts: &[&str], number: impl Fn(&str) -> Option<N>) -> Option<T> {
    (!texts.is_empty()).then(|| texts.iter().filter_map(|text| number(text)).collect())
}

/// Restricts a plan to one client.
fn of_client(plan: Plan, client: u16) -> Plan {
    Plan { filter: Filter { clients: Some(BTreeSet::from([client])), ..plan.filter }, ..plan }
}

fn bucket(granularity: &Granularity) -> Option<Bucket> {
    match granularity {
        Granularity::Day => Some(Bucket::Day),
        Granularity::Week => Some(Bucket::Week),
        Granularity::Month => Some(Bucket::Month),
        _ => None,
    }
}

/// Returns the grouping. A query that names no dimension is grouped by OAuth client.
fn grouping(dimensions: &[Dimension]) -> Grouping {
    let has = |dimension| dimensions.contains(&dimension);
    Grouping {
        client: dimensions.is_empty() || has(Dimension::OAuthClientId),
        organization: has(Dimension::OrganizationId),
        user: has(Dimension::UserId),
        template: has(Dimension::TemplateUri),
        method: has(Dimension::HttpMethod),
        platform: false,
    }
}

/// Returns the counters of a row. A query that names no metric gets all.
fn columns(metrics: &[Metric]) -> Columns {
    let has = |metric| metrics.is_empty() || metrics.contains(&metric);
    Columns {
        client_id: true,
        client_name: true,
        requests: has(Metric::Requests),
        status200: has(Metric::Status200),
        status300: has(Metric::Status300),
        status400: has(Metric::Status400),
        status500: has(Metric::Status500),
        status429: has(Metric::Status429),
    }
}
