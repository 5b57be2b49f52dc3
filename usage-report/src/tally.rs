//! The sums of each client, user, URI, …, in one pass over the rows.

use std::collections::HashMap;

use usage_core::{Date, UsageRow};

use crate::by_symbol::{BySubject, Dates};
use crate::counts::Counts;
use crate::subject::{Key, Subject};

/// The sums of all entries of one subject.
pub(crate) type Tallies<'a> = HashMap<Key<'a>, Tally<'a>>;

/// The sums of one client, user, URI, …
#[derive(Debug, Default)]
pub(crate) struct Tally<'a> {
    pub(crate) counts: Counts,
    pub(crate) first: Option<Date>,
    pub(crate) last: Option<Date>,
    /// The name on the latest day, for clients with an id. Of several, the last in the alphabet, so that the order of the
    /// rows makes no difference.
    latest_name: Option<(Option<Date>, &'a str)>,
}

impl<'a> Tally<'a> {
    fn add(&mut self, row: UsageRow<'a>, date: Option<Date>, subject: Subject) {
        self.counts.add(row);
        if let Some(date) = date {
            self.first = Some(self.first.map_or(date, |first| first.min(date)));
            self.last = self.last.max(Some(date));
        }
        // The name of an earlier day does not count.
        if subject == Subject::Client
            && self.latest_name.is_none_or(|(latest, _)| latest <= date)
            && let Some(name) = row.client_name()
        {
            self.latest_name = self.latest_name.max(Some((date, name)));
        }
    }

    pub(crate) fn latest_name(&self) -> Option<&'a str> {
        self.latest_name.map(|(_, name)| name)
    }

    /// Returns whether there were requests, as far as is known.
    pub(crate) fn is_active(&self) -> bool {
        self.counts.requests != Some(0)
    }
}

/// Counts `rows`, which are of one table, by `subject`. Empty if no row says anything about it.
pub(crate) fn tally<'a, I>(rows: I, subject: Subject) -> Tallies<'a>
where
    I: IntoIterator<Item = UsageRow<'a>, IntoIter: Clone>,
{
    let rows = rows.into_iter();
    if rows.clone().all(|row| subject.key(row) == Key::None) {
        return Tallies::new();
    }
    let (mut numbers, mut by_row) = (HashMap::new(), BySubject::new(subject));
    let (mut tallies, mut dates) = (Vec::<Tally<'a>>::new(), Dates::default());
    for row in rows {
        let number = by_row.get(row, |key| {
            *numbers.entry(key).or_insert_with(|| {
                tallies.push(Tally::default());
                tallies.len() - 1
            })
        });
        tallies[number].add(row, dates.of(row), subject);
    }
    numbers.into_iter().map(|(key, number)| (key, std::mem::take(&mut tallies[number]))).collect()
}
