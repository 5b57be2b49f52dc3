//! Adds up days of a history for a report: by the numbers that texts have in a file, and not by the texts.

use std::collections::HashMap;

use usage_core::{Column, Counter, Date, TableBuilder, UsageRecord};
use usage_report::{Subject, Sums};

use crate::dataset::pages::{ABSENT, NONE};
use crate::dataset::partition::Columns;

/// How many rows the sums of a pair may have before days with equal texts are added up again.
const MAX_PAIR_ROWS: usize = 100_000;

/// The sums of several days.
pub(crate) struct Summing {
    subjects: Vec<(Subject, TableBuilder)>,
    pairs: Vec<Pair>,
}

/// The sums by two subjects.
struct Pair {
    subjects: (Subject, Subject),
    /// Whether rows without 429 are left out.
    is_limited: bool,
    table: TableBuilder,
}

/// Which of the groups of a day each row is of.
struct Groups<'a> {
    /// The number of each row's group.
    numbers: Vec<u32>,
    /// The texts of each group.
    texts: Vec<Vec<(Column, &'a str)>>,
}

impl Summing {
    /// Begins sums with those by each of `pairs`. Without a pair of a client and a URI, the one of the rows with 429 is
    /// added: a report says on which URI a client is rate limited.
    pub(crate) fn new(pairs: &[(Subject, Subject)]) -> Self {
        let mut pairs: Vec<_> = pairs.iter().map(|subjects| Pair::new(*subjects, false)).collect();
        for one in [Subject::Client, Subject::User] {
            if !pairs.iter().any(|pair| pair.subjects == (one, Subject::Uri)) {
                pairs.push(Pair::new((one, Subject::Uri), true));
            }
        }
        let subjects = Subject::ALL.into_iter().map(|subject| (subject, TableBuilder::default())).collect();
        Self { subjects, pairs }
    }

    /// Adds the rows of `date`; with the name of the `organization` for its id, if one is given.
    pub(crate) fn add(&mut self, columns: &Columns, date: Date, organization: Option<&str>) {
        let date = date.to_string();
        let groups: Vec<_> =
            self.subjects.iter().map(|(subject, _)| Groups::of(*subject, columns, organization)).collect();
        for ((_, table), groups) in self.subjects.iter_mut().zip(&groups) {
            let sums = add_up(columns, &groups.numbers, groups.texts.len(), None);
            for (texts, sums) in groups.texts.iter().zip(&sums) {
                push(table, Some(&date), texts.iter(), sums);
            }
        }
        let of =
            |subject| Subject::ALL.iter().position(|known| *known == subject).and_then(|at| groups.get(at));
        for pair in &mut self.pairs {
            if let Some((one, other)) = of(pair.subjects.0).zip(of(pair.subjects.1)) {
                pair.add(columns, one, other);
            }
        }
    }

    /// Returns the sums of all days.
    pub(crate) fn finish(self) -> Sums {
        let mut subjects = self.subjects.into_iter();
        let clients = subjects.next().map(|(_, table)| table.finish()).unwrap_or_default();
        let sums =
            subjects.fold(Sums::new(clients), |sums, (subject, table)| sums.with(subject, table.finish()));
        self.pairs.into_iter().fold(sums, |sums, pair| {
            let (one, other) = pair.subjects;
            sums.with_pair(one, other, pair.table.finish())
        })
    }
}

impl Pair {
    fn new(subjects: (Subject, Subject), is_limited: bool) -> Self {
        Self { subjects, is_limited, table: TableBuilder::default() }
    }

    fn add(&mut self, columns: &Columns, one: &Groups<'_>, other: &Groups<'_>) {
        let limited = &columns.counts[Counter::Status429 as usize];
        let is_wanted = |row: usize| {
            !self.is_limited || limited.get(row).is_some_and(|count| *count != ABSENT && *count > 0)
        };
        let rows: Vec<usize> = (0..columns.rows).filter(|row| is_wanted(*row)).collect();
        let (mut numbers, mut pairs) = (Vec::with_capacity(rows.len()), Vec::new());
        // Pairs by their place in a table of both: a day has few clients, users and URIs.
        let mut places: Vec<Vec<u32>> = vec![Vec::new(); one.texts.len()];
        let mut last = None;
        for row in &rows {
            let (first, second) = (one.numbers[*row], other.numbers[*row]);
            let number = match last {
                Some((key, number)) if key == (first, second) => number,
                _ => {
                    let of_first = &mut places[first as usize];
                    if of_first.is_empty() {
                        of_first.resize(other.texts.len(), NONE);
                    }
                    let place = &mut of_first[second as usize];
                    if *place == NONE {
                        *place = number_of(pairs.len());
                        pairs.push((first, second));
                    }
                    *place
                }
            };
            last = Some(((first, second), number));
            numbers.push(number);
        }
        let sums = add_up(columns, &numbers, pairs.len(), Some(&rows));
        for (key, sums) in pairs.iter().zip(&sums) {
            let texts = one.texts[key.0 as usize].iter().chain(&other.texts[key.1 as usize]);
            push(&mut self.table, None, texts, sums);
        }
        if self.table.table().len() > MAX_PAIR_ROWS {
            let columns: Vec<_> =
                [self.subjects.0, self.subjects.1].into_iter().flat_map(columns_of).copied().collect();
            *self.table.table_mut() = self.table.table().group_by(&columns);
        }
    }
}

impl<'a> Groups<'a> {
    fn of(subject: Subject, columns: &'a Columns, organization: Option<&'a str>) -> Self {
        if let (Subject::Organization, Some(name)) = (subject, organization) {
            return Self {
                numbers: vec![0; columns.rows],
                texts: vec![vec![(Column::OrganizationId, name)]],
            };
        }
        let (mut numbers, mut texts) = (vec![0; columns.rows], vec![Vec::new()]);
        for column in columns_of(subject) {
            let of_column = &columns.texts[*column as usize];
            if of_column.numbers.is_empty() {
                continue;
            }
            let mut known: HashMap<(u32, u32), u32> = HashMap::new();
            let (mut keys, mut last) = (Vec::new(), None);
            if texts.len() == 1 {
                // The texts' own numbers tell the groups apart.
                let mut places = vec![NONE; of_column.dictionary.len() + 1];
                for (number, text) in numbers.iter_mut().zip(&of_column.numbers) {
                    let place = &mut places[(*text as usize).min(of_column.dictionary.len())];
                    if *place == NONE {
                        *place = number_of(keys.len());
                        keys.push((0, *text));
                    }
                    *number = *place;
                }
            } else {
                for (number, text) in numbers.iter_mut().zip(&of_column.numbers) {
                    let key = (*number, *text);
                    *number = match last {
                        Some((last, number)) if last == key => number,
                        _ => *known.entry(key).or_insert_with(|| {
                            keys.push(key);
                            number_of(keys.len() - 1)
                        }),
                    };
                    last = Some((key, *number));
                }
            }
            let with = |(before, text): (u32, u32)| {
                let mut texts: Vec<(Column, &'a str)> = texts[before as usize].clone();
                let text = (text != NONE).then(|| of_column.dictionary.get(text as usize)).flatten();
                texts.extend(text.map(|text| (*column, text.as_str())));
                texts
            };
            texts = keys.into_iter().map(with).collect();
        }
        if columns.rows == 0 {
            texts.clear();
        }
        Self { numbers, texts }
    }
}

/// The columns that tell those of `subject` apart.
fn columns_of(subject: Subject) -> &'static [Column] {
    match subject {
        Subject::Client => &[Column::ClientId, Column::ClientName],
        Subject::User => &[Column::UserId],
        Subject::Uri => &[Column::TemplateUri],
        Subject::Method => &[Column::HttpMethod],
        Subject::Platform => &[Column::Platform],
        Subject::Organization => &[Column::OrganizationId],
    }
}

/// The sums of a group; a count that no row has is absent.
type Counts = [u64; Counter::ALL.len()];

/// Adds up the counts of the rows of each group; of certain `rows` or of all.
fn add_up(columns: &Columns, numbers: &[u32], groups: usize, rows: Option<&[usize]>) -> Vec<Counts> {
    let mut sums = vec![[ABSENT; Counter::ALL.len()]; groups];
    for &counter in Counter::ALL {
        let counts = &columns.counts[counter as usize];
        let mut add = |number: u32, count: u64| {
            let sum = &mut sums[number as usize][counter as usize];
            if count != ABSENT {
                let before = if *sum == ABSENT { 0 } else { *sum };
                *sum = before.saturating_add(count).min(UsageRecord::MAX_COUNT);
            }
        };
        match rows {
            _ if counts.is_empty() => {}
            None => numbers.iter().zip(counts).for_each(|(number, count)| add(*number, *count)),
            Some(rows) => numbers.iter().zip(rows).for_each(|(number, row)| add(*number, counts[*row])),
        }
    }
    sums
}

fn push<'a>(
    table: &mut TableBuilder,
    date: Option<&str>,
    texts: impl Iterator<Item = &'a (Column, &'a str)>,
    sums: &Counts,
) {
    if let Some(date) = date {
        table.set_text(Column::Date, date);
    }
    for (column, text) in texts {
        table.set_text(*column, text);
    }
    for (counter, sum) in Counter::ALL.iter().copied().zip(sums) {
        if *sum != ABSENT {
            table.set_count(counter, *sum);
        }
    }
    table.end_row();
}

/// Groups are fewer than rows, whose numbers fit.
fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}
