//! The days and the lists of a report, one line each.

use std::io::{self, Write};

use usage_core::Counter;
use usage_report::{By, Counts, Report, Subject};

use crate::output::csv::Csv;

const HEADER: [&str; 14] = [
    "list",
    "place",
    "id",
    "name",
    "share",
    "rows",
    "requests",
    "status200",
    "status300",
    "status400",
    "status500",
    "status429",
    "errorRate",
    "throttleRate",
];

const COUNTERS: [Counter; 6] = [
    Counter::Requests,
    Counter::Status200,
    Counter::Status300,
    Counter::Status400,
    Counter::Status500,
    Counter::Status429,
];

/// Writes the totals, each day and each entry of each list, with lists ordered by `by`. An absent number is an empty cell.
/// Shares are of all requests, whatever the order.
pub(super) fn write(to: &mut dyn Write, report: &Report, by: By) -> io::Result<()> {
    let mut csv = Csv::begin(to, HEADER)?;
    line(&mut csv, "totals", "", ["", ""], None, &report.totals.counts)?;
    for day in &report.days {
        line(&mut csv, "days", "", ["", &day.date.to_string()], None, &day.counts)?;
    }
    for subject in Subject::ALL.iter().copied() {
        let list = report.top(subject);
        for (place, (_, entry)) in (1..).zip(list.ranked(by, list.entries.len())) {
            let texts = [&entry.id, &entry.name].map(|text| text.as_deref().unwrap_or_default());
            line(&mut csv, subject.plural(), &place.to_string(), texts, entry.share, &entry.counts)?;
        }
        if let Some(others) = list.others_beside(by) {
            let name = format!("{} others", others.count);
            line(&mut csv, subject.plural(), "", ["", &name], others.share, &others.counts)?;
        }
    }
    csv.finish()
}

fn line<W: Write>(
    csv: &mut Csv<W>,
    list: &str,
    place: &str,
    [id, name]: [&str; 2],
    share: Option<f64>,
    counts: &Counts,
) -> io::Result<()> {
    let rate = |rate: Option<f64>| rate.map_or_else(String::new, |rate| rate.to_string());
    let texts = [list, place, id, name].map(str::to_owned);
    let numbers = [rate(share), counts.rows.to_string()];
    let counted =
        COUNTERS.map(|counter| counts.count(counter).map_or_else(String::new, |count| count.to_string()));
    let rates = [rate(counts.error_rate()), rate(counts.throttle_rate())];
    csv.line(texts.into_iter().chain(numbers).chain(counted).chain(rates))
}
