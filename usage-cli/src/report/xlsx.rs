//! A report as a workbook: findings, totals, days, and each list on a sheet of its own.

use std::io::{self, Write};

use usage_report::{By, Counts, Report, Subject};

use crate::output::xlsx::{Book, Value};

const COUNTS: [&str; 9] = ["Rows", "Requests", "2xx", "3xx", "4xx", "5xx", "429", "Error rate", "429 rate"];

/// Writes `report`. The lists are ordered by `by`.
pub(super) fn write(to: &mut dyn Write, report: &Report, by: By) -> io::Result<()> {
    let mut book = Book::new();
    let findings: Vec<_> =
        report.findings.iter().map(|finding| (finding.severity.to_string(), finding.sentence())).collect();
    let rows = findings.iter().map(|(severity, sentence)| [Value::Text(severity), Value::Text(sentence)]);
    book.sheet("Findings", &["Severity", "Finding"], rows)?;
    book.sheet("Totals", &COUNTS, [counts(&report.totals.counts)].into_iter())?;
    let days = report.days.iter().map(|day| [Value::Day(day.date)].into_iter().chain(counts(&day.counts)));
    book.sheet("Days", &[&["Date"], &COUNTS[..]].concat(), days)?;
    for &subject in Subject::ALL {
        let list = report.top(subject);
        if list.entries.is_empty() {
            continue;
        }
        let others = list.others_beside(by).map(|others| (format!("{} others", others.count), others));
        let entries = list.ranked(by, list.entries.len()).into_iter().map(|(_, entry)| {
            let texts = [&entry.id, &entry.name].map(|text| Value::text(text.as_deref()));
            line(texts, entry.share, &entry.counts)
        });
        let others = others
            .iter()
            .map(|(name, others)| line([Value::Absent, Value::Text(name)], others.share, &others.counts));
        let lines: Vec<_> = entries.chain(others).collect();
        let header = [&["Id", "Name", "Share"], &COUNTS[..]].concat();
        book.sheet(subject.plural(), &header, lines.into_iter())?;
    }
    book.write(to)
}

fn line<'a>(texts: [Value<'a>; 2], share: Option<f64>, of: &Counts) -> Vec<Value<'a>> {
    texts.into_iter().chain([Value::part(share)]).chain(counts(of)).collect()
}

fn counts<'a>(counts: &Counts) -> [Value<'a>; 9] {
    [
        Value::Count(counts.rows),
        Value::count(counts.requests),
        Value::count(counts.status200),
        Value::count(counts.status300),
        Value::count(counts.status400),
        Value::count(counts.status500),
        Value::count(counts.status429),
        Value::part(counts.error_rate()),
        Value::part(counts.throttle_rate()),
    ]
}
