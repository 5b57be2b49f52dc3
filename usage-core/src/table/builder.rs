//! Builds a table value by value.

use crate::table::{Column, Counter, PackedRow, UsageRow, UsageTable};

/// Builds a [`UsageTable`] value by value, for readers of files. It allocates no record for a row.
///
/// ```
/// use usage_core::{Column, Counter, TableBuilder};
///
/// let mut builder = TableBuilder::default();
/// for (client, requests) in [("Nightly Export", 42), ("Dashboard", 7)] {
///     builder.set_text(Column::ClientName, client);
///     builder.set_count(Counter::Requests, requests);
///     builder.end_row();
/// }
/// let table = builder.finish();
/// assert_eq!(table.row(1).unwrap().client_name(), Some("Dashboard"));
/// ```
#[derive(Debug, Default)]
pub struct TableBuilder {
    table: UsageTable,
    row: PackedRow,
}

impl TableBuilder {
    /// Sets a text of the current row. An empty text counts as absent.
    #[inline]
    pub fn set_text(&mut self, column: Column, text: &str) {
        let symbol = self.table.interner.intern_in(column, text);
        self.row.set_text(column, symbol);
    }

    /// Sets a count of the current row, at most [`UsageRecord::MAX_COUNT`](crate::UsageRecord::MAX_COUNT).
    #[inline]
    pub fn set_count(&mut self, counter: Counter, count: u64) {
        self.row.set_count(counter, count, |text| self.table.interner.intern(text));
    }

    /// Returns the current row with the values that are set.
    pub fn current(&self) -> UsageRow<'_> {
        UsageRow::new(self.table.interner.texts(), &self.row)
    }

    /// Adds the current row to the table and begins the next one.
    #[inline]
    pub fn end_row(&mut self) {
        self.table.rows.push(std::mem::take(&mut self.row));
    }

    /// Clears the current row.
    pub fn discard_row(&mut self) {
        self.row = PackedRow::default();
    }

    /// Returns the rows so far, without the current one.
    pub fn table(&self) -> &UsageTable {
        &self.table
    }

    /// Returns the rows so far, without the current one, for changes.
    pub fn table_mut(&mut self) -> &mut UsageTable {
        &mut self.table
    }

    /// Returns the table, without a current row that was not ended.
    pub fn finish(mut self) -> UsageTable {
        self.table.shrink_to_fit();
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::UsageRecord;

    #[test]
    fn values_replace_earlier_ones_and_rows_begin_empty() {
        let mut builder = TableBuilder::default();
        builder.set_text(Column::UserId, "a");
        builder.set_text(Column::UserId, "b");
        for count in [UsageRecord::MAX_COUNT, 7] {
            builder.set_count(Counter::Requests, count);
            assert_eq!(builder.current().requests(), Some(count));
        }
        builder.end_row();
        assert_eq!((builder.current().user_id(), builder.table().len()), (None, 1));
        builder.set_text(Column::UserId, "discarded");
        builder.discard_row();
        assert_eq!(builder.current().user_id(), None);
        builder.set_text(Column::UserId, "not ended");
        let table = builder.finish();
        assert_eq!(table.iter().map(|row| row.user_id()).collect::<Vec<_>>(), [Some("b")]);
    }
}
