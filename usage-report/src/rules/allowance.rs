//! The months against the allowance.

use crate::allowance::MonthUse;
use crate::counts::{capped, ratio};
use crate::finding::{Finding, FindingKind, MonthStanding};
use crate::rules::Facts;
use crate::severity::Severity;
use crate::thresholds::ALLOWANCE_NOTICE;

/// Finds how the latest month stands, and which months before it exceeded the allowance.
pub(super) fn find(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(held) = &facts.report.allowance else { return };
    let says_something = |month: &&MonthUse| month.is_projected || month.used > 0;
    let Some(latest) = held.months.iter().rev().find(says_something) else { return };
    let monthly = held.allowance.monthly;
    let projected = latest.is_projected.then_some(latest.projected);
    let severity = if latest.over > 0 {
        Severity::Critical
    } else if latest.projected_over > 0 {
        Severity::Warning
    } else if ratio(latest.projected, monthly).is_some_and(|part| part >= ALLOWANCE_NOTICE) {
        Severity::Notice
    } else {
        Severity::Info
    };
    let kind = FindingKind::Month(MonthStanding {
        month: latest.month,
        allowance: monthly,
        used: latest.used,
        ended: latest.days_in_month > 0 && latest.is_whole(),
        projected,
        projected_low: latest.projected_low,
        projected_high: latest.projected_high,
        exceeded_on: latest.exceeded_on,
    });
    findings.push(Finding { severity, kind });

    let earlier = held.months.iter().filter(|month| month.month < latest.month && month.over > 0);
    let (months, over): (Vec<_>, Vec<_>) =
        earlier.filter_map(|month| Some((month.month?, month.over))).unzip();
    if !months.is_empty() {
        let over = over.into_iter().fold(0, capped);
        findings.push(Finding {
            severity: Severity::Warning,
            kind: FindingKind::MonthsExceeded { months, over },
        });
    }
}
