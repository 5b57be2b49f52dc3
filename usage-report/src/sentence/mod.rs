//! Findings as sentences.

mod month;
mod text;

use std::fmt;

use usage_core::{Date, Gap};

use crate::comparison::Change;
use crate::finding::{Finding, FindingKind, Part};
use crate::identity::Identity;
use crate::limitation::Limitation;
use crate::number::percent;
use crate::period::{Period, weekday};
use crate::sentence::text::{count, name, start};
use crate::thresholds::CAUSE_SHARE;

impl fmt::Display for Finding {
    /// Writes one sentence with its full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.kind.sentence())
    }
}

impl FindingKind {
    fn sentence(&self) -> String {
        match self {
            Self::Month(month) => month::standing(month),
            Self::MonthsExceeded { months, over } => month::exceeded(months, *over),
            Self::RateLimited { requests, rate, cause, uri } => {
                rate_limited_sentence(*requests, *rate, cause.as_ref(), uri.as_ref())
            }
            Self::ErrorRate { of: None, errors, requests, rate, .. } => format!(
                "{} of all requests failed besides rate limits: {} of {}.",
                percent(*rate),
                count(*errors),
                count(*requests),
            ),
            Self::ErrorRate { of: Some(of), errors, requests, rate, overall } => format!(
                "{} has the highest error rate: {} of its {} requests failed besides rate limits ({}), against {} of all.",
                start(of),
                percent(*rate),
                count(*requests),
                count(*errors),
                percent(*overall),
            ),
            Self::Jump { client, date, requests, usual, days, since } => {
                jump_sentence(client, *date, *requests, *usual, *days, *since)
            }
            Self::Change { of, change, before } => change_sentence(of.as_ref(), change, *before),
            Self::Appeared { clients, largest, date } => {
                let since = date.map_or_else(String::new, |date| format!(" since {date}"));
                let made = format!(
                    "made {} requests{since} ({} of all)",
                    count(largest.requests),
                    percent(largest.share)
                );
                match clients {
                    1 => format!("{} is new and {made}.", start(&largest.of)),
                    _ => format!(
                        "{} clients are new; the largest, {}, {made}.",
                        count(*clients),
                        name(&largest.of)
                    ),
                }
            }
            Self::Vanished { clients, largest, requests, date } => {
                let last = date.map_or_else(String::new, |date| format!(", the last on {date}"));
                let made = format!("made {} requests before{last}", count(*requests));
                match clients {
                    1 => format!("{} stopped making requests; it {made}.", start(largest)),
                    _ => format!(
                        "{} clients stopped making requests; the largest, {}, {made}.",
                        count(*clients),
                        name(largest)
                    ),
                }
            }
            Self::NotKnown { limitation, gaps, filters } => not_known_sentence(*limitation, gaps, filters),
            Self::Undated { rows: 1 } => {
                "One row has no date that is a day; it is in the sums, but in no day.".into()
            }
            Self::Undated { rows } => {
                format!(
                    "{} rows have no date that is a day; they are in the sums, but in no day.",
                    count(*rows)
                )
            }
            Self::DataEnds { date, days_to_come: 1 } => {
                format!("The data ends on {date}: the last day of the period is not in it yet.")
            }
            Self::DataEnds { date, days_to_come } => {
                format!(
                    "The data ends on {date}: the last {days_to_come} days of the period are not in it yet."
                )
            }
        }
    }
}

fn rate_limited_sentence(
    requests: u64,
    rate: Option<f64>,
    cause: Option<&Part>,
    uri: Option<&Part>,
) -> String {
    let all = match (requests, rate) {
        (1, _) => "1 request was rate limited (429)".to_owned(),
        (_, Some(rate)) => {
            format!("{} requests were rate limited (429), {} of all", count(requests), percent(rate))
        }
        (_, None) => format!("{} requests were rate limited (429)", count(requests)),
    };
    let on = |of: &str| {
        uri.map_or_else(String::new, |part| format!(", {} of {of} on {}", share(part), name(&part.of)))
    };
    match cause.or(uri) {
        Some(part) if part.share >= CAUSE_SHARE => {
            let verb = if cause.is_some() { "causes" } else { "has" };
            let on = if cause.is_some() { on("them") } else { String::new() };
            format!("{} {verb} {} of the rate-limited requests{on}; {all}.", start(&part.of), share(part))
        }
        Some(part) => {
            let on = if cause.is_some() { on("its own") } else { String::new() };
            format!("{all}; {} has the most, {}{on}.", name(&part.of), percent(part.share))
        }
        None => format!("{all}."),
    }
}

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn jump_sentence(client: &Identity, date: Date, requests: u64, usual: f64, days: u64, since: Date) -> String {
    let times = float(requests) / usual;
    let rest = match days {
        1 => String::new(),
        _ => format!("; {} such days since {since}", count(days)),
    };
    format!(
        "{} made {} requests on {} {date}, {times:.1} times as many as usual ({}){rest}.",
        start(client),
        count(requests),
        WEEKDAYS[weekday(date)],
        count(whole(usual)),
    )
}

/// Returns `96.0 %`, or `all`.
fn share(part: &Part) -> String {
    if part.share >= 1.0 { "all".into() } else { percent(part.share) }
}

fn change_sentence(of: Option<&Identity>, change: &Change, before: Option<Period>) -> String {
    let subject = of.map_or_else(|| "Requests".into(), |of| format!("Requests of {}", name(of)));
    let against = before.map_or_else(
        || "against the earlier period".into(),
        |before| format!("against {} to {}", before.first_day(), before.last_day()),
    );
    let (previous, current) = (change.previous.unwrap_or(0), change.current.unwrap_or(0));
    let verb = if change.difference < 0 { "fell" } else { "grew" };
    let by = match change.growth {
        Some(growth) => format!("by {}", percent(growth.abs())),
        None => format!("by {}", count(change.difference.unsigned_abs())),
    };
    format!("{subject} {verb} {by} {against}: from {} to {}.", count(previous), count(current))
}

fn not_known_sentence(limitation: Limitation, gaps: &[Gap], filters: &[String]) -> String {
    match limitation {
        Limitation::Missing => {
            let gaps: Vec<_> = gaps.iter().map(Gap::description).collect();
            let why = if gaps.is_empty() { String::new() } else { format!(": {}", gaps.join(", and ")) };
            format!("Rows are missing{why}. Sums are too low, and no month is projected.")
        }
        Limitation::Filter => {
            let by = if filters.is_empty() {
                String::new()
            } else {
                format!(", filtered by {}", filters.join(", "))
            };
            format!("The rows are of some requests only{by}; the allowance is for all requests.")
        }
        Limitation::Granularity => {
            "Whether the dates are days, weeks or months is not known: what depends on it is left out.".into()
        }
        Limitation::Period => {
            "Which days the rows cover is not known: a day without rows had no requests, or was not \
             asked for. No month is projected."
                .into()
        }
        Limitation::Dates => "Rows without a date are in no month: no month can be told from others.".into(),
        Limitation::Requests => {
            "Rows have neither a number of requests nor all classes that add up to it: no month is \
             projected."
                .into()
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a factor needs no more than 52 bits")]
fn float(requests: u64) -> f64 {
    requests as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is too large saturates")]
fn whole(requests: f64) -> u64 {
    requests.round() as u64
}
