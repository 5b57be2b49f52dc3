//! Who made the most requests.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::{Column, Date, UsageTable};

use crate::by_symbol::{BySubject, BySymbol};
use crate::counts::{Counts, capped, ratio, requests_of};
use crate::days::Days;
use crate::subject::{Key, Subject};
use crate::tally::Tallies;

/// Those of one subject that made the most requests, and what the others made together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TopList {
    /// What it is about.
    pub subject: Subject,
    /// How many there are altogether, those included that are not listed. Zero if no row says anything about the
    /// subject: the query was not grouped by it.
    pub count: usize,
    /// Those with the most requests, the largest first.
    pub entries: Vec<Entry>,
    /// The others, if there are any. Its share and those of the entries add up to 1.
    pub others: Option<Others>,
}

/// One client, user, URI, …
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Its id, if it is one that has one. Neither an id nor a name: the requests of which rows do not say whose.
    pub id: Option<String>,
    /// Its name: of a client that was renamed the latest.
    pub name: Option<String>,
    /// What its rows add up to.
    pub counts: Counts,
    /// Its part of all requests, 0 to 1.
    pub share: Option<f64>,
    /// The requests in each bucket of [`Report::days`](crate::Report::days); absent where there is no row.
    pub series: Vec<Option<u64>>,
    /// The first bucket with a row.
    pub first: Option<Date>,
    /// The last bucket with a row.
    pub last: Option<Date>,
}

/// Those that are not listed, together.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Others {
    /// How many they are.
    pub count: usize,
    /// What their rows add up to.
    pub counts: Counts,
    /// Their part of all requests, 0 to 1.
    pub share: Option<f64>,
}

impl Entry {
    /// Its name, or else its id.
    pub fn label(&self) -> Option<&str> {
        self.name.as_deref().or(self.id.as_deref())
    }
}

impl TopList {
    /// What tells the entries apart, in their order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        self.entries.iter().map(|entry| match (&entry.id, &entry.name) {
            (Some(id), _) => Key::Id(id),
            (None, Some(name)) => Key::Name(name),
            (None, None) => Key::None,
        })
    }

    /// The `limit` largest of `tallies`, which are of `table`, whose rows add up to `totals`.
    pub(crate) fn new(
        subject: Subject,
        table: &UsageTable,
        tallies: &Tallies<'_>,
        totals: &Counts,
        days: &Days,
        limit: usize,
    ) -> Self {
        let mut sorted: Vec<_> = tallies.iter().collect();
        sorted.sort_unstable_by_key(|(key, tally)| (Reverse(tally.counts.requests), **key));
        let (listed, rest) = sorted.split_at(limit.min(sorted.len()));

        let share = |counts: &Counts| ratio(counts.requests?, totals.requests?);
        let mut entries: Vec<_> = listed
            .iter()
            .map(|(key, tally)| Entry {
                id: key.id().map(Into::into),
                name: key.name().or(tally.latest_name()).map(Into::into),
                counts: tally.counts,
                share: share(&tally.counts),
                series: vec![None; days.buckets.len()],
                first: tally.first,
                last: tally.last,
            })
            .collect();
        let places: HashMap<Key<'_>, usize> =
            listed.iter().enumerate().map(|(place, (key, _))| (**key, place)).collect();
        let (mut by_row, mut by_date) = (BySubject::new(subject), BySymbol::default());
        // Of nothing there is no series.
        for row in table.iter().take(if places.is_empty() { 0 } else { table.len() }) {
            let place = by_row.get(row, |key| places.get(&key).copied());
            let bucket =
                by_date.get(row.symbol(Column::Date), || row.date().and_then(|date| days.index(date)));
            let Some((entry, bucket)) = place.and_then(|place| entries.get_mut(place)).zip(bucket) else {
                continue;
            };
            if let (Some(sum), Some(requests)) = (entry.series.get_mut(bucket), requests_of(row)) {
                *sum = Some(capped(sum.unwrap_or(0), requests));
            }
        }
        let others = (!rest.is_empty()).then(|| {
            let mut counts = Counts::default();
            for (_, tally) in rest {
                counts.merge(&tally.counts);
            }
            Others { count: rest.len(), counts, share: share(&counts) }
        });
        Self { subject, count: sorted.len(), entries, others }
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in [("id", &self.id), ("name", &self.name)] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        if let Some(share) = self.share {
            map.serialize_entry("share", &share)?;
        }
        self.counts.write_to(&mut map)?;
        for (name, date) in [("firstDate", self.first), ("lastDate", self.last)] {
            if let Some(date) = date {
                map.serialize_entry(name, &date)?;
            }
        }
        if !self.series.is_empty() {
            map.serialize_entry("series", &self.series)?;
        }
        map.end()
    }
}

impl Serialize for Others {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("count", &self.count)?;
        if let Some(share) = self.share {
            map.serialize_entry("share", &share)?;
        }
        self.counts.write_to(&mut map)?;
        map.end()
    }
}
