//! What grew against the earlier period.

use crate::comparison::{Change, Comparison, Mover};
use crate::counts::ratio;
use crate::finding::{Finding, FindingKind};
use crate::identity::Identity;
use crate::limitation::Limitation;
use crate::period::Period;
use crate::rules::{Facts, material};
use crate::severity::Severity;
use crate::subject::Subject;
use crate::thresholds::{COMPARABLE_DAYS, GROWTH, GROWTH_SHARE, by_steps, fraction};

/// Finds how all requests changed, and which client and which URI grew most.
pub(super) fn find(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(comparison) = &facts.report.comparison else { return };
    // Missing rows look like a change.
    if facts.report.limitations.contains(&Limitation::Missing) {
        return;
    }
    if !are_comparable(comparison.period, facts.report.totals.period) {
        return;
    }
    let change = |of: Option<Identity>, change: Change, severity: Severity| Finding {
        severity,
        kind: FindingKind::Change { of, change, before: comparison.period },
    };
    let lengths = Lengths::of(comparison.period, facts.report.totals.period);
    let grown = |subject, movers: &[Mover]| {
        let mover = movers.iter().find(|mover| has_grown(mover, comparison, &lengths))?;
        let of = Identity::new(subject, mover.id.as_deref(), mover.name.as_deref());
        Some(change(Some(of), mover.change, severity(&mover.change, comparison)))
    };
    let client = grown(Subject::Client, &comparison.clients);
    // A URI that only this client calls would be the same finding once more.
    let uri = grown(Subject::Uri, &comparison.uris)
        .filter(|uri| !client.as_ref().is_some_and(|client| is_same(client, uri)));

    let all = comparison.requests;
    let growth = lengths.growth(&all).unwrap_or(0.0).abs();
    if growth >= GROWTH[0] && all.difference.unsigned_abs() >= material(&comparison.totals) {
        // Before those of which it is made.
        let of_parts = client.iter().chain(&uri).map(|finding| finding.severity);
        let own = by_steps(growth, [GROWTH[1], f64::INFINITY]);
        findings.push(change(None, all, of_parts.fold(own, Severity::max)));
    }
    findings.extend(client.into_iter().chain(uri));
}

/// Returns whether both are about the same change of requests.
fn is_same(one: &Finding, other: &Finding) -> bool {
    match (&one.kind, &other.kind) {
        (FindingKind::Change { change: one, .. }, FindingKind::Change { change: other, .. }) => one == other,
        _ => false,
    }
}

/// Returns whether both periods have nearly as many days, as far as that is known.
fn are_comparable(one: Option<Period>, other: Option<Period>) -> bool {
    let Some((one, other)) = one.zip(other) else { return true };
    let (shorter, longer) = (one.days().min(other.days()), one.days().max(other.days()));
    longer <= fraction(shorter, COMPARABLE_DAYS)
}

/// The lengths of two periods: a month of 31 days has more requests than one of 28, without any growth.
struct Lengths {
    /// How many times as many days the later period has; 1 if that is not known.
    ratio: f64,
}

impl Lengths {
    fn of(before: Option<Period>, now: Option<Period>) -> Self {
        let ratio = before.zip(now).and_then(|(before, now)| ratio(now.days(), before.days()));
        Self { ratio: ratio.unwrap_or(1.0) }
    }

    /// Returns the growth of the requests a day, or that of all requests, whichever is nearer to zero; 0 if one is up and
    /// the other down.
    fn growth(&self, change: &Change) -> Option<f64> {
        let growth = change.growth?;
        let by_day = (1.0 + growth) / self.ratio - 1.0;
        let is_same_way = (growth > 0.0) == (by_day > 0.0);
        Some(if is_same_way { growth.abs().min(by_day.abs()).copysign(growth) } else { 0.0 })
    }
}

/// Returns whether it was there before, and has grown by so much that it matters. What is new is another finding.
fn has_grown(mover: &Mover, comparison: &Comparison, lengths: &Lengths) -> bool {
    let least =
        fraction(comparison.totals.requests.unwrap_or(0), GROWTH_SHARE).max(material(&comparison.totals));
    let is_named = mover.id.is_some() || mover.name.is_some();
    let difference = u64::try_from(mover.change.difference).unwrap_or(0);
    is_named && difference >= least && lengths.growth(&mover.change).is_some_and(|growth| growth >= GROWTH[0])
}

/// Returns a notice for a change that moves all requests by itself.
fn severity(change: &Change, comparison: &Comparison) -> Severity {
    let least = fraction(comparison.totals.requests.unwrap_or(0), GROWTH[0]);
    if change.difference.unsigned_abs() >= least { Severity::Notice } else { Severity::Info }
}
