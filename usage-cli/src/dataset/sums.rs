//! Adds up days of a history for a report: by the numbers that texts have in a file, and not by the texts.

use std::collections::{BTreeMap, BTreeSet};

use usage_core::{Column, Date, TableBuilder, UsageTable};
use usage_report::{Subject, Sums};

use crate::dataset::counts::Counts;
use crate::dataset::groups::{Groups, Numbering, columns_of};
use crate::dataset::pairs::{Numbered, Pair};
use crate::dataset::partition::Columns;

/// Subjects whose sums with the URI a report always needs, of the rows with 429: it says on which URI a client is rate
/// limited.
const LIMITED: [Subject; 2] = [Subject::Client, Subject::User];

/// The sums of several days.
pub(crate) struct Summing {
    /// The sums of each subject by day.
    subjects: Vec<(Subject, TableBuilder)>,
    pairs: Vec<Pair>,
    /// The groups of the subjects of the pairs.
    numberings: BTreeMap<Subject, Numbering>,
}

impl Summing {
    /// Begins sums with those by each of `pairs`.
    pub(crate) fn new(pairs: &[(Subject, Subject)]) -> Self {
        let mut pairs: Vec<_> = pairs.iter().map(|subjects| Pair::new(*subjects, false)).collect();
        for one in LIMITED {
            if !pairs.iter().any(|pair| pair.subjects == (one, Subject::Uri)) {
                pairs.push(Pair::new((one, Subject::Uri), true));
            }
        }
        let subjects =
            Subject::ALL.iter().copied().map(|subject| (subject, TableBuilder::default())).collect();
        let of_pairs = pairs.iter().flat_map(|pair| [pair.subjects.0, pair.subjects.1]);
        let numberings = of_pairs.map(|subject| (subject, Numbering::default())).collect();
        Self { subjects, pairs, numberings }
    }

    /// Adds the rows of `date`; with the name of the `organization` for its id, if one is given.
    pub(crate) fn add(&mut self, columns: &Columns, date: Date, organization: Option<&str>) {
        let (date, rows) = (date.to_string(), Counts::of_rows(columns));
        let mut numbered = BTreeMap::new();
        for (subject, table) in &mut self.subjects {
            let groups = Groups::of(*subject, columns, organization);
            add_day(table, &date, &groups, &rows);
            if let Some(numbering) = self.numberings.get_mut(subject) {
                let numbers = numbering.numbers(&groups);
                numbered.insert(*subject, (groups, numbers));
            }
        }
        let of = |subject| {
            numbered
                .get(&subject)
                .map(|(groups, numbers): &(Groups<'_>, Vec<u32>)| Numbered { groups, numbers })
        };
        for pair in &mut self.pairs {
            if let Some((one, other)) = of(pair.subjects.0).zip(of(pair.subjects.1)) {
                pair.add(&rows, one, other);
            }
        }
    }

    /// Returns the sums of all days.
    pub(crate) fn finish(self) -> Sums {
        let Self { subjects, pairs, numberings } = self;
        let mut subjects = subjects.into_iter();
        let clients = subjects.next().map(|(_, table)| table.finish()).unwrap_or_default();
        let sums =
            subjects.fold(Sums::new(clients), |sums, (subject, table)| sums.with(subject, table.finish()));
        let none = Numbering::default();
        let of = |subject| numberings.get(&subject).unwrap_or(&none);
        pairs.into_iter().fold(sums, |sums, pair| {
            let (one, other) = pair.subjects;
            sums.with_pair(one, other, pair.table(of(one), of(other)))
        })
    }
}

/// Adds the sums of each of `groups` on `date` to `table`.
fn add_day(table: &mut TableBuilder, date: &str, groups: &Groups<'_>, rows: &[Counts]) {
    let mut sums = vec![Counts::default(); groups.texts.len()];
    for (number, row) in groups.numbers.iter().zip(rows) {
        sums[*number as usize].add(row);
    }
    for (texts, sums) in groups.texts.iter().zip(&sums) {
        table.set_text(Column::Date, date);
        for (column, text) in texts {
            table.set_text(*column, text);
        }
        sums.iter().for_each(|(counter, count)| table.set_count(counter, count));
        table.end_row();
    }
}

/// Returns the sums of rows that are in memory, by each subject and each of `pairs`.
pub(crate) fn sums_of(table: &UsageTable, pairs: &[(Subject, Subject)]) -> Sums {
    let by = |subjects: &[Subject], first: &[Column]| {
        let columns = subjects.iter().flat_map(|subject| columns_of(*subject));
        table.group_by(&first.iter().chain(columns).copied().collect::<Vec<_>>())
    };
    let by_day = |subject| by(&[subject], &[Column::Date]);
    let sums = Subject::ALL
        .iter()
        .copied()
        .fold(Sums::new(by_day(Subject::Client)), |sums, subject| sums.with(subject, by_day(subject)));
    let limited = LIMITED.map(|one| (one, Subject::Uri));
    let pairs: BTreeSet<_> = pairs.iter().copied().chain(limited).collect();
    pairs.into_iter().fold(sums, |sums, (one, other)| sums.with_pair(one, other, by(&[one, other], &[])))
}
