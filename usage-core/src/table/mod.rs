//! One compact table for the rows of every query family.
//!
//! Pages repeat few client names, URIs, methods and dates, so texts are interned and a row consists of small numbers.
//! Absent is not zero, and an empty text is absent: the service sends `""` for a dimension that was not grouped by.

#![expect(clippy::inline_always, reason = "measured: reading a row is one loop without calls")]

mod builder;
mod column;
mod csv;
mod group;
mod interner;
mod iter;
mod legacy;
mod record;
mod repeated;
mod row;
mod rows;
mod texts;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::io;

pub use builder::TableBuilder;
pub use column::{Column, Counter};
pub use iter::{IntoIter, Iter};
pub use legacy::LegacyRows;
pub use record::UsageRecord;
pub use row::UsageRow;
pub use texts::Symbol;

pub(crate) use interner::Interner;
pub(crate) use row::PackedRow;
pub(crate) use texts::Texts;

use rows::Rows;

use crate::date::Date;

/// Rows of usage, in the order in which they arrived.
///
/// A row takes 60 bytes, and each different text is kept once. A table serializes as a list of records. To read it back,
/// collect them: `serde_json::from_str::<Vec<UsageRecord>>(json)?.into_iter().collect::<UsageTable>()`. See
/// [`write_csv`](Self::write_csv) for CSV.
///
/// ```
/// use usage_core::{Column, UsageRecord, UsageTable};
///
/// let mut table = UsageTable::new();
/// for (client, requests) in [("Nightly Export", 42), ("Dashboard", 7), ("Nightly Export", 8)] {
///     let (client_name, requests) = (Some(client.to_owned()), Some(requests));
///     table.push(&UsageRecord { client_name, requests, ..Default::default() });
/// }
/// assert_eq!(table.len(), 3);
/// assert_eq!(table.row(1).unwrap().client_name(), Some("Dashboard"));
/// assert_eq!(table.row(1).unwrap().status429(), None);
///
/// let busy: UsageTable = table.iter().filter(|row| row.requests() > Some(10)).collect();
/// assert_eq!(busy.len(), 1);
///
/// let mut clients = table.group_by(&[Column::ClientName]);
/// clients.sort_by(|a, b| a.requests().cmp(&b.requests()));
/// let totals: Vec<_> = clients.iter().map(|row| (row.client_name(), row.requests())).collect();
/// assert_eq!(totals, [(Some("Dashboard"), Some(7)), (Some("Nightly Export"), Some(50))]);
/// ```
#[derive(Clone, Default)]
pub struct UsageTable {
    interner: Interner,
    rows: Rows,
}

impl UsageTable {
    /// Creates an empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the row at `index`, from 0.
    pub fn row(&self, index: usize) -> Option<UsageRow<'_>> {
        self.rows.get(index).map(|row| UsageRow::new(self.interner.texts(), row))
    }

    /// Returns an iterator over the rows.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self)
    }

    /// Adds one row.
    pub fn push(&mut self, record: &UsageRecord) {
        let row = PackedRow::pack(record, |text| self.interner.intern(text));
        self.rows.push(row);
    }

    /// Adds a row of another table.
    pub fn push_row(&mut self, row: UsageRow<'_>) {
        let mut packed = PackedRow::default();
        for &column in Column::ALL {
            let text = row.text(column).unwrap_or_default();
            packed.set_text(column, self.interner.intern_in(column, text));
        }
        for &counter in Counter::ALL {
            if let Some(count) = row.count(counter) {
                packed.set_count(counter, count, |text| self.interner.intern(text));
            }
        }
        self.rows.push(packed);
    }

    /// Adds the rows of `other`, such as the next page, in their order.
    pub fn append(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        let moved = self.intern_all(&other.interner);
        for row in other.rows.iter() {
            self.rows.push(row.translate(&moved));
        }
    }

    /// Like [`append`](Self::append), but frees `other` block by block, so that memory does not hold the rows twice.
    pub fn absorb(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let moved = self.intern_all(&other.interner);
        for row in other.rows.into_blocks().flatten() {
            self.rows.push(row.translate(&moved));
        }
    }

    /// Interns all texts of `other` and returns their symbols in this table.
    fn intern_all(&mut self, other: &Interner) -> Vec<Symbol> {
        other.texts().iter().map(|text| self.interner.intern(text)).collect()
    }

    /// Sorts the rows. Rows that compare as equal keep their order.
    ///
    /// An absent value sorts first, like `None`.
    pub fn sort_by(&mut self, mut compare: impl FnMut(UsageRow<'_>, UsageRow<'_>) -> Ordering) {
        let texts = self.interner.texts();
        let mut rows = std::mem::take(&mut self.rows).into_vec();
        rows.sort_by(|a, b| compare(UsageRow::new(texts, a), UsageRow::new(texts, b)));
        self.rows = rows.into_iter().collect();
    }

    /// Keeps the rows for which `keep` returns true, and drops the others.
    pub fn retain(&mut self, mut keep: impl FnMut(UsageRow<'_>) -> bool) {
        let texts = self.interner.texts();
        let rows = std::mem::take(&mut self.rows).into_blocks().flatten();
        self.rows = rows.filter(|row| keep(UsageRow::new(texts, row))).collect();
    }

    /// Returns one row for each different combination of the texts in `columns`, in the order of their first rows. It has
    /// only those texts, and the sums of the counts. A count is absent if no row of the group has it.
    ///
    /// Without columns, the result is the total of the table. Sums stop at [`UsageRecord::MAX_COUNT`].
    #[must_use]
    pub fn group_by(&self, columns: &[Column]) -> Self {
        group::group(self, columns)
    }

    /// Returns the number of rows for each date, the first day of a bucket. `None` stands for rows whose date is absent or
    /// no day.
    pub fn rows_by_date(&self) -> BTreeMap<Option<Date>, usize> {
        // Counted by the symbol of the text, so that each text is parsed once.
        let mut rows = vec![0; self.interner.texts().len() + 1];
        let mut first = vec![None; rows.len()];
        for (index, row) in self.iter().enumerate() {
            let number = row.symbol(Column::Date).number();
            rows[number] += 1;
            first[number].get_or_insert(index);
        }
        let mut dates = BTreeMap::new();
        for (rows, first) in rows.into_iter().zip(first) {
            if let Some(row) = first.and_then(|index| self.row(index)) {
                *dates.entry(row.date()).or_default() += rows;
            }
        }
        dates
    }

    /// Returns the indices of the first two rows with the same texts, whatever their counts. One response of the service
    /// never has such rows.
    ///
    /// A repetition may be missed if texts were chosen to collide in the hash.
    pub fn first_repeated(&self) -> Option<(usize, usize)> {
        repeated::first_repeated(self)
    }

    /// Replaces texts of `column` in the rows from index `first` on. `replace` is called once for each different text, and
    /// returns `None` for a text that stays.
    pub fn replace_texts(
        &mut self,
        column: Column,
        first: usize,
        mut replace: impl FnMut(&str) -> Option<String>,
    ) {
        let mut replaced: Vec<Option<Symbol>> = vec![None; self.interner.texts().len()];
        for row in self.rows.iter_mut().skip(first) {
            let symbol = row.symbol(column);
            let Some(known) = symbol.index().and_then(|index| replaced.get_mut(index)) else { continue };
            let new = *known.get_or_insert_with(|| {
                let new = self.interner.texts().get(symbol).and_then(&mut replace);
                new.map_or(symbol, |text| self.interner.intern(&text))
            });
            row.set_text(column, new);
        }
    }

    /// Writes the table as CSV: a header, then one line for each row.
    ///
    /// Every line has the same cells: [`Column::ALL`], then [`Counter::ALL`]. A cell that is absent is empty. Texts are
    /// verbatim, in quotation marks where RFC 4180 requires them; lines end in a line feed. A spreadsheet may evaluate
    /// a text that starts with `=`, `+`, `-` or `@` as a formula.
    ///
    /// Each cell is a small write of its own, so pass a buffered writer for a file. The writer is flushed at the end.
    ///
    /// Do not pass a [`UsageRow`] or [`UsageRecord`] to the `csv` crate's `serialize`: both leave absent members out,
    /// so the values of a line would move under the headers of other columns.
    ///
    /// # Errors
    ///
    /// Returns the first error of `writer`.
    ///
    /// # Examples
    ///
    /// ```
    /// use usage_core::{UsageRecord, UsageTable};
    ///
    /// let client_name = Some("Export, nightly".to_owned());
    /// let record = UsageRecord { client_name, requests: Some(42), ..Default::default() };
    /// let table = UsageTable::from_iter([record]);
    /// let mut csv = Vec::new();
    /// table.write_csv(&mut csv)?;
    /// assert!(String::from_utf8_lossy(&csv).ends_with(",,\"Export, nightly\",,,,,,42,,,,,\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_csv<W: io::Write>(&self, writer: W) -> io::Result<()> {
        csv::write(self, writer)
    }

    /// Returns the rows in the service's own shape, to be serialized: a list of `ApiUsageRow`.
    pub fn legacy(&self) -> LegacyRows<'_> {
        LegacyRows::new(self)
    }

    /// Returns the number of bytes that the table holds on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.interner.heap_bytes() + self.rows.heap_bytes()
    }

    /// Frees memory that was allocated for further rows and texts.
    pub fn shrink_to_fit(&mut self) {
        self.interner.shrink_to_fit();
        self.rows.shrink_to_fit();
    }

    pub(crate) fn interner_mut(&mut self) -> &mut Interner {
        &mut self.interner
    }

    pub(crate) fn push_packed(&mut self, row: PackedRow) {
        self.rows.push(row);
    }
}

impl Extend<UsageRecord> for UsageTable {
    fn extend<I: IntoIterator<Item = UsageRecord>>(&mut self, records: I) {
        for record in records {
            self.push(&record);
        }
    }
}

impl<'a> Extend<UsageRow<'a>> for UsageTable {
    fn extend<I: IntoIterator<Item = UsageRow<'a>>>(&mut self, rows: I) {
        for row in rows {
            self.push_row(row);
        }
    }
}

impl FromIterator<UsageRecord> for UsageTable {
    fn from_iter<I: IntoIterator<Item = UsageRecord>>(records: I) -> Self {
        let mut table = Self::new();
        table.extend(records);
        table
    }
}

impl<'a> FromIterator<UsageRow<'a>> for UsageTable {
    fn from_iter<I: IntoIterator<Item = UsageRow<'a>>>(rows: I) -> Self {
        let mut table = Self::new();
        table.extend(rows);
        table
    }
}

impl PartialEq for UsageTable {
    /// Compares rows and their order, regardless of how they are stored.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for UsageTable {}

impl fmt::Debug for UsageTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl serde::Serialize for UsageTable {
    /// Writes a list of [`UsageRecord`]s.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = UsageRecord> {
        let text = || option::of("[a-d]{1,2}");
        let count = || option::of(prop_oneof![0..=UsageRecord::MAX_COUNT, 0..9u64]);
        (
            (text(), text(), text(), text(), text(), text(), text()),
            (count(), count(), count(), count(), count(), count()),
        )
            .prop_map(
                |(
                    (client_id, client_name, organization_id, user_id, template_uri, http_method, platform),
                    counts,
                )| UsageRecord {
                    date: Some("2026-07-01".into()),
                    client_id,
                    client_name,
                    organization_id,
                    user_id,
                    template_uri,
                    http_method,
                    platform,
                    requests: counts.0,
                    status200: counts.1,
                    status300: counts.2,
                    status400: counts.3,
                    status429: counts.4,
                    status500: counts.5,
                },
            )
    }

    proptest! {
        #[test]
        fn records_come_back_as_they_went_in(records in proptest::collection::vec(record(), 0..20)) {
            let table: UsageTable = records.iter().cloned().collect();
            prop_assert_eq!(table.iter().len(), records.len());
            prop_assert_eq!(table.into_iter().collect::<Vec<_>>(), records);
        }

        #[test]
        fn tables_are_equal_if_their_records_are(
            one in proptest::collection::vec(record(), 0..4),
            other in proptest::collection::vec(record(), 0..4),
        ) {
            let table = |records: &[UsageRecord]| records.iter().cloned().collect::<UsageTable>();
            prop_assert_eq!(table(&one) == table(&other), one == other);
            let backwards: Vec<_> = one.iter().rev().cloned().collect();
            prop_assert_eq!(table(&one) == table(&backwards), one == backwards);
        }

        #[test]
        fn appending_is_concatenation(
            first in proptest::collection::vec(record(), 0..10),
            second in proptest::collection::vec(record(), 0..10),
        ) {
            let mut table: UsageTable = first.iter().cloned().collect();
            let next: UsageTable = second.iter().cloned().collect();
            let mut absorbed = table.clone();
            table.append(&next);
            absorbed.absorb(next);
            let whole: UsageTable = first.into_iter().chain(second).collect();
            prop_assert_eq!(&table, &whole);
            prop_assert_eq!(absorbed, whole);
        }

        #[test]
        fn sorting_is_stable_and_filtering_keeps_the_order(records in proptest::collection::vec(record(), 0..20)) {
            let mut table: UsageTable = records.iter().cloned().collect();
            let mut sorted = records.clone();
            table.sort_by(|a, b| (a.user_id(), b.status429()).cmp(&(b.user_id(), a.status429())));
            sorted.sort_by(|a, b| (&a.user_id, b.status429).cmp(&(&b.user_id, a.status429)));
            prop_assert_eq!(&table, &sorted.iter().cloned().collect());

            let few = |requests| requests < Some(5);
            let filtered: UsageTable = table.iter().filter(|row| few(row.requests())).collect();
            table.retain(|row| few(row.requests()));
            sorted.retain(|record| few(record.requests));
            prop_assert_eq!(&table, &filtered);
            prop_assert_eq!(table, sorted.into_iter().collect());
        }
    }

    #[test]
    fn texts_are_replaced_in_one_column_from_one_row_on() {
        let record = |text: &str| UsageRecord {
            date: Some(text.into()),
            user_id: Some(text.into()),
            ..Default::default()
        };
        let mut table: UsageTable = ["a", "a", "b", "a", ""].map(record).into_iter().collect();
        let mut asked = Vec::new();
        table.replace_texts(Column::Date, 1, |text| {
            asked.push(text.to_owned());
            (text == "a").then(|| "new".into())
        });
        assert_eq!(asked, ["a", "b"]);
        let texts = |column| table.iter().map(|row| row.text(column).unwrap_or_default()).collect::<Vec<_>>();
        assert_eq!(texts(Column::Date), ["a", "new", "b", "new", ""]);
        assert_eq!(texts(Column::UserId), ["a", "a", "b", "a", ""]);
    }

    #[test]
    fn rows_are_counted_by_date_and_what_is_no_day_is_none() {
        let record = |date: &str| UsageRecord { date: Some(date.into()), ..Default::default() };
        let dates = ["2026-07-01", "2026-07-02", "20260701", "", "soon", "2026-07-01T10:00:00Z"];
        let table: UsageTable = dates.map(record).into_iter().collect();
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let wanted = [(None, 3), (day("2026-07-01"), 2), (day("2026-07-02"), 1)];
        assert_eq!(table.rows_by_date(), wanted.into_iter().collect());
    }

    #[test]
    fn a_table_prints_as_its_rows() {
        let records = [1, 2].map(|n| UsageRecord { requests: Some(n), ..Default::default() });
        let table: UsageTable = records.iter().cloned().collect();
        assert_eq!(format!("{table:?}"), format!("{records:?}"));
    }

    #[test]
    fn an_empty_text_is_absent_and_a_zero_is_not() {
        let mut table = UsageTable::new();
        table.push(&UsageRecord { user_id: Some(String::new()), requests: Some(0), ..Default::default() });
        assert_eq!(serde_json::to_string(&table).unwrap(), r#"[{"requests":0}]"#);
    }
}
