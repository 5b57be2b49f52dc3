//! What `watch` writes of each look: a line of text, or a JSON document.

use std::fmt::Write as _;

use serde::Serialize;
use usage_core::{Date, Timestamp};
use usage_report::Period;

use crate::output::format::Format;
use crate::problem::Problem;
use crate::process::stdout;
use crate::text::number::{grouped, percent, rate};
use crate::watch::alert::Alert;
use crate::watch::look::Look;

/// The document of one look.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    from: String,
    to: String,
    requests: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttle_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowance: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projected: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projected_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    projected_from_days: Option<u64>,
    /// The kinds of which a threshold is crossed, told or not.
    alerts: &'a [Alert],
}

/// Writes the line of `look`, which was made at `at`, with the kinds of alerts that are crossed.
pub(crate) fn write(format: Format, look: &Look, alerts: &[Alert], at: Timestamp) -> Result<(), Problem> {
    let report = &look.report;
    let totals = &report.totals;
    let month = report.allowance.as_ref().and_then(|allowance| allowance.latest());
    let requests = totals.counts.requests.unwrap_or_default();
    let day =
        |day: fn(Period) -> Date| totals.period.map_or_else(String::new, |period| day(period).to_string());
    let (at, from, to) = (at.to_string(), day(Period::first_day), day(Period::last_day));
    let mut line = if format == Format::Jsonl {
        let seen = Seen {
            at,
            organization: look.organization.as_deref(),
            from,
            to,
            requests,
            throttle_rate: totals.counts.throttle_rate(),
            allowance: report.allowance.as_ref().map(|allowance| allowance.allowance.monthly),
            used_share: month.and_then(|month| month.used_share),
            projected: month.filter(|month| month.is_projected).map(|month| month.projected),
            projected_share: month.and_then(|month| month.projected_share),
            projected_from_days: month.and_then(|month| month.projected_from_days),
            alerts,
        };
        let seen = serde_json::to_string(&seen);
        seen.map_err(|error| Problem::usage(format!("cannot be written: {error}")))?
    } else {
        let name = look.organization.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        let mut line = format!("{at}  {name}{} requests from {from} to {to}", grouped(requests.into()));
        if let (Some(month), Some(allowance)) = (month, &report.allowance) {
            let allowance = grouped(allowance.allowance.monthly.into());
            // Writing to a string does not fail.
            let _ = write!(line, ", {} of {allowance}", rate(month.used_share));
            if let Some(projected) = month.projected_share {
                let projected = percent(projected);
                let _ = write!(line, "; {projected} at the month's end, if its days go on like that");
                match month.projected_from_days {
                    Some(1) => line.push_str(" (made from 1 day only)"),
                    Some(days @ ..28) => drop(write!(line, " (made from {days} days only)")),
                    _ => {}
                }
            }
        }
        if let Some(throttled) = totals.counts.throttle_rate() {
            let _ = write!(line, "; {} rate limited", percent(throttled));
        }
        line
    };
    line.push('\n');
    stdout::write(None, |to| to.write_all(line.as_bytes()))
}
