//! The report: sums, lists and findings of some rows.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::Scope;
use usage_core::model::Granularity;

use crate::allowance::AllowanceUse;
use crate::comparison::{Arrivals, Comparison};
use crate::counts::Counts;
use crate::cross::CrossTable;
use crate::days::Bucket;
use crate::filter::RowFilter;
use crate::finding::Finding;
use crate::heat_map::HeatMap;
use crate::limitation::Limitation;
use crate::period::Period;
use crate::subject::Subject;
use crate::top::TopList;

/// A sentence that every reader of a report must know.
pub const CAVEAT: &str = "The service's data is up to 24 hours old and does not have the current day. Its days are \
     UTC days. Not all requests are billable, and the service does not say which: this is not the bill.";

/// The report of some rows. The order of the rows makes no difference.
///
/// Serialized, it is one object: `scope`, `filter`, `limitations`, `findings`, `totals`, `granularity`, `days`,
/// `busiestDays`, `topClients`, `topUsers`, `topUris`, `topMethods`, `topPlatforms`, `topOrganizations`, `others` (of each
/// list that is not complete), `topByErrors` and `topBy429` (lists by subject), and if they are there `weekdays`,
/// `arrivals`, `comparison`, `allowance`, `drilldown`; last the `caveat`. What is absent is left out.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Report, ReportOptions};
///
/// let row = |client: &str, requests| UsageRecord {
///     client_name: Some(client.into()),
///     requests: Some(requests),
///     ..UsageRecord::default()
/// };
/// let rows: UsageTable = [row("Export", 75), row("Bot", 25)].into_iter().collect();
/// let report = Report::new(&rows, &ReportOptions::default());
/// assert_eq!(report.totals.counts.requests, Some(100));
/// assert_eq!(report.clients.entries[0].share, Some(0.75));
/// let document = serde_json::to_value(&report)?;
/// assert_eq!(document["topClients"][0]["name"], "Export");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The sums of all rows, and their days.
    pub totals: Totals,
    /// What the rows cover, if that is known.
    pub scope: Option<Scope>,
    /// What is not known, and what depends on it is left out.
    pub limitations: Vec<Limitation>,
    /// The granularity of `days`, if it is known.
    pub granularity: Option<Granularity>,
    /// The time buckets in order. Rows without a date are in none. Of rows by day, every day of the period has a
    /// bucket, also without rows, if the period has at most [`MAX_EMPTY_DAYS`](crate::MAX_EMPTY_DAYS) days.
    pub days: Vec<Bucket>,
    /// The buckets with the most requests, the largest first.
    pub busiest: Vec<Bucket>,
    /// The OAuth clients.
    pub clients: TopList,
    /// The users.
    pub users: TopList,
    /// The template URIs.
    pub uris: TopList,
    /// The HTTP methods.
    pub methods: TopList,
    /// The platforms.
    pub platforms: TopList,
    /// The organizations that made the requests.
    pub organizations: TopList,
    /// Requests by weekday and client, if the rows are by day.
    pub weekdays: Option<HeatMap>,
    /// The clients that appeared or vanished against the earlier period, or without one in the second half of the days
    /// against the first. `None` if rows are missing.
    pub arrivals: Option<Arrivals>,
    /// The comparison with an earlier period.
    pub comparison: Option<Comparison>,
    /// The months against the allowance.
    pub allowance: Option<AllowanceUse>,
    /// What matters in all that, the most important first. None without rows, but for what the data does not cover.
    pub findings: Vec<Finding>,
    /// From who to what: a table for each pair of [`ReportOptions::drilldown`](crate::ReportOptions::drilldown).
    pub drilldown: Vec<CrossTable>,
    /// Which rows the report is about, if not all that it was made from.
    pub filter: RowFilter,
}

/// The sums of all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The sums.
    pub counts: Counts,
    /// The days of the rows, if they are known.
    pub period: Option<Period>,
    /// The number of rows in no bucket: without a date, or with one that is not a day.
    pub undated: u64,
    /// The number of these that have a date that is not a day, or is not understood.
    pub unclear: u64,
}

impl Report {
    /// Returns the list of `subject`.
    pub fn top(&self, subject: Subject) -> &TopList {
        match subject {
            Subject::Client => &self.clients,
            Subject::User => &self.users,
            Subject::Uri => &self.uris,
            Subject::Method => &self.methods,
            Subject::Platform => &self.platforms,
            Subject::Organization => &self.organizations,
        }
    }

    /// Returns the table of two subjects, if it was asked for and the rows say something about both.
    pub fn cross(&self, rows: Subject, columns: Subject) -> Option<&CrossTable> {
        self.drilldown.iter().find(|cross| (cross.rows, cross.columns) == (rows, columns))
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.counts.write_to(&mut map)?;
        if let Some(period) = self.period {
            map.serialize_entry("from", &period.first_day())?;
            map.serialize_entry("to", &period.last_day())?;
        }
        let rows = [("rowsWithoutDate", self.undated - self.unclear), ("rowsWithUnclearDate", self.unclear)];
        for (name, rows) in rows.into_iter().filter(|(_, rows)| *rows > 0) {
            map.serialize_entry(name, &rows)?;
        }
        map.end()
    }
}
