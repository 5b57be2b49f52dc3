//! What a report does not know.

#[cfg(doc)]
use usage_core::Scope;

use crate::counts::Counts;
use crate::coverage::Coverage;
use crate::days::Days;
use crate::period::Period;

/// Something that a report does not know. It leaves out what depends on it.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Allowance, Limitation, Report, ReportOptions};
///
/// let row = UsageRecord { date: Some("2026-07-01".into()), requests: Some(60), ..UsageRecord::default() };
/// let rows: UsageTable = [row].into_iter().collect();
/// let options = ReportOptions::default().with_allowance(Allowance::requests(1_000));
/// // A day, a week or a month of requests? And which days were asked for?
/// assert_eq!(Report::new(&rows, &options).limitations, [Limitation::Granularity, Limitation::Period]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Limitation {
    /// Whether the dates of the rows are days, weeks or months is unknown. Nothing is reported by weekday, and months are
    /// held against the allowance only where their sums do not depend on it.
    Granularity,
    /// The days that the rows cover are unknown: a day without a row had no requests, or was not asked for. No month is
    /// projected.
    Period,
    /// Rows of the answer are missing, as [`Scope::missing`] says. Sums are too low, no month is projected, and nothing is
    /// said about clients that came, went or grew.
    Missing,
    /// A filter of the scope or of the options left rows out; the allowance is for all requests.
    Filter,
    /// Rows have no date, and the period is longer than one month: they are in no month.
    Dates,
    /// Rows have neither a number of requests nor all classes that add up to it. No month is projected.
    Requests,
}

impl Limitation {
    /// Returns its name in a serialized report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granularity => "granularity",
            Self::Period => "period",
            Self::Missing => "missing",
            Self::Filter => "filter",
            Self::Dates => "dates",
            Self::Requests => "requests",
        }
    }

    /// Returns what is not known of rows with these sums and buckets.
    pub(crate) fn of(counts: &Counts, days: &Days, coverage: &Coverage, has_allowance: bool) -> Vec<Self> {
        let is_dated = !days.buckets.is_empty();
        let is_one_month = coverage.asked.is_some_and(Period::is_in_a_month);
        let all = [
            (Self::Granularity, is_dated && days.granularity.is_none()),
            (Self::Period, has_allowance && counts.rows > 0 && coverage.asked.is_none()),
            (Self::Missing, coverage.has_gaps),
            (Self::Filter, has_allowance && coverage.is_filtered),
            (Self::Dates, has_allowance && days.undated > 0 && coverage.asked.is_some() && !is_one_month),
            (Self::Requests, has_allowance && !counts.has_all_requests()),
        ];
        all.into_iter().filter(|(_, applies)| *applies).map(|(limitation, _)| limitation).collect()
    }
}

impl serde::Serialize for Limitation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
