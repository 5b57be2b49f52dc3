//! Counts of rows and their sums.

use usage_core::{Counter, UsageRecord};

use crate::dataset::pages::ABSENT;
use crate::dataset::partition::Columns;

/// The counts of a row or a sum.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// By [`Counter`]; 0 for one that is absent.
    counts: [u64; Counter::ALL.len()],
    /// The bits of those that are there.
    present: u8,
}

impl Counts {
    /// Returns the counts of each row.
    pub(super) fn of_rows(columns: &Columns) -> Vec<Self> {
        let mut rows = vec![Self::default(); columns.rows];
        for &counter in Counter::ALL {
            for (row, count) in rows.iter_mut().zip(&columns.counts[counter as usize]) {
                if *count != ABSENT {
                    row.counts[counter as usize] = *count;
                    row.present |= 1 << counter as u8;
                }
            }
        }
        rows
    }

    /// Adds the counts of a row. A sum stays within what a count can be.
    pub(super) fn add(&mut self, row: &Self) {
        for (sum, count) in self.counts.iter_mut().zip(row.counts) {
            *sum = sum.saturating_add(count).min(UsageRecord::MAX_COUNT);
        }
        self.present |= row.present;
    }

    /// Returns a count, 0 if it is absent.
    pub(super) fn get(&self, counter: Counter) -> u64 {
        self.counts[counter as usize]
    }

    /// Returns the counts that are there.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Counter, u64)> {
        let is_present = |counter: &Counter| self.present & (1 << *counter as u8) != 0;
        Counter::ALL.iter().copied().filter(is_present).map(|counter| (counter, self.get(counter)))
    }
}
