//! Requests by weekday and client.

use serde::Serialize;
use usage_core::UsageTable;

use crate::by_symbol::{BySubject, Dates};
use crate::counts::{capped, requests_of};
use crate::days::Days;
use crate::period::weekday;
use crate::subject::Subject;
use crate::top::{Entry, TopList};

/// The requests of the largest clients by weekday. Days are UTC days.
///
/// ```
/// use usage_core::model::Granularity;
/// use usage_core::{Date, UsageRecord, UsageTable};
/// use usage_report::{Report, ReportOptions};
///
/// // Two weeks from Monday, 1 June 2026, with requests on weekdays.
/// let first: Date = "2026-06-01".parse()?;
/// let days = (0..14).map(|day| first.plus_days(day)).filter(|date| date.weekday() <= 5);
/// let rows: UsageTable = days
///     .map(|date| UsageRecord {
///         date: Some(date.to_string()),
///         client_name: Some("Desktop".into()),
///         requests: Some(100),
///         ..UsageRecord::default()
///     })
///     .collect();
/// let options = ReportOptions::default().with_granularity(Granularity::Day);
/// let map = Report::new(&rows, &options).weekdays.unwrap();
/// assert_eq!(map.mean(&map.clients[0], 0), Some(100.0));
/// assert_eq!(map.mean(&map.clients[0], 6), None);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HeatMap {
    /// The number of Mondays, Tuesdays, … in the period, for means.
    pub days: [u64; 7],
    /// One line for each client, the largest first.
    pub clients: Vec<HeatLine>,
}

/// A client's requests by weekday.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HeatLine {
    /// The client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The client's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The sums of all Mondays, all Tuesdays, …; absent where no row is.
    pub requests: [Option<u64>; 7],
}

impl HeatMap {
    /// Returns the mean requests a day of `line` on `weekday` (0 is Monday). Days without rows count as 0.
    #[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 52 bits")]
    pub fn mean(&self, line: &HeatLine, weekday: usize) -> Option<f64> {
        let (sum, days) = (line.requests.get(weekday).copied()??, *self.days.get(weekday)?);
        (days > 0).then(|| sum as f64 / days as f64)
    }

    /// Creates the heat map of rows by day; `None` if there are no days or no clients to tell apart.
    pub(crate) fn of(table: &UsageTable, clients: &TopList, days: &Days) -> Option<Self> {
        let period = days.period.filter(|_| days.are_days() && !days.buckets.is_empty())?;
        let line =
            |entry: &Entry| HeatLine { id: entry.id.clone(), name: entry.name.clone(), requests: [None; 7] };
        let mut lines: Vec<_> = clients.entries.iter().map(line).collect();
        if lines.is_empty() {
            return None;
        }
        let places = clients.places();
        let (mut by_row, mut dates) = (BySubject::new(Subject::Client), Dates::default());
        for row in table {
            let place = by_row.get(row, |key| places.get(&key).copied());
            let line = place.and_then(|place| lines.get_mut(place));
            let Some((line, date)) = line.zip(dates.of(row).filter(|date| period.contains(*date))) else {
                continue;
            };
            let weekday = weekday(date);
            if let Some(requests) = requests_of(row) {
                line.requests[weekday] = Some(capped(line.requests[weekday].unwrap_or(0), requests));
            }
        }
        Some(Self { days: period.weekdays(), clients: lines })
    }
}
