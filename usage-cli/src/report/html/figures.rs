//! The key figures: requests, allowance and forecast, errors, rate limits.

use usage_report::{MonthUse, Report, Severity};

use super::Page;
use super::breaks::Dated;
use super::mark::{Mark, of_errors, of_throttling};
use crate::chart::svg::Escaped;
use crate::report::text::allowance::{Verdict, month_name, range, verdict};
use crate::report::text::before;
use crate::text::number::{count, grouped, growth, rate};

pub(super) fn draw(page: &mut Page, report: &Report) {
    let counts = &report.totals.counts;
    page.put(format_args!("<dl class=\"figures\">\n"));
    let change = report.comparison.as_ref().map_or_else(
        || format!("{} rows", grouped(counts.rows.into())),
        |comparison| format!("{} against {}", growth(&comparison.requests), before(comparison.period)),
    );
    figure(page, "Requests", &Mark(Severity::Info), &count(counts.requests), &change);
    let held = report.allowance.as_ref().and_then(|held| Some((held.latest()?, held.allowance.monthly)));
    match held {
        Some((month, monthly)) => draw_month(page, month, monthly),
        None => draw_mean(page, report),
    }
    let failed = counts.errors().map(|errors| format!("{} answers 4xx and 5xx", grouped(errors.into())));
    figure(page, "Errors", &of_errors(counts), &rate(counts.error_rate()), &or_unknown(failed));
    let limited = counts.status429.map(|limited| format!("{} answers 429", grouped(limited.into())));
    figure(page, "Rate limited", &of_throttling(counts), &rate(counts.throttle_rate()), &or_unknown(limited));
    page.put(format_args!("</dl>\n"));
}

fn draw_month(page: &mut Page, month: &MonthUse, monthly: u64) {
    let severity = match verdict(month, monthly).0 {
        Verdict::Over if month.over > 0 => Severity::Critical,
        Verdict::Over => Severity::Warning,
        Verdict::Within => Severity::Info,
        Verdict::Unknown => Severity::Notice,
    };
    let of =
        format!("{} of {} in {}", grouped(month.used.into()), grouped(monthly.into()), month_name(month));
    let used = if month.over > 0 { severity } else { Severity::Info };
    figure(page, "Allowance used", &Mark(used), &rate(month.used_share), &of);
    if month.is_whole() || !month.is_projected {
        return;
    }
    let likely = range(month).map_or_else(|| "of the allowance".into(), |range| format!("likely {range}"));
    let name = if month.ended { "Estimate of the month" } else { "Forecast" };
    let value = grouped(month.projected.into());
    figure(page, name, &Mark(severity), &value, &format!("{}, {likely}", rate(month.projected_share)));
}

fn draw_mean(page: &mut Page, report: &Report) {
    if let Some(period) = report.totals.period.filter(|period| period.days() > 1) {
        let mean = report.totals.counts.requests.map(|requests| requests / period.days());
        figure(page, "Requests a day", &Mark(Severity::Info), &count(mean), "on average");
    }
}

fn figure(page: &mut Page, name: &str, mark: &Mark, value: &str, more: &str) {
    let (name, value, more) = (Escaped(name), Escaped(value), Dated(more));
    page.put(format_args!(
        "<div class=\"card\"><dt>{name}</dt><dd class=\"value\">{value}{mark}</dd><dd class=\"more\">{more}</dd></div>\n"
    ));
}

fn or_unknown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "not in the rows".into())
}
