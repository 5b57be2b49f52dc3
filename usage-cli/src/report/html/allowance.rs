//! The months against the allowance: the latest as a gauge, all as a table.

use std::fmt::Write;

use usage_report::{AllowanceUse, MonthUse, Report};

use super::Page;
use super::breaks::Dated;
use crate::chart::svg::Escaped;
use crate::report::text::allowance::{
    MOST_MONTHS, Verdict, month_name, no_month, of_days, range, short_history, verdict,
};
use crate::text::number::{grouped, rate};

/// The most months that have room beside the findings.
const FEW_MONTHS: usize = 3;

pub(super) fn draw(page: &mut Page, report: &Report) {
    let Some(allowance) = &report.allowance else { return };
    let licenses =
        allowance.allowance.licenses.as_ref().map_or_else(String::new, |licenses| format!(" · {licenses}"));
    page.put(format_args!(
        "<section class=\"card{}\" id=\"allowance\"><h2>Allowance <span class=\"dim\">{} requests a month{}</span></h2>\n",
        if allowance.months.len() > FEW_MONTHS { " long" } else { "" },
        grouped(allowance.allowance.monthly.into()),
        Escaped(licenses)
    ));
    match allowance.latest() {
        None => page.put(format_args!("<p>{}</p>", Escaped(no_month(report)))),
        Some(month) => draw_month(page, month, allowance.allowance.monthly),
    }
    if allowance.months.len() > 1 {
        table(page, allowance);
    }
    page.put(format_args!("</section>\n"));
}

fn draw_month(page: &mut Page, month: &MonthUse, monthly: u64) {
    let (verdict, said) = verdict(month, monthly);
    let class = match verdict {
        Verdict::Over => "bad",
        Verdict::Within => "good",
        Verdict::Unknown => "",
    };
    let on_days = Some(of_days(month)).filter(|days| !days.is_empty());
    let mut sum = format!(
        "{}: {} used{} ({})",
        month_name(month),
        grouped(month.used.into()),
        on_days.map_or_else(String::new, |days| format!(" {days}")),
        rate(month.used_share)
    );
    if month.is_projected && !month.is_whole() {
        let (projected, share) = (grouped(month.projected.into()), rate(month.projected_share));
        let what = if month.ended { "estimated for all of it" } else { "projected to its end" };
        let likely = range(month).map_or_else(String::new, |range| format!(", likely {range}"));
        let _ = write!(sum, ", {projected} {what} ({share}{likely})");
    }
    let (sum, said) = (Dated(&sum), capitalised(&said));
    page.put(format_args!("<p>{sum}. <span class=\"{class}\">{}</span></p>\n", Dated(&said)));
    gauge(page, month);
    let short = short_history(month).map_or_else(String::new, |sentence| format!(" {sentence}"));
    page.put(format_args!(
        "<p class=\"dim\">Assumption: {}.{}</p>\n",
        Dated(&month.assumption),
        Escaped(short)
    ));
}

/// Draws what is used and projected, and where the allowance ends.
fn gauge(page: &mut Page, month: &MonthUse) {
    let Some(used) = month.used_share else { return };
    let projected = month.projected_share.unwrap_or(used);
    let scale = 100.0 / projected.max(1.0);
    let place = |share: f64| share * scale;
    let (used_over, will_over) = (used > 1.0, projected > 1.0);
    let rect = |class: &str, from: f64, to: f64| {
        format!(
            "<rect class=\"{class}\" x=\"{from:.2}\" y=\"4\" width=\"{:.2}\" height=\"14\"/>",
            (to - from).max(0.0)
        )
    };
    let mut bars = rect("none", 0.0, 100.0);
    bars += &rect("will", 0.0, place(projected.min(1.0)));
    if will_over {
        bars += &rect("will over", place(1.0), place(projected));
    }
    bars += &rect("used", 0.0, place(used.min(1.0)));
    if used_over {
        bars += &rect("over", place(1.0), place(used));
    }
    let mark = place(1.0).min(99.9);
    page.put(format_args!(
        "<svg class=\"gauge\" viewBox=\"0 0 100 22\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{} of the allowance used{}\">{bars}\
         <line class=\"mark\" x1=\"{mark:.2}\" y1=\"0\" x2=\"{mark:.2}\" y2=\"22\"/></svg>\n",
        rate(month.used_share),
        month.projected_share.map_or_else(String::new, |share| format!(", {} projected", rate(Some(share)))),
    ));
}

fn table(page: &mut Page, allowance: &AllowanceUse) {
    page.put(format_args!(
        "<table class=\"months\"><thead><tr><th scope=\"col\">Month</th><th scope=\"col\" class=\"wide\">Days in the data</th>\
         <th scope=\"col\">Used</th><th scope=\"col\" class=\"wide\">Whole month</th>\
         <th scope=\"col\">Over</th></tr></thead><tbody>\n"
    ));
    let earlier = allowance.months.len().saturating_sub(MOST_MONTHS);
    if earlier > 0 {
        let months = if earlier == 1 { "month" } else { "months" };
        page.put(format_args!(
            "<tr><td colspan=\"5\">… and {} earlier {months}</td></tr>\n",
            grouped(earlier as u128)
        ));
    }
    for month in &allowance.months[earlier..] {
        page.put(format_args!(
            "<tr><th scope=\"row\">{}</th><td class=\"wide\">{} of {}</td><td><span class=\"count\">{}</span> \
             <span class=\"rate\">{}</span></td><td class=\"wide\">{}</td><td{}>{}</td></tr>\n",
            month_name(month),
            month.days_counted,
            month.days_in_month,
            grouped(month.used.into()),
            rate(month.used_share),
            estimated(month, month.projected),
            if month.projected_over > 0 { " class=\"bad\"" } else { "" },
            over(month),
        ));
    }
    page.put(format_args!("</tbody></table>\n"));
}

/// Returns by how much the month is over the allowance: estimated, or at least.
fn over(month: &MonthUse) -> String {
    if month.is_projected || month.over == 0 {
        return estimated(month, month.projected_over);
    }
    format!("≥ {}", grouped(month.over.into()))
}

/// Returns a number of the whole month, marked as an estimate if the month is not whole.
fn estimated(month: &MonthUse, count: u64) -> String {
    if !month.is_projected {
        return "–".into();
    }
    let sign = if !month.is_whole() && count > 0 { "≈ " } else { "" };
    format!("{sign}{}", grouped(count.into()))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).chain(['.']).collect())
}
