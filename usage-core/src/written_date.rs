//! Dates as documents write them: one parser for what the service sends and for what other programs made of it.

mod input;

use std::fmt;

use crate::date::Date;
use crate::written_date::input::{Input, plain};

const DAY_NANOS: i128 = 86_400 * SECOND_NANOS;
const SECOND_NANOS: i128 = 1_000_000_000;

/// What a text that stands for a date means: a UTC day, or a time within one.
///
/// An instant that is midnight UTC is the day that begins then, however it is written. A time without a zone is UTC,
/// because the service's days are UTC days.
///
/// ```
/// use usage_core::WrittenDate;
///
/// for text in [
///     "2026-10-01",
///     "20261001T000000Z",
///     "2026-10-01 00:00:00,000000+00:00",
///     "2026-10-01T02:00+0200",
///     "2026-W40-4",
///     "/Date(1790812800000)/",
/// ] {
///     let written = WrittenDate::parse(text).unwrap();
///     assert_eq!(written.day().unwrap().to_string(), "2026-10-01");
/// }
/// let noon = WrittenDate::parse("2026-10-01T14:00:00+02:00").unwrap();
/// assert_eq!((noon.day(), noon.to_string()), (None, "2026-10-01T12:00:00Z".into()));
/// assert_eq!(WrittenDate::parse("2026-13-45"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WrittenDate {
    date: Date,
    /// Nanoseconds since midnight UTC.
    nanos: u64,
}

impl WrittenDate {
    /// Parses `text`: an ISO 8601 date or date-time in any of its spellings, `/Date(milliseconds)/`, or a Unix time of 10
    /// digits (seconds), 13 (milliseconds), 16 or 19. Blanks around it are ignored.
    ///
    /// Spellings of ISO 8601: extended and basic, week dates and ordinal dates, a blank or `t` for `T`, a fraction of any
    /// length behind a point or a comma, `24:00`, any offset, `UTC` or `GMT` for `Z`, no zone. `/` and `.` may separate
    /// the year, the month and the day if the year comes first.
    ///
    /// Returns `None` for every other text, and for a day that the calendar does not have. Dates with the year last are
    /// [`NumericDate`]s.
    pub fn parse(text: &str) -> Option<Self> {
        let text = plain(text);
        let mut input = Input { rest: text.as_bytes() };
        if let Some(milliseconds) = input.rest.strip_prefix(b"/Date(") {
            return parse_milliseconds(milliseconds.strip_suffix(b")/")?);
        }
        if input.rest.iter().all(u8::is_ascii_digit) {
            match input.rest.len() {
                7 | 8 => {}
                12 | 14 => return Self::at(input.calendar_date()?, input.basic_time()?, 0),
                length => return unix_time(input.number(length)?, length),
            }
        }
        let date = input.date()?;
        input.time_and_zone(date)
    }

    /// The UTC day, if the text stands for one; `None` for a time within a day.
    pub fn day(self) -> Option<Date> {
        (self.nanos == 0).then_some(self.date)
    }

    /// The time `nanos` behind the midnight that `date` begins with, by a clock that is `offset` seconds ahead of UTC.
    fn at(date: Date, nanos: i128, offset: i64) -> Option<Self> {
        let nanos = nanos - i128::from(offset) * SECOND_NANOS;
        let days = i64::try_from(nanos.div_euclid(DAY_NANOS)).ok()?;
        let moved = date.plus_days(days);
        let within = u64::try_from(nanos.rem_euclid(DAY_NANOS)).ok()?;
        (date.days_until(moved) == days).then_some(Self { date: moved, nanos: within })
    }
}

impl fmt::Display for WrittenDate {
    /// `yyyy-MM-dd`, or `yyyy-MM-ddTHH:mm:ssZ` with a fraction if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.write_to(f)?;
        if self.nanos == 0 {
            return Ok(());
        }
        let (seconds, nanos) = (self.nanos / 1_000_000_000, self.nanos % 1_000_000_000);
        write!(f, "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if nanos != 0 {
            let (mut fraction, mut digits) = (nanos, 9);
            while fraction % 10 == 0 {
                (fraction, digits) = (fraction / 10, digits - 1);
            }
            write!(f, ".{fraction:0digits$}")?;
        }
        f.write_str("Z")
    }
}

/// Which number of a [`NumericDate`] comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// `31.12.2026`, `31/12/2026`.
    DayFirst,
    /// `12/31/2026`.
    MonthFirst,
}

/// A date with the year last, as spreadsheets and PowerShell write it: `10/13/2026 00:00:00`, `13.10.2026`,
/// `1/10/2026 12:00:00 AM`.
///
/// Whether the day or the month comes first, one such date often does not say; all dates of a column together may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericDate {
    numbers: [i8; 2],
    year: i16,
    nanos: i128,
    offset: i64,
    is_dotted: bool,
}

impl NumericDate {
    /// Parses `text`; `None` if it has another form. Blanks around it are ignored. Years have four digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = plain(text);
        let mut input = Input { rest: text.as_bytes() };
        let first = input.one_or_two_digits()?;
        let separator = input.one_of(b"/.-")?;
        let second = input.one_or_two_digits()?;
        input.one_of(&[separator])?;
        let year = i16::try_from(input.number(4)?).ok()?;
        let has_comma = input.one_of(b",").is_some();
        let (nanos, offset) = match input.rest {
            [] if !has_comma => (0, 0),
            [b' ', ..] => {
                input.blanks();
                (input.extended_time()?, input.zone()?)
            }
            _ => return None,
        };
        Some(Self { numbers: [first, second], year, nanos, offset, is_dotted: separator == b'.' })
    }

    /// The order that this date can only have; `None` if it can be read in both ways, or in neither.
    ///
    /// Where dates are written with points, the day comes first.
    pub fn order(&self) -> Option<DateOrder> {
        let can_be = |order: &DateOrder| self.read(*order).is_some();
        match [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| Some(order).filter(can_be)) {
            [Some(_), Some(_)] => None,
            [one, other] => one.or(other),
        }
    }

    /// Whether points separate the numbers.
    pub fn is_dotted(&self) -> bool {
        self.is_dotted
    }

    /// Whether it is the same date in either order: `10/10/2026`.
    pub fn is_symmetric(&self) -> bool {
        self.numbers[0] == self.numbers[1]
    }

    /// The date, if its numbers stand in this order; `None` if the calendar has no such day.
    pub fn read(&self, order: DateOrder) -> Option<WrittenDate> {
        let [first, second] = self.numbers;
        let (day, month) = match order {
            DateOrder::DayFirst => (first, second),
            DateOrder::MonthFirst if !self.is_dotted => (second, first),
            DateOrder::MonthFirst => return None,
        };
        WrittenDate::at(Date::checked(self.year, month, day)?, self.nanos, self.offset)
    }
}

/// `ms` or `ms+hhmm`: the offset says where the text was written, and does not move the instant.
fn parse_milliseconds(text: &[u8]) -> Option<WrittenDate> {
    let (is_negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let digits = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let mut input = Input { rest: text };
    let milliseconds = i128::from(input.number(digits)?);
    input.zone()?;
    from_epoch(if is_negative { -milliseconds } else { milliseconds } * 1_000_000)
}

/// A Unix time, whose unit its number of digits says.
fn unix_time(number: i64, digits: usize) -> Option<WrittenDate> {
    let nanos_each = match digits {
        10 => SECOND_NANOS,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    from_epoch(i128::from(number) * nanos_each)
}

fn from_epoch(nanos: i128) -> Option<WrittenDate> {
    WrittenDate::at(Date::checked(1970, 1, 1)?, nanos, 0)
}

#[cfg(test)]
mod tests;
