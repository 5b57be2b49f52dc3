//! From whom to what: the counts of each pair of two subjects.

use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::FixedState;
use usage_core::UsageTable;

use crate::by_symbol::BySubject;
use crate::counts::Counts;
use crate::subject::Subject;
use crate::top::TopList;

/// A sparse table of two subjects: what each client requested of each URI, for example.
///
/// Rows and columns are positions in the [complete lists](TopList::all) of a report, largest first.
/// [`ReportOptions::with_drilldown`](crate::ReportOptions::with_drilldown) asks for it.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{DRILLDOWN, Report, ReportOptions, Subject};
///
/// let row = |client: &str, uri: &str, requests| UsageRecord {
///     client_name: Some(client.into()),
///     template_uri: Some(uri.into()),
///     requests: Some(requests),
///     ..UsageRecord::default()
/// };
/// let table: UsageTable =
///     [row("Export", "api/v2/users", 10), row("Bot", "api/v2/users", 1), row("Export", "api/v2/queues", 20)]
///         .into_iter()
///         .collect();
/// let report = Report::new(&table, &ReportOptions::default().with_drilldown(DRILLDOWN));
///
/// let cross = report.cross(Subject::Client, Subject::Uri).unwrap();
/// let uris: Vec<_> = cross
///     .row(0) // Export, the largest client
///     .iter()
///     .map(|cell| (report.uris.entry(cell.column).unwrap().label().unwrap(), cell.counts.requests.unwrap()))
///     .collect();
/// assert_eq!(uris, [("api/v2/queues", 20), ("api/v2/users", 10)]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CrossTable {
    /// What the rows are.
    pub rows: Subject,
    /// What the columns are.
    pub columns: Subject,
    /// The pairs that have rows of usage: row by row, in each row the one with the most requests first.
    pub cells: Vec<Cell>,
    /// Where each row begins in `cells`, and where the last one ends.
    starts: Vec<usize>,
}

/// The counts of one pair of a [`CrossTable`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cell {
    /// Its position in the list of the rows' subject.
    pub row: usize,
    /// Its position in the list of the columns' subject.
    pub column: usize,
    /// What its rows of usage add up to.
    pub counts: Counts,
}

/// The pairs that answer most questions: a client's URIs, a user's URIs, a client's methods.
pub const DRILLDOWN: &[(Subject, Subject)] =
    &[(Subject::Client, Subject::Uri), (Subject::User, Subject::Uri), (Subject::Client, Subject::Method)];

impl CrossTable {
    /// Returns the cells of the row at `position`, the one with the most requests first.
    pub fn row(&self, position: usize) -> &[Cell] {
        let range = self.starts.get(position).zip(self.starts.get(position + 1));
        range.and_then(|(start, end)| self.cells.get(*start..*end)).unwrap_or_default()
    }

    /// Returns the cells of the column at `position`, in the order of the rows.
    ///
    /// This looks at every cell.
    pub fn column(&self, position: usize) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.column == position)
    }

    /// Counts the rows of `table` by both lists, which are of the same table. `None` if the rows say nothing about one
    /// of the subjects.
    pub(crate) fn of(table: &UsageTable, rows: &TopList, columns: &TopList) -> Option<Self> {
        if rows.count == 0 || columns.count == 0 {
            return None;
        }
        let (row_places, column_places) = (rows.places(), columns.places());
        let (mut by_row, mut by_column) = (BySubject::new(rows.subject), BySubject::new(columns.subject));
        let mut numbers: HashMap<(usize, usize), usize, FixedState> = HashMap::default();
        let mut cells: Vec<Cell> = Vec::new();
        for usage in table {
            let row = by_row.get(usage, |key| row_places.get(&key).copied());
            let column = by_column.get(usage, |key| column_places.get(&key).copied());
            let Some((row, column)) = row.zip(column) else { continue };
            let number = *numbers.entry((row, column)).or_insert_with(|| {
                cells.push(Cell { row, column, counts: Counts::default() });
                cells.len() - 1
            });
            cells[number].counts.add(usage);
        }
        cells.sort_unstable_by_key(|cell| (cell.row, Reverse(cell.counts.requests), cell.column));
        let starts = (0..=rows.count).map(|row| cells.partition_point(|cell| cell.row < row)).collect();
        Some(Self { rows: rows.subject, columns: columns.subject, cells, starts })
    }
}
