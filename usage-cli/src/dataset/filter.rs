//! Selects the rows of a day: a filter of a report, applied where rows pass by.

use std::collections::{BTreeMap, HashSet};

use usage_core::{Column, Counter, TableBuilder, UsageTable};
use usage_report::{Names, Period, RowFilter, Subject};

use crate::dataset::groups::{Groups, columns_of};
use crate::dataset::partition::{Columns, Needs};
use crate::dataset::rows::Selected;
use crate::problem::Problem;

/// How many groups are kept before equal ones are merged.
const MAX_SEEN: usize = 100_000;

/// The filter of a report, with what it found.
pub(crate) struct DayFilter {
    /// The patterns of each subject.
    filters: BTreeMap<Subject, RowFilter>,
    /// What rows have of these subjects, of all rows that were looked at.
    seen: UsageTable,
}

impl DayFilter {
    /// Prepares `filter` for the days of `periods`. A client matches by any of its names, with the rows of days on which
    /// it was called differently, so the names of clients are read first if the filter is about them.
    ///
    /// # Errors
    ///
    /// Returns a problem that names the file if one cannot be read or is damaged.
    pub(crate) fn new(
        filter: &RowFilter,
        names: &Names,
        selected: &Selected,
        periods: &[Period],
    ) -> Result<Self, Problem> {
        let mut filters: BTreeMap<Subject, RowFilter> = BTreeMap::new();
        for (subject, pattern) in filter.resolved(names).patterns() {
            let filter = filters.remove(&subject).unwrap_or_default();
            filters.insert(subject, filter.with(subject, pattern));
        }
        if let Some(clients) = filters.remove(&Subject::Client) {
            let mut ids = ClientIds::of(&clients);
            let needs = Needs::only(&[Column::ClientId, Column::ClientName], &[]);
            for period in periods {
                selected.each(*period, &needs, |columns, _, _| ids.add(&columns))?;
            }
            let clients = ids.found.into_iter().fold(clients, |all, id| all.with(Subject::Client, id));
            filters.insert(Subject::Client, clients);
        }
        Ok(Self { filters, seen: UsageTable::new() })
    }

    /// Removes the rows of a day that do not match; of an `organization`, if one is given.
    pub(crate) fn apply(&mut self, columns: &mut Columns, organization: Option<&str>) {
        let mut kept = vec![true; columns.rows];
        for (subject, filter) in &self.filters {
            let groups = Groups::of(*subject, columns, organization);
            let table = table_of(&groups);
            for row in &table {
                self.seen.push_row(row);
            }
            let mut is_match = vec![false; groups.texts.len()];
            // The number of a group is its count.
            for row in &*filter.select(&table) {
                let number = row.requests().and_then(|number| usize::try_from(number).ok());
                if let Some(place) = number.and_then(|number| is_match.get_mut(number)) {
                    *place = true;
                }
            }
            for (kept, number) in kept.iter_mut().zip(&groups.numbers) {
                *kept &= is_match.get(*number as usize).is_some_and(|is_match| *is_match);
            }
        }
        columns.retain(&kept);
        if self.seen.len() > MAX_SEEN {
            self.merge();
        }
    }

    /// Returns what rows have of the subjects of the filter, to find the nearest of a pattern that no row matches.
    pub(crate) fn seen(mut self) -> UsageTable {
        self.merge();
        self.seen
    }

    fn merge(&mut self) {
        let columns: Vec<Column> =
            self.filters.keys().flat_map(|subject| columns_of(*subject)).copied().collect();
        self.seen = self.seen.group_by(&columns);
    }
}

/// Returns a row for each group, with its number for a count.
fn table_of(groups: &Groups<'_>) -> UsageTable {
    let mut table = TableBuilder::default();
    for (number, texts) in (0..).zip(&groups.texts) {
        for (column, text) in texts {
            table.set_text(*column, text);
        }
        table.set_count(Counter::Requests, number);
        table.end_row();
    }
    table.finish()
}

/// The ids of clients that match by name on some day.
struct ClientIds<'a> {
    filter: &'a RowFilter,
    known: HashSet<(String, String)>,
    found: Vec<String>,
}

impl<'a> ClientIds<'a> {
    fn of(filter: &'a RowFilter) -> Self {
        Self { filter, known: HashSet::new(), found: Vec::new() }
    }

    fn add(&mut self, columns: &Columns) {
        let groups = Groups::of(Subject::Client, columns, None);
        for texts in &groups.texts {
            let [(Column::ClientId, id), (Column::ClientName, name)] = texts[..] else { continue };
            if !self.known.insert((id.to_owned(), name.to_owned())) {
                continue;
            }
            let mut names = Names::default();
            names.insert(Subject::Client, id, name);
            let is_match = self.filter.resolved(&names).patterns().count() > self.filter.patterns().count();
            if is_match && !self.found.iter().any(|found| found == id) {
                self.found.push(id.to_owned());
            }
        }
    }
}
