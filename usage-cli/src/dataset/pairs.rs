//! Sums by two subjects, over all days.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use usage_core::{Counter, TableBuilder, UsageTable};
use usage_report::Subject;

use crate::dataset::counts::Counts;
use crate::dataset::groups::{Groups, Numbering, number_of};

/// The sums by two subjects.
pub(super) struct Pair {
    pub(super) subjects: (Subject, Subject),
    /// Whether rows without 429 are left out.
    is_limited: bool,
    /// The place of each pair of numbers among the sums. The numbers are counted here, so no caller can choose them to
    /// collide.
    places: HashMap<(u32, u32), u32, FixedState>,
    sums: Vec<((u32, u32), Counts)>,
}

/// The groups of a day, with the numbers that they have over all days.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub(super) groups: &'a Groups<'a>,
    pub(super) numbers: &'a [u32],
}

impl Numbered<'_> {
    fn of_row(self, row: usize) -> Option<u32> {
        self.numbers.get(*self.groups.numbers.get(row)? as usize).copied()
    }
}

impl Pair {
    pub(super) fn new(subjects: (Subject, Subject), is_limited: bool) -> Self {
        Self { subjects, is_limited, places: HashMap::default(), sums: Vec::new() }
    }

    /// Adds the rows of a day.
    pub(super) fn add(&mut self, rows: &[Counts], one: Numbered<'_>, other: Numbered<'_>) {
        for (at, row) in rows.iter().enumerate() {
            if self.is_limited && row.get(Counter::Status429) == 0 {
                continue;
            }
            let Some(key) = one.of_row(at).zip(other.of_row(at)) else { continue };
            let place = *self.places.entry(key).or_insert_with(|| {
                self.sums.push((key, Counts::default()));
                number_of(self.sums.len() - 1)
            });
            self.sums[place as usize].1.add(row);
        }
    }

    /// Returns the sums as rows, with the texts that the numbers stand for.
    pub(super) fn table(&self, one: &Numbering, other: &Numbering) -> UsageTable {
        let mut table = TableBuilder::default();
        for ((first, second), sums) in &self.sums {
            for (column, text) in one.texts(*first).chain(other.texts(*second)) {
                table.set_text(column, text);
            }
            sums.iter().for_each(|(counter, count)| table.set_count(counter, count));
            table.end_row();
        }
        table.finish()
    }
}
