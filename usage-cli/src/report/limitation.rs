//! What a report does not know, in words, and which option tells it.

use usage_core::{Gap, Scope};
use usage_report::{Limitation, Report};

use crate::text::number::grouped;

/// Returns a sentence or two for each limitation of `report`.
pub(crate) fn sentences(report: &Report) -> Vec<String> {
    report.limitations.iter().map(|limitation| sentence(*limitation, report)).collect()
}

/// Returns a sentence for rows that are in no day, and one for those of them that have a date.
pub(crate) fn undated(report: &Report) -> Vec<String> {
    let totals = report.totals;
    let without = totals.undated.saturating_sub(totals.unclear);
    let mut sentences = Vec::new();
    if without > 0 && !report.days.is_empty() {
        let rows = grouped(without.into());
        sentences.push(format!("{rows} rows have no date; they are in the sums, but in no day."));
    }
    if totals.unclear > 0 {
        let rows = grouped(totals.unclear.into());
        sentences.push(format!(
            "{rows} rows have a date that is not understood as a day; they are in the sums, but in no day."
        ));
    }
    sentences
}

fn sentence(limitation: Limitation, report: &Report) -> String {
    match limitation {
        Limitation::Granularity => {
            "Whether the dates are days, weeks or months is not known: what depends on it is left out. --granularity says \
             it."
            .into()
        }
        Limitation::Period => {
            "Which days the rows cover is not known: a day without rows had no requests, or was not asked for. No month is \
             projected. --interval or --month says it."
                .into()
        }
        Limitation::Missing => {
            let gaps = report.scope.iter().flat_map(|scope| &scope.missing);
            let gaps: Vec<_> = gaps.map(Gap::description).collect();
            let why = if gaps.is_empty() { String::new() } else { format!(": {}", gaps.join(", and ")) };
            format!("Rows are missing{why}. Sums are too low, and no month is projected.")
        }
        Limitation::Filter => {
            let filters: Vec<_> = report.scope.iter().flat_map(Scope::filter_names).collect();
            format!(
                "The rows are of some requests only, filtered by {}; the allowance is for all requests.",
                filters.join(", ")
            )
        }
        Limitation::Dates => {
            "Rows without a date are in no month: no month is told apart. Query with --granularity day.".into()
        }
        Limitation::Requests => {
            "Rows have neither a number of requests nor all classes that add up to it: no month is projected. Query with \
             --metrics requests."
                .into()
        }
        _ => format!("Not known: {}.", limitation.as_str()),
    }
}
