//! Dates as documents write them: one parser for what the service sends and for what other programs made of it.

use std::borrow::Cow;
use std::fmt;

use jiff::civil;

use crate::date::Date;

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
        self.date.fmt(f)?;
        if self.nanos == 0 {
            return Ok(());
        }
        let (seconds, nanos) = (self.nanos / 1_000_000_000, self.nanos % 1_000_000_000);
        write!(f, "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if nanos != 0 {
            let fraction = format!("{nanos:09}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
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
        WrittenDate::at(Date::new(self.year, month, day).ok()?, self.nanos, self.offset)
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
    WrittenDate::at(Date::new(1970, 1, 1).ok()?, nanos, 0)
}

/// `text` without blanks around it, with plain blanks for those that do not break and a plain minus. Programs with recent
/// locale data put such characters into times.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() {
        return text.into();
    }
    text.replace(['\u{a0}', '\u{202f}'], " ").replace('\u{2212}', "-").into()
}

/// What is left of a text.
struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
    /// Takes the next byte if it is one of `bytes`.
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        bytes.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }

    /// Takes `text`, whatever the case of its letters.
    fn word(&mut self, text: &str) -> bool {
        let is_there =
            self.rest.get(..text.len()).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()));
        if is_there {
            self.rest = &self.rest[text.len()..];
        }
        is_there
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// How many digits come next.
    fn digits(&self) -> usize {
        self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A number of exactly this many digits, at least one. Its end is not looked at.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        let number = str::from_utf8(number).ok().filter(|_| number.iter().all(u8::is_ascii_digit))?;
        self.rest = rest;
        number.parse().ok()
    }

    fn small_number(&mut self, digits: usize) -> Option<i8> {
        i8::try_from(self.number(digits)?).ok()
    }

    fn one_or_two_digits(&mut self) -> Option<i8> {
        let digits = self.digits();
        (1..=2).contains(&digits).then(|| self.small_number(digits))?
    }

    /// A date with the year first.
    fn date(&mut self) -> Option<Date> {
        match self.digits() {
            8 => self.calendar_date(),
            7 => {
                let (year, day) = (self.year()?, self.number(3)?);
                ordinal_date(year, day)
            }
            4 => {
                let year = self.year()?;
                match self.one_of(b"-/.Ww")? {
                    b'W' | b'w' => {
                        let (week, day) = (self.small_number(2)?, self.small_number(1)?);
                        week_date(year, week, day)
                    }
                    b'-' if self.one_of(b"Ww").is_some() => {
                        let week = self.small_number(2)?;
                        self.one_of(b"-")?;
                        week_date(year, week, self.small_number(1)?)
                    }
                    b'-' if self.digits() == 3 => ordinal_date(year, self.number(3)?),
                    separator => {
                        let month = self.one_or_two_digits()?;
                        self.one_of(&[separator])?;
                        Date::new(year, month, self.one_or_two_digits()?).ok()
                    }
                }
            }
            _ => None,
        }
    }

    fn year(&mut self) -> Option<i16> {
        i16::try_from(self.number(4)?).ok()
    }

    /// `yyyyMMdd`.
    fn calendar_date(&mut self) -> Option<Date> {
        let (year, month, day) = (self.year()?, self.small_number(2)?, self.small_number(2)?);
        Date::new(year, month, day).ok()
    }

    /// What follows a date: nothing, or a time and perhaps a zone.
    fn time_and_zone(&mut self, date: Date) -> Option<WrittenDate> {
        if self.rest.is_empty() || (self.one_of(b"Zz").is_some() && self.rest.is_empty()) {
            return WrittenDate::at(date, 0, 0);
        }
        self.one_of(b"Tt ")?;
        self.blanks();
        let nanos = match self.digits() {
            1 | 2 => self.extended_time()?,
            _ => self.basic_time()?,
        };
        WrittenDate::at(date, nanos, self.zone()?)
    }

    /// `hh`, `hh:mm` or `hh:mm:ss` with a fraction, perhaps with `AM` or `PM` behind it: nanoseconds since midnight.
    fn extended_time(&mut self) -> Option<i128> {
        let hour = self.one_or_two_digits()?;
        let minute = if self.one_of(b":").is_some() { self.small_number(2)? } else { 0 };
        let second = if self.one_of(b":").is_some() { self.small_number(2)? } else { 0 };
        let fraction = self.fraction()?;
        self.half_day(hour).and_then(|hour| nanos_of(hour, minute, second, fraction))
    }

    /// `hhmm` or `hhmmss` with a fraction.
    fn basic_time(&mut self) -> Option<i128> {
        let has_seconds = match self.digits() {
            4 => false,
            6 => true,
            _ => return None,
        };
        let (hour, minute) = (self.small_number(2)?, self.small_number(2)?);
        let second = if has_seconds { self.small_number(2)? } else { 0 };
        nanos_of(hour, minute, second, self.fraction()?)
    }

    /// The fraction of a second, in nanoseconds: what is smaller makes one more, so that it is not lost.
    fn fraction(&mut self) -> Option<i128> {
        if self.one_of(b".,").is_none() {
            return Some(0);
        }
        let digits = self.digits();
        let (exact, finer) = self.rest.get(..digits).filter(|_| digits > 0)?.split_at(digits.min(9));
        self.rest = &self.rest[digits..];
        let nanos =
            exact.iter().chain(&[b'0'; 9]).take(9).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        Some(nanos + i128::from(finer.iter().any(|digit| *digit != b'0')))
    }

    /// The hour of 24 that `hour` is, by `AM` or `PM` if they follow.
    fn half_day(&mut self, hour: i8) -> Option<i8> {
        let before = self.rest;
        self.blanks();
        let (is_am, is_pm) = (self.word("AM"), self.word("PM"));
        match (is_am || is_pm, hour) {
            (false, hour) => {
                self.rest = before;
                Some(hour)
            }
            (true, 12) => Some(if is_pm { 12 } else { 0 }),
            (true, 1..=11) => Some(if is_pm { hour + 12 } else { hour }),
            (true, _) => None,
        }
    }

    /// The zone and the end: seconds ahead of UTC, 0 without a zone.
    fn zone(&mut self) -> Option<i64> {
        self.blanks();
        if self.rest.is_empty() {
            return Some(0);
        }
        let is_utc = self.word("UTC") || self.word("GMT") || self.word("Z");
        let mut seconds = 0;
        if let Some(sign) = self.one_of(b"+-") {
            let (hours, minutes) = (self.small_number(2)?, self.part_of_offset()?);
            seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(self.part_of_offset()?);
            if sign == b'-' {
                seconds = -seconds;
            }
            self.blanks();
            let _ = self.word("UTC") || self.word("GMT");
        } else if !is_utc {
            return None;
        }
        self.zone_name()?;
        self.rest.is_empty().then_some(seconds)
    }

    /// Minutes or seconds of an offset, 0 if they are left out.
    fn part_of_offset(&mut self) -> Option<i8> {
        if self.one_of(b":").is_none() && self.digits() < 2 {
            return Some(0);
        }
        self.small_number(2).filter(|part| *part < 60)
    }

    /// The name of a zone in brackets behind an offset, `[Europe/Berlin]`, which the offset has said already.
    fn zone_name(&mut self) -> Option<()> {
        if self.one_of(b"[").is_some() {
            let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte);
            let length = self.rest.iter().take_while(|byte| is_of_name(byte)).count();
            self.rest = &self.rest[length..];
            self.one_of(b"]")?;
        }
        Some(())
    }
}

/// Nanoseconds since midnight. The end of a day may be written as 24:00.
fn nanos_of(hour: i8, minute: i8, second: i8, fraction: i128) -> Option<i128> {
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    let is_end = (hour, minute, second, fraction) == (24, 0, 0, 0);
    let seconds = i128::from(hour) * 3600 + i128::from(minute) * 60 + i128::from(second);
    (is_time || is_end).then_some(seconds * SECOND_NANOS + fraction)
}

fn ordinal_date(year: i16, day: i64) -> Option<Date> {
    let first = Date::new(year, 1, 1).ok()?;
    let date = first.plus_days(day - 1);
    (date.year() == year).then_some(date)
}

fn week_date(year: i16, week: i8, day: i8) -> Option<Date> {
    let weekday = civil::Weekday::from_monday_one_offset(day).ok()?;
    let date = civil::ISOWeekDate::new(year, week, weekday).ok()?.date();
    Date::new(date.year(), date.month(), date.day()).ok()
}

#[cfg(test)]
mod tests;
