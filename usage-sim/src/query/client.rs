//! `postOauthClientUsageQuery` and `getOauthClientUsageSummary`: one OAuth client.

use usage_core::model::Dimension;
use usage_core::{Interval, Timestamp};

use super::{Body, Horizon, columns, grouped_query, grouping, of_client};
use crate::aggregate::{Filter, Plan};
use crate::reply::Problem;

/// The dimensions of the organization query, without the user.
const DIMENSIONS: &[Dimension] =
    &[Dimension::OAuthClientId, Dimension::OrganizationId, Dimension::TemplateUri, Dimension::HttpMethod];

/// Reads an `ApiUsageClientQuery` about the client with this number.
pub(crate) fn client_query(body: &Body, horizon: Horizon, client: u16) -> Result<Plan, Problem> {
    Ok(of_client(grouped_query(body, horizon, DIMENSIONS)?, client))
}

/// Reads a summary of the previous `days`, the text of the query parameter (default 7). It has one total.
pub(crate) fn client_summary(
    days: Option<&str>,
    now: Timestamp,
    horizon: Horizon,
    client: u16,
) -> Result<Plan, Problem> {
    let days = match days {
        None => 7,
        Some(text) => match text.parse::<u32>() {
            Ok(days @ 1..) => days,
            _ => return Err(Problem::invalid_value("days", text)),
        },
    };
    let plan = Plan {
        days: horizon.days_of(&Interval::last_days(days, now)),
        filter: Filter::default(),
        bucket: None,
        grouping: grouping(&[]),
        columns: columns(&[]),
        sort: Vec::new(),
        max_rows: usize::MAX,
    };
    Ok(of_client(plan, client))
}
