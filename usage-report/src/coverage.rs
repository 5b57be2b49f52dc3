//! What is known about rows beside the rows: the days that they cover, and the granularity of their dates.

use usage_core::Date;
use usage_core::model::Granularity;

use crate::days::Days;
use crate::period::Period;

/// What options and scope say about rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    /// The time bucket of the rows, if it is known.
    pub(crate) granularity: Option<Granularity>,
    /// The days of the query, without those after the end of the data, if that leaves any.
    pub(crate) asked: Option<Period>,
    /// The days of `asked` that the data covers. One of them without rows is a day without requests.
    pub(crate) known: Option<Period>,
    /// The last day for which the service could have data.
    pub(crate) until: Option<Date>,
    /// The number of days of the query after the end of the data.
    pub(crate) days_to_come: u64,
    /// Whether rows of the answer are missing.
    pub(crate) has_gaps: bool,
    /// Whether a filter left rows out.
    pub(crate) is_filtered: bool,
}

impl Coverage {
    /// Returns the days whose requests are all counted.
    ///
    /// The service recomputes once a day, so that its last day may not be counted yet. Without a row, that day counts as
    /// quiet only if the same weekdays before it were quiet.
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

    /// Returns `history` without its last day if that may not be counted yet: it is the last day for which the service
    /// could have data, and has no requests although one of the same weekdays before it has some.
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
