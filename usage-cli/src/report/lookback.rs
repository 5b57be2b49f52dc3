//! The daily totals before a period: what a projection is made from besides the period's own days.

use usage_core::model::{Dimension, Granularity, Metric};
use usage_core::query::{ClientQuery, OrganizationQuery};
use usage_core::{ClientId, Date, Interval};
use usage_report::{Period, Report};

use crate::process::stderr::{self, WARNING};

/// How many days before a period are asked for: as many as a trend is taken from. The queries have no limit on how far
/// back they look, nor on the length of an interval.
pub(crate) const DAYS: i64 = 112;
/// A period of at least this many days needs no history.
const ENOUGH: u64 = 28;

/// Returns the days before `period` that its projection lacks, if the data goes until `until`: none if it has days enough,
/// or all days of its last month.
pub(crate) fn days_before(period: Period, until: Date) -> Option<Period> {
    let known = period.until(until);
    let has_whole_month = |known: Period| {
        let last = known.last_day();
        last == last.last_of_month() && known.first_day() <= last.first_of_month()
    };
    if known.is_some_and(has_whole_month) || known.is_some_and(|known| known.days() >= ENOUGH) {
        return None;
    }
    let first = period.first_day();
    Period::new(first.plus_days(-DAYS), until.min(first.plus_days(-1)))
}

/// Returns the query for the requests of each day of `days`, in as few rows as there are.
pub(crate) fn of_organization(days: Period) -> Option<OrganizationQuery> {
    let query = OrganizationQuery::new(interval(days)?).with_granularity(Granularity::Day);
    Some(query.with_group_by([Dimension::OrganizationId]).with_metrics([Metric::Requests]))
}

/// The same of the OAuth client `client`.
pub(crate) fn of_client(client: &ClientId, days: Period) -> Option<ClientQuery> {
    let query = ClientQuery::new(client.clone(), interval(days)?).with_granularity(Granularity::Day);
    Some(query.with_group_by([Dimension::OrganizationId]).with_metrics([Metric::Requests]))
}

fn interval(days: Period) -> Option<Interval> {
    Interval::from_days(days.first_day(), days.last_day()).ok()
}

/// Says that the daily totals of `days` are not there, and what `report` is made from instead; of which organization, if
/// there are several.
pub(crate) fn warn_of_lack(organization: Option<&str>, days: Period, why: &str, report: &Report) {
    let month = report.allowance.as_ref().and_then(|allowance| allowance.latest());
    let made_from = match month.filter(|month| month.is_projected).and_then(|month| month.projected_from_days)
    {
        Some(1) => "the projection is made from 1 day".into(),
        Some(number) => format!("the projection is made from {number} days"),
        None => "there is no projection".to_owned(),
    };
    let (first, last) = (days.first_day(), days.last_day());
    let of = organization.map_or_else(String::new, |name| format!("{name}: "));
    let text = format!("{of}the daily totals of {first} to {last} did not arrive, {made_from}: {why}");
    stderr::labelled("warning", WARNING, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_projection_lacks_is_asked_for_and_no_more() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (first, last, until, wanted) in [
            // A month so far, and its first day, on which it has no data.
            ("2026-08-01", "2026-08-31", "2026-08-03", Some("2026-04-11/2026-07-31")),
            ("2026-08-01", "2026-08-31", "2026-07-31", Some("2026-04-11/2026-07-31")),
            // A clock that is a day ahead.
            ("2026-08-01", "2026-08-31", "2026-07-30", Some("2026-04-11/2026-07-30")),
            ("2026-08-20", "2026-08-26", "2026-08-26", Some("2026-04-30/2026-08-19")),
            // The days of a month that is over, besides its last ones.
            ("2026-08-25", "2026-08-31", "2026-08-31", Some("2026-05-05/2026-08-24")),
            // Whole, or long enough.
            ("2026-08-01", "2026-08-31", "2026-09-10", None),
            ("2028-02-01", "2028-02-29", "2028-02-29", None),
            ("2026-08-01", "2026-08-28", "2026-08-28", None),
        ] {
            let period = Period::new(day(first), day(last)).unwrap();
            let lacking = days_before(period, day(until)).map(|days| days.to_string());
            assert_eq!(lacking.as_deref(), wanted, "{period} until {until}");
        }
    }
}
