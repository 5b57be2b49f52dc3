//! From the members of a row to the row.

use std::fmt::{self, Write as _};

use crate::WrittenDate;
use crate::table::{Column, Counter, PackedRow, Symbol, Texts, UsageRow, UsageTable};

/// Where rows go.
pub(super) trait RowSink {
    /// Keeps a text for the row that is being read. An empty text is none.
    fn text(&mut self, column: Column, text: &str) -> Symbol;

    /// Keeps a text that stands for a large count.
    fn large_count(&mut self, text: &str) -> Symbol;

    /// Takes the row.
    fn row(&mut self, row: PackedRow);
}

/// Puts rows together, member by member.
#[derive(Debug, Default)]
pub(super) struct RowBuilder<S> {
    row: PackedRow,
    pub(super) sink: S,
}

impl<S: RowSink> RowBuilder<S> {
    pub(super) fn new(sink: S) -> Self {
        Self { row: PackedRow::default(), sink }
    }

    #[inline(always)]
    pub(super) fn text(&mut self, column: Column, text: &str) {
        let mut room = None;
        let text = if column == Column::Date { day_of(text, &mut room) } else { text };
        let symbol = self.sink.text(column, text);
        self.row.set_text(column, symbol);
    }

    #[inline(always)]
    pub(super) fn count(&mut self, counter: Counter, count: u64) {
        self.row.set_count(counter, count, |text| self.sink.large_count(text));
    }

    #[inline]
    pub(super) fn end(&mut self) {
        self.sink.row(std::mem::take(&mut self.row));
    }
}

/// The text that is kept of a date: a bucket's start is midnight UTC, which is a day. A text that is not understood stays
/// as it is. `room` holds a text that the date does not contain.
#[inline(always)]
pub(super) fn day_of<'a>(date: &'a str, room: &'a mut Option<DayText>) -> &'a str {
    if let Some(day) = usual_day(date) { day } else { other_day(date, room) }
}

/// The most days that each month has in every year. There is no month 0.
const DAYS: [u8; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The day of `yyyy-MM-dd`, alone or as midnight in the service's spelling, if every year has such a day.
#[inline(always)]
fn usual_day(date: &str) -> Option<&str> {
    let (day, time) = date.split_at_checked(10)?;
    let is_midnight = matches!(time, "" | "T00:00:00Z" | "T00:00:00.000Z");
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

/// Room for the longest text that a [`WrittenDate`] writes, so that a row costs no allocation however its date is spelt.
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

impl RowSink for UsageTable {
    #[inline(always)]
    fn text(&mut self, column: Column, text: &str) -> Symbol {
        self.interner_mut().intern_in(column, text)
    }

    #[cold]
    #[inline(never)]
    fn large_count(&mut self, text: &str) -> Symbol {
        self.interner_mut().intern(text)
    }

    #[inline]
    fn row(&mut self, row: PackedRow) {
        self.push_packed(row);
    }
}

/// Looks at rows as they arrive, for callers who add up rows and keep none.
///
/// Any closure over [`UsageRow`] is one.
pub trait RowVisitor {
    /// Takes the next row. It is gone afterwards.
    fn visit(&mut self, row: UsageRow<'_>);
}

impl<F: FnMut(UsageRow<'_>)> RowVisitor for F {
    fn visit(&mut self, row: UsageRow<'_>) {
        self(row);
    }
}

/// Shows each row to a visitor. Only the texts of the current row are kept.
#[derive(Debug, Default)]
pub(super) struct Visit<V> {
    texts: Texts,
    pub(super) visitor: V,
}

impl<V> Visit<V> {
    pub(super) fn new(visitor: V) -> Self {
        Self { texts: Texts::default(), visitor }
    }
}

impl<V: RowVisitor> RowSink for Visit<V> {
    #[inline]
    fn text(&mut self, _: Column, text: &str) -> Symbol {
        self.texts.push(text)
    }

    fn large_count(&mut self, text: &str) -> Symbol {
        self.texts.push(text)
    }

    #[inline]
    fn row(&mut self, row: PackedRow) {
        self.visitor.visit(UsageRow::new(&self.texts, &row));
        self.texts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build<S: RowSink>(sink: S) -> S {
        let mut builder = RowBuilder::new(sink);
        builder.text(Column::Date, "2026-07-01T00:00:00Z");
        builder.text(Column::UserId, "");
        builder.count(Counter::Requests, 1 << 40);
        builder.end();
        builder.text(Column::ClientName, "Nightly Export");
        builder.end();
        builder.sink
    }

    #[test]
    fn rows_begin_empty() {
        let table = build(UsageTable::new());
        let first = table.row(0).unwrap();
        assert_eq!(
            (first.date_text(), first.user_id(), first.requests()),
            (Some("2026-07-01"), None, Some(1 << 40))
        );
        let second = table.row(1).unwrap();
        assert_eq!(
            (second.client_name(), second.date(), second.requests()),
            (Some("Nightly Export"), None, None)
        );
    }

    #[test]
    fn a_visitor_sees_what_a_table_keeps() {
        let mut seen = UsageTable::new();
        build(Visit::new(|row: UsageRow<'_>| seen.push_row(row)));
        assert_eq!(seen, build(UsageTable::new()));
    }

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
