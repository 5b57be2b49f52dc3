//! What every query's rows become: one compact table, whatever family they came from.
//!
//! A page repeats few client names, URIs, methods and dates, so texts are interned once and a row is a handful
//! of numbers. Absent is not zero, and an empty text is absent: the service sends `""` for a dimension that was
//! not grouped by.

mod record;
mod row;
mod symbols;

use std::fmt;

pub use record::UsageRecord;
pub use row::UsageRow;

use row::PackedRow;
use symbols::Symbols;

/// Rows of usage, in the order in which they arrived.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
///
/// let record = UsageRecord { client_name: Some("Nightly Export".into()), requests: Some(42), ..Default::default() };
/// let table: UsageTable = [record].into_iter().collect();
/// assert_eq!(table.len(), 1);
/// assert_eq!(table.row(0).unwrap().client_name(), Some("Nightly Export"));
/// assert_eq!(table.row(0).unwrap().requests(), Some(42));
/// assert_eq!(table.row(0).unwrap().status429(), None);
/// ```
#[derive(Clone, Default)]
pub struct UsageTable {
    symbols: Symbols,
    rows: Vec<PackedRow>,
}

impl UsageTable {
    /// A table without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at `index`, from 0.
    pub fn row(&self, index: usize) -> Option<UsageRow<'_>> {
        self.rows.get(index).map(|row| UsageRow::new(&self.symbols, row))
    }

    /// The rows, first to last.
    pub fn iter(&self) -> Iter<'_> {
        Iter { symbols: &self.symbols, rows: self.rows.iter() }
    }

    /// Adds one row.
    pub fn push(&mut self, record: &UsageRecord) {
        let row = PackedRow::pack(record, &mut self.symbols);
        self.rows.push(row);
    }

    /// Adds the rows of `other`, in their order: the next page.
    pub fn append(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        let moved: Vec<_> = other.symbols.iter().map(|text| self.symbols.intern(text)).collect();
        self.rows.extend(other.rows.iter().map(|row| row.translate(&moved)));
    }
}

/// The rows of a [`UsageTable`], first to last.
#[derive(Clone)]
pub struct Iter<'a> {
    symbols: &'a Symbols,
    rows: std::slice::Iter<'a, PackedRow>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = UsageRow<'a>;

    fn next(&mut self) -> Option<UsageRow<'a>> {
        self.rows.next().map(|row| UsageRow::new(self.symbols, row))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> IntoIterator for &'a UsageTable {
    type Item = UsageRow<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Owned rows, first to last.
#[derive(Debug)]
pub struct IntoIter {
    table: UsageTable,
    next: usize,
}

impl Iterator for IntoIter {
    type Item = UsageRecord;

    fn next(&mut self) -> Option<UsageRecord> {
        let record = self.table.row(self.next)?.to_record();
        self.next += 1;
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.table.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for IntoIter {}

impl IntoIterator for UsageTable {
    type Item = UsageRecord;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter { table: self, next: 0 }
    }
}

impl Extend<UsageRecord> for UsageTable {
    fn extend<I: IntoIterator<Item = UsageRecord>>(&mut self, records: I) {
        for record in records {
            self.push(&record);
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

impl PartialEq for UsageTable {
    /// The same rows in the same order, however they are stored.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a == b)
    }
}

impl fmt::Debug for UsageTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl serde::Serialize for UsageTable {
    /// A list of [`UsageRecord`]s.
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
        let count = || option::of(0..=UsageRecord::MAX_COUNT);
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
        fn appending_is_concatenation(
            first in proptest::collection::vec(record(), 0..10),
            second in proptest::collection::vec(record(), 0..10),
        ) {
            let mut table: UsageTable = first.iter().cloned().collect();
            table.append(&second.iter().cloned().collect());
            let whole: UsageTable = first.into_iter().chain(second).collect();
            prop_assert_eq!(table, whole);
        }
    }

    #[test]
    fn an_empty_text_is_absent_and_a_zero_is_not() {
        let mut table = UsageTable::new();
        table.push(&UsageRecord { user_id: Some(String::new()), requests: Some(0), ..Default::default() });
        assert_eq!(serde_json::to_string(&table).unwrap(), r#"[{"requests":0}]"#);
    }
}
