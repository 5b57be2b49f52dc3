//! A report as a document.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::by::By;
use crate::counts::Counts;
use crate::cross::{Cell, CrossTable};
use crate::report::{CAVEAT, Report};
use crate::subject::Subject;
use crate::top::{Entry, Others, TopList};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lists = Subject::ALL.iter().map(|&subject| {
            let (list, others) = match subject {
                Subject::Client => ("topClients", "clients"),
                Subject::User => ("topUsers", "users"),
                Subject::Uri => ("topUris", "uris"),
                Subject::Method => ("topMethods", "methods"),
                Subject::Platform => ("topPlatforms", "platforms"),
                Subject::Organization => ("topOrganizations", "organizations"),
            };
            (list, others, self.top(subject))
        });
        let lists: Vec<_> = lists.collect();
        let others: BTreeMap<_, _> =
            lists.iter().filter_map(|(_, name, list)| Some((*name, list.others?))).collect();

        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "scope", self.scope.as_ref())?;
        if !self.filter.is_empty() {
            map.serialize_entry("filter", &self.filter)?;
        }
        if !self.limitations.is_empty() {
            map.serialize_entry("limitations", &self.limitations)?;
        }
        if !self.findings.is_empty() {
            map.serialize_entry("findings", &self.findings)?;
        }
        map.serialize_entry("totals", &self.totals)?;
        entry(&mut map, "granularity", self.granularity.as_ref())?;
        map.serialize_entry("days", &self.days)?;
        map.serialize_entry("busiestDays", &self.busiest)?;
        for (name, _, list) in lists {
            map.serialize_entry(name, &list.entries)?;
        }
        map.serialize_entry("others", &others)?;
        for (name, by) in [("topByErrors", By::Errors), ("topBy429", By::Throttled)] {
            let ranking = Ranking(self, by);
            if !ranking.is_empty() {
                map.serialize_entry(name, &ranking)?;
            }
        }
        entry(&mut map, "weekdays", self.weekdays.as_ref())?;
        entry(&mut map, "arrivals", self.arrivals.as_ref())?;
        entry(&mut map, "comparison", self.comparison.as_ref())?;
        entry(&mut map, "allowance", self.allowance.as_ref())?;
        if !self.drilldown.is_empty() {
            let tables = self.drilldown.iter().map(|cross| {
                let table = Drilldown { rows: self.top(cross.rows), columns: self.top(cross.columns), cross };
                (table.name(), table)
            });
            map.serialize_entry("drilldown", &tables.collect::<BTreeMap<_, _>>())?;
        }
        map.serialize_entry("caveat", CAVEAT)?;
        map.end()
    }
}

fn entry<M: SerializeMap>(map: &mut M, name: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

/// The first entries of each list by another measure than requests.
struct Ranking<'a>(&'a Report, By);

impl Ranking<'_> {
    fn is_empty(&self) -> bool {
        Subject::ALL.iter().all(|subject| self.0.top(*subject).ranked(self.1, 1).is_empty())
    }
}

impl Serialize for Ranking<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report, by) = self;
        let lists = Subject::ALL.iter().map(|subject| {
            let list = report.top(*subject);
            let first = list.ranked(*by, list.entries.len());
            (subject.member(), first.into_iter().map(|(_, entry)| WithoutSeries(entry)).collect::<Vec<_>>())
        });
        serializer.collect_map(lists.filter(|(_, list)| !list.is_empty()))
    }
}

/// An entry without its series: its sums.
struct WithoutSeries<'a>(&'a Entry);

impl Serialize for WithoutSeries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Entry { series: Vec::new(), ..self.0.clone() }.serialize(serializer)
    }
}

/// What the entries of one list have of another: `clientUris`, for example.
struct Drilldown<'a> {
    rows: &'a TopList,
    columns: &'a TopList,
    cross: &'a CrossTable,
}

/// One entry of a drill-down, and what it has of the other list.
struct Line<'a> {
    entry: &'a Entry,
    columns: &'a TopList,
    cells: &'a [Cell],
}

/// One cell of a drill-down.
struct LineCell<'a> {
    entry: &'a Entry,
    counts: &'a Counts,
}

impl Drilldown<'_> {
    fn name(&self) -> String {
        let mut columns = self.columns.subject.member().to_owned();
        columns[..1].make_ascii_uppercase();
        format!("{}{columns}", self.rows.subject.singular().to_lowercase())
    }
}

impl Serialize for Drilldown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rows, columns, cross } = self;
        let lines = rows.entries.iter().enumerate();
        serializer.collect_seq(lines.map(|(row, entry)| Line { entry, columns, cells: cross.row(row) }))
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entry, columns, cells } = self;
        let (first, rest) = cells.split_at(columns.entries.len().min(cells.len()));
        let cell = |cell: &'_ Cell| columns.entry(cell.column).map(|entry| (entry, cell.counts));
        let first: Vec<_> = first.iter().filter_map(cell).collect();
        let first: Vec<_> = first.iter().map(|(entry, counts)| LineCell { entry, counts }).collect();

        let mut map = serializer.serialize_map(None)?;
        write_names(&mut map, entry)?;
        map.serialize_entry(columns.subject.member(), &first)?;
        if !rest.is_empty() {
            let counts = rest.iter().map(|cell| &cell.counts).sum();
            map.serialize_entry("others", &Others { count: rest.len(), counts, share: None })?;
        }
        map.end()
    }
}

impl Serialize for LineCell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        write_names(&mut map, self.entry)?;
        self.counts.write_to(&mut map)?;
        map.end()
    }
}

fn write_names<M: SerializeMap>(map: &mut M, entry: &Entry) -> Result<(), M::Error> {
    for (name, text) in [("id", &entry.id), ("name", &entry.name)] {
        if let Some(text) = text {
            map.serialize_entry(name, text)?;
        }
    }
    Ok(())
}
