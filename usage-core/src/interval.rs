//! The time range of a query: an ISO-8601 interval `start/end` in every form that the service accepts.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::failures::BuildError;
use crate::time::Timestamp;

const BACKWARDS: &str = "ends before it starts";

/// An ISO-8601 interval, `start/end`, kept and sent in the form in which it was written.
///
/// Each side is a month (`2026-07`), a day (`2026-07-01`), a date-time without zone (read as UTC, as the service
/// does) or a date-time with `Z` or an offset. Both sides are **inclusive**, and the service counts whole UTC days.
///
/// ```
/// use usage_core::Interval;
///
/// let interval: Interval = "2026-07/2026-08".parse()?;
/// assert_eq!(interval.first_day().to_string(), "2026-07-01");
/// assert_eq!(interval.last_day().to_string(), "2026-08-31");
/// assert_eq!(interval.days(), 62);
/// assert_eq!(interval.to_string(), "2026-07/2026-08");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval {
    /// As it was written: both sides, and a slash between them.
    text: Box<str>,
    first: Date,
    last: Date,
}

impl Interval {
    /// Returns the whole days from `first` to `last`, both included.
    ///
    /// # Errors
    ///
    /// Returns an error if `last` is before `first`.
    ///
    /// ```
    /// use usage_core::{Date, Interval};
    ///
    /// let first: Date = "2026-07-01".parse()?;
    /// let week = Interval::from_days(first, first.plus_days(6))?;
    /// assert_eq!(week.to_string(), "2026-07-01/2026-07-07");
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub fn from_days(first: Date, last: Date) -> Result<Self, BuildError> {
        let interval = Self::of(first, last);
        if first > last { Err(problem(&interval.text, BACKWARDS)) } else { Ok(interval) }
    }

    /// Returns the calendar month that contains `day`, from its first to its last day.
    pub fn month_of(day: Date) -> Self {
        Self::of(day.first_of_month(), day.last_of_month())
    }

    /// Returns the `days` whole days before the UTC day of `now`, which is not yet in the service's data. Zero days count
    /// as one.
    ///
    /// ```
    /// use usage_core::{Date, Interval};
    ///
    /// let now = std::time::SystemTime::now().into();
    /// let yesterday = Interval::last_days(1, now);
    /// assert_eq!(yesterday.last_day(), Date::of(now).plus_days(-1));
    /// assert_eq!(yesterday.days(), 1);
    /// ```
    pub fn last_days(days: u32, now: Timestamp) -> Self {
        let yesterday = Date::of(now).plus_days(-1);
        let first = yesterday.plus_days(1 - i64::from(days.max(1)));
        Self::of(first, yesterday)
    }

    /// Returns the first UTC day of the interval.
    pub fn first_day(&self) -> Date {
        self.first
    }

    /// Returns the last UTC day of the interval, which is included.
    pub fn last_day(&self) -> Date {
        self.last
    }

    /// Returns whether the interval ends at the very beginning of its last day, as half-open intervals are written:
    /// `2026-07-01T00:00:00Z/2026-08-01T00:00:00Z`. The service counts that day all the same.
    ///
    /// ```
    /// use usage_core::Interval;
    ///
    /// let july: Interval = "2026-07-01T00:00:00Z/2026-08-01T00:00:00Z".parse()?;
    /// assert!(july.ends_at_midnight() && july.days() == 32);
    /// assert!(!"2026-07-01/2026-07-31".parse::<Interval>()?.ends_at_midnight());
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub fn ends_at_midnight(&self) -> bool {
        let end = Side::parse(self.sides().1);
        end.and_then(|end| end.instant).is_some_and(|instant| {
            let midnight = i64::try_from(self.last.start().as_unix_millis());
            midnight == Ok(instant.as_millisecond()) && instant.subsec_nanosecond() == 0
        })
    }

    /// Returns the number of UTC days that the interval touches, at least 1.
    pub fn days(&self) -> u32 {
        u32::try_from(self.first_day().days_until(self.last_day()) + 1).unwrap_or(1)
    }

    /// Returns consecutive intervals of at most `max_days` UTC days (0 counts as 1) that together cover this one and do not
    /// overlap. The outer ends stay as they were written.
    ///
    /// ```
    /// use usage_core::Interval;
    ///
    /// let parts = "2026-07-01/2026-07-31".parse::<Interval>()?.split(20);
    /// let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
    /// assert_eq!(parts, ["2026-07-01/2026-07-20", "2026-07-21/2026-07-31"]);
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub fn split(&self, max_days: u32) -> Vec<Self> {
        let step = i64::from(max_days.max(1));
        let (mut start, end) = self.sides();
        let (mut parts, mut first) = (Vec::new(), self.first);
        loop {
            let last = first.plus_days(step - 1);
            if last >= self.last {
                parts.push(Self { text: format!("{start}/{end}").into(), first, last: self.last });
                return parts;
            }
            parts.push(Self { text: format!("{start}/{last}").into(), first, last });
            first = last.plus_days(1);
            start = Cow::Owned(first.to_string());
        }
    }

    /// Whole days that are in order.
    fn of(first: Date, last: Date) -> Self {
        Self { text: format!("{first}/{last}").into(), first, last }
    }

    /// The two sides as they were written.
    fn sides(&self) -> (Cow<'_, str>, &str) {
        let (start, end) = self.text.split_once('/').unwrap_or_default();
        (start.into(), end)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Interval {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        let (start, end) =
            text.split_once('/').ok_or_else(|| problem(text, "has no '/' between start and end"))?;
        let side = |part: &str, problem_text| Side::parse(part).ok_or_else(|| problem(text, problem_text));
        let start = side(start, "starts with neither a month, a day nor a date-time")?;
        let end = side(end, "ends with neither a month, a day nor a date-time")?;
        let backwards =
            start.first > end.last || start.instant.zip(end.instant).is_some_and(|(start, end)| start > end);
        if backwards {
            return Err(problem(text, BACKWARDS));
        }
        Ok(Self { text: text.into(), first: start.first, last: end.last })
    }
}

impl TryFrom<String> for Interval {
    type Error = BuildError;

    fn try_from(text: String) -> Result<Self, BuildError> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.text.into()
    }
}

/// One side of an interval: the UTC days that it spans, and its instant if it names one.
struct Side {
    first: Date,
    last: Date,
    instant: Option<jiff::Timestamp>,
}

impl Side {
    fn day(date: Date) -> Self {
        Self { first: date, last: date, instant: None }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.len() {
            7 if is_written(text, "0000-00") => {
                let first: Date = format!("{text}-01").parse().ok()?;
                Some(Self { first, last: first.last_of_month(), instant: None })
            }
            10 if is_written(text, "0000-00-00") => Some(Self::day(text.parse().ok()?)),
            16..=40 if is_date_time(text) => {
                let _: Date = text[..10].parse().ok()?;
                let instant = Self::instant(text)?;
                let millis = u64::try_from(instant.as_millisecond()).ok()?;
                let day = Date::of(Timestamp::from_unix_millis(millis));
                Some(Self { first: day, last: day, instant: Some(instant) })
            }
            _ => None,
        }
    }

    /// With `Z` or an offset as written, without either in UTC.
    fn instant(text: &str) -> Option<jiff::Timestamp> {
        text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let civil: civil::DateTime = text.parse().ok()?;
            Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        })
    }
}

/// Returns whether `text` is a date-time that the service reads, and no more: jiff also takes leap seconds, names of
/// zones and offsets of days.
fn is_date_time(text: &str) -> bool {
    let Some((minute, rest)) = text.split_at_checked("2026-07-01T00:00".len()) else { return false };
    let (time, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
    let (second, fraction) = time.split_once('.').map_or((time, None), |(second, rest)| (second, Some(rest)));
    let below = |digits: Option<&str>, end: u8| {
        digits.and_then(|digits| digits.parse().ok()).is_some_and(|n: u8| n < end)
    };
    is_written(minute, "0000-00-00T00:00")
        && below(minute.get(11..13), 24)
        && below(minute.get(14..16), 60)
        && (second.is_empty() || is_written(second, ":00") && below(second.get(1..3), 60))
        && fraction.is_none_or(|digits| !second.is_empty() && is_fraction(digits))
        && match zone {
            "" | "Z" => true,
            zone => {
                (is_written(zone, "+00:00") || is_written(zone, "-00:00"))
                    && below(zone.get(1..3), MAX_OFFSET_HOURS + 1)
                    && below(zone.get(4..6), 60)
            }
        }
}

/// The largest offset from UTC in use, in hours.
const MAX_OFFSET_HOURS: u8 = 14;

fn is_fraction(digits: &str) -> bool {
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether `text` has a digit where `pattern` has a 0, and the character of `pattern` elsewhere.
fn is_written(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, pattern)| match pattern {
            b'0' => byte.is_ascii_digit(),
            pattern => byte == pattern,
        })
}

fn problem(text: &str, problem: &'static str) -> BuildError {
    BuildError::Interval { text: text.into(), problem }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Interval {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn reads_every_form_of_the_service() {
        for (text, first, last, days) in [
            ("2020-02-01/2020-02-28", "2020-02-01", "2020-02-28", 28),
            ("2020-01/2020-06", "2020-01-01", "2020-06-30", 182),
            ("2020/2020-06", "", "", 0),
            ("2026-07-01T00:00:00/2026-07-31T00:00:00", "2026-07-01", "2026-07-31", 31),
            ("2024-01-01T00:00:00Z/2024-01-31T23:59:59Z", "2024-01-01", "2024-01-31", 31),
            ("2024-01-01T00:00:00.000Z/2024-01-02", "2024-01-01", "2024-01-02", 2),
            ("2024-01-01T00:30:00+02:00/2024-01-02", "2023-12-31", "2024-01-02", 3),
            ("2024-03/2024-03-05", "2024-03-01", "2024-03-05", 5),
        ] {
            if days == 0 {
                assert!(text.parse::<Interval>().is_err(), "{text}");
                continue;
            }
            let interval = parse(text);
            assert_eq!(
                (interval.first_day().to_string(), interval.last_day().to_string()),
                (first.into(), last.into())
            );
            assert_eq!(interval.days(), days, "{text}");
            assert_eq!(interval.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_the_service_would_misread() {
        for text in [
            "",
            "/",
            "2026-07-01",
            "2026-07-02/2026-07-01",
            "2026-07-01/P1D",
            "2026-02-30/2026-03-01",
            "2026-07-01T02:00:00Z/2026-07-01T01:00:00Z",
            "2026-07-01/2026-07-02/2026-07-03",
            "7/8",
            "2026-07-01T00:00:00Z[Europe/Berlin]/2026-07-02",
            "ääääää/ääääää",
            "2026-07-0äT00:00:00/2026-07-02",
            "2026-07-01 00:00:00/2026-07-02",
            "2026-07-01T00/2026-07-02",
            "2026-07-01T00:00:00.000000000000000000000000Z/2026-07-02",
            "2026-07-01T00:00:00Z[UTC]/2026-07-02",
            "2026-07-01T00:00:00[UTC]/2026-07-02",
            "2026-07-01T00:00:00+02:00[+02:00]/2026-07-02",
            "2026-07-01T23:59:60Z/2026-07-02",
            "2026-07-01T23:59:60/2026-07-02",
            "2026-07-01T24:00:00Z/2026-07-02",
            "2026-07-01T00:00:00+24:00/2026-07-02",
            "2026-07-01T00:00:00-25:59/2026-07-02",
            "2026-07-01T00:00:00+15:00/2026-07-02",
            "2026-07-01T00:00:00+02:60/2026-07-02",
            "2026-07-01T00:00:00+0200/2026-07-02",
            "2026-07-01T00:00:00+02/2026-07-02",
            "2026-07-01T00:00:00+02:00:00/2026-07-02",
            "2026-07-01T00:00:00z/2026-07-02",
            "2026-07-01t00:00:00Z/2026-07-02",
            "2026-07-01T00:00:00,5Z/2026-07-02",
            "2026-07-01T00:00:00.Z/2026-07-02",
            "2026-07-01T00:00.5Z/2026-07-02",
            "2026-07-01T000000Z/2026-07-02",
            "2026-07-01T00:00:00 Z/2026-07-02",
            "2026-07-01/2026-07-01T00:00:00\u{2212}02:00",
            "2026-W27/2026-W28",
            "2026-W27-1/2026-W27-2",
            "+2026-07/2026-08",
            " 2026-07/2026-08",
        ] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_at_midnight_is_told_from_a_day_and_from_later_moments() {
        for (text, is) in [
            ("2026-07-01T00:00:00.000Z/2026-08-01T00:00:00.000Z", true),
            ("2026-07-01T00:00:00/2026-08-01T00:00:00", true),
            ("2026-07-01/2026-08-01T00:00", true),
            ("2026-07-01/2026-08-01T02:00:00+02:00", true),
            ("2026-07-01/2026-08-01T00:00:00+02:00", false),
            ("2026-07-01T00:00:00Z/2026-07-31T23:59:59.999Z", false),
            ("2026-07-01/2026-08-01T00:00:00.0000001Z", false),
            ("2026-07-01T00:00:00Z/2026-08-01", false),
            ("2026-07/2026-08", false),
        ] {
            assert_eq!(parse(text).ends_at_midnight(), is, "{text}");
        }
    }

    #[test]
    fn both_sides_may_be_the_same_moment() {
        for side in [
            "2026-07",
            "2026-07-01",
            "2026-07-01T10:00",
            "2026-07-01T10:00:00Z",
            "2026-07-01T10:00:00.000+02:00",
            "2026-07-01T10:00+14:00",
            "2026-07-01T23:59:59.999999999-12:30",
            "2026-07-01T23:59:59.5",
        ] {
            assert_eq!(parse(&format!("{side}/{side}")).to_string(), format!("{side}/{side}"));
        }
    }

    #[test]
    fn days_do_not_run_backwards() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let days = |first, last| Interval::from_days(day(first), day(last)).map(|interval| interval.days());
        assert_eq!((days("2026-07-01", "2026-07-01"), days("2026-07-01", "2026-07-02")), (Ok(1), Ok(2)));
        assert!(days("2026-07-02", "2026-07-01").is_err());
    }

    #[test]
    fn last_days_end_yesterday() {
        let now = parse("2026-07-10/2026-07-10").first_day().start();
        assert_eq!(Interval::last_days(7, now).to_string(), "2026-07-03/2026-07-09");
        assert_eq!(Interval::last_days(0, now).to_string(), "2026-07-09/2026-07-09");
    }

    #[test]
    fn month_of_february() {
        let day = "2024-02-10".parse().unwrap();
        assert_eq!(Interval::month_of(day).to_string(), "2024-02-01/2024-02-29");
    }

    proptest! {
        #[test]
        fn split_covers_and_never_overlaps(start in 700_000i64..740_000, length in 0i64..800, max_days in 0u32..120) {
            let first = Date::new(1, 1, 1).unwrap().plus_days(start);
            let interval = Interval::from_days(first, first.plus_days(length)).unwrap();
            let parts = interval.split(max_days);
            prop_assert_eq!(parts[0].first_day(), interval.first_day());
            prop_assert_eq!(parts.last().unwrap().last_day(), interval.last_day());
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].last_day().plus_days(1), pair[1].first_day());
            }
            for part in &parts {
                prop_assert!(part.days() <= max_days.max(1));
                prop_assert_eq!(&parse(&part.to_string()), part);
            }
        }

        /// Whatever is taken has no character but those of the forms that are documented.
        #[test]
        fn what_is_taken_is_plain(
            time in "(T[0-2][0-9]:[0-6][0-9](:[0-6][0-9]([.,][0-9]{1,10})?)?)?",
            zone in "(Z|z|[+-][0-3][0-9](:?[0-9]{2})?)?(\\[[a-zA-Z/]{0,9}\\])?",
        ) {
            let text = format!("2026-07-01{time}{zone}/2026-07-31");
            if let Ok(interval) = text.parse::<Interval>() {
                let sent = interval.to_string();
                prop_assert!(sent.chars().all(|c| c.is_ascii_digit() || "-:.+/TZ".contains(c)), "{}", sent);
                prop_assert!(!sent.contains(":60"), "{}", sent);
            }
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,50}") {
            let _ = text.parse::<Interval>();
        }
    }
}
