//! Changes against an earlier period, or within the period.

use std::cmp::Reverse;

use serde::Serialize;
use usage_core::{Date, UsageRow, UsageTable};

use crate::by_symbol::Dates;
use crate::counts::{Counts, ratio};
use crate::names::Names;
use crate::period::Period;
use crate::subject::{Key, Subject};
use crate::sums::Rows;
use crate::tally::{Tallies, Tally, tally};

/// A period compared with an earlier one.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Report, ReportOptions};
///
/// let rows = |requests| -> UsageTable {
///     let client_name = Some("Export".to_owned());
///     [UsageRecord { client_name, requests: Some(requests), ..UsageRecord::default() }].into_iter().collect()
/// };
/// let report = Report::compared(&rows(150), &rows(100), None, &ReportOptions::default());
/// let comparison = report.comparison.unwrap();
/// assert_eq!((comparison.requests.difference, comparison.requests.growth), (50, Some(0.5)));
/// assert_eq!(comparison.clients[0].name.as_deref(), Some("Export"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Comparison {
    /// The earlier period, if its days are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The sums of the earlier period.
    pub totals: Counts,
    /// The change of all requests.
    pub requests: Change,
    /// The clients whose requests changed most, up or down, the largest change first.
    pub clients: Vec<Mover>,
    /// The URIs whose requests changed most, up or down, the largest change first.
    pub uris: Vec<Mover>,
    /// The requests of the earlier period's days at the places of [`Report::days`](crate::Report::days): the first day of
    /// both at the same place. Absent where the earlier period has no row or no such day. Empty if buckets are not days,
    /// or if one of the periods is not known. Not serialized.
    #[serde(skip)]
    pub days: Vec<Option<u64>>,
}

/// A number in two periods.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The number in the earlier period. Absent if no row has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<u64>,
    /// The number in this period. Absent if no row has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// The later number minus the earlier one. A number that is absent counts as 0 here.
    pub difference: i64,
    /// The difference as a fraction of the earlier number: 0.5 is an increase by half. Absent if the earlier number is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
}

/// A client or URI whose requests changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mover {
    /// The id, if there is one.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The change of its requests.
    pub change: Change,
}

/// The clients that appeared or vanished between two spans of days.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Report, ReportOptions};
///
/// let rows = |client: &str| -> UsageTable {
///     let client_name = Some(client.to_owned());
///     [UsageRecord { client_name, requests: Some(10), ..UsageRecord::default() }].into_iter().collect()
/// };
/// let report = Report::compared(&rows("New Bot"), &rows("Old Bot"), None, &ReportOptions::default());
/// let arrivals = report.arrivals.unwrap();
/// assert_eq!(arrivals.appeared[0].name.as_deref(), Some("New Bot"));
/// assert_eq!(arrivals.vanished[0].name.as_deref(), Some("Old Bot"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Arrivals {
    /// The earlier days: those of the earlier period, or without one the first half of this period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Period>,
    /// The later days: those of this period, or its second half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Period>,
    /// Clients with requests in the later days and none in the earlier ones, the largest first.
    pub appeared: Vec<Arrival>,
    /// Clients with requests in the earlier days and none in the later ones, the largest first.
    pub vanished: Vec<Arrival>,
}

/// A client that appeared or vanished.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Arrival {
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its requests in the days in which it has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// The first day of a client that appeared, the last day of one that vanished.
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
    pub(crate) fn of(current: Rows<'_>, totals: &Counts, previous: Rows<'_>, period: Option<Period>) -> Self {
        let mut before = Counts::default();
        previous.by(Subject::Client).iter().for_each(|row| before.add(row));
        let movers =
            |subject| movers(&tally(previous.by(subject), subject), &tally(current.by(subject), subject));
        Self {
            period,
            totals: before,
            requests: Change::new(before.requests, totals.requests),
            clients: movers(Subject::Client),
            uris: movers(Subject::Uri),
            days: Vec::new(),
        }
    }
}

impl Comparison {
    /// Names the clients that have an id only.
    pub(crate) fn named(mut self, names: &Names) -> Self {
        for mover in &mut self.clients {
            names.fill(Subject::Client, mover.id.as_deref(), &mut mover.name);
        }
        self
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
    /// Compares `current` with `previous`.
    pub(crate) fn against(
        previous: &UsageTable,
        before: Option<Period>,
        current: &UsageTable,
        after: Option<Period>,
    ) -> Self {
        Self::between(previous.iter(), before, current.iter(), after)
    }

    /// Compares the second half of `period` with its first, in rows by day. `None` for a single day.
    pub(crate) fn within(table: &UsageTable, period: Period) -> Option<Self> {
        let (before, after) = period.halves()?;
        let dates = &Dates::all(table);
        let rows = |half: Period| {
            table.iter().filter(move |row| dates.known(*row).is_some_and(|date| half.contains(date)))
        };
        Some(Self::between(rows(before), Some(before), rows(after), Some(after)))
    }

    /// Names the clients that have an id only.
    pub(crate) fn named(mut self, names: &Names) -> Self {
        for arrival in self.appeared.iter_mut().chain(&mut self.vanished) {
            names.fill(Subject::Client, arrival.id.as_deref(), &mut arrival.name);
        }
        self
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

/// Returns the clients that are active in `here` and not in `there`.
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
