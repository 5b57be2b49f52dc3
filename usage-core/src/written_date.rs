//! A parser for the dates that the service and other programs write.

mod input;

use std::fmt;

use crate::date::Date;
use crate::written_date::input::{Input, plain};

const DAY_NANOS: i128 = 86_400 * SECOND_NANOS;
const SECOND_NANOS: i128 = 1_000_000_000;

/// A date as it appears in a document: a UTC day, or a time within a day.
///
/// An instant at midnight UTC is the day that begins then, in any notation. A time without a zone is UTC, because the
/// service's days are UTC days.
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
    /// Parses `text`: an ISO 8601 date or date-time, `/Date(milliseconds)/`, or a Unix time of 10 digits (seconds), 13
    /// (milliseconds), 16 (microseconds) or 19 (nanoseconds). Surrounding white space is ignored.
    ///
    /// ISO 8601 includes the extended and the basic format, week dates and ordinal dates, a space or `t` instead of
    /// `T`, a fraction of any length after a point or a comma, `24:00`, any offset, `UTC` or `GMT` instead of `Z`, and
    /// no zone at all. `/` and `.` may separate year, month and day if the year comes first.
    ///
    /// Returns `None` for any other text, and for a day that does not exist. Parse dates with the year last as
    /// [`NumericDate`].
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

    /// Returns the UTC day, or `None` for a time within a day.
    pub fn day(self) -> Option<Date> {
        (self.nanos == 0).then_some(self.date)
    }

    /// Returns the time `nanos` after midnight of `date`, on a clock that is `offset` seconds ahead of UTC.
    fn at(date: Date, nanos: i128, offset: i64) -> Option<Self> {
        let nanos = nanos - i128::from(offset) * SECOND_NANOS;
        let days = i64::try_from(nanos.div_euclid(DAY_NANOS)).ok()?;
        let moved = date.plus_days(days);
        let within = u64::try_from(nanos.rem_euclid(DAY_NANOS)).ok()?;
        (date.days_until(moved) == days).then_some(Self { date: moved, nanos: within })
    }
}

impl fmt::Display for WrittenDate {
    /// Writes `yyyy-MM-dd`, or `yyyy-MM-ddTHH:mm:ssZ` with a fraction if there is one.
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

/// The order of day and month in a [`NumericDate`].
///
/// ```
/// use usage_core::{DateOrder, NumericDate};
///
/// let date = NumericDate::parse("01/02/2026").unwrap();
/// assert_eq!(date.read(DateOrder::DayFirst).unwrap().to_string(), "2026-02-01");
/// assert_eq!(date.read(DateOrder::MonthFirst).unwrap().to_string(), "2026-01-02");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// The day comes first: `31.12.2026`, `31/12/2026`.
    DayFirst,
    /// The month comes first: `12/31/2026`.
    MonthFirst,
}

/// A date with the year last, as spreadsheets and PowerShell write it: `10/13/2026 00:00:00`, `13.10.2026`, `1/10/2026
/// 12:00:00 AM`.
///
/// One such date often does not tell whether the day or the month comes first. All dates of a column together may.
///
/// ```
/// use usage_core::{DateOrder, NumericDate};
///
/// assert_eq!(NumericDate::parse("10/13/2026 00:00:00").unwrap().order(), Some(DateOrder::MonthFirst));
/// assert_eq!(NumericDate::parse("13.10.2026").unwrap().order(), Some(DateOrder::DayFirst));
/// assert_eq!(NumericDate::parse("1/10/2026").unwrap().order(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericDate {
    numbers: [i8; 2],
    year: i16,
    nanos: i128,
    offset: i64,
    is_dotted: bool,
}

impl NumericDate {
    /// Parses `text`, or returns `None` if it has another form. Years have four digits. Surrounding white space is
    /// ignored.
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

    /// Returns the only order in which this date is valid, or `None` if both orders are valid or none is.
    ///
    /// In a date with points, the day comes first.
    pub fn order(&self) -> Option<DateOrder> {
        let can_be = |order: &DateOrder| self.read(*order).is_some();
        match [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| Some(order).filter(can_be)) {
            [Some(_), Some(_)] => None,
            [one, other] => one.or(other),
        }
    }

    /// Returns whether the numbers are separated by points.
    pub fn is_dotted(&self) -> bool {
        self.is_dotted
    }

    /// Returns whether day and month are equal, so that the order does not matter: `10/10/2026`.
    pub fn is_symmetric(&self) -> bool {
        self.numbers[0] == self.numbers[1]
    }

    /// Returns the date in this order, or `None` if there is no such day.
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

/// Parses `ms` or `ms+hhmm`. The offset is where the text was written; it does not change the instant.
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

/// Converts a Unix time whose unit is given by its number of digits.
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
