//! What matters in a report, worked out by rules. Each kind of finding has a rule; [`thresholds`](crate::thresholds) has
//! the numbers.

mod allowance;
mod clients;
mod coverage;
mod errors;
mod growth;
mod throttling;

use std::cmp::Reverse;

use usage_core::Date;

use crate::counts::Counts;
use crate::finding::Finding;
use crate::period::Period;
use crate::report::Report;
use crate::sums::Rows;
use crate::thresholds::{MATERIAL_REQUESTS, MATERIAL_SHARE, fraction};

/// What the rules are applied to.
pub(crate) struct Facts<'a> {
    /// The report, with every change of its comparison.
    pub(crate) report: &'a Report,
    /// Its rows.
    pub(crate) rows: Rows<'a>,
    /// The rows of the earlier period, if its days are known.
    pub(crate) previous: Option<(Rows<'a>, Period)>,
    /// The days that the rows cover completely, if they are by day.
    pub(crate) by_day: Option<Period>,
    /// The last day that can be in the data, and how many days of the period are later.
    pub(crate) data_ends: Option<(Date, u64)>,
}

/// Returns the findings, the most severe first; among equals in the order of the rules.
pub(crate) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if facts.report.totals.counts.rows > 0 {
        allowance::find(facts, &mut findings);
        throttling::find(facts, &mut findings);
        errors::find(facts, &mut findings);
        clients::find_jumps(facts, &mut findings);
        growth::find(facts, &mut findings);
        clients::find_arrivals(facts, &mut findings);
    }
    coverage::find(facts, &mut findings);
    findings.sort_by_key(|finding| Reverse(finding.severity));
    findings
}

/// Returns how many requests are material beside `totals`.
fn material(totals: &Counts) -> u64 {
    fraction(totals.requests.unwrap_or(0), MATERIAL_SHARE).max(MATERIAL_REQUESTS)
}
