//! Calendar days, as the service counts them: UTC, 00:00:00 to 23:59:59.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::failures::BuildError;
use crate::time::Timestamp;

/// A calendar day in the proleptic Gregorian calendar, written `yyyy-MM-dd`, from year 1 to year 9998.
///
/// ```
/// use usage_core::Date;
///
/// let day: Date = "2028-02-29".parse()?;
/// assert_eq!(day.plus_days(1), Date::new(2028, 3, 1)?);
/// assert_eq!(day.plus_years(1).to_string(), "2029-02-28");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(civil::Date);

impl Date {
    /// Returns the day `day` (from 1) of `month` (from 1) of `year`.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the calendar has no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, BuildError> {
        Self::checked(year, month, day).ok_or_else(|| no_such_date(&format!("{year:04}-{month:02}-{day:02}")))
    }

    /// Returns the day as [`new`](Self::new) does, without building an error. Used to read documents.
    pub(crate) fn checked(year: i16, month: i8, day: i8) -> Option<Self> {
        if !(1..=9998).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        let first = civil::date(year, month, 1);
        (1..=first.days_in_month()).contains(&day).then(|| Self(civil::date(year, month, day)))
    }

    /// Writes `yyyy-MM-dd` without an allocation.
    pub(crate) fn write_to(self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }

    /// Returns the UTC day that contains `now`.
    pub fn of(now: Timestamp) -> Self {
        let seconds = i64::try_from(now.as_unix_millis() / 1000).unwrap_or(i64::MAX);
        let date = jiff::Timestamp::from_second(seconds)
            .ok()
            .and_then(|timestamp| Self::supported(timestamp.to_zoned(jiff::tz::TimeZone::UTC).date()));
        date.unwrap_or(Self(civil::date(9998, 12, 31)))
    }

    /// Returns the year, 1 to 9998.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Returns the month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// Returns the day of the month, from 1.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Returns the day of the week: 1 is Monday, 7 is Sunday.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// Returns the first day of this day's month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// Returns the last day of this day's month.
    #[must_use]
    pub fn last_of_month(self) -> Self {
        Self(self.0.last_of_month())
    }

    /// Returns the day `days` later (earlier if negative), limited to the supported years.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let end = if days < 0 { civil::date(1, 1, 1) } else { civil::date(9998, 12, 31) };
        let span = 0.seconds().try_days(days);
        Self(
            span.and_then(|span| self.0.checked_add(span))
                .ok()
                .and_then(Self::supported)
                .map_or(end, |d| d.0),
        )
    }

    /// Returns the same day `years` later (earlier if negative), limited to the supported years. 29 February becomes
    /// 28 February in a year that is not a leap year.
    #[must_use]
    pub fn plus_years(self, years: i16) -> Self {
        let end = if years < 0 { civil::date(1, 1, 1) } else { civil::date(9998, 12, 31) };
        let span = jiff::Span::new().try_years(years);
        Self(
            span.and_then(|span| self.0.checked_add(span))
                .ok()
                .and_then(Self::supported)
                .map_or(end, |d| d.0),
        )
    }

    /// Returns the number of days from this day to `later`: 0 for the same day, negative if `later` is earlier.
    pub fn days_until(self, later: Self) -> i64 {
        self.0.duration_until(later.0).as_hours() / 24
    }

    /// Returns the midnight UTC at which this day begins; the epoch for days before it.
    pub fn start(self) -> Timestamp {
        let epoch = Self(civil::date(1970, 1, 1));
        let days = u64::try_from(epoch.days_until(self)).unwrap_or(0);
        Timestamp::from_unix_millis(days * 86_400_000)
    }

    fn supported(date: civil::Date) -> Option<Self> {
        (1..=9998).contains(&date.year()).then_some(Self(date))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity("yyyy-MM-dd".len());
        self.write_to(&mut text)?;
        f.pad(&text)
    }
}

impl FromStr for Date {
    type Err = BuildError;

    /// Parses `yyyy-MM-dd`; no other form is accepted.
    fn from_str(text: &str) -> Result<Self, BuildError> {
        parse(text).ok_or_else(|| no_such_date(text))
    }
}

impl TryFrom<String> for Date {
    type Error = BuildError;

    fn try_from(text: String) -> Result<Self, BuildError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

fn parse(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = &bytes[range];
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| digits.iter().fold(0i16, |n, d| n * 10 + i16::from(d - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    Date::checked(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

fn no_such_date(text: &str) -> BuildError {
    BuildError::Date { text: text.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_days_that_do_not_exist() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "26-01-01",
            "2026-1-1",
            "2026-01-0x",
            "",
            "0000-01-01",
            "9999-01-01",
            "2026/07-01",
            "2026-07/01",
            "2026-07-011",
            "+026-07-01",
            "2026-+7-01",
            "2026-07- 1",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn years_before() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(date("2026-07-01").plus_years(-1), date("2025-07-01"));
        assert_eq!(date("2024-02-29").plus_years(-1), date("2023-02-28"));
        assert_eq!(date("2024-02-29").plus_years(i16::MAX), date("9998-12-31"));
        assert_eq!(date("2024-02-29").plus_years(i16::MIN), date("0001-01-01"));
    }

    #[test]
    fn days_before_and_after_end_where_the_years_do() {
        let date: Date = "2026-07-01".parse().unwrap();
        assert_eq!(date.plus_days(0), date);
        assert_eq!(date.plus_days(-182).to_string(), "2025-12-31");
        assert_eq!(date.plus_days(i64::MIN).to_string(), "0001-01-01");
        assert_eq!(date.plus_days(-739_800).to_string(), "0001-01-01");
        assert_eq!(date.plus_days(i64::MAX).to_string(), "9998-12-31");
        assert_eq!((date.first_of_month(), date.last_of_month().day()), (date, 31));
    }

    #[test]
    fn knows_its_midnight() {
        let date: Date = "2026-07-01".parse().unwrap();
        assert_eq!(date.start().to_string(), "2026-07-01T00:00:00Z");
        assert_eq!(Date::of(date.start()), date);
        assert_eq!(date.weekday(), 3);
        assert_eq!(Date::of(Timestamp::from_unix_millis(u64::MAX)).year(), 9998);
    }

    proptest! {
        #[test]
        fn prints_what_it_parses(days in 0i64..3_000_000) {
            let date = Date::new(1, 1, 1).unwrap().plus_days(days);
            prop_assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
            prop_assert_eq!(Date::new(1, 1, 1).unwrap().days_until(date), days);
        }

        #[test]
        fn never_leaves_the_supported_years(days: i64) {
            let year = Date::new(2026, 7, 1).unwrap().plus_days(days).year();
            prop_assert!((1..=9998).contains(&year));
        }
    }
}
