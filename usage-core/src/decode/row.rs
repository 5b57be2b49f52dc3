//! From the members of a row to the row.

use crate::decode::day::{day_of, usual_day};
use crate::decode::layout::{Layouts, Values};
use crate::decode::memo::Memo;
use crate::table::{Column, Counter, PackedRow, Symbol, Texts, UsageRow, UsageTable};

/// Where rows go.
pub(super) trait RowSink {
    /// Keeps a text for the row that is being read. An empty text is none.
    fn text(&mut self, column: Column, text: &str) -> Symbol;

    /// Keeps a text that stands for a large count.
    fn large_count(&mut self, text: &str) -> Symbol;

    /// Takes the row.
    fn row(&mut self, row: PackedRow);

    /// The texts that are known without being read.
    #[inline(always)]
    fn memo(&self) -> Option<&Memo> {
        None
    }

    /// Keeps the texts of the row `text` that are not known yet.
    fn texts(&mut self, text: &str, values: &mut Values);
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

    /// Reads the row that `text` begins with. Returns its length, or `None` if it has none of the `layouts`.
    #[inline(never)]
    pub(super) fn known_row(&mut self, text: &str, layouts: &Layouts) -> Option<usize> {
        let mut values = Values::default();
        let length = layouts.find_values(text, self.sink.memo(), &mut values)?;
        self.sink.texts(&text[..length], &mut values);
        self.sink.row(values.row);
        Some(length)
    }

    #[inline]
    pub(super) fn end(&mut self) {
        self.sink.row(std::mem::take(&mut self.row));
    }
}

/// Keeps all rows.
#[derive(Debug, Default)]
pub(super) struct Keep {
    pub(super) table: UsageTable,
    memo: Memo,
}

impl RowSink for Keep {
    #[inline(always)]
    fn text(&mut self, column: Column, text: &str) -> Symbol {
        self.table.interner_mut().intern_in(column, text)
    }

    #[cold]
    #[inline(never)]
    fn large_count(&mut self, text: &str) -> Symbol {
        self.table.interner_mut().intern(text)
    }

    #[inline]
    fn row(&mut self, row: PackedRow) {
        self.table.push_packed(row);
    }

    #[inline(always)]
    fn memo(&self) -> Option<&Memo> {
        Some(&self.memo)
    }

    fn texts(&mut self, text: &str, values: &mut Values) {
        for &column in Column::ALL {
            let (start, end) = values.texts[column as usize];
            if start < end {
                values.row.set_text(column, self.new_text(column, &text[start..], end - start));
            }
        }
    }
}

impl Keep {
    /// The table, without room for more rows.
    pub(super) fn into_table(self) -> UsageTable {
        let Self { mut table, memo } = self;
        drop(memo);
        table.shrink_to_fit();
        table
    }

    /// Keeps the text of `length` bytes that `rest` begins with.
    #[inline(never)]
    fn new_text(&mut self, column: Column, rest: &str, length: usize) -> Symbol {
        let (text, mut room) = (&rest[..length], None);
        let kept = if column == Column::Date { day_of(text, &mut room) } else { text };
        let symbol = self.text(column, kept);
        self.memo.add(column, rest.as_bytes(), length, symbol);
        symbol
    }
}

/// Looks at rows as they arrive, for callers who add up rows and keep none.
///
/// Any closure over [`UsageRow`] is one.
///
/// ```
/// use usage_core::UsageRow;
/// use usage_core::decode::{ResponseDecoder, RowVisitor, StreamingDecoder};
///
/// #[derive(Default)]
/// struct Total(u64);
///
/// impl RowVisitor for Total {
///     fn visit(&mut self, row: UsageRow<'_>) {
///         self.0 += row.requests().unwrap_or(0);
///     }
/// }
///
/// let mut decoder = StreamingDecoder::new(Total::default());
/// decoder.push(br#"{"queryStatus":"Complete","results":[{"requests":40},{"requests":2}]}"#)?;
/// let (_page, total) = decoder.finish()?;
/// assert_eq!(total.0, 42);
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
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

    fn texts(&mut self, text: &str, values: &mut Values) {
        let Values { texts, row } = values;
        let date = &mut texts[Column::Date as usize];
        let mut other_date = None;
        if date.0 < date.1 {
            let text = text.get(date.0..date.1).unwrap_or_default();
            match usual_day(text) {
                Some(day) => date.1 = date.0 + day.len(),
                None => other_date = Some(text),
            }
        }
        self.texts.assign(text, texts);
        for &column in Column::ALL {
            let (start, end) = texts[column as usize];
            if start < end {
                row.set_text(column, Symbol::nth(column as usize));
            }
        }
        if let Some(date) = other_date {
            let mut room = None;
            row.set_text(Column::Date, self.texts.push(day_of(date, &mut room)));
        }
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
        let table = build(Keep::default()).table;
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
        assert_eq!(seen, build(Keep::default()).table);
    }
}
