//! Which days saved rows cover, and which of them a report uses.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use usage_core::model::Granularity;
use usage_core::{Date, Scope, UsageTable};
use usage_report::Period;

use crate::problem::Problem;
use crate::process::stderr::{self, HINT};
use crate::saved::buckets::{Cut, SavedBuckets};

/// The days of saved rows.
#[derive(Clone, Debug)]
pub(crate) struct SavedDays {
    /// The period that the user gives, extended to the weeks or months that it cuts.
    pub(crate) given: Option<Period>,
    /// The last day that the data can contain.
    pub(crate) until: Date,
    /// The days that the files' scope covers.
    scope: Option<Period>,
    /// The period from the first to the last date of the rows.
    dated: Option<Period>,
    undated: usize,
    /// Whether the period is not over and no file says where its data ends. Days after the last row then either had
    /// no requests or were not counted yet when the file was saved.
    is_end_unknown: bool,
    /// The weeks or months of the rows, and whether the period cuts some.
    buckets: SavedBuckets,
    cut: Cut,
}

impl SavedDays {
    pub(crate) fn of(
        table: &UsageTable,
        scope: Option<&Scope>,
        given: Option<Period>,
        granularity: Option<&Granularity>,
    ) -> Self {
        let mut by_date = table.rows_by_date();
        let undated = by_date.remove(&None).unwrap_or_default();
        let ends = (by_date.keys().next().copied().flatten(), by_date.keys().next_back().copied().flatten());
        let dated = ends.0.zip(ends.1).and_then(|(first, last)| Period::new(first, last));
        let today = Date::of(SystemTime::now().into());
        let last = dated.map(Period::last_day);
        // If rows have later dates, this computer's clock is behind.
        let until = last.filter(|last| *last > today).unwrap_or(today.plus_days(-1));
        let until = scope.and_then(|scope| scope.data_until).map_or(until, |last| last.min(until));
        let is_end_unknown = scope.is_none_or(|scope| scope.data_until.is_none())
            && given.is_some_and(|given| given.last_day() > until)
            && dated.map_or(undated > 0, |dated| has_unknown_tail(&by_date, dated, until));
        let until = last.filter(|_| is_end_unknown).unwrap_or(until);
        let query = scope.and_then(|scope| scope.query.as_ref());
        let scope = query.map(|query| Period::from(&query.interval)).and_then(|period| period.until(until));
        let granularity = granularity.or_else(|| query?.granularity.as_ref());
        let buckets = SavedBuckets::new(by_date.into_keys().flatten(), granularity, scope);
        let cut = given.map_or(Cut::None, |given| buckets.cut(given));
        let widened = given.filter(|_| cut != Cut::None).map(|given| {
            let whole = buckets.widened(given);
            whole.until(until.max(given.last_day())).unwrap_or(whole)
        });
        Self { given: widened.or(given), is_end_unknown, until, scope, buckets, cut, dated, undated }
    }

    /// Warns that no month is projected because it is unknown where the data ends.
    pub(crate) fn warn_of_unknown_end(&self) {
        if let Some(given) = self.given.filter(|_| self.is_end_unknown) {
            let first = given.first_day();
            let end = "nothing says until when the data of a month that is not over goes, so that nothing is projected";
            let text = match self.dated {
                Some(dated) => {
                    let last = dated.last_day();
                    format!(
                        "{end}: the last row is of {last}. If the data ends there, give --interval {first}/{last}"
                    )
                }
                None => format!("{end}: rows have no date. Give --interval {first}/DAY with the last day"),
            };
            stderr::labelled("note", HINT, text);
        }
    }

    /// Warns that the period cuts weeks or months, whose rows cannot be divided into days.
    pub(crate) fn warn_of_cuts(&self) {
        let Some(given) = self.given.filter(|_| matches!(self.cut, Cut::Whole | Cut::Unclear)) else {
            return;
        };
        let text = format!(
            "the period cuts weeks or months of the rows: the report has the whole of them, from {} to {}, and months \
             are divided by days",
            given.first_day(),
            given.last_day()
        );
        stderr::labelled("note", HINT, text);
    }

    /// Refuses options that need dates, if the rows have none.
    pub(crate) fn check(&self, compare: bool) -> Result<(), Problem> {
        let selects = self.dated.is_some() && (self.given.is_some() || compare);
        if self.undated == 0 || !(selects || compare) {
            return Ok(());
        }
        let rows = if self.undated == 1 { "1 row has".into() } else { format!("{} rows have", self.undated) };
        Err(Problem::usage(format!("{rows} no date: the period they belong to is unknown")).with_hint(
            "query with --granularity day; rows without dates can be compared with --compare-with",
        ))
    }

    /// Returns the rows of the given period, or all rows without one. Rows without dates are always included.
    ///
    /// # Errors
    ///
    /// Returns a problem if the files cover other days: a missing row then does not mean that there were no requests.
    pub(crate) fn selected<'a>(&self, table: &'a UsageTable) -> Result<Cow<'a, UsageTable>, Problem> {
        let Some((period, dated)) = self.given.zip(self.dated) else { return Ok(Cow::Borrowed(table)) };
        let rows = self.rows_of(table, period);
        if rows.is_empty() && self.scope.and_then(|scope| scope.common(period)).is_none() {
            let (first, last) = (dated.first_day(), dated.last_day());
            let problem = format!("the file has no rows of {period}; its rows are of {first} to {last}");
            return Err(Problem::usage(problem).with_hint("ask the service about these days: leave out FILE"));
        }
        Ok(Cow::Owned(rows))
    }

    /// Returns the period that the rows of a report cover, if known: the given period, or the compared part of the
    /// scope.
    pub(crate) fn covered(&self, compared: Option<Period>) -> Option<Period> {
        if self.is_end_unknown || matches!(self.cut, Cut::Unclear | Cut::Unknown) {
            return None;
        }
        match compared {
            Some(current) if self.given.is_some() || self.scope.is_some() => Some(current),
            _ => self.given,
        }
    }

    /// Returns the rows of the days before the period, and those days, as far as the files cover them.
    pub(crate) fn history(&self, table: &UsageTable) -> Option<(UsageTable, Period)> {
        let days = self.scope?.until(self.given?.first_day().plus_days(-1))?;
        Some((self.rows_of(table, days), days))
    }

    /// Returns the earlier and the later period to compare. Both have equally many days with data.
    pub(crate) fn compared(&self) -> Result<(Period, Period), Problem> {
        let Some(given) = self.given else {
            let halves = self.scope.or(self.dated).and_then(Period::halves);
            let halves =
                halves.and_then(|(one, two)| Some((self.buckets.within(one)?, self.buckets.within(two)?)));
            return halves.ok_or_else(|| {
                Problem::usage("there are fewer than two days to compare")
                    .with_hint("give more files, or the rows to compare with by --compare-with")
            });
        };
        let current = given.until(self.until).unwrap_or(given);
        let previous = current.previous();
        let covered = match (self.scope, self.dated) {
            (Some(scope), _) => scope.common(previous) == Some(previous),
            (None, Some(dated)) => dated.common(previous).is_some(),
            (None, None) => true,
        };
        if covered { Ok((self.buckets.widened(previous), current)) } else { Err(self.not_covered(previous)) }
    }

    /// Returns the rows of `period`, including those of weeks and months that it cuts.
    pub(crate) fn rows_of(&self, table: &UsageTable, period: Period) -> UsageTable {
        let is_of = |date| self.buckets.days_of(date).is_some_and(|days| days.common(period).is_some());
        table.iter().filter(|row| row.date().is_some_and(is_of)).collect()
    }

    fn not_covered(&self, previous: Period) -> Problem {
        let covered = self.scope.or(self.dated);
        let covered = covered.map_or_else(String::new, |days| {
            format!("; they cover {} to {}", days.first_day(), days.last_day())
        });
        let (first, last) = (previous.first_day(), previous.last_day());
        Problem::usage(format!("the files do not cover {first} to {last}, the days to compare with{covered}"))
            .with_hint("give the file of the earlier days too, or by --compare-with")
    }
}

/// Returns whether a day after the last row and up to `until` may have had requests: an earlier day with the same
/// weekday had some, or is not in the data.
fn has_unknown_tail(rows: &BTreeMap<Option<Date>, usize>, dated: Period, until: Date) -> bool {
    let tail = (1..=dated.last_day().days_until(until)).map(|day| dated.last_day().plus_days(day));
    let is_quiet = |day: Date| {
        let before: Vec<_> =
            (1..=4).map(|week| day.plus_days(-7 * week)).filter(|day| dated.contains(*day)).collect();
        !before.is_empty() && !before.into_iter().any(|day| rows.contains_key(&Some(day)))
    };
    // Beyond a whole week, one of the days has the weekday of the last row.
    !tail.take(7).all(is_quiet)
}
