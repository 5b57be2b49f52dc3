//! OpenMetrics text, version 1.0: for a scrape, or for a file that a node exporter picks up.
//!
//! The counters say what the service counted since the beginning of the row's bucket or of the period, which their
//! `_created` is: a period that moves on is a counter that begins anew, as OpenMetrics wants it.

use std::io::{self, Write};

use usage_core::{Column, Counter, Date, UsageRow, UsageTable};
use usage_report::{Counts, Period, Report};

/// The kind of text: what a scrape is answered with.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A family of metrics.
struct Family {
    name: &'static str,
    kind: &'static str,
    unit: Option<&'static str>,
    help: &'static str,
}

const REQUESTS: Family = counter("genesys_usage_requests", "Requests that the service counted.");
const RESPONSES: Family =
    counter("genesys_usage_responses", "Answers by class; 4xx has the rate-limited requests in it.");
const THROTTLED: Family =
    counter("genesys_usage_throttled_requests", "Requests that were rate limited (429), a part of 4xx.");

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: "counter", unit: None, help }
}

const fn gauge(name: &'static str, unit: Option<&'static str>, help: &'static str) -> Family {
    Family { name, kind: "gauge", unit, help }
}

/// The classes of answers, with their label.
const CLASSES: [(Counter, &str); 4] = [
    (Counter::Status200, "2xx"),
    (Counter::Status300, "3xx"),
    (Counter::Status400, "4xx"),
    (Counter::Status500, "5xx"),
];

/// A label.
type Label<'a> = (&'a str, &'a str);

/// Writes a counter for each combination of texts; rows with the same texts are added up.
pub(super) fn write(to: &mut dyn Write, table: &UsageTable) -> io::Result<()> {
    let table = table.group_by(Column::ALL);
    let metrics: Vec<_> = table
        .iter()
        .map(|row| Metric {
            labels: labels(row),
            created: row.date(),
            count: Box::new(move |counter| row.count(counter)),
        })
        .collect();
    counters(to, &metrics)?;
    writeln!(to, "# EOF")
}

/// Writes what `report` says: the totals and the largest clients as counters, rates and the allowance as gauges.
pub(crate) fn write_report(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    let created = report.totals.period.map(Period::first_day);
    let clients = &report.clients;
    let mut metrics: Vec<_> = clients
        .entries
        .iter()
        .map(|entry| {
            let texts = [("client_id", &entry.id), ("client_name", &entry.name)];
            let labels =
                texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))).collect();
            of_counts(labels, created, &entry.counts)
        })
        .collect();
    if let Some(others) = &clients.others {
        metrics.push(of_counts(vec![("others", "true")], created, &others.counts));
    }
    if clients.count == 0 {
        metrics.push(of_counts(Vec::new(), created, &report.totals.counts));
    }
    counters(to, &metrics)?;
    gauges(to, report)?;
    writeln!(to, "# EOF")
}

fn gauges(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    let counts = &report.totals.counts;
    let error =
        gauge("genesys_usage_error_ratio", Some("ratio"), "Answers 4xx and 5xx as a part of all requests.");
    let throttle = gauge(
        "genesys_usage_throttle_ratio",
        Some("ratio"),
        "Rate-limited requests as a part of all requests.",
    );
    for (family, rate) in [(error, counts.error_rate()), (throttle, counts.throttle_rate())] {
        if let Some(rate) = rate {
            family.head(to)?;
            writeln!(to, "{} {rate}", family.name)?;
        }
    }
    if let Some(period) = report.totals.period {
        let end = gauge(
            "genesys_usage_data_end_timestamp_seconds",
            Some("seconds"),
            "The end of the last day in the data.",
        );
        end.head(to)?;
        writeln!(to, "{} {}", end.name, period.last_day().plus_days(1).start().as_unix_millis() / 1000)?;
    }
    let Some(allowance) = &report.allowance else { return Ok(()) };
    let allowed = gauge("genesys_usage_allowance_requests", None, "Requests that a month may have.");
    allowed.head(to)?;
    writeln!(to, "{} {}", allowed.name, allowance.allowance.monthly)?;
    let Some(month) = allowance.latest() else { return Ok(()) };
    let used = gauge("genesys_usage_month_requests", None, "Requests of the latest month so far.");
    let projected = gauge(
        "genesys_usage_month_projected_requests",
        None,
        "Requests at the end of the latest month, as projected.",
    );
    let counts = [(used, Some(month.used)), (projected, month.is_projected.then_some(month.projected))];
    for (family, count) in counts.into_iter().filter_map(|(family, count)| Some((family, count?))) {
        family.head(to)?;
        writeln!(to, "{} {count}", family.name)?;
    }
    let share =
        gauge("genesys_usage_allowance_used_ratio", Some("ratio"), "The part of the allowance that is used.");
    let will = gauge(
        "genesys_usage_allowance_projected_ratio",
        Some("ratio"),
        "The part that will be, as projected.",
    );
    for (family, ratio) in [(share, month.used_share), (will, month.projected_share)] {
        if let Some(ratio) = ratio {
            family.head(to)?;
            writeln!(to, "{} {ratio}", family.name)?;
        }
    }
    Ok(())
}

/// What is counted of one combination of labels.
struct Metric<'a> {
    labels: Vec<Label<'a>>,
    created: Option<Date>,
    count: Box<dyn Fn(Counter) -> Option<u64> + 'a>,
}

fn of_counts<'a>(labels: Vec<Label<'a>>, created: Option<Date>, counts: &'a Counts) -> Metric<'a> {
    Metric { labels, created, count: Box::new(|counter| counts.count(counter)) }
}

fn labels(row: UsageRow<'_>) -> Vec<Label<'_>> {
    let name = |column: Column| match column {
        Column::Date => "date",
        Column::ClientId => "client_id",
        Column::ClientName => "client_name",
        Column::OrganizationId => "organization_id",
        Column::UserId => "user_id",
        Column::TemplateUri => "template_uri",
        Column::HttpMethod => "http_method",
        other => other.name(),
    };
    Column::ALL.iter().copied().filter_map(|column| Some((name(column), row.text(column)?))).collect()
}

fn counters(to: &mut dyn Write, metrics: &[Metric<'_>]) -> io::Result<()> {
    family(to, &REQUESTS, metrics, &[(Counter::Requests, None)])?;
    let classes = CLASSES.map(|(counter, class)| (counter, Some(("class", class))));
    family(to, &RESPONSES, metrics, &classes)?;
    family(to, &THROTTLED, metrics, &[(Counter::Status429, None)])
}

/// All metrics of a family stand together; one that no metric has is left out.
fn family(
    to: &mut dyn Write,
    family: &Family,
    metrics: &[Metric<'_>],
    samples: &[(Counter, Option<Label<'_>>)],
) -> io::Result<()> {
    if !metrics.iter().any(|metric| samples.iter().any(|(counter, _)| (metric.count)(*counter).is_some())) {
        return Ok(());
    }
    family.head(to)?;
    for metric in metrics {
        for (counter, more) in samples {
            let Some(count) = (metric.count)(*counter) else { continue };
            let labels = written(metric.labels.iter().chain(more));
            writeln!(to, "{}_total{labels} {count}", family.name)?;
            if let Some(created) = metric.created {
                let seconds = created.start().as_unix_millis() / 1000;
                writeln!(to, "{}_created{labels} {seconds}", family.name)?;
            }
        }
    }
    Ok(())
}

impl Family {
    fn head(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "# TYPE {} {}", self.name, self.kind)?;
        if let Some(unit) = self.unit {
            writeln!(to, "# UNIT {} {unit}", self.name)?;
        }
        writeln!(to, "# HELP {} {}", self.name, self.help)
    }
}

/// `{name="value",…}`, or nothing.
fn written<'a>(labels: impl Iterator<Item = &'a Label<'a>>) -> String {
    let labels: Vec<_> = labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests;
