//! Metrics for a scrape, or for a file that a node exporter picks up.
//!
//! All are gauges: the service recounts days, and a month begins anew. No label has a date, so that a series lives as long
//! as its client. The text is OpenMetrics 1.0 and, because a gauge has no suffix, also the plain text format of Prometheus,
//! with the same types and help.

use std::fmt;
use std::io::{self, Write};

use usage_core::{Column, Counter, UsageRow, UsageTable};
use usage_report::{Allowance, By, Counts, Entry, MonthUse, Organizations, Period, Report};

/// The media type of a scrape's response.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A family of gauges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) unit: Option<&'static str>,
    pub(crate) help: &'static str,
}

macro_rules! families {
    ($($(#[$attribute:meta])* $ident:ident = $name:literal $(($unit:literal))?, $help:literal;)*) => {
        $($(#[$attribute])* const $ident: Family = Family {
            name: concat!("genesys_usage_", $name),
            unit: [$(Some($unit),)? None][0],
            help: $help,
        };)*
    };
}

families! {
    REQUESTS = "requests", "Requests that the service counted in the period.";
    RESPONSES = "responses", "Responses in the period, by class; 4xx includes the rate-limited requests.";
    THROTTLED = "throttled_requests", "Rate-limited requests (429) in the period, a part of 4xx.";
    ERROR = "error_ratio" ("ratio"), "Responses 4xx and 5xx in the period, as a fraction of all requests.";
    THROTTLE = "throttle_ratio" ("ratio"), "Rate-limited requests in the period, as a fraction of all requests.";
    CLIENTS = "clients", "OAuth clients with requests in the period.";
    CLIENT_REQUESTS = "client_requests",
        "Requests of an OAuth client in the period; the label others marks the sum of those not listed.";
    CLIENT_ERRORS = "client_errors", "Responses 4xx and 5xx to an OAuth client in the period.";
    CLIENT_THROTTLED = "client_throttled_requests", "Rate-limited requests of an OAuth client in the period.";
    DATA_START = "data_start_timestamp_seconds" ("seconds"), "Beginning of the first day of the period, Unix time.";
    DATA_END = "data_end_timestamp_seconds" ("seconds"), "End of the last day in the data, Unix time.";
    ALLOWANCE = "allowance_requests", "Requests that a month may have.";
    MONTH = "month_requests", "Requests of the latest month so far.";
    PROJECTED = "month_projected_requests", "Requests at the end of the latest month, as projected.";
    PROJECTED_LOW = "month_projected_low_requests", "Lower end of the range in which the month is likely to end.";
    PROJECTED_HIGH = "month_projected_high_requests", "Upper end of the range in which the month is likely to end.";
    USED = "allowance_used_ratio" ("ratio"), "Fraction of the allowance that is used (1 = all of it).";
    WILL_USE = "allowance_projected_ratio" ("ratio"), "Fraction of the allowance that will be used, as projected.";
    ORGANIZATION_UP = "organization_up", "Whether the last look at the organization succeeded.";
    ORGANIZATION_LAST_SUCCESS = "organization_last_success_timestamp_seconds" ("seconds"),
        "Time of the last look at the organization that succeeded, Unix time.";
    UP = "up", "Whether the last look succeeded.";
    LAST_SUCCESS = "last_success_timestamp_seconds" ("seconds"), "Time of the last look that succeeded, Unix time.";
}

/// The classes of responses, with their label.
const CLASSES: [(Counter, &str); 4] = [
    (Counter::Status200, "2xx"),
    (Counter::Status300, "3xx"),
    (Counter::Status400, "4xx"),
    (Counter::Status500, "5xx"),
];

/// A label.
type Label<'a> = (&'a str, &'a str);

/// Gauges, family by family in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposition(Vec<(Family, Vec<String>)>);

impl Exposition {
    /// Adds a sample of `family`, which has no other with these labels.
    fn add(&mut self, family: Family, labels: &[Label<'_>], value: &dyn fmt::Display) {
        let sample = format!("{}{} {value}", family.name, written(labels));
        match self.0.iter_mut().find(|(known, _)| *known == family) {
            Some((_, samples)) => samples.push(sample),
            None => self.0.push((family, vec![sample])),
        }
    }

    fn add_known<T: fmt::Display>(&mut self, family: Family, labels: &[Label<'_>], value: Option<T>) {
        if let Some(value) = value {
            self.add(family, labels, &value);
        }
    }

    fn add_counts(&mut self, labels: &[Label<'_>], count: impl Fn(Counter) -> Option<u64>) {
        self.add_known(REQUESTS, labels, count(Counter::Requests));
        for (counter, class) in CLASSES {
            self.add_known(RESPONSES, &[labels, &[("class", class)]].concat(), count(counter));
        }
        self.add_known(THROTTLED, labels, count(Counter::Status429));
    }

    /// Adds the gauges of `report`, with a label for its organization if it has a name. `top` clients are listed by each of
    /// requests, errors and 429; the others are one sum.
    pub(crate) fn add_report(&mut self, report: &Report, organization: Option<&str>, top: usize) {
        let labels: Vec<_> = organization.map(|name| ("organization", name)).into_iter().collect();
        let counts = &report.totals.counts;
        self.add_counts(&labels, |counter| counts.count(counter));
        self.add_known(ERROR, &labels, counts.error_rate());
        self.add_known(THROTTLE, &labels, counts.throttle_rate());
        self.add_clients(report, &labels, top);
        if let Some(period) = report.totals.period {
            self.add(DATA_START, &labels, &seconds(period, 0));
            self.add(DATA_END, &labels, &seconds(period.last_day().into(), 1));
        }
        if let Some(held) = &report.allowance {
            self.add_allowance(&held.allowance, held.latest(), &labels);
        }
    }

    fn add_clients(&mut self, report: &Report, labels: &[Label<'_>], top: usize) {
        let clients = &report.clients;
        if clients.count == 0 {
            return;
        }
        self.add(CLIENTS, labels, &clients.count);
        let ranked = By::ALL.iter().copied().flat_map(|by| clients.ranked(by, top));
        let listed: std::collections::BTreeSet<usize> = ranked.map(|(position, _)| position).collect();
        let (listed, rest): (Vec<_>, Vec<_>) =
            clients.all().enumerate().partition(|(position, _)| listed.contains(position));
        for (_, entry) in listed {
            self.add_client(&[labels, &client_labels(entry)].concat(), &entry.counts);
        }
        if !rest.is_empty() {
            let counts: Counts = rest.iter().map(|(_, entry)| &entry.counts).sum();
            self.add_client(&[labels, &[("others", "true")]].concat(), &counts);
        }
    }

    fn add_client(&mut self, labels: &[Label<'_>], counts: &Counts) {
        for (family, by) in
            [(CLIENT_REQUESTS, By::Requests), (CLIENT_ERRORS, By::Errors), (CLIENT_THROTTLED, By::Throttled)]
        {
            self.add_known(family, labels, by.of(counts));
        }
    }

    fn add_allowance(&mut self, allowance: &Allowance, month: Option<&MonthUse>, labels: &[Label<'_>]) {
        self.add(ALLOWANCE, labels, &allowance.monthly);
        let Some(month) = month else { return };
        self.add(MONTH, labels, &month.used);
        self.add_known(USED, labels, month.used_share);
        if month.is_projected {
            self.add(PROJECTED, labels, &month.projected);
            self.add_known(PROJECTED_LOW, labels, month.projected_low);
            self.add_known(PROJECTED_HIGH, labels, month.projected_high);
            self.add_known(WILL_USE, labels, month.projected_share);
        }
    }

    /// Adds all samples of `other`.
    pub(crate) fn append(&mut self, other: &Self) {
        for (family, samples) in &other.0 {
            match self.0.iter_mut().find(|(known, _)| known == family) {
                Some((_, all)) => all.extend_from_slice(samples),
                None => self.0.push((*family, samples.clone())),
            }
        }
    }

    /// Adds whether the last look at one of several organizations succeeded, and when one last did, in Unix seconds.
    pub(crate) fn add_health_of(&mut self, organization: &str, is_up: bool, last_success: Option<u64>) {
        let labels = [("organization", organization)];
        self.add(ORGANIZATION_UP, &labels, &u8::from(is_up));
        self.add_known(ORGANIZATION_LAST_SUCCESS, &labels, last_success);
    }

    /// Adds whether the last look succeeded, and when one last did, in Unix seconds.
    pub(crate) fn add_health(&mut self, is_up: bool, last_success: Option<u64>) {
        self.add(UP, &[], &u8::from(is_up));
        self.add_known(LAST_SUCCESS, &[], last_success);
    }

    /// Writes all gauges, and the end.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        for (family, samples) in &self.0 {
            writeln!(to, "# TYPE {} gauge", family.name)?;
            if let Some(unit) = family.unit {
                writeln!(to, "# UNIT {} {unit}", family.name)?;
            }
            writeln!(to, "# HELP {} {}", family.name, family.help)?;
            for sample in samples {
                writeln!(to, "{sample}")?;
            }
        }
        writeln!(to, "# EOF")
    }
}

/// Writes the counts of each combination of texts, without their dates: days are added up.
pub(super) fn write(to: &mut dyn Write, table: &UsageTable, is_several: bool) -> io::Result<()> {
    let columns: Vec<_> = Column::ALL.iter().copied().filter(|column| *column != Column::Date).collect();
    let mut exposition = Exposition::default();
    for row in &table.group_by(&columns) {
        exposition.add_counts(&row_labels(row, is_several), |counter| row.count(counter));
    }
    exposition.write(to)
}

/// Writes what `report` says, with as many clients as it lists.
pub(crate) fn write_report(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut exposition = Exposition::default();
    exposition.add_report(report, None, report.clients.entries.len());
    exposition.write(to)
}

/// Writes what the reports of several organizations say, each with a label for its organization.
pub(crate) fn write_reports(to: &mut dyn Write, organizations: &Organizations) -> io::Result<()> {
    let mut exposition = Exposition::default();
    for one in &organizations.organizations {
        exposition.add_report(&one.report, Some(&one.name), one.report.clients.entries.len());
    }
    exposition.write(to)
}

fn client_labels(entry: &Entry) -> Vec<Label<'_>> {
    let texts = [("client_id", &entry.id), ("client_name", &entry.name)];
    texts.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))).collect()
}

fn row_labels(row: UsageRow<'_>, is_several: bool) -> Vec<Label<'_>> {
    let name = |column: Column| match column {
        Column::ClientId => "client_id",
        Column::ClientName => "client_name",
        Column::OrganizationId if is_several => "organization",
        Column::OrganizationId => "organization_id",
        Column::UserId => "user_id",
        Column::TemplateUri => "template_uri",
        Column::HttpMethod => "http_method",
        other => other.name(),
    };
    Column::ALL
        .iter()
        .copied()
        .filter(|column| *column != Column::Date)
        .filter_map(|column| Some((name(column), row.text(column)?)))
        .collect()
}

/// Returns the Unix time, in seconds, of the first day of `period` and so many days later.
fn seconds(period: Period, days: i64) -> u64 {
    period.first_day().plus_days(days).start().as_unix_millis() / 1000
}

/// `{name="value",…}`, or nothing.
fn written(labels: &[Label<'_>]) -> String {
    let labels: Vec<_> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests;
