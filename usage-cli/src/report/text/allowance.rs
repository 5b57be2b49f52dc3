//! The months against the allowance.

use std::fmt::Write;

use anstyle::AnsiColor;
use usage_core::report::{MonthUse, Report};

use crate::report::number::{grouped, rate};
use crate::report::text::Page;

pub(super) fn draw(page: &mut Page, report: &Report) {
    let Some(allowance) = &report.allowance else { return };
    let mut heading = format!("Allowance: {} requests a month", grouped(allowance.allowance.monthly.into()));
    if let Some(licenses) = &allowance.allowance.licenses {
        let _ = write!(heading, " ({licenses})");
    }
    page.heading(&heading);
    if allowance.months.is_empty() {
        page.line("  The rows do not tell which month they are of: an allowance is for one month.");
    }
    for month in &allowance.months {
        draw_month(page, month);
    }
}

fn draw_month(page: &mut Page, month: &MonthUse) {
    let name = month_name(month);
    let bar = page.paint.limited(month.used_share, 30);
    page.line(&format!(
        "  {name:<9} {:>13} used  {bar}  {}",
        grouped(month.used.into()),
        rate(month.used_share)
    ));
    if month.days_counted < month.days_in_month {
        let bar = page.paint.limited(month.projected_share, 30);
        let (projected, share) = (grouped(month.projected.into()), rate(month.projected_share));
        let name = if month.ended { "estimated" } else { "projected" };
        page.line(&format!("  {name:<9} {projected:>13} all   {bar}  {share}"));
    }
    let (style, verdict) = match verdict(month) {
        (true, text) => (AnsiColor::Red.on_default().bold(), text),
        (false, text) => (AnsiColor::Green.on_default(), text),
    };
    let verdict = page.paint.styled(style, &verdict);
    page.line(&format!("  {:<9} {verdict}", ""));
    let assumption = page.dim(&format!("Assumption: {}.", month.assumption));
    page.line(&format!("  {:<9} {assumption}", ""));
}

/// `2026-10`.
pub(crate) fn month_name(month: &MonthUse) -> String {
    month.month.map_or_else(|| "month".into(), |first| first.to_string().chars().take(7).collect())
}

/// Whether the allowance is exceeded, or will be, and by how much.
pub(crate) fn verdict(month: &MonthUse) -> (bool, String) {
    let is_whole = month.days_counted >= month.days_in_month;
    let (over, projected) = (grouped(month.over.into()), grouped(month.projected_over.into()));
    let day = |before: &str, behind: &str| {
        month.exceeded_on.map_or_else(String::new, |day| format!(" {before} {day}{behind}"))
    };
    match (month.over, month.projected_over) {
        (0, 0) if is_whole || month.ended => (false, "within the allowance".into()),
        (0, 0) => (false, "stays within the allowance if it goes on like this".into()),
        (0, _) if month.ended => {
            (true, format!("over by {projected} if the days that are missing were like the others"))
        }
        (0, _) => {
            (true, format!("will be over{}, by {projected} at the end of the month", day("from", " on")))
        }
        _ if is_whole || month.ended => (true, format!("over by {over}{}", day("since", ""))),
        _ => {
            (true, format!("over by {over}{}, and by {projected} at the end of the month", day("since", "")))
        }
    }
}
