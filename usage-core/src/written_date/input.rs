//! A parser for the parts of written dates.

use std::borrow::Cow;

use jiff::civil;

use crate::date::Date;
use crate::written_date::{SECOND_NANOS, WrittenDate};

/// Returns `text` without surrounding white space, with non-breaking spaces and typographic minus signs replaced by
/// their ASCII forms. Programs with recent locale data write such characters into times.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() {
        return text.into();
    }
    text.replace(['\u{a0}', '\u{202f}'], " ").replace('\u{2212}', "-").into()
}

/// The unparsed rest of a text.
pub(super) struct Input<'a> {
    pub(super) rest: &'a [u8],
}

impl Input<'_> {
    /// Consumes the next byte if it is one of `bytes`.
    pub(super) fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        bytes.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }

    /// Consumes `text` if it comes next, ignoring ASCII case.
    fn word(&mut self, text: &str) -> bool {
        let is_there =
            self.rest.get(..text.len()).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()));
        if is_there {
            self.rest = &self.rest[text.len()..];
        }
        is_there
    }

    pub(super) fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Returns how many digits come next.
    fn digits(&self) -> usize {
        self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// Parses a number of exactly `digits` digits, at least one. More digits may follow.
    pub(super) fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        let number = str::from_utf8(number).ok().filter(|_| number.iter().all(u8::is_ascii_digit))?;
        self.rest = rest;
        number.parse().ok()
    }

    fn small_number(&mut self, digits: usize) -> Option<i8> {
        i8::try_from(self.number(digits)?).ok()
    }

    pub(super) fn one_or_two_digits(&mut self) -> Option<i8> {
        let digits = self.digits();
        (1..=2).contains(&digits).then(|| self.small_number(digits))?
    }

    /// Parses a date with the year first.
    pub(super) fn date(&mut self) -> Option<Date> {
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
                        Date::checked(year, month, self.one_or_two_digits()?)
                    }
                }
            }
            _ => None,
        }
    }

    fn year(&mut self) -> Option<i16> {
        i16::try_from(self.number(4)?).ok()
    }

    /// Parses `yyyyMMdd`.
    pub(super) fn calendar_date(&mut self) -> Option<Date> {
        let (year, month, day) = (self.year()?, self.small_number(2)?, self.small_number(2)?);
        Date::checked(year, month, day)
    }

    /// Parses the rest after a date: nothing, or a time with an optional zone.
    pub(super) fn time_and_zone(&mut self, date: Date) -> Option<WrittenDate> {
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

    /// Parses `hh`, `hh:mm` or `hh:mm:ss`, with an optional fraction and an optional `AM` or `PM`, into nanoseconds
    /// since midnight.
    pub(super) fn extended_time(&mut self) -> Option<i128> {
        let hour = self.one_or_two_digits()?;
        let minute = if self.one_of(b":").is_some() { self.small_number(2)? } else { 0 };
        let second = if self.one_of(b":").is_some() { self.small_number(2)? } else { 0 };
        let fraction = self.fraction()?;
        self.half_day(hour).and_then(|hour| nanos_of(hour, minute, second, fraction))
    }

    /// Parses `hhmm` or `hhmmss` with an optional fraction into nanoseconds since midnight.
    pub(super) fn basic_time(&mut self) -> Option<i128> {
        let has_seconds = match self.digits() {
            4 => false,
            6 => true,
            _ => return None,
        };
        let (hour, minute) = (self.small_number(2)?, self.small_number(2)?);
        let second = if has_seconds { self.small_number(2)? } else { 0 };
        nanos_of(hour, minute, second, self.fraction()?)
    }

    /// Parses the fraction of a second into nanoseconds, rounded up so that a non-zero fraction stays non-zero.
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

    /// Returns the hour of the day for `hour` followed by an optional `AM` or `PM`.
    fn half_day(&mut self, hour: i8) -> Option<i8> {
        let before = self.rest;
        self.blanks();
        let first_hour = if self.word("AM") {
            0
        } else if self.word("PM") {
            12
        } else {
            self.rest = before;
            return Some(hour);
        };
        (1..=12).contains(&hour).then_some(first_hour + hour % 12)
    }

    /// Parses the zone up to the end of the text into seconds ahead of UTC; 0 without a zone.
    pub(super) fn zone(&mut self) -> Option<i64> {
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

    /// Parses the minutes or seconds of an offset; 0 if they are omitted.
    fn part_of_offset(&mut self) -> Option<i8> {
        if self.one_of(b":").is_none() && self.digits() < 2 {
            return Some(0);
        }
        self.small_number(2).filter(|part| *part < 60)
    }

    /// Consumes a zone name in brackets after an offset (`[Europe/Berlin]`). The offset takes precedence.
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

/// Returns nanoseconds since midnight. `24:00` is the end of the day.
fn nanos_of(hour: i8, minute: i8, second: i8, fraction: i128) -> Option<i128> {
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    let is_end = (hour, minute, second, fraction) == (24, 0, 0, 0);
    let seconds = i128::from(hour) * 3600 + i128::from(minute) * 60 + i128::from(second);
    (is_time || is_end).then_some(seconds * SECOND_NANOS + fraction)
}

fn ordinal_date(year: i16, day: i64) -> Option<Date> {
    let first = Date::checked(year, 1, 1)?;
    let date = first.plus_days(day - 1);
    (date.year() == year).then_some(date)
}

fn week_date(year: i16, week: i8, day: i8) -> Option<Date> {
    let weekday = civil::Weekday::from_monday_one_offset(day).ok()?;
    let date = civil::ISOWeekDate::new(year, week, weekday).ok()?.date();
    Date::checked(date.year(), date.month(), date.day())
}
