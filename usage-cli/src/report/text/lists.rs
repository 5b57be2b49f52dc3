//! Who made the most requests.

use unicode_width::UnicodeWidthStr;
use usage_report::{By, Counts, Entry, Period, Subject, TopList};

use crate::chart::labels::shown_name;
use crate::chart::scale::fraction;
use crate::chart::terminal::sparkline;
use crate::output::layout::{Align, padded};
use crate::output::{printable, shortened};
use crate::report::text::Page;
use crate::text::number::{count, grouped, rate};

const BAR: usize = 12;
const SPARK: usize = 16;
/// Room for a month day by day.
const WIDE_SPARK: usize = 31;

/// From which width on the lines have bars, trends and rates: names are more worth than each of them.
const WITH_BARS: usize = 96;
const WITH_TRENDS: usize = 76;
const WITH_RATES: usize = 56;

/// Draws the entries of `list` with the most of `by`, and the sum of the others.
pub(super) fn draw(page: &mut Page, list: &TopList, by: By, period: Option<Period>) {
    if list.count == 0 {
        return;
    }
    let ranked = list.ranked(by, list.entries.len());
    page.heading(&heading(list, by, ranked.len()));
    if ranked.is_empty() {
        page.line("  None.");
        return;
    }
    let lines = lines(list, by, &ranked);
    let has_room = |width| page.is_free || page.width >= width;
    let has_series =
        has_room(WITH_TRENDS) && period.is_some() && lines.iter().any(|line| line.series.len() > 1);
    let has_rates = has_room(WITH_RATES)
        && lines.iter().any(|line| line.counts.status400.is_some() || line.counts.status429.is_some());
    let bar = if has_room(WITH_BARS) { BAR } else { 0 };
    let bar_and_gap = if bar > 0 { bar + 1 } else { 0 };
    let numbers = lines.iter().map(|line| count(line.counts.requests).len()).max().unwrap_or(0).max(8);
    let rates = if has_rates { 2 * 10 } else { 0 };
    let trend = if page.is_free || page.width >= 120 { WIDE_SPARK } else { SPARK };
    let spark = if has_series { trend + 2 } else { 0 };
    let room = page.width.saturating_sub(2 + 2 + numbers + 2 + bar_and_gap + 8 + rates + spark);
    let widest = lines.iter().map(|line| line.name.width()).max().unwrap_or(0);
    let width = if page.is_free { widest } else { widest.min(room.max(12)) };

    let header = format!(
        "  {:width$}  {:>numbers$}  {}{}{}",
        "",
        "Requests",
        if bar > 0 {
            format!("{:<share$}", "Share", share = bar_and_gap + 8)
        } else {
            format!("{:>8}", "Share")
        },
        if has_rates { format!("{:>10}{:>10}", "Errors", "429") } else { String::new() },
        if has_series { "  Trend" } else { "" },
    );
    let header = page.dim(&header);
    page.line(&header);
    for line in lines {
        let name = padded(&shortened(line.name.into(), width), width, Align::Left);
        let rates = if has_rates {
            format!("{:>10}{:>10}", rate(line.counts.error_rate()), rate(line.counts.throttle_rate()))
        } else {
            String::new()
        };
        let line_of_days =
            if has_series { format!("  {}", sparkline(&line.series, trend)) } else { String::new() };
        let bar = if bar > 0 { page.paint.share(line.share, bar) + " " } else { String::new() };
        page.line(&format!(
            "  {name}  {:>numbers$}  {bar}{:>8}{rates}{line_of_days}",
            count(line.counts.requests),
            rate(line.share),
        ));
    }
}

fn heading(list: &TopList, by: By, shown: usize) -> String {
    match by {
        By::Requests if shown == list.count => heading_of_all(list.subject).to_owned(),
        By::Requests => format!("Top {}: {shown} of {}", list.subject, grouped(list.count as u128)),
        _ => format!(
            "Top {} by {by}: {shown} of {}; shares of {by}",
            list.subject,
            grouped(list.count as u128)
        ),
    }
}

/// Returns the `ranked` entries, and the others as the last line.
fn lines(list: &TopList, by: By, ranked: &[(usize, &Entry)]) -> Vec<Line> {
    let all: Counts = list.all().map(|entry| &entry.counts).sum();
    let share = |counts: &Counts, of_requests| match by {
        By::Requests => of_requests,
        _ => by.of(counts).zip(by.of(&all)).map(|(part, whole)| fraction(part, whole)),
    };
    let entries = ranked.iter().map(|(_, entry)| Line {
        name: printable(shown_name(list.subject, entry.name.as_deref(), entry.id.as_deref())).into_owned(),
        counts: entry.counts,
        share: share(&entry.counts, entry.share),
        series: entry.series.clone(),
    });
    let others = list.others_beside(by).map(|others| Line {
        name: format!("{} others", grouped(others.count as u128)),
        counts: others.counts,
        share: share(&others.counts, others.share),
        series: Vec::new(),
    });
    entries.chain(others).collect()
}

struct Line {
    name: String,
    counts: Counts,
    share: Option<f64>,
    series: Vec<Option<u64>>,
}

pub(crate) fn heading_of_all(subject: Subject) -> &'static str {
    match subject {
        Subject::Client => "Clients",
        Subject::User => "Users",
        Subject::Uri => "URIs",
        Subject::Method => "Methods",
        Subject::Platform => "Platforms",
        Subject::Organization => "Organizations",
    }
}
