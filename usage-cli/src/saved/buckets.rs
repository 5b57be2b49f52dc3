//! The days, weeks or months that start on the dates of saved rows.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::Period;

/// The buckets (days, weeks or months) of saved rows.
#[derive(Clone, Debug)]
pub(crate) struct SavedBuckets {
    /// The first days of the buckets, in order.
    dates: Vec<Date>,
    granularity: Option<Granularity>,
    /// The days that the query covered. The service counts no others in the first and the last bucket.
    scope: Option<Period>,
}

/// How a period cuts the buckets at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The period has whole buckets, or the rows cover only this period.
    None,
    /// Some buckets extend beyond the period.
    Whole,
    /// The first or the last bucket extends beyond the period, and it is unknown whether its rows cover only the period.
    Unclear,
    /// It is unknown whether the dates start days, weeks or months, so some buckets may be cut.
    Unknown,
}

impl SavedBuckets {
    pub(crate) fn new(
        dates: impl Iterator<Item = Date>,
        granularity: Option<&Granularity>,
        scope: Option<Period>,
    ) -> Self {
        Self { dates: dates.collect(), granularity: granularity.cloned(), scope }
    }

    /// Returns the days of the bucket that starts on `date`, or the date alone if the length of buckets is unknown.
    pub(crate) fn days_of(&self, date: Date) -> Option<Period> {
        let last =
            self.granularity.as_ref().and_then(|granularity| granularity.last_day(date)).unwrap_or(date);
        // A bucket that the start of an interval cuts ends where the next one starts.
        let next = self.dates.get(self.dates.partition_point(|other| *other <= date));
        let days = Period::new(date, next.map_or(last, |next| last.min(next.plus_days(-1))))?;
        Some(self.scope.and_then(|scope| scope.common(days)).unwrap_or(days))
    }

    /// Returns `period` extended to whole buckets.
    pub(crate) fn widened(&self, period: Period) -> Period {
        self.days().filter(|days| days.common(period).is_some()).fold(period, joined)
    }

    /// Returns the days of the buckets that lie within `period`, or `period` itself if the buckets are days. Returns
    /// `None` if no bucket lies within it.
    pub(crate) fn within(&self, period: Period) -> Option<Period> {
        if !matches!(self.granularity, Some(Granularity::Week | Granularity::Month)) {
            return Some(period);
        }
        self.days().filter(|days| days.common(period) == Some(*days)).reduce(joined)
    }

    /// Returns how `given` cuts the buckets.
    pub(crate) fn cut(&self, given: Period) -> Cut {
        let Some(first) = self.dates.first() else { return Cut::None };
        if self.granularity.is_none() {
            // Only rows near the period can extend into it.
            let may_reach = |date: &Date| {
                (1..=30).contains(&date.days_until(given.first_day())) || *date > given.last_day()
            };
            let may_be_cut = self.may_be_longer() && self.dates.iter().any(may_reach);
            return if may_be_cut { Cut::Unknown } else { Cut::None };
        }
        if self.widened(given) == given {
            return Cut::None;
        }
        // Rows of other weeks or months show that the query had a longer period.
        let has_others = self.days().any(|days| days.common(given).is_none());
        if has_others || self.scope.is_some() {
            return Cut::Whole;
        }
        // The service starts the first bucket at the start of the interval, so the rows cover only the period.
        if *first == given.first_day() && self.is_first_cut() { Cut::None } else { Cut::Unclear }
    }

    fn days(&self) -> impl Iterator<Item = Period> {
        self.dates.iter().filter_map(|date| self.days_of(*date))
    }

    /// Returns whether the start of an interval cut the first bucket.
    fn is_first_cut(&self) -> bool {
        match (&self.granularity, &self.dates[..]) {
            (Some(Granularity::Week), [first, second, ..]) => first.days_until(*second) % 7 != 0,
            (Some(Granularity::Month), [first, ..]) => first.day() != 1,
            _ => false,
        }
    }

    /// Returns whether the dates may start weeks or months. The first bucket may be cut.
    fn may_be_longer(&self) -> bool {
        let whole = if self.dates.len() > 2 { &self.dates[1..] } else { &self.dates[..] };
        whole.windows(2).all(|two| two[0].days_until(two[1]) % 7 == 0)
            || whole.iter().all(|date| date.day() == 1)
    }
}

fn joined(one: Period, two: Period) -> Period {
    let (first, last) = (one.first_day().min(two.first_day()), one.last_day().max(two.last_day()));
    Period::new(first, last).unwrap_or(one)
}
