//! Who causes the rate-limited requests, and on which URI.

use std::collections::HashMap;

use crate::by::By;
use crate::by_symbol::BySubject;
use crate::counts::{capped, ratio};
use crate::finding::{Finding, FindingKind, Part};
use crate::identity::Identity;
use crate::rules::{Facts, material};
use crate::severity::Severity;
use crate::subject::Subject;
use crate::thresholds::{MATERIAL_REQUESTS, throttle_severity};
use crate::top::TopList;

/// Finds the client (or, in rows without clients, the user) with the most 429, and its worst URI.
pub(super) fn find(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let report = facts.report;
    let totals = &report.totals.counts;
    let Some(requests) = totals.status429.filter(|requests| *requests > 0) else { return };
    let worst = |list: &TopList| {
        let (_, entry) = *list.ranked(By::Throttled, 1).first()?;
        entry.label()?;
        Some((part(entry.identity(list.subject), entry.counts.status429?, requests)?, entry.counts))
    };
    let cause = worst(&report.clients).or_else(|| worst(&report.users));
    let uri = match &cause {
        Some((part, _)) => worst_uri(facts, part),
        None => worst(&report.uris).map(|(part, _)| part),
    };
    let rate = totals.throttle_rate();
    let of_cause = cause.as_ref().filter(|(_, counts)| counts.requests >= Some(material(totals)));
    let rates = rate.into_iter().chain(of_cause.and_then(|(_, counts)| counts.throttle_rate()));
    let severity = match rates.map(throttle_severity).max() {
        Some(severity) if requests >= MATERIAL_REQUESTS => severity,
        _ => Severity::Info,
    };
    let cause = cause.map(|(part, _)| part);
    findings.push(Finding { severity, kind: FindingKind::RateLimited { requests, rate, cause, uri } });
}

/// Returns the URI on which `cause` has the most 429.
fn worst_uri(facts: &Facts<'_>, cause: &Part) -> Option<Part> {
    let (mut by_cause, mut by_uri) = (BySubject::new(cause.of.subject), BySubject::new(Subject::Uri));
    let (mut numbers, mut sums) = (HashMap::new(), Vec::new());
    for row in facts.rows.by_pair(cause.of.subject, Subject::Uri) {
        let Some(status429) = row.status429().filter(|count| *count > 0) else { continue };
        if !by_cause.get(row, |key| key == cause.of.key()) {
            continue;
        }
        let number = by_uri.get(row, |key| {
            *numbers.entry(key).or_insert_with(|| {
                sums.push((key, 0));
                sums.len() - 1
            })
        });
        sums[number].1 = capped(sums[number].1, status429);
    }
    let (key, most) = sums.into_iter().max_by(|one, two| one.1.cmp(&two.1).then(two.0.cmp(&one.0)))?;
    let uri = Identity::new(Subject::Uri, None, Some(key.name()?));
    part(uri, most, cause.requests)
}

fn part(of: Identity, requests: u64, whole: u64) -> Option<Part> {
    Some(Part { of, requests, share: ratio(requests, whole)? })
}
