//! Detects rows that are the sum of other rows: total lines in any language, and what databases add for a ROLLUP.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use usage_core::{Column, Counter, Date, UsageRow, UsageTable};

use crate::problem::Problem;
use crate::saved::refusal::{SUM_HINT, on};
use crate::saved::rows::Source;

/// Sums smaller than this, or of fewer rows, may be a coincidence.
const TELLING_SUM: u128 = 1_000;
const TELLING_ROWS: usize = 3;

/// Maximum number of rows of one kind that are examined. If all of them are sums, the others are too.
const MAX_SAMPLE: usize = 1_000;

/// Refuses rows that are the sum of other rows of their file, whatever their label.
pub(super) fn no_row_is_a_total(table: &UsageTable, sources: &[Source]) -> Result<(), Problem> {
    for source in sources.iter().filter(|source| !source.is_one_result) {
        no_row_sums_up_the_file(table, source)?;
        if source.is_uneven() {
            no_kind_sums_up_another(table, source)?;
        }
    }
    Ok(())
}

/// Checks whether the first or the last row of a file is the sum of all others.
fn no_row_sums_up_the_file(table: &UsageTable, source: &Source) -> Result<(), Problem> {
    if source.rows.len() < TELLING_ROWS {
        return Ok(());
    }
    for index in [source.rows.start, source.rows.end - 1] {
        let Some(row) = table.row(index) else { continue };
        let counts = Counter::ALL.iter().copied().filter_map(|counter| Some((row.count(counter)?, counter)));
        let counts: Vec<_> = counts.map(|(count, counter)| (count, source.sums[counter as usize])).collect();
        let is_telling = counts.iter().any(|(_, sum)| *sum >= TELLING_SUM);
        if is_telling && counts.iter().all(|(count, sum)| u128::from(*count) * 2 == *sum) {
            return Err(total_row(table, source, index));
        }
    }
    Ok(())
}

/// Compares the rows that lack a column with those that have it.
fn no_kind_sums_up_another(table: &UsageTable, source: &Source) -> Result<(), Problem> {
    let mut kinds: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows(table, source) {
        let sample = kinds.entry(Kind::of(row)).or_default();
        if sample.len() < MAX_SAMPLE {
            sample.push(index);
        }
    }
    no_kinds_are_apart(table, source, &kinds)?;
    for (kind, sample) in &kinds {
        for detailed in kinds.keys().filter(|other| kind.is_part_of(**other)) {
            let mut sums: HashMap<Vec<Option<&str>>, Sums> = HashMap::new();
            for row in sample.iter().filter_map(|index| table.row(*index)) {
                sums.insert(kind.project(row), Sums::default());
            }
            for (_, row) in rows(table, source).filter(|(_, row)| Kind::of(*row) == *detailed) {
                if let Some(sums) = sums.get_mut(&kind.project(row)) {
                    sums.add(row);
                }
            }
            let found = |index: &usize| table.row(*index).and_then(|row| sums.get(&kind.project(row)));
            let repeated = sample.iter().find(|index| found(index).is_some_and(|sums| sums.rows > 0));
            if let (true, Some(index)) = (kind.counts_the_same_as(*detailed), repeated) {
                let problem = format!(
                    "{} has less than other rows of the same day and client, so that its requests may be \
                         theirs: they would count twice",
                    place(table, source, *index)
                );
                return Err(Problem::usage(problem).with_hint(SUM_HINT));
            }
            let is_sum = |index: &usize| {
                found(index).zip(table.row(*index)).is_some_and(|(sums, row)| sums.are_of(row))
            };
            let is_of_several = sample.iter().any(|index| found(index).is_some_and(|sums| sums.rows > 1));
            // Rows without a user are normal beside rows with users, and a small sum may be a coincidence.
            let is_of_users = kind.lacks(*detailed).eq([Column::UserId]);
            let is_telling =
                !is_of_users || sums.values().any(|sums| sums.counts.iter().any(|sum| *sum >= TELLING_SUM));
            if let (true, true, Some(index)) =
                (is_of_several && is_telling, sample.iter().all(is_sum), sample.first())
            {
                return Err(total_row(table, source, *index));
            }
        }
    }
    Ok(())
}

/// Refuses rows of one day of which some have only one column, such as the client, and others only another.
fn no_kinds_are_apart(
    table: &UsageTable,
    source: &Source,
    kinds: &BTreeMap<Kind, Vec<usize>>,
) -> Result<(), Problem> {
    let days = |sample: &[usize]| -> BTreeSet<Option<Date>> {
        sample.iter().filter_map(|index| table.row(*index)).map(|row| row.date()).collect()
    };
    for (number, (one, sample)) in kinds.iter().enumerate() {
        for (other, others) in kinds.iter().take(number) {
            let both = one.with(*other);
            let are_apart = both != *one && both != *other && !kinds.keys().any(|kind| both.is_in(*kind));
            if are_apart && let Some(day) = days(sample).intersection(&days(others)).next() {
                let problem = format!(
                    "{} has rows that are grouped in different ways{}: the requests would count twice",
                    source.name,
                    on(*day)
                );
                return Err(Problem::usage(problem).with_hint(SUM_HINT));
            }
        }
    }
    Ok(())
}

/// The columns that a file may lack although its rows are grouped like those of another file: the id or the name of
/// clients, and users, because rows of one query may or may not have one.
const OPTIONAL: [Column; 3] = [Column::ClientId, Column::ClientName, Column::UserId];

/// Returns which of the [`OPTIONAL`] columns a file has.
pub(super) fn optional_columns(source: &Source) -> [bool; 3] {
    OPTIONAL.map(|column| source.members.has_column(column))
}

/// Refuses a row that occurs in both files and differs only in a column that one of the files lacks: the client's id or
/// its name, or the user.
pub(super) fn no_row_is_in_both(table: &UsageTable, one: &Source, other: &Source) -> Result<(), Problem> {
    let has = |column: &Column| one.members.has_column(*column) && other.members.has_column(*column);
    let columns: Vec<Column> =
        Column::ALL.iter().copied().filter(|column| !OPTIONAL.contains(column) || has(column)).collect();
    let hasher = RandomState::new();
    let hash = |row: UsageRow<'_>| {
        hasher.hash_one(columns.iter().map(|column| row.text(*column)).collect::<Vec<_>>())
    };
    let known: HashSet<u64> = rows(table, one).map(|(_, row)| hash(row)).collect();
    match rows(table, other).find(|(_, row)| known.contains(&hash(*row))) {
        None => Ok(()),
        Some((index, _)) => {
            let problem = format!(
                "{} is about the same as a row of {}: it would count twice",
                place(table, other, index),
                one.name
            );
            Err(Problem::usage(problem).with_hint(SUM_HINT))
        }
    }
}

fn rows<'t>(table: &'t UsageTable, source: &Source) -> impl Iterator<Item = (usize, UsageRow<'t>)> {
    source.rows.clone().filter_map(|index| Some((index, table.row(index)?)))
}

fn total_row(table: &UsageTable, source: &Source, index: usize) -> Problem {
    let problem = format!(
        "{} has the sum of other rows: it seems to be a total, so that it must not be added to them",
        place(table, source, index)
    );
    Problem::usage(problem)
        .with_hint("remove the lines of totals, or say by --sum that it is a row as the others")
}

fn place(table: &UsageTable, source: &Source, index: usize) -> String {
    let texts: Vec<String> = table.row(index).map_or_else(Vec::new, |row| {
        let texts = Column::ALL.iter().filter_map(|column| row.text(*column));
        texts.map(|text| text.chars().take(60).collect()).collect()
    });
    let about = if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) };
    format!("row {} of {}{about}", index - source.rows.start + 1, source.name)
}

/// Which texts a row has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Kind([bool; Column::ALL.len()]);

impl Kind {
    fn of(row: UsageRow<'_>) -> Self {
        let mut kind = Self::default();
        for (has, &column) in kind.0.iter_mut().zip(Column::ALL) {
            *has = row.text(column).is_some();
        }
        kind
    }

    fn lacks(self, other: Self) -> impl Iterator<Item = Column> {
        Column::ALL
            .iter()
            .copied()
            .filter(move |column| other.0[*column as usize] && !self.0[*column as usize])
    }

    fn has(self, column: Column) -> bool {
        self.0[column as usize]
    }

    fn is_part_of(self, other: Self) -> bool {
        self != other && self.is_in(other)
    }

    fn is_in(self, other: Self) -> bool {
        other.lacks(self).next().is_none()
    }

    fn with(self, other: Self) -> Self {
        Self(std::array::from_fn(|place| self.0[place] || other.0[place]))
    }

    /// Returns whether rows of this kind certainly count the same requests as rows of the other one: the columns that
    /// they lack are those of a grouping, or identify the client a second time.
    fn counts_the_same_as(self, other: Self) -> bool {
        let has_paths = [Column::TemplateUri, Column::HttpMethod].map(|column| self.has(column));
        let has_client = self.has(Column::ClientId) || self.has(Column::ClientName);
        let mut lacks = self.lacks(other).peekable();
        lacks.peek().is_some()
            && lacks.all(|column| match column {
                Column::TemplateUri | Column::HttpMethod => has_paths == [false, false],
                Column::ClientId | Column::ClientName => has_client,
                _ => false,
            })
    }

    fn project(self, row: UsageRow<'_>) -> Vec<Option<&str>> {
        let columns = Column::ALL.iter().copied().filter(|column| self.has(*column));
        columns.map(|column| row.text(column)).collect()
    }
}

/// The sums of some rows.
#[derive(Debug, Default)]
struct Sums {
    rows: usize,
    counts: [u128; Counter::ALL.len()],
}

impl Sums {
    fn add(&mut self, row: UsageRow<'_>) {
        self.rows += 1;
        for &counter in Counter::ALL {
            self.counts[counter as usize] += u128::from(row.count(counter).unwrap_or(0));
        }
    }

    fn are_of(&self, row: UsageRow<'_>) -> bool {
        let is =
            |counter: Counter| u128::from(row.count(counter).unwrap_or(0)) == self.counts[counter as usize];
        self.rows > 0 && Counter::ALL.iter().copied().all(is)
    }
}
