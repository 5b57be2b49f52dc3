//! The data of the script, as JSON: every row of the lists, what each row has of other lists, and the bars of the chart.
//!
//! A list is an object of arrays with one element for each row, the largest row first. Errors and 429 are `null` if
//! they are not known. A cell of a cross table is four numbers: its column, as the distance from the column of the cell
//! before it, then requests, errors and 429. `others` adds up the cells of a row that were left out.

use std::collections::BTreeMap;

use serde::Serialize;
use usage_report::thresholds::{ERROR_RATES, THROTTLE_RATES};
use usage_report::{Cell, Counts, CrossTable, Report, Subject, TopList};

use super::chart::{FLOOR, TOP};
use super::lists::name_of_day;
use super::row::list_id;
use crate::chart::class::Class;
use crate::chart::labels::{bucket, shown_name};
use crate::chart::timeline::Timeline;
use crate::report::text::lists::heading_of_all;
use crate::text::printable;

/// The most rows of a list. The page says how many are left out.
const MOST_ROWS: usize = 10_000;

/// The most cells of all cross tables together, at about 15 bytes each.
const MOST_CELLS: usize = 260_000;

#[derive(Serialize)]
struct Data<'a> {
    /// The number of rows that a table shows at first.
    top: usize,
    requests: Option<u64>,
    /// The lowest rates of errors and of 429 that are marked: with a notice, with a warning.
    marks: Marks,
    lists: BTreeMap<&'static str, List<'a>>,
    cross: Vec<Cross>,
    chart: Chart,
}

#[derive(Serialize)]
struct Marks {
    errors: [f64; 2],
    limited: [f64; 2],
}

#[derive(Default, Serialize)]
struct List<'a> {
    plural: &'a str,
    singular: &'a str,
    /// The number of rows of the list, including those that are left out.
    count: usize,
    names: Vec<String>,
    /// The ids of rows that also have a name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ids: BTreeMap<usize, String>,
    requests: Vec<Option<u64>>,
    errors: Vec<Option<u64>>,
    limited: Vec<Option<u64>>,
    /// The requests of the largest rows by bar of the chart.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    series: BTreeMap<usize, Vec<Option<u64>>>,
}

#[derive(Serialize)]
struct Cross {
    rows: &'static str,
    columns: &'static str,
    cells: Vec<Vec<Option<u64>>>,
    /// For each row: the number of cells that were left out, and their requests, errors and 429.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    others: BTreeMap<usize, [Option<u64>; 4]>,
}

#[derive(Serialize)]
struct Chart {
    /// The highest and the lowest place of a bar, in pixels from the top.
    top: f64,
    floor: f64,
    /// The layers of the bars, from the bottom to the top.
    layers: Vec<Layer>,
}

/// A class of answers.
#[derive(Serialize)]
struct Layer {
    css: &'static str,
    label: &'static str,
    /// The requests of each bar.
    requests: Vec<u64>,
}

/// Returns the data as JSON without `<`, so that no text in it ends the element that it stands in.
pub(super) fn json(report: &Report, timeline: &Timeline) -> String {
    let mut lists: BTreeMap<_, _> = Subject::ALL
        .iter()
        .copied()
        .map(|subject| (list_id(subject), list(report.top(subject), timeline)))
        .filter(|(_, list)| list.count > 0)
        .collect();
    if report.busiest.len() > 1 {
        lists.insert("day", days(report));
    }
    let layer = |class: &Class| Layer {
        css: class.css(),
        label: class.label(),
        requests: timeline.bars.iter().map(|bar| class.of(&bar.counts)).collect(),
    };
    let most = most_in_a_row(report);
    let data = Data {
        top: report.clients.entries.len().max(report.busiest.len()).max(1),
        requests: report.totals.counts.requests,
        marks: Marks { errors: ERROR_RATES, limited: THROTTLE_RATES },
        lists,
        cross: report.drilldown.iter().map(|table| cross(report, table, most)).collect(),
        chart: Chart { top: TOP, floor: FLOOR, layers: timeline.classes.iter().map(layer).collect() },
    };
    // Numbers and texts are JSON in any case.
    serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c")
}

fn list(of: &TopList, timeline: &Timeline) -> List<'static> {
    let mut list = List {
        plural: heading_of_all(of.subject),
        singular: of.subject.singular(),
        count: of.count,
        ..List::default()
    };
    for (place, entry) in of.all().take(MOST_ROWS).enumerate() {
        let name = shown_name(of.subject, entry.name.as_deref(), entry.id.as_deref());
        list.names.push(printable(name).into_owned());
        if let Some(id) = entry.id.as_deref().filter(|_| entry.name.is_some()) {
            list.ids.insert(place, printable(id).into_owned());
        }
        list.add(&entry.counts);
        if entry.series.len() > 1 {
            list.series.insert(place, timeline.folded_series(&entry.series));
        }
    }
    list
}

fn days(report: &Report) -> List<'_> {
    let unit = bucket(report.granularity.as_ref());
    let mut days: Vec<_> = report.days.iter().collect();
    days.sort_by_key(|day| (std::cmp::Reverse(day.counts.requests), day.date));
    let plural = match unit {
        "week" => "Busiest weeks",
        "month" => "Busiest months",
        "day" => "Busiest days",
        _ => "Busiest dates",
    };
    let mut list = List { plural, singular: unit, count: days.len(), ..List::default() };
    for day in days.into_iter().take(MOST_ROWS) {
        list.names.push(name_of_day(day, unit));
        list.add(&day.counts);
    }
    list
}

impl List<'_> {
    fn add(&mut self, counts: &Counts) {
        let [requests, errors, limited] = numbers(counts);
        self.requests.push(requests);
        self.errors.push(errors);
        self.limited.push(limited);
    }
}

/// Returns requests, errors and 429. The latter are absent if the rate is not known.
fn numbers(counts: &Counts) -> [Option<u64>; 3] {
    let errors = counts.error_rate().and_then(|_| counts.errors());
    [counts.requests, errors, counts.throttle_rate().and(counts.status429)]
}

/// Returns the number of cells to keep of each row so that all cells are at most [`MOST_CELLS`].
fn most_in_a_row(report: &Report) -> usize {
    let rows = || {
        report.drilldown.iter().flat_map(|table| {
            (0..report.top(table.rows).count.min(MOST_ROWS)).map(|place| table.row(place).len())
        })
    };
    let (mut low, mut high) = (0, rows().max().unwrap_or(0));
    while low < high {
        let most = (low + high).div_ceil(2);
        if rows().map(|cells| cells.min(most)).sum::<usize>() <= MOST_CELLS {
            low = most;
        } else {
            high = most - 1;
        }
    }
    low
}

fn cross(report: &Report, table: &CrossTable, most: usize) -> Cross {
    let mut cross = Cross {
        rows: list_id(table.rows),
        columns: list_id(table.columns),
        cells: Vec::new(),
        others: BTreeMap::new(),
    };
    for place in 0..report.top(table.rows).count.min(MOST_ROWS) {
        let (mut kept, left_out) = divided(table.row(place), most);
        kept.sort_unstable_by_key(|cell| cell.column);
        let mut before = 0;
        let mut numbers_of_row = Vec::with_capacity(kept.len() * 4);
        for cell in kept {
            numbers_of_row.push(u64::try_from(cell.column - before).ok());
            numbers_of_row.extend(numbers(&cell.counts));
            before = cell.column;
        }
        cross.cells.push(numbers_of_row);
        if !left_out.is_empty() {
            let [requests, errors, limited] = numbers(&left_out.iter().map(|cell| &cell.counts).sum());
            let count = u64::try_from(left_out.len()).ok();
            cross.others.insert(place, [count, requests, errors, limited]);
        }
    }
    cross
}

/// Divides a row into the `most` cells that matter and the others. Half of those that matter have the most errors, and the
/// other half has the most requests.
fn divided(row: &[Cell], most: usize) -> (Vec<&Cell>, Vec<&Cell>) {
    let has_column = |cell: &&Cell| cell.column < MOST_ROWS;
    let (mut cells, mut left_out): (Vec<_>, Vec<_>) = row.iter().partition(has_column);
    if cells.len() <= most {
        return (cells, left_out);
    }
    cells.sort_by_key(|cell| std::cmp::Reverse(cell.counts.errors()));
    let mut rest = cells.split_off(most / 2);
    rest.sort_by_key(|cell| std::cmp::Reverse(cell.counts.requests));
    left_out.extend(rest.split_off(most - most / 2));
    cells.extend(rest);
    (cells, left_out)
}

#[cfg(test)]
mod tests {
    use usage_core::{UsageRecord, UsageTable};
    use usage_report::{DRILLDOWN, ReportOptions};

    use super::*;

    /// `clients` clients that call `uris` URIs each, the last of which fails.
    fn report(clients: usize, uris: usize) -> Report {
        let row = |client: usize, uri: usize| UsageRecord {
            client_id: Some(format!("{client:05}")),
            template_uri: Some(format!("api/v2/{uri}")),
            requests: Some(1_000 - uri as u64),
            status200: Some(0),
            status300: Some(0),
            status400: Some(u64::from(uri + 1 == uris)),
            status429: Some(0),
            status500: Some(0),
            ..UsageRecord::default()
        };
        let table: UsageTable =
            (0..clients).flat_map(|client| (0..uris).map(move |uri| row(client, uri))).collect();
        Report::new(&table, &ReportOptions::default().with_drilldown(DRILLDOWN))
    }

    fn data(report: &Report) -> serde_json::Value {
        serde_json::from_str(&json(report, &Timeline::of(report))).unwrap()
    }

    #[test]
    fn every_row_and_every_cell_is_there() {
        let data = data(&report(30, 20));
        let clients = &data["lists"]["client"];
        assert_eq!(clients["names"].as_array().unwrap().len(), 30);
        let cells = data["cross"][0]["cells"].as_array().unwrap();
        assert_eq!(cells.len(), 30);
        assert!(cells.iter().all(|row| row.as_array().unwrap().len() == 80));
        assert_eq!(data["cross"][0]["others"], serde_json::Value::Null);
        // Columns are distances, requests stand behind them.
        assert_eq!(cells[0][0], 0);
        assert_eq!((&cells[0][4], &cells[0][1]), (&1.into(), &1_000.into()));
    }

    #[test]
    fn what_is_left_out_is_added_up_and_has_no_errors_that_others_lack() {
        let report = report(1, 40);
        let row = report.drilldown[0].row(0);
        let (kept, others) = divided(row, 10);
        assert_eq!((kept.len(), others.len()), (10, 30));
        assert!(others.iter().all(|cell| cell.counts.errors() == Some(0)));
        let sum = |cells: &[&Cell]| cells.iter().filter_map(|cell| cell.counts.requests).sum::<u64>();
        assert_eq!(sum(&kept) + sum(&others), report.totals.counts.requests.unwrap());
    }

    #[test]
    fn data_of_many_pairs_is_bounded() {
        let data = data(&report(900, 300));
        let cross = &data["cross"][0];
        let kept: usize =
            cross["cells"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().len() / 4).sum();
        // 288 of the 300 cells of each row, and the rest in a sum.
        assert_eq!(kept, 900 * 288);
        assert_eq!(cross["others"]["899"][0], 12);
    }
}
