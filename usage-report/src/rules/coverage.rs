//! What the data does not cover.

use usage_core::Scope;

use crate::finding::{Finding, FindingKind};
use crate::limitation::Limitation;
use crate::rules::Facts;
use crate::severity::Severity;

/// Finds what is not known, rows without a day, and days that are not in the data yet.
pub(super) fn find(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let report = facts.report;
    let scope = report.scope.as_ref();
    for limitation in report.limitations.iter().copied() {
        let (mut gaps, mut filters) = (Vec::new(), Vec::new());
        match limitation {
            Limitation::Missing => {
                gaps.extend(scope.into_iter().flat_map(|scope| scope.missing.iter().cloned()));
            }
            Limitation::Filter => {
                let of_scope = scope.into_iter().flat_map(Scope::filter_names).map(str::to_owned);
                filters.extend(
                    of_scope
                        .chain(report.filter.patterns().map(|(subject, _)| subject.singular().to_owned())),
                );
                filters.dedup();
            }
            _ => {}
        }
        let severity = if limitation == Limitation::Missing { Severity::Warning } else { Severity::Notice };
        findings.push(Finding { severity, kind: FindingKind::NotKnown { limitation, gaps, filters } });
    }
    let undated = report.totals.undated;
    if undated > 0 && (report.totals.unclear > 0 || !report.days.is_empty()) {
        findings.push(Finding { severity: Severity::Notice, kind: FindingKind::Undated { rows: undated } });
    }
    if let Some((date, days_to_come)) = facts.data_ends.filter(|(_, days)| *days > 0) {
        findings
            .push(Finding { severity: Severity::Info, kind: FindingKind::DataEnds { date, days_to_come } });
    }
}
