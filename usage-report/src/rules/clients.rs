//! Clients that jumped, appeared or vanished.

use crate::client_days::{ClientDays, Jump, JumpOptions};
use crate::comparison::Arrival;
use crate::counts::ratio;
use crate::finding::{Finding, FindingKind, Part};
use crate::identity::Identity;
use crate::period::Period;
use crate::rules::{Facts, material};
use crate::severity::Severity;
use crate::subject::Subject;
use crate::thresholds::{
    ARRIVAL_DAYS, JUMP_MIN_DAYS, MATERIAL_REQUESTS, MAX_JUMPING_CLIENTS, NEW_CLIENT_SHARE,
};

/// Finds the clients with the days farthest above their weekday's usual.
pub(super) fn find_jumps(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(tested) = facts.by_day else { return };
    // Days right before the period tell what is usual as well.
    let previous = facts.previous.filter(|(_, days)| days.last_day().plus_days(1) == tested.first_day());
    let first = previous.map_or(tested, |(_, days)| days).first_day();
    let Some(known) = Period::new(first, tested.last_day()) else { return };
    let mut days = ClientDays::new(known);
    days.add(facts.rows.by(Subject::Client));
    if let Some((rows, _)) = previous {
        days.add(rows.by(Subject::Client));
    }
    let least = material(&facts.report.totals.counts) / tested.days().max(1);
    let options =
        JumpOptions::default().with_min_excess(least.max(MATERIAL_REQUESTS)).with_min_days(JUMP_MIN_DAYS);
    let jumps = days.jumps(tested, &options);
    let mut seen: Vec<&Identity> = Vec::new();
    for jump in &jumps {
        if seen.contains(&&jump.client) {
            continue;
        }
        if seen.len() == MAX_JUMPING_CLIENTS {
            break;
        }
        seen.push(&jump.client);
        // As the list names it.
        let clients = &facts.report.clients;
        let entry = clients.position(&jump.client).and_then(|position| clients.entry(position));
        let client = entry.map_or_else(|| jump.client.clone(), |entry| entry.identity(Subject::Client));
        findings.push(jump_finding(client, jump, jumps.iter().filter(|other| other.client == jump.client)));
    }
}

/// Returns the finding of `client`, whose farthest jump is `jump`, of all of its `jumps`.
fn jump_finding<'a>(client: Identity, jump: &Jump, jumps: impl Iterator<Item = &'a Jump> + Clone) -> Finding {
    let kind = FindingKind::Jump {
        client,
        date: jump.date,
        requests: jump.requests,
        usual: jump.usual,
        days: u64::try_from(jumps.clone().count()).unwrap_or(u64::MAX),
        since: jumps.map(|jump| jump.date).min().unwrap_or(jump.date),
    };
    Finding { severity: Severity::Notice, kind }
}

/// Finds clients that are new, and clients that are gone.
pub(super) fn find_arrivals(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(arrivals) = &facts.report.arrivals else { return };
    let totals = &facts.report.totals.counts;
    let least = material(totals);
    let is_long = |days: Option<Period>| days.is_none_or(|days| days.days() >= ARRIVAL_DAYS);
    let appeared = largest(&arrivals.appeared, least).filter(|_| is_long(arrivals.before));
    if let Some((largest, requests, clients)) = appeared {
        let share = ratio(requests, totals.requests.unwrap_or(0)).unwrap_or(0.0);
        let severity = if share >= NEW_CLIENT_SHARE { Severity::Notice } else { Severity::Info };
        let part = Part { of: identity(largest), requests, share };
        let kind = FindingKind::Appeared { clients, largest: part, date: largest.date };
        findings.push(Finding { severity, kind });
    }
    let vanished = largest(&arrivals.vanished, least).filter(|_| is_long(arrivals.after));
    if let Some((largest, requests, clients)) = vanished {
        let kind =
            FindingKind::Vanished { clients, largest: identity(largest), requests, date: largest.date };
        findings.push(Finding { severity: Severity::Info, kind });
    }
}

/// Returns the largest of `arrivals`, if it has at least `least` requests, and how many there are.
fn largest(arrivals: &[Arrival], least: u64) -> Option<(&Arrival, u64, u64)> {
    let largest = arrivals.first()?;
    let requests = largest.requests.filter(|requests| *requests >= least)?;
    Some((largest, requests, u64::try_from(arrivals.len()).unwrap_or(u64::MAX)))
}

fn identity(arrival: &Arrival) -> Identity {
    Identity::new(Subject::Client, arrival.id.as_deref(), arrival.name.as_deref())
}
