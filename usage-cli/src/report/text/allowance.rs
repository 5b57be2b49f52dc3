//! The months against the allowance.

use std::fmt::Write;

use anstyle::AnsiColor;
use usage_report::{MonthUse, Report};

use crate::report::text::Page;
use crate::text::number::{grouped, rate};

/// The widest bar, and the narrowest that says anything.
const BAR: usize = 30;
const MIN_BAR: usize = 8;
/// The most months that are shown, the latest ones: three years.
pub(crate) const MOST_MONTHS: usize = 36;

pub(super) fn draw(page: &mut Page, report: &Report) {
    let Some(allowance) = &report.allowance else { return };
    let monthly = allowance.allowance.monthly;
    let mut heading = format!("Allowance: {} requests a month", grouped(monthly.into()));
    if let Some(licenses) = &allowance.allowance.licenses {
        let _ = write!(heading, " ({licenses})");
    }
    page.heading(&heading);
    if allowance.months.is_empty() {
        page.indented(2, no_month(report));
    }
    let earlier = allowance.months.len().saturating_sub(MOST_MONTHS);
    if earlier > 0 {
        let months = if earlier == 1 { "month" } else { "months" };
        page.line(&format!("  … and {} earlier {months}", grouped(earlier as u128)));
    }
    for month in &allowance.months[earlier..] {
        draw_month(page, month, monthly);
    }
}

/// Says why no month can be compared with the allowance.
pub(crate) fn no_month(report: &Report) -> &'static str {
    if report.totals.counts.requests.is_none() {
        "Not compared: the rows have no number of requests. A query with --metrics requests has it."
    } else if report.granularity.is_none() && !report.days.is_empty() {
        "Not compared: it is not known whether a row is of a day, a week or a month. --granularity says it."
    } else {
        "Not compared: it is not known which month the rows are of, and an allowance is for one calendar month."
    }
}

fn draw_month(page: &mut Page, month: &MonthUse, monthly: u64) {
    let of_days = of_days(month);
    line(page, &month_name(month), month.used, "used", month.used_share, &of_days);
    if month.is_projected && !month.is_whole() {
        let name = if month.ended { "estimated" } else { "projected" };
        line(page, name, month.projected, "all", month.projected_share, "");
        if let Some(range) = range(month) {
            page.indented(MARGIN, &format!("Likely {range}."));
        }
    }
    let (verdict, text) = verdict(month, monthly);
    let style = match verdict {
        Verdict::Over => AnsiColor::Red.on_default().bold(),
        Verdict::Within => AnsiColor::Green.on_default(),
        Verdict::Unknown => AnsiColor::Yellow.on_default(),
    };
    page.styled_paragraph(MARGIN, style, &text);
    page.indented(MARGIN, &format!("Assumption: {}.", month.assumption));
    if let Some(sentence) = short_history(month) {
        page.indented(MARGIN, &sentence);
    }
}

/// Returns how many days a projection by weekday is made from, if they are fewer than its four weeks.
pub(crate) fn short_history(month: &MonthUse) -> Option<String> {
    let days = month.projected_from_days.filter(|days| *days < 28 && month.projected_low.is_some())?;
    let days = if days == 1 { "1 day".into() } else { format!("{days} days") };
    Some(format!("Made from {days} only: a period that begins weeks earlier makes it better."))
}

/// The column at which the texts of a month begin.
const MARGIN: usize = 12;

/// Writes a number with a bar in the room that is left.
fn line(page: &mut Page, name: &str, requests: u64, what: &str, share: Option<f64>, more: &str) {
    let (number, share_text) = (grouped(requests.into()), rate(share));
    let others = format!("  {name:<9} {number:>13} {what:<4}  {share_text}  {more}");
    let room = page.width.saturating_sub(others.trim_end().chars().count() + 2).min(BAR);
    let bar = if room < MIN_BAR { String::new() } else { page.paint.limited(share, room) + "  " };
    page.line(&format!("  {name:<9} {number:>13} {what:<4}  {bar}{share_text}  {more}"));
}

/// Returns `2026-10`.
pub(crate) fn month_name(month: &MonthUse) -> String {
    month.month.map_or_else(|| "month".into(), |first| first.to_string().chars().take(7).collect())
}

/// Returns `on 7 of 30 days`, or nothing if the month is whole.
pub(crate) fn of_days(month: &MonthUse) -> String {
    if month.is_whole() {
        return String::new();
    }
    format!("on {} of {} days", month.days_counted, month.days_in_month)
}

/// Returns `7,100,000 to 7,900,000`, if there is a range.
pub(crate) fn range(month: &MonthUse) -> Option<String> {
    let (low, high) = (month.projected_low?, month.projected_high?);
    Some(format!("{} to {}", grouped(low.into()), grouped(high.into())))
}

/// The standing of a month against its allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Within,
    Over,
    Unknown,
}

/// Returns how `month` stands against the allowance of `monthly` requests, and a sentence that says by how much.
pub(crate) fn verdict(month: &MonthUse, monthly: u64) -> (Verdict, String) {
    let (over, projected) = (grouped(month.over.into()), grouped(month.projected_over.into()));
    let day = |before: &str, behind: &str| {
        month.exceeded_on.map_or_else(String::new, |day| format!(" {before} {day}{behind}"))
    };
    let is_done = month.is_whole() || month.ended;
    match (month.over, month.projected_over) {
        (0, _) if !month.is_projected => {
            (Verdict::Unknown, "within the allowance as far as it is known".into())
        }
        (_, _) if !month.is_projected => (Verdict::Over, format!("over by {over} at least")),
        (0, 0) if month.projected_high > Some(monthly) => {
            (Verdict::Unknown, "within the allowance as projected, but the range ends above it".into())
        }
        (0, 0) if is_done => (Verdict::Within, "within the allowance".into()),
        (0, 0) => (Verdict::Within, "stays within the allowance if it goes on like this".into()),
        (0, _) if month.ended => {
            (Verdict::Over, format!("over by {projected} if the days that are missing were like the others"))
        }
        (0, _) => {
            let but = if month.projected_low.is_some_and(|low| low <= monthly) {
                "; the range begins within it"
            } else {
                ""
            };
            let from = day("from", " on");
            (Verdict::Over, format!("will be over{from}, by {projected} at the end of the month{but}"))
        }
        _ if is_done => (Verdict::Over, format!("over by {over}{}", day("since", ""))),
        _ => (
            Verdict::Over,
            format!("over by {over}{}, and by {projected} at the end of the month", day("since", "")),
        ),
    }
}
