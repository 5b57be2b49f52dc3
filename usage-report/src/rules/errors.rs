//! Which client and which URI have the highest error rate.

use crate::counts::{Counts, ratio};
use crate::finding::{Finding, FindingKind};
use crate::identity::Identity;
use crate::rules::{Facts, material};
use crate::thresholds::{CAUSE_SHARE, ERROR_RATES, OUTSTANDING_ERRORS, error_severity};
use crate::top::TopList;

/// The errors besides 429 of something.
#[derive(Clone, Copy, PartialEq)]
struct Failures {
    count: u64,
    requests: u64,
    rate: f64,
}

/// Finds the client and the URI of material volume that have the highest error rate besides 429, if that stands out; or
/// else the error rate of all requests, if it is high.
pub(super) fn find(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let report = facts.report;
    let Some(all) = failures(&report.totals.counts) else { return };
    let least = material(&report.totals.counts);
    let before = findings.len();
    let client = worst(&report.clients, &all, least);
    // A URI that only this client calls would be the same finding once more.
    let is_another = |uri: &(Identity, Failures)| client.as_ref().is_none_or(|client| client.1 != uri.1);
    let uri = worst(&report.uris, &all, least).filter(is_another);
    for (of, worst) in client.iter().chain(&uri) {
        findings.push(finding(Some(of.clone()), *worst, all.rate));
    }
    if findings.len() == before && all.rate >= ERROR_RATES[0] && all.requests >= least {
        findings.push(finding(None, all, all.rate));
    }
}

fn finding(
    of: Option<Identity>,
    Failures { count: errors, requests, rate }: Failures,
    overall: f64,
) -> Finding {
    let severity = error_severity(rate);
    Finding { severity, kind: FindingKind::ErrorRate { of, errors, requests, rate, overall } }
}

/// Returns the entry with the highest error rate of those whose rate stands out.
fn worst(list: &TopList, all: &Failures, least: u64) -> Option<(Identity, Failures)> {
    let stands_out = |one: &Failures| {
        let is_cause = ratio(one.count, all.count).is_some_and(|share| share >= CAUSE_SHARE);
        one.requests >= least
            && one.rate >= ERROR_RATES[0]
            && (one.rate >= OUTSTANDING_ERRORS * all.rate
                || (is_cause && one.rate > all.rate && one.rate >= ERROR_RATES[1]))
    };
    let rates = list.all().filter_map(|entry| {
        entry.label()?;
        Some((entry, failures(&entry.counts).filter(stands_out)?))
    });
    let (entry, worst) = rates.reduce(|best, next| if next.1.rate > best.1.rate { next } else { best })?;
    Some((entry.identity(list.subject), worst))
}

fn failures(counts: &Counts) -> Option<Failures> {
    let (errors, requests) = (counts.errors_besides_throttling()?, counts.requests?);
    Some(Failures { count: errors, requests, rate: ratio(errors, requests)? })
}
