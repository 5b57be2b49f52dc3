//! The text of a date in a table.

use std::fmt::{self, Write as _};

use crate::WrittenDate;
use crate::decode::literal::strip_literal;

/// Returns the text of a date for a table: a day if the bucket starts at midnight UTC. A text that is no date is unchanged.
/// `room` is the buffer for a text that is not a part of the date.
#[inline(always)]
pub(super) fn day_of<'a>(date: &'a str, room: &'a mut Option<DayText>) -> &'a str {
    if let Some(day) = usual_day(date) { day } else { other_day(date, room) }
}

/// The number of days that each month has in every year. There is no month 0.
const DAYS: [u8; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Returns the day of `yyyy-MM-dd`, alone or as midnight in the service's format, if every year has that day.
#[inline(always)]
pub(super) fn usual_day(date: &str) -> Option<&str> {
    let (day, time) = date.split_at_checked(10)?;
    let is_midnight = match time.len() {
        0 => true,
        10 => strip_literal(time.as_bytes(), b"T00:00:00Z").is_some(),
        _ => time == "T00:00:00.000Z",
    };
    let bytes = day.as_bytes();
    // Eight bytes at a time: digits become 0 to 9, hyphens 0, and anything else sets the high bit of its byte.
    let start = u64::from_le_bytes(*bytes.first_chunk()?) ^ u64::from_le_bytes(*b"0000-00-");
    let above = u64::from_le_bytes([0x76, 0x76, 0x76, 0x76, 0x7f, 0x76, 0x76, 0x7f]);
    let has_form = (start | start.wrapping_add(above)) & 0x8080_8080_8080_8080 == 0;
    let [year @ .., _, _, _, _] = start.to_le_bytes();
    let [.., month_tens, month_ones, _] = start.to_le_bytes();
    let [tens, ones] = bytes.last_chunk::<2>()?.map(|digit| digit.wrapping_sub(b'0'));
    let days = *DAYS.get(usize::from(month_tens.wrapping_mul(10).wrapping_add(month_ones)))?;
    let is_day = tens <= 3 && ones <= 9 && (1..=days).contains(&(tens.wrapping_mul(10).wrapping_add(ones)));
    let is_supported = !matches!(year, [0, 0, 0, 0] | [9, 9, 9, 9]);
    (is_midnight && has_form && is_day && is_supported).then_some(day)
}

#[cold]
fn other_day<'a>(date: &'a str, room: &'a mut Option<DayText>) -> &'a str {
    let Some(written) = WrittenDate::parse(date) else { return date };
    let text = room.insert(DayText::default());
    if write!(text, "{written}").is_ok() { text.as_str() } else { date }
}

/// A buffer for the longest text of a [`WrittenDate`], so that no format of dates costs an allocation.
#[derive(Default)]
pub(super) struct DayText {
    bytes: [u8; "yyyy-MM-ddTHH:mm:ss.123456789Z".len()],
    length: usize,
}

impl DayText {
    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Write for DayText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnights_become_days_and_what_is_not_understood_stays() {
        for (date, day) in [
            ("2026-07-01", "2026-07-01"),
            ("2026-07-01T00:00:00Z", "2026-07-01"),
            ("2026-07-01T00:00:00.000Z", "2026-07-01"),
            ("2026-07-01T01:00:00Z", "2026-07-01T01:00:00Z"),
            ("2026-07-31T00:00:00+00:00", "2026-07-31"),
            ("2026-07-31", "2026-07-31"),
            ("20260701T020000+0200", "2026-07-01"),
            ("2026-07-01T01:00:00.50+00", "2026-07-01T01:00:00.5Z"),
            ("2026-02-29T00:00:00Z", "2026-02-29T00:00:00Z"),
            ("2026-13-45", "2026-13-45"),
            ("07/01/2026", "07/01/2026"),
            ("T00:00:00Z", "T00:00:00Z"),
            ("", ""),
        ] {
            assert_eq!(day_of(date, &mut None), day);
        }
    }

    #[test]
    fn the_fast_path_agrees_with_the_parser() {
        for year in ["0000", "0001", "1900", "2000", "2024", "2026", "9998", "9999", "20x6"] {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                for time in ["", "T00:00:00Z", "T00:00:00.000Z", "T00:00:01Z"] {
                    let date = format!("{year}-{month:02}-{day:02}{time}");
                    let parsed =
                        WrittenDate::parse(&date).map_or(date.clone(), |written| written.to_string());
                    assert_eq!(day_of(&date, &mut None), parsed);
                }
            }
        }
    }

    #[test]
    fn the_longest_date_has_room() {
        let date = "9998-12-31T22:59:59,123456789-01:00";
        assert_eq!(day_of(date, &mut None), "9998-12-31T23:59:59.123456789Z");
    }
}
