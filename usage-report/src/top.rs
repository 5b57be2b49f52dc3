//! Lists of clients, users, URIs, …

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::{Column, Date, UsageTable};

use crate::by::By;
use crate::by_symbol::{BySubject, BySymbol};
use crate::counts::{Counts, capped, ratio, requests_of};
use crate::days::Days;
use crate::identity::Identity;
use crate::names::Names;
use crate::subject::{Key, Subject};
use crate::tally::{Tallies, Tally};

/// The clients, users, URIs, … of some rows, the ones with the most requests first.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{By, Report, ReportOptions};
///
/// let row = |client: &str, requests, status429| UsageRecord {
///     client_name: Some(client.into()),
///     requests: Some(requests),
///     status429: Some(status429),
///     ..UsageRecord::default()
/// };
/// let rows: UsageTable = [row("Export", 75, 0), row("Bot", 20, 5), row("Sync", 5, 0)].into_iter().collect();
/// let clients = Report::new(&rows, &ReportOptions::default().with_top(2)).clients;
/// assert_eq!((clients.count, clients.entries.len(), clients.others.unwrap().count), (3, 2, 1));
/// assert_eq!(clients.ranked(By::Throttled, 1)[0].1.label(), Some("Bot"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TopList {
    /// What it counts requests by.
    pub subject: Subject,
    /// How many entries there are in [`all`](Self::all). Zero if no row says anything about the subject: the query was
    /// not grouped by it.
    pub count: usize,
    /// The entries with the most requests, as many as [`ReportOptions::top`](crate::ReportOptions::top) allows, the
    /// largest first.
    pub entries: Vec<Entry>,
    /// The other entries in the same order. They have a series only if they are among the first by errors or by 429.
    pub rest: Vec<Entry>,
    /// What `rest` adds up to, if there are any. Its share and those of `entries` add up to 1.
    pub others: Option<Others>,
}

/// One client, user, URI, …
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The id, if there is one. An entry with neither an id nor a name stands for the rows that do not say either.
    pub id: Option<String>,
    /// The name. Of a client that was renamed, the latest.
    pub name: Option<String>,
    /// What the rows add up to.
    pub counts: Counts,
    /// The part of all requests, 0 to 1.
    pub share: Option<f64>,
    /// The requests in each bucket of [`Report::days`](crate::Report::days); absent where there is no row. Empty for
    /// entries of [`TopList::rest`] that are small by every measure.
    pub series: Vec<Option<u64>>,
    /// The first bucket with a row.
    pub first: Option<Date>,
    /// The last bucket with a row.
    pub last: Option<Date>,
}

/// The sum of the entries that are not among the first.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Others {
    /// How many entries there are.
    pub count: usize,
    /// What their rows add up to.
    pub counts: Counts,
    /// Their part of all requests, 0 to 1.
    pub share: Option<f64>,
}

impl Entry {
    /// Returns the name, or else the id.
    pub fn label(&self) -> Option<&str> {
        self.name.as_deref().or(self.id.as_deref())
    }

    /// Returns what identifies this entry in a list of `subject`.
    pub fn identity(&self, subject: Subject) -> Identity {
        Identity { subject, id: self.id.clone(), name: self.name.clone() }
    }

    fn key(&self) -> Key<'_> {
        Key::of(self.id.as_deref(), self.name.as_deref())
    }
}

impl TopList {
    /// Names the entries that have an id only.
    pub(crate) fn named(mut self, names: &Names) -> Self {
        for entry in self.entries.iter_mut().chain(&mut self.rest) {
            names.fill(self.subject, entry.id.as_deref(), &mut entry.name);
        }
        self
    }

    /// Returns every entry, the one with the most requests first.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().chain(&self.rest)
    }

    /// Returns the entry at `position` of [`all`](Self::all), from 0.
    pub fn entry(&self, position: usize) -> Option<&Entry> {
        match position.checked_sub(self.entries.len()) {
            None => self.entries.get(position),
            Some(position) => self.rest.get(position),
        }
    }

    /// Returns the position of `identity` in [`all`](Self::all).
    pub fn position(&self, identity: &Identity) -> Option<usize> {
        let key = identity.key();
        self.all().position(|entry| self.subject == identity.subject && entry.key() == key)
    }

    /// Returns the `limit` entries with the most of `by`, with their positions in [`all`](Self::all); the largest
    /// first. Entries without errors are not in a list by errors, and so for 429.
    ///
    /// ```
    /// use usage_core::{UsageRecord, UsageTable};
    /// use usage_report::{By, Report, ReportOptions};
    ///
    /// let row = |client: &str, requests, status429| UsageRecord {
    ///     client_name: Some(client.into()),
    ///     requests: Some(requests),
    ///     status429: Some(status429),
    ///     ..UsageRecord::default()
    /// };
    /// let table: UsageTable = [row("Export", 900, 0), row("Wallboard", 100, 40)].into_iter().collect();
    /// let report = Report::new(&table, &ReportOptions::default().with_top(1));
    /// assert_eq!(report.clients.entries[0].label(), Some("Export"));
    /// let worst = report.clients.ranked(By::Throttled, 10);
    /// assert_eq!((worst.len(), worst[0].0, worst[0].1.label()), (1, 1, Some("Wallboard")));
    /// ```
    pub fn ranked(&self, by: By, limit: usize) -> Vec<(usize, &Entry)> {
        let mut ranked: Vec<_> = self.all().enumerate().collect();
        if by != By::Requests {
            ranked.retain(|(_, entry)| by.of(&entry.counts) > Some(0));
            ranked.sort_by_key(|(_, entry)| Reverse(by.of(&entry.counts)));
        }
        ranked.truncate(limit);
        ranked
    }

    /// Returns what the entries add up to that are not among the first by `by`, as many as [`entries`](Self::entries);
    /// `None` if all are.
    ///
    /// ```
    /// use usage_core::{UsageRecord, UsageTable};
    /// use usage_report::{By, Report, ReportOptions};
    ///
    /// let row = |client: &str, requests, status429| UsageRecord {
    ///     client_name: Some(client.into()),
    ///     requests: Some(requests),
    ///     status429: Some(status429),
    ///     ..UsageRecord::default()
    /// };
    /// let table: UsageTable = [row("Export", 900, 0), row("Wallboard", 100, 40)].into_iter().collect();
    /// let report = Report::new(&table, &ReportOptions::default().with_top(1));
    /// assert_eq!(report.clients.others_beside(By::Requests), report.clients.others);
    /// let others = report.clients.others_beside(By::Throttled).unwrap();
    /// assert_eq!((others.count, others.counts.requests), (1, Some(900)));
    /// ```
    pub fn others_beside(&self, by: By) -> Option<Others> {
        let first: BTreeSet<usize> =
            self.ranked(by, self.entries.len()).into_iter().map(|(place, _)| place).collect();
        let others = || self.all().enumerate().filter(|(place, _)| !first.contains(place));
        let count = self.count - first.len();
        let shares = others().map(|(_, entry)| entry.share).sum();
        let counts = others().map(|(_, entry)| &entry.counts).sum();
        (count > 0).then_some(if by == By::Requests {
            self.others?
        } else {
            Others { count, counts, share: shares }
        })
    }

    /// Returns the position of each entry in [`all`](Self::all), by what tells it apart.
    pub(crate) fn places(&self) -> HashMap<Key<'_>, usize> {
        self.all().enumerate().map(|(place, entry)| (entry.key(), place)).collect()
    }

    /// Creates the list of `tallies`, which are of `table`, whose rows add up to `totals`.
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
        let share = |counts: &Counts| ratio(counts.requests?, totals.requests?);
        let entry = |(key, tally): &(&Key<'_>, &Tally<'_>)| Entry {
            id: key.id().map(Into::into),
            name: key.name().or(tally.latest_name()).map(Into::into),
            counts: tally.counts,
            share: share(&tally.counts),
            series: Vec::new(),
            first: tally.first,
            last: tally.last,
        };
        let entries = sorted.iter().map(entry).collect();
        let mut list = Self { subject, count: sorted.len(), entries, rest: Vec::new(), others: None };
        list.add_series(table, days, limit);
        list.rest = list.entries.split_off(limit.min(list.count));
        if !list.rest.is_empty() {
            let counts = list.rest.iter().map(|entry| &entry.counts).sum();
            list.others = Some(Others { count: list.rest.len(), counts, share: share(&counts) });
        }
        list
    }

    /// Adds the requests of each bucket to the entries that are among the first by any measure.
    fn add_series(&mut self, table: &UsageTable, days: &Days, limit: usize) {
        let first: BTreeSet<usize> =
            By::ALL.iter().copied().flat_map(|by| self.ranked(by, limit)).map(|(place, _)| place).collect();
        let mut series: Vec<_> = first.iter().map(|place| (*place, vec![None; days.buckets.len()])).collect();
        let numbers: HashMap<Key<'_>, usize> = (0..)
            .zip(&first)
            .filter_map(|(number, place)| Some((self.entry(*place)?.key(), number)))
            .collect();
        let (mut by_row, mut by_date) = (BySubject::new(self.subject), BySymbol::default());
        for row in table.iter().take(if series.is_empty() { 0 } else { table.len() }) {
            let number = by_row.get(row, |key| numbers.get(&key).copied());
            let bucket =
                by_date.get(row.symbol(Column::Date), || row.date().and_then(|date| days.index(date)));
            let Some((number, bucket)) = number.zip(bucket) else { continue };
            if let Some(requests) = requests_of(row) {
                let sum: &mut Option<u64> = &mut series[number].1[bucket];
                *sum = Some(capped(sum.unwrap_or(0), requests));
            }
        }
        for (place, series) in series {
            self.entries[place].series = series;
        }
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
