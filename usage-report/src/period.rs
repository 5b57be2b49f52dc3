//! Spans of days.

use std::fmt;

use serde::Serialize;
use usage_core::{Date, Interval};

/// A span of whole UTC days, both ends included.
///
/// ```
/// use usage_core::Interval;
/// use usage_report::Period;
///
/// let july = Period::from(&"2026-07/2026-07".parse::<Interval>()?);
/// assert_eq!(july, Period::new("2026-07-01".parse()?, "2026-07-31".parse()?).unwrap());
/// assert!(july.contains("2026-07-31".parse()?));
/// assert_eq!((july.days(), july.to_string()), (31, "2026-07-01/2026-07-31".to_owned()));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Period {
    from: Date,
    to: Date,
}

impl Period {
    /// Creates the days from `from` to `to`, both included; `None` if `to` is earlier.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// Returns the first day.
    pub fn first_day(self) -> Date {
        self.from
    }

    /// Returns the last day.
    pub fn last_day(self) -> Date {
        self.to
    }

    /// Returns the number of days, at least 1.
    pub fn days(self) -> u64 {
        u64::try_from(self.from.days_until(self.to)).unwrap_or(0) + 1
    }

    /// Returns whether `day` is one of the days.
    pub fn contains(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Returns the days of both periods; `None` if there are none.
    pub fn common(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// Returns the days up to `last`; `None` if there are none.
    pub fn until(self, last: Date) -> Option<Self> {
        Self::new(self.from, self.to.min(last))
    }

    /// Returns the earlier and the later half of the days. Of an odd number, the day in the middle is in neither.
    /// `None` for a single day.
    pub fn halves(self) -> Option<(Self, Self)> {
        let half = i64::try_from(self.days() / 2).unwrap_or(i64::MAX);
        let earlier = Self::new(self.from, self.from.plus_days(half - 1))?;
        Some((earlier, Self::new(self.to.plus_days(1 - half), self.to)?))
    }

    /// Returns the preceding period to compare with:
    ///
    /// - for whole months: as many whole months before them;
    /// - for the first days of a month: the same days of the month before, or all of it if it is shorter;
    /// - otherwise: as many days, ending on the day before.
    ///
    /// ```
    /// use usage_core::Interval;
    /// use usage_report::Period;
    ///
    /// let previous = |interval: &str| {
    ///     let period = Period::from(&interval.parse::<Interval>()?);
    ///     Ok::<_, usage_core::error::BuildError>(period.previous().to_string())
    /// };
    /// assert_eq!(previous("2026-10/2026-10")?, "2026-09-01/2026-09-30");
    /// assert_eq!(previous("2026-07/2026-09")?, "2026-04-01/2026-06-30");
    /// assert_eq!(previous("2026-03-01/2026-03-30")?, "2026-02-01/2026-02-28");
    /// assert_eq!(previous("2026-03-02/2026-03-08")?, "2026-02-23/2026-03-01");
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    #[must_use]
    pub fn previous(self) -> Self {
        let before = self.from.plus_days(-1);
        let starts_a_month = self.from == self.from.first_of_month();
        if starts_a_month && self.to == self.to.last_of_month() {
            let months = (1..self.months())
                .fold(before.first_of_month(), |month, _| month.plus_days(-1).first_of_month());
            return Self { from: months, to: before };
        }
        if starts_a_month && self.to.first_of_month() == self.from {
            let first = before.first_of_month();
            let same = first.plus_days(i64::from(self.to.day()) - 1);
            return Self { from: first, to: same.min(before) };
        }
        let days = i64::try_from(self.days()).unwrap_or(i64::MAX);
        Self { from: self.from.plus_days(-days), to: before }
    }

    /// Returns whether all days are in one calendar month.
    pub(crate) fn is_in_a_month(self) -> bool {
        self.from.first_of_month() == self.to.first_of_month()
    }

    /// Returns the days in order.
    pub fn iter(self) -> impl Iterator<Item = Date> {
        (0..i64::try_from(self.days()).unwrap_or(0)).map(move |day| self.from.plus_days(day))
    }

    /// Returns the number of days after `last`.
    pub(crate) fn days_after(self, last: Date) -> u64 {
        Self::new(self.from.max(last.plus_days(1)), self.to).map_or(0, Self::days)
    }

    /// Returns the number of calendar months that it touches.
    fn months(self) -> i32 {
        let number = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        number(self.to) - number(self.from) + 1
    }

    /// Returns the number of Mondays, Tuesdays, … among the days.
    pub fn weekdays(self) -> [u64; 7] {
        let mut weekdays = [self.days() / 7; 7];
        let first = usize::try_from(self.from.weekday() - 1).unwrap_or(0);
        for day in 0..self.days() % 7 {
            weekdays[(first + usize::try_from(day).unwrap_or(0)) % 7] += 1;
        }
        weekdays
    }
}

impl From<&Interval> for Period {
    fn from(interval: &Interval) -> Self {
        Self { from: interval.first_day(), to: interval.last_day() }
    }
}

impl From<Date> for Period {
    fn from(day: Date) -> Self {
        Self { from: day, to: day }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.from, self.to))
    }
}

/// Returns the number of the weekday, 0 for Monday.
pub(crate) fn weekday(date: Date) -> usize {
    usize::try_from(date.weekday() - 1).unwrap_or(0).min(6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period() -> impl Strategy<Value = Period> {
        (0i64..60_000, 0i64..800).prop_map(|(start, days)| {
            let from = Date::new(1900, 1, 1).unwrap().plus_days(start);
            Period::new(from, from.plus_days(days)).unwrap()
        })
    }

    #[test]
    fn months_are_compared_with_months_and_days_with_days() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        for (from, to, previous) in [
            // Whole months, one or several.
            ("2026-10-01", "2026-10-31", "2026-09-01/2026-09-30"),
            ("2026-03-01", "2026-03-31", "2026-02-01/2026-02-28"),
            ("2026-07-01", "2026-09-30", "2026-04-01/2026-06-30"),
            ("2026-01-01", "2026-02-28", "2025-11-01/2025-12-31"),
            ("2025-01-01", "2026-12-31", "2023-01-01/2024-12-31"),
            // A month up to some day.
            ("2026-10-01", "2026-10-01", "2026-09-01/2026-09-01"),
            ("2026-01-01", "2026-01-15", "2025-12-01/2025-12-15"),
            ("2026-03-01", "2026-03-30", "2026-02-01/2026-02-28"),
            // Days.
            ("2026-03-02", "2026-03-08", "2026-02-23/2026-03-01"),
            ("2026-10-02", "2026-10-31", "2026-09-02/2026-10-01"),
            ("2026-09-15", "2026-10-31", "2026-07-30/2026-09-14"),
            ("2026-09-01", "2026-10-15", "2026-07-18/2026-08-31"),
            ("2026-09-02", "2026-10-02", "2026-08-02/2026-09-01"),
        ] {
            let period = Period::new(date(from), date(to)).unwrap();
            assert_eq!(period.previous().to_string(), previous, "{period}");
        }
    }

    proptest! {
        #[test]
        fn the_previous_period_ends_the_day_before_or_with_a_shorter_month(period in period()) {
            let previous = period.previous();
            prop_assert!(previous.last_day() < period.first_day());
            let adjacent = previous.last_day() == period.first_day().plus_days(-1);
            prop_assert!(adjacent || previous.last_day().day() == period.last_day().day());
            prop_assert!(previous.days().abs_diff(period.days()) <= 3 * 31);
        }

        #[test]
        fn weekdays_are_counted_one_by_one(period in period()) {
            let mut counted = [0; 7];
            for day in 0..i64::try_from(period.days()).unwrap() {
                counted[usize::try_from(period.first_day().plus_days(day).weekday() - 1).unwrap()] += 1;
            }
            prop_assert_eq!(period.weekdays(), counted);
        }

        #[test]
        fn halves_are_equal_and_at_the_ends(period in period()) {
            match period.halves() {
                None => prop_assert_eq!(period.days(), 1),
                Some((earlier, later)) => {
                    prop_assert_eq!(earlier.days(), later.days());
                    prop_assert_eq!((earlier.first_day(), later.last_day()), (period.first_day(), period.last_day()));
                    prop_assert!(earlier.last_day() < later.first_day() && earlier.days() * 2 + 1 >= period.days());
                }
            }
        }
    }
}
