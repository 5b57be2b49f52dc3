//! The days, weeks or months that the dates of saved rows begin.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::Period;

/// The buckets of saved rows.
#[derive(Clone, Debug)]
pub(crate) struct SavedBuckets {
    /// In order.
    dates: Vec<Date>,
    granularity: Option<Granularity>,
    /// The days that were asked for: the service counts no others in the first and the last bucket.
    scope: Option<Period>,
}

/// What a period does to the buckets at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It has whole buckets, or the rows are of this period only.
    None,
    /// Some are cut.
    Whole,
    /// The last one is cut, and it is not known whether its rows are of the period only.
    Unclear,
    /// It is not known whether the dates are those of days, weeks or months, so that some may be cut.
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

    /// Returns the days of the bucket that begins on `date`; the date alone if it is not known what it begins.
    pub(crate) fn days_of(&self, date: Date) -> Option<Period> {
        let last =
            self.granularity.as_ref().and_then(|granularity| granularity.last_day(date)).unwrap_or(date);
        // A bucket that the start of an interval cuts ends before the next one begins.
        let next = self.dates.get(self.dates.partition_point(|other| *other <= date));
        let days = Period::new(date, next.map_or(last, |next| last.min(next.plus_days(-1))))?;
        Some(self.scope.and_then(|scope| scope.common(days)).unwrap_or(days))
    }

    /// Returns `period` with the whole of the buckets that it cuts.
    pub(crate) fn widened(&self, period: Period) -> Period {
        self.days().filter(|days| days.common(period).is_some()).fold(period, joined)
    }

    /// Returns the days of the buckets that lie in `period`; `period` itself if they are days. `None` if none does.
    pub(crate) fn within(&self, period: Period) -> Option<Period> {
        if !matches!(self.granularity, Some(Granularity::Week | Granularity::Month)) {
            return Some(period);
        }
        self.days().filter(|days| days.common(period) == Some(*days)).reduce(joined)
    }

    /// Returns what `given` does to the buckets.
    pub(crate) fn cut(&self, given: Period) -> Cut {
        let (Some(first), Some(last)) = (self.dates.first(), self.dates.last()) else { return Cut::None };
        let has_others = *first < given.first_day() || *last > given.last_day();
        if self.granularity.is_none() {
            // Rows far away do not reach into the period.
            let may_reach = |date: &Date| {
                (1..=30).contains(&date.days_until(given.first_day())) || *date > given.last_day()
            };
            let may_be_cut = self.may_be_longer() && self.dates.iter().any(may_reach);
            return if may_be_cut { Cut::Unknown } else { Cut::None };
        }
        if self.widened(given) == given {
            return Cut::None;
        }
        if has_others || self.scope.is_some() {
            return Cut::Whole;
        }
        // The service cuts the first bucket where the interval starts: the rows are those of the period.
        if *first == given.first_day() && self.is_first_cut() { Cut::None } else { Cut::Unclear }
    }

    fn days(&self) -> impl Iterator<Item = Period> {
        self.dates.iter().filter_map(|date| self.days_of(*date))
    }

    /// Whether the start of an interval cut the first bucket.
    fn is_first_cut(&self) -> bool {
        match (&self.granularity, &self.dates[..]) {
            (Some(Granularity::Week), [first, second, ..]) => first.days_until(*second) % 7 != 0,
            (Some(Granularity::Month), [first, ..]) => first.day() != 1,
            _ => false,
        }
    }

    /// Whether the dates may be those of weeks or months. The first bucket may be cut.
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
