//! What is known about rows beside the rows: which days they cover, and what their dates are.

use crate::date::Date;
use crate::model::Granularity;
use crate::report::days::Days;
use crate::report::period::Period;
use crate::report::{Report, ReportOptions};
#[cfg(doc)]
use crate::scope::Scope;

/// What the options and the scope say about rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    /// What the rows are bucketed by, if that is said.
    pub(super) granularity: Option<Granularity>,
    /// The days that were asked for, without those after the end of the data, if that leaves any.
    pub(super) asked: Option<Period>,
    /// Those of them that the data covers. A day of it without rows is a quiet day.
    pub(super) known: Option<Period>,
    /// The last day that the service could have data of.
    until: Option<Date>,
    /// Whether rows of the answer are missing.
    pub(super) has_gaps: bool,
    /// Whether the rows are those of some requests only.
    pub(super) is_filtered: bool,
}

impl Coverage {
    pub(super) fn of(options: &ReportOptions) -> Self {
        let scope = options.scope.as_ref();
        let query = scope.and_then(|scope| scope.query.as_ref());
        let of_scope = query.map(|query| Period::from(&query.interval));
        let asked = match (options.period, of_scope) {
            (Some(period), Some(of_scope)) => period.common(of_scope),
            (period, of_scope) => period.or(of_scope),
        };
        let until =
            [options.data_until, scope.and_then(|scope| scope.data_until)].into_iter().flatten().min();
        let known = asked.and_then(|asked| until.map_or(Some(asked), |until| asked.until(until)));
        Self {
            granularity: options
                .granularity
                .clone()
                .or_else(|| query.and_then(|query| query.granularity.clone())),
            asked: known.or(asked).or(options.period),
            known,
            until,
            has_gaps: scope.is_some_and(|scope| !scope.is_complete()),
            is_filtered: scope.is_some_and(|scope| !scope.filter_names().is_empty()),
        }
    }

    /// Rows of which no more is known than what they are bucketed by, and the days that were asked for.
    pub(super) fn bucketed(granularity: Option<Granularity>, asked: Option<Period>) -> Self {
        Self { granularity, asked, ..Self::default() }
    }

    /// Returns the days whose requests are all counted.
    ///
    /// The service recomputes once a day: its last day may not be counted yet. Without a row, that day is a quiet one
    /// only if the same weekdays before it were quiet.
    pub(super) fn counted(&self, days: &Days) -> Option<Period> {
        let known = self.known?;
        let last = known.last_day();
        if Some(last) != self.until
            || days.granularity != Some(Granularity::Day)
            || days.requests_on(last).is_some()
        {
            return Some(known);
        }
        let weeks_before = (1..=4).map(|week| last.plus_days(-7 * week));
        let mut weeks_before = weeks_before.filter(|day| known.contains(*day)).peekable();
        let is_quiet =
            weeks_before.peek().is_some() && weeks_before.all(|day| days.requests_on(day).is_none());
        if is_quiet { Some(known) } else { known.until(last.plus_days(-1)) }
    }
}

impl Coverage {
    /// Returns `history` without its last day, if that may not be counted yet: the service's last day, without requests
    /// although one of the same weekdays before it had some.
    pub(super) fn counted_history(&self, mut history: Vec<(Date, u64)>) -> Vec<(Date, u64)> {
        let Some((last, 0)) = history.last().copied() else { return history };
        let weekdays =
            (1..=4).filter_map(|week| history.len().checked_sub(1 + 7 * week)).map(|at| history[at].1);
        if Some(last) == self.until && weekdays.sum::<u64>() > 0 {
            history.pop();
        }
        history
    }
}

/// Something that a report does not know, so that it leaves out what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Limitation {
    /// Whether the rows' dates are days, weeks or months is unknown. There is nothing by weekday, and months are held
    /// against the allowance only where their sums do not depend on it.
    Granularity,
    /// Which days the rows cover is unknown: a day without a row is either quiet or was not asked for. No month is
    /// projected.
    Period,
    /// Rows of the answer are missing, as [`Scope::missing`] says. Sums are too low, and no month is projected.
    Missing,
    /// The rows are those of some requests only, as the filters of the scope say; the allowance is for all.
    Filter,
    /// Rows have no date, and the period is more than one month: they are in no month.
    Dates,
    /// Rows have no total of requests, nor all classes that add up to it. No month is projected.
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

    /// Returns the limitations of `report`, whose rows are covered by `coverage`.
    pub(super) fn of(report: &Report, coverage: &Coverage) -> Vec<Self> {
        let counts = &report.totals.counts;
        let is_dated = !report.days.is_empty();
        let has_allowance = report.allowance.is_some();
        let is_one_month = coverage.asked.is_some_and(Period::is_in_a_month);
        let all = [
            (Self::Granularity, is_dated && report.granularity.is_none()),
            (Self::Period, has_allowance && counts.rows > 0 && coverage.asked.is_none()),
            (Self::Missing, coverage.has_gaps),
            (Self::Filter, has_allowance && coverage.is_filtered),
            (
                Self::Dates,
                has_allowance && report.totals.undated > 0 && coverage.asked.is_some() && !is_one_month,
            ),
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
