//! Iterators over the rows of a table.

use std::fmt;

use crate::table::{UsageRecord, UsageRow, UsageTable};

/// An iterator over the rows of a [`UsageTable`], from either end.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
///
/// let table: UsageTable = (1..=3).map(|n| UsageRecord { requests: Some(n), ..Default::default() }).collect();
/// assert_eq!(table.iter().filter_map(|row| row.requests()).sum::<u64>(), 6);
/// assert_eq!(table.iter().next_back().unwrap().requests(), Some(3));
/// ```
#[derive(Clone)]
pub struct Iter<'a> {
    table: &'a UsageTable,
    next: usize,
    end: usize,
}

impl<'a> Iter<'a> {
    pub(super) fn new(table: &'a UsageTable) -> Self {
        Self { table, next: 0, end: table.len() }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = UsageRow<'a>;

    fn next(&mut self) -> Option<UsageRow<'a>> {
        let index = (self.next < self.end).then_some(self.next)?;
        self.next += 1;
        self.table.row(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.end = (self.next < self.end).then(|| self.end - 1)?;
        self.table.row(self.end)
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl std::iter::FusedIterator for Iter<'_> {}

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

/// An iterator over owned rows, first to last.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
///
/// let table: UsageTable = (1..=3).map(|n| UsageRecord { requests: Some(n), ..Default::default() }).collect();
/// let records: Vec<UsageRecord> = table.into_iter().collect();
/// assert_eq!(records[0].requests, Some(1));
/// ```
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

impl std::iter::FusedIterator for IntoIter {}

impl IntoIterator for UsageTable {
    type Item = UsageRecord;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter { table: self, next: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_through_the_rows_from_either_end() {
        let table: UsageTable =
            (0..5).map(|n| UsageRecord { requests: Some(n), ..Default::default() }).collect();
        let mut rows = table.iter();
        assert_eq!(rows.next().unwrap().requests(), Some(0));
        assert_eq!(rows.next_back().unwrap().requests(), Some(4));
        assert_eq!(rows.len(), 3);
        assert!(rows.by_ref().rev().map(|row| row.requests()).eq([3, 2, 1].map(Some)));
        assert!(rows.next().is_none() && rows.next_back().is_none());
        assert!(format!("{:?}", table.iter()).matches("requests: Some(").count() == 5);
    }

    #[test]
    fn owned_rows_know_how_many_they_are() {
        let table: UsageTable = (0..5).map(|_| UsageRecord::default()).collect();
        let mut rows = table.into_iter();
        for left in (0..5).rev() {
            assert!(rows.next().is_some());
            assert_eq!((rows.size_hint(), rows.len()), ((left, Some(left)), left));
        }
        assert!(rows.next().is_none() && rows.len() == 0);
    }
}
