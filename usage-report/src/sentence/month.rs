//! Months against their allowance, as sentences.

use usage_core::Date;

use crate::counts::ratio;
use crate::finding::MonthStanding;
use crate::number::percent;
use crate::sentence::text::count;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Returns how a month stands.
pub(super) fn standing(month: &MonthStanding) -> String {
    let name = month.month.map_or_else(|| "The month of these rows".into(), name);
    let (allowed, used) = (count(month.allowance), count(month.used));
    let part = |requests| {
        ratio(requests, month.allowance).map_or_else(String::new, |part| format!(" ({})", percent(part)))
    };
    if month.used > month.allowance {
        let verb = if month.ended { "exceeded" } else { "exceeds" };
        let when = month.exceeded_on.map_or_else(String::new, |date| format!(" since {date}"));
        let end = match month.projected {
            Some(end) if !month.ended && end > month.used => format!(", projected to end at {}", count(end)),
            _ => String::new(),
        };
        return format!(
            "{name} {verb} its allowance of {allowed} requests{when}: {used}{}{end}.",
            part(month.used)
        );
    }
    let Some(end) = month.projected else {
        let part = part(month.used);
        return format!(
            "{name} has used {used} of {allowed} allowed requests so far{part}; its end is not projected."
        );
    };
    if month.ended {
        return format!("{name} ended at {used} of {allowed} allowed requests{}.", part(month.used));
    }
    let (projected, part, range) = (count(end), part(end), range(month));
    if end > month.allowance {
        let over = count(end - month.allowance);
        let when = month.exceeded_on.map_or_else(String::new, |date| format!("; it runs out on {date}"));
        return format!(
            "{name} is projected to exceed its allowance of {allowed} requests by {over}: {projected}{part}{when}{range}."
        );
    }
    format!("{name} is projected to end at {projected} of {allowed} allowed requests{part}{range}.")
}

/// Returns the range in which the month is likely to end, if the allowance lies in it: what is projected may then turn
/// out otherwise.
fn range(month: &MonthStanding) -> String {
    match month.projected_low.zip(month.projected_high) {
        Some((low, high)) if low <= month.allowance && month.allowance < high => {
            format!("; likely are {} to {}", count(low), count(high))
        }
        _ => String::new(),
    }
}

/// Returns which months exceeded the allowance, and by how many requests in all.
pub(super) fn exceeded(months: &[Date], over: u64) -> String {
    let (names, over): (Vec<_>, _) = (months.iter().map(|month| name(*month)).collect(), count(over));
    match &names[..] {
        [one] => format!("{one} exceeded the allowance by {over} requests."),
        [all @ .., last] if names.len() <= 3 => {
            format!("{} and {last} exceeded the allowance, by {over} requests in all.", all.join(", "))
        }
        _ => format!("{} earlier months exceeded the allowance, by {over} requests in all.", names.len()),
    }
}

/// Returns `October 2026`.
fn name(first: Date) -> String {
    let month = usize::try_from(first.month() - 1).ok().and_then(|month| MONTHS.get(month));
    format!("{} {}", month.unwrap_or(&""), first.year())
}
