//! The counts of each client, user, URI, …: one pass over the rows.

use std::collections::HashMap;

use crate::date::Date;
use crate::report::counts::Counts;
use crate::report::subject::{Key, Subject};
use crate::table::UsageRow;

/// Everything of one subject.
pub(super) type Tallies<'a> = HashMap<Key<'a>, Tally<'a>>;

/// What is counted of one client, user, URI, …
#[derive(Debug, Default)]
pub(super) struct Tally<'a> {
    pub(super) counts: Counts,
    pub(super) first: Option<Date>,
    pub(super) last: Option<Date>,
    /// The name on the latest day, for what is told apart by id. Of several the last in the alphabet, so that the
    /// order of the rows makes no difference.
    latest_name: Option<(Option<Date>, &'a str)>,
}

impl<'a> Tally<'a> {
    pub(super) fn latest_name(&self) -> Option<&'a str> {
        self.latest_name.map(|(_, name)| name)
    }

    /// Whether there were requests, as far as is known.
    pub(super) fn is_active(&self) -> bool {
        self.counts.requests != Some(0)
    }
}

/// Counts `rows` by `subject`; nothing if no row says anything about it.
pub(super) fn tally<'a>(rows: impl IntoIterator<Item = UsageRow<'a>>, subject: Subject) -> Tallies<'a> {
    let mut tallies = Tallies::new();
    for row in rows {
        let tally = tallies.entry(subject.key(row)).or_default();
        tally.counts.add(row);
        let date = row.date();
        if let Some(date) = date {
            tally.first = Some(tally.first.map_or(date, |first| first.min(date)));
            tally.last = tally.last.max(Some(date));
        }
        if subject == Subject::Client
            && let Some(name) = row.client_name()
        {
            tally.latest_name = tally.latest_name.max(Some((date, name)));
        }
    }
    if tallies.len() == 1 && tallies.contains_key(&Key::None) {
        tallies.clear();
    }
    tallies
}
