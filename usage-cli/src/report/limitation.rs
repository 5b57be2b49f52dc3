//! Describes the limitations of a report, and the options that remove them.

use usage_report::{Finding, FindingKind, Limitation, Report, Severity};

use crate::text::number::grouped;
use crate::text::one_line;

/// Returns whether `finding` is a limitation that is described at the end of a report. Missing rows are a warning among the
/// other findings: all figures are too low.
pub(crate) fn stands_at_the_end(finding: &Finding) -> bool {
    finding.is_about_coverage() && finding.severity < Severity::Warning
}

/// Returns a sentence or two for each limitation of `report` that is described at its end.
pub(crate) fn sentences(report: &Report) -> Vec<String> {
    let sentence = |finding: &Finding| match &finding.kind {
        FindingKind::NotKnown { limitation, .. } => {
            Some(format!("{}{}", one_line(&finding.sentence()), remedy(*limitation)))
        }
        FindingKind::DataEnds { .. } => Some(finding.sentence()),
        _ => None,
    };
    report.findings.iter().filter(|finding| stands_at_the_end(finding)).filter_map(sentence).collect()
}

/// Returns why a report has no rows, as far as that is known.
pub(crate) fn no_rows(report: &Report) -> String {
    let scope = report.scope.as_ref();
    if !report.filter.is_empty() {
        "no rows match".into()
    } else if let Some(gap) = scope.and_then(|scope| scope.missing.first()) {
        format!("no rows: {}", one_line(gap.description()))
    } else if report.limitations.contains(&Limitation::Missing) {
        "no rows: some are missing".into()
    } else {
        "no rows: the service counted nothing here".into()
    }
}

/// Returns which option tells what is not known.
fn remedy(limitation: Limitation) -> &'static str {
    match limitation {
        Limitation::Granularity => " --granularity says it.",
        Limitation::Period => " --interval or --month says it.",
        Limitation::Dates => " Query with --granularity day.",
        Limitation::Requests => " Query with --metrics requests.",
        _ => "",
    }
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
