//! `postUsageAggregatesQueryJobs` and `postUsageClientClientIdAggregatesQueryJobs`.

use usage_core::model::{Granularity, HttpMethod, Metric};
use usage_core::{Date, Interval, Timestamp};

use super::{Body, Horizon, bucket, columns, of_client, unless_empty};
use crate::aggregate::{Bucket, Columns, Filter, Grouping, Plan};
use crate::order::{SortBy, SortField};
use crate::reply::Problem;
use crate::world::{World, platform_number, template_number};

/// Maximum number of days from the first to the last day of an interval.
const MAX_DAYS_TO_END: i64 = 90;

const ORGANIZATION_DIMENSIONS: &[&str] =
    &["OauthClientName", "OauthClientId", "UserId", "HttpMethod", "TemplateUri", "Platform"];
const CLIENT_DIMENSIONS: &[&str] = &["OrganizationId", "HttpMethod", "TemplateUri", "Platform"];

const METHODS: &[HttpMethod] = &[
    HttpMethod::Get,
    HttpMethod::Post,
    HttpMethod::Put,
    HttpMethod::Patch,
    HttpMethod::Delete,
    HttpMethod::Head,
];

type Field = (&'static str, SortField);

const SHARED_FIELDS: &[Field] = &[
    ("date", SortField::Date),
    ("platform", SortField::Platform),
    ("httpMethod", SortField::HttpMethod),
    ("templateUri", SortField::TemplateUri),
    ("requestCount", SortField::RequestCount),
    ("status200", SortField::Status200),
    ("status300", SortField::Status300),
    ("status400", SortField::Status400),
    ("status429", SortField::Status429),
    ("status500", SortField::Status500),
];
const ORGANIZATION_FIELDS: &[Field] = &[
    ("oauthClient", SortField::ClientId),
    ("oauthClient.id", SortField::ClientId),
    ("oauthClient.name", SortField::ClientName),
    ("user", SortField::UserId),
    ("user.id", SortField::UserId),
];
const CLIENT_FIELDS: &[Field] = &[("organizationId", SortField::OrganizationId)];

/// Reads an `OrganizationPublicApiUsageQueryRequest`.
pub(crate) fn organization_job(
    body: &Body,
    now: Timestamp,
    horizon: Horizon,
    world: &World,
) -> Result<Plan, Problem> {
    let plan = job(body, now, horizon, ORGANIZATION_DIMENSIONS, ORGANIZATION_FIELDS)?;
    let filter = Filter {
        clients: unless_empty(&body.texts("oauthClientIds")?, |id| world.client_number(id)),
        users: unless_empty(&body.texts("userIds")?, |id| world.user_number(id)),
        internal: true,
        ..plan.filter
    };
    Ok(Plan { filter, ..plan })
}

/// Reads a `ClientPublicApiUsageQueryRequest` about the client with this number.
pub(crate) fn client_job(
    body: &Body,
    now: Timestamp,
    horizon: Horizon,
    world: &World,
    client: u16,
) -> Result<Plan, Problem> {
    let plan = of_client(job(body, now, horizon, CLIENT_DIMENSIONS, CLIENT_FIELDS)?, client);
    let organizations = body.texts("organizationIds")?;
    if organizations.is_empty() || organizations.contains(&world.organization_id()) {
        return Ok(plan);
    }
    // No other organization uses the client.
    let filter = Filter { clients: Some([].into()), ..plan.filter };
    Ok(Plan { filter, ..plan })
}

/// Reads the part that both bodies share.
fn job(
    body: &Body,
    now: Timestamp,
    horizon: Horizon,
    allowed: &[&'static str],
    fields: &[Field],
) -> Result<Plan, Problem> {
    let interval = body.interval()?;
    check_limits(&interval, now)?;
    let granularity = body.one_of("granularity", Granularity::KNOWN, Granularity::as_str)?;
    let metrics = body.any_of("metrics", Metric::KNOWN, Metric::as_str)?;
    let dimensions = body.any_of("groupBy", allowed, |name| name)?;
    let methods = body.any_of("httpMethods", METHODS, HttpMethod::as_str)?;
    let bucket = granularity.as_ref().and_then(bucket);
    Ok(Plan {
        days: horizon.days_of(&interval),
        filter: Filter {
            methods: Some(methods).filter(|methods| !methods.is_empty()),
            templates: unless_empty(&body.texts("templateUris")?, template_number),
            platforms: unless_empty(&body.texts("platforms")?, platform_number),
            ..Filter::default()
        },
        // Without aggregation, there is a row for each day.
        bucket: if dimensions.is_empty() { bucket.or(Some(Bucket::Day)) } else { bucket },
        grouping: grouping(&dimensions, allowed),
        columns: Columns {
            client_id: dimensions.is_empty() || dimensions.contains(&"OauthClientId"),
            client_name: dimensions.is_empty() || dimensions.contains(&"OauthClientName"),
            ..columns(&metrics)
        },
        sort: sort_by(body, fields)?,
        max_rows: usize::MAX,
    })
}

/// Checks the limits of an interval, whose last day is included.
fn check_limits(interval: &Interval, now: Timestamp) -> Result<(), Problem> {
    if interval.first_day() < a_year_before(Date::of(now)) {
        return Err(Problem::interval_starts_too_early(&interval.to_string()));
    }
    if interval.first_day().days_until(interval.last_day()) > MAX_DAYS_TO_END {
        return Err(Problem::interval_too_long(&interval.to_string()));
    }
    Ok(())
}

/// Returns the same day of the year before, the 28th of February for the 29th.
fn a_year_before(day: Date) -> Date {
    let year = day.year() - 1;
    let same_day = Date::new(year, day.month(), day.day());
    same_day.or_else(|_| Date::new(year, day.month(), day.day() - 1)).unwrap_or(day)
}

/// Returns the dimensions of rows. A job that names none is not aggregated and has all of them.
fn grouping(dimensions: &[&str], allowed: &[&str]) -> Grouping {
    let dimensions = if dimensions.is_empty() { allowed } else { dimensions };
    let has = |dimension| dimensions.contains(&dimension);
    Grouping {
        client: has("OauthClientId") || has("OauthClientName"),
        organization: has("OrganizationId"),
        user: has("UserId"),
        template: has("TemplateUri"),
        method: has("HttpMethod"),
        platform: has("Platform"),
    }
}

fn sort_by(body: &Body, fields: &[Field]) -> Result<Vec<SortBy>, Problem> {
    let fields: Vec<_> = SHARED_FIELDS.iter().chain(fields).copied().collect();
    let sort = |entry: &Body| {
        let field = entry.one_of("fieldName", &fields, |(name, _)| name)?;
        let (_, field) = field.ok_or_else(|| Problem::missing_field("fieldName"))?;
        let order = entry.one_of("order", &["Asc", "Desc"], |name| name)?;
        Ok(SortBy { field, descending: order == Some("Desc") })
    };
    body.objects("sortBy")?.iter().map(sort).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(interval: &str, today: &str) -> bool {
        let now = today.parse::<Date>().unwrap().start();
        check_limits(&interval.parse().unwrap(), now).is_ok()
    }

    #[test]
    fn limits_are_included() {
        assert!(check("2025-07-08/2025-10-06", "2026-07-08"));
        assert!(!check("2025-07-07/2025-07-08", "2026-07-08"), "more than a year ago");
        assert!(!check("2026-01-01/2026-04-02", "2026-07-08"), "91 days after the start");
        assert!(check("2026-01-01T00:00:00/2026-04-01T23:59:59", "2026-07-08"));
        assert!(check("2023-02-28/2023-03-01", "2024-02-29"));
        assert!(!check("2023-02-27/2023-03-01", "2024-02-29"));
        assert!(!check("0001-01-01/9998-12-31", "1970-01-01"));
    }

    #[test]
    fn no_dimension_means_all_dimensions_of_a_job() {
        let organization = grouping(&[], ORGANIZATION_DIMENSIONS);
        assert!(
            organization.client && organization.user && organization.platform && !organization.organization
        );
        let client = grouping(&[], CLIENT_DIMENSIONS);
        assert!(!client.client && !client.user && client.platform && client.organization);
        let by_platform = grouping(&["Platform"], CLIENT_DIMENSIONS);
        assert_eq!(by_platform, Grouping { platform: true, ..Grouping::default() });
        let by_name = grouping(&["OauthClientName"], ORGANIZATION_DIMENSIONS);
        assert_eq!(by_name, grouping(&["OauthClientId"], ORGANIZATION_DIMENSIONS));
    }
}
