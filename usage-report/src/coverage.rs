//! What is known about rows beside the rows: which days they cover, and what their dates are.

use usage_core::Date;
use usage_core::model::Granularity;

use crate::days::Days;
use crate::period::Period;

/// What the options and the scope say about rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    /// What the rows are bucketed by, if that is said.
    pub(crate) granularity: Option<Granularity>,
    /// The days that were asked for, without those after the end of the data, if that leaves any.
    pub(crate) asked: Option<Period>,
    /// Those of them that the data covers. A day of it without rows is a quiet day.
    pub(crate) known: Option<Period>,
    /// The last day that the service could have data of.
    pub(crate) until: Option<Date>,
    /// How many days of what was asked for are after the end of the data.
    pub(crate) days_to_come: u64,
    /// Whether rows of the answer are missing.
    pub(crate) has_gaps: bool,
    /// Whether the rows are those of some requests only.
    pub(crate) is_filtered: bool,
}

impl Coverage {
    /// Returns the days whose requests are all counted.
    ///
    /// The service recomputes once a day: its last day may not be counted yet. Without a row, that day is a quiet one
    /// only if the same weekdays before it were quiet.
    pub(crate) fn counted(&self, days: &Days) -> Option<Period> {
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

    /// Returns `history` without its last day, if that may not be counted yet: the service's last day, without requests
    /// although one of the same weekdays before it had some.
    pub(crate) fn counted_history(&self, mut history: Vec<(Date, u64)>) -> Vec<(Date, u64)> {
        let Some((last, 0)) = history.last().copied() else { return history };
        let weekdays =
            (1..=4).filter_map(|week| history.len().checked_sub(1 + 7 * week)).map(|at| history[at].1);
        if Some(last) == self.until && weekdays.sum::<u64>() > 0 {
            history.pop();
        }
        history
    }
}
