//! What changed: against the period before, or within the period.

use std::cmp::Reverse;

use serde::Serialize;
use usage_core::{Date, UsageRow, UsageTable};

use crate::by_symbol::Dates;
use crate::counts::{Counts, ratio};
use crate::period::Period;
use crate::subject::{Key, Subject};
use crate::tally::{Tallies, Tally, tally};

/// This period against an earlier one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Comparison {
    /// The earlier period, if its days are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What the earlier period's rows add up to.
    pub totals: Counts,
    /// All requests, then and now.
    pub requests: Change,
    /// The clients whose requests changed most, up or down.
    pub clients: Vec<Mover>,
    /// The URIs whose requests changed most, up or down.
    pub uris: Vec<Mover>,
}

/// A number then and now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// In the earlier period; absent if there was no row, or none with the count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<u64>,
    /// In this period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// How many more, or less if negative. What is absent is read as none here: no row, no requests.
    pub difference: i64,
    /// The difference as a part of the earlier number: 0.5 is half as many again. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
}

/// Something whose requests changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mover {
    /// Its id, if it is one that has one.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its requests, then and now.
    pub change: Change,
}

/// Clients that were not there before, or are not there any more.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Arrivals {
    /// The days before: the earlier period, or without one the first half of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Period>,
    /// The days after: this period, or its second half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Period>,
    /// Clients with requests after and none before, the largest first.
    pub appeared: Vec<Arrival>,
    /// Clients with requests before and none after, the largest first.
    pub vanished: Vec<Arrival>,
}

/// A client that appeared or vanished.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Arrival {
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The requests where it was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Of one that appeared the first day, of one that vanished the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

impl Change {
    fn new(previous: Option<u64>, current: Option<u64>) -> Self {
        // Both are at most i64::MAX.
        let signed = |count: Option<u64>| i64::try_from(count.unwrap_or(0)).unwrap_or(i64::MAX);
        let (before, now) = (previous.unwrap_or(0), current.unwrap_or(0));
        let growth = match now.checked_sub(before) {
            Some(more) => ratio(more, before),
            None => ratio(before - now, before).map(|less| -less),
        };
        Self { previous, current, difference: signed(current) - signed(previous), growth }
    }
}

impl Comparison {
    pub(crate) fn of(
        current: &UsageTable,
        totals: &Counts,
        previous: &UsageTable,
        period: Option<Period>,
    ) -> Self {
        let mut before = Counts::default();
        previous.iter().for_each(|row| before.add(row));
        let movers = |subject| movers(&tally(previous, subject), &tally(current, subject));
        Self {
            period,
            totals: before,
            requests: Change::new(before.requests, totals.requests),
            clients: movers(Subject::Client),
            uris: movers(Subject::Uri),
        }
    }
}

/// Returns every change from `before` to `now`, the largest first.
fn movers(before: &Tallies<'_>, now: &Tallies<'_>) -> Vec<Mover> {
    let vanished = before.keys().filter(|key| !now.contains_key(*key));
    let mut movers: Vec<_> = now
        .keys()
        .chain(vanished)
        .filter_map(|key| {
            let (then, today) = (before.get(key), now.get(key));
            let requests = |tally: Option<&Tally<'_>>| tally.and_then(|tally| tally.counts.requests);
            let change = Change::new(requests(then), requests(today));
            (change.difference != 0).then(|| (*key, today.or(then), change))
        })
        .collect();
    movers.sort_unstable_by_key(|(key, _, change)| (Reverse(change.difference.unsigned_abs()), *key));
    let mover = |(key, tally, change): (Key<'_>, Option<&Tally<'_>>, Change)| Mover {
        id: key.id().map(Into::into),
        name: name(key, tally),
        change,
    };
    movers.into_iter().map(mover).collect()
}

fn name(key: Key<'_>, tally: Option<&Tally<'_>>) -> Option<String> {
    key.name().or(tally.and_then(Tally::latest_name)).map(Into::into)
}

impl Arrivals {
    /// Of `current` against `previous`.
    pub(crate) fn against(
        previous: &UsageTable,
        before: Option<Period>,
        current: &UsageTable,
        after: Option<Period>,
    ) -> Self {
        Self::between(previous.iter(), before, current.iter(), after)
    }

    /// Of the second half of `period` against its first, in rows by day; nothing of a single day.
    pub(crate) fn within(table: &UsageTable, period: Period) -> Option<Self> {
        let (before, after) = period.halves()?;
        let dates = &Dates::all(table);
        let rows = |half: Period| {
            table.iter().filter(move |row| dates.known(*row).is_some_and(|date| half.contains(date)))
        };
        Some(Self::between(rows(before), Some(before), rows(after), Some(after)))
    }

    fn between<'a>(
        earlier: impl Iterator<Item = UsageRow<'a>> + Clone,
        before: Option<Period>,
        later: impl Iterator<Item = UsageRow<'a>> + Clone,
        after: Option<Period>,
    ) -> Self {
        let (earlier, later) = (tally(earlier, Subject::Client), tally(later, Subject::Client));
        Self {
            before,
            after,
            appeared: only_in(&later, &earlier, |tally| tally.first),
            vanished: only_in(&earlier, &later, |tally| tally.last),
        }
    }
}

/// The clients that are active in `here` and not in `there`.
fn only_in(
    here: &Tallies<'_>,
    there: &Tallies<'_>,
    date: impl Fn(&Tally<'_>) -> Option<Date>,
) -> Vec<Arrival> {
    let is_there = |key| there.get(key).is_some_and(Tally::is_active);
    let mut only: Vec<_> = here
        .iter()
        .filter(|(key, tally)| **key != Key::None && tally.is_active() && !is_there(*key))
        .collect();
    only.sort_unstable_by_key(|(key, tally)| (Reverse(tally.counts.requests), **key));
    let arrival = |(key, tally): (&Key<'_>, &Tally<'_>)| Arrival {
        id: key.id().map(Into::into),
        name: name(*key, Some(tally)),
        requests: tally.counts.requests,
        date: date(tally),
    };
    only.into_iter().map(arrival).collect()
}

impl Serialize for Mover {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;

        let mut map = serializer.serialize_map(None)?;
        for (name, text) in [("id", &self.id), ("name", &self.name)] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        for (name, count) in [("previous", self.change.previous), ("current", self.change.current)] {
            if let Some(count) = count {
                map.serialize_entry(name, &count)?;
            }
        }
        map.serialize_entry("difference", &self.change.difference)?;
        if let Some(growth) = self.change.growth {
            map.serialize_entry("growth", &growth)?;
        }
        map.end()
    }
}
