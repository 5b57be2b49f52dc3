//! Requests over time, and by weekday.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::{Counts, Report, Subject};

use crate::chart::class::Class;
use crate::chart::labels::{WEEKDAYS, bucket, rounded, shown_name, weekday};
use crate::output::layout::{Align, padded};
use crate::output::{printable, shortened};
use crate::report::text::Page;
use crate::text::number::{count, grouped, short};

/// More days than these are shown by week.
const MOST_LINES: usize = 45;
/// The most days, weeks or months that are shown, the latest ones: more than two years of weeks.
const MOST_BUCKETS: usize = 120;

/// Draws one stacked bar a day.
pub(super) fn draw(page: &mut Page, report: &Report) {
    if report.days.len() < 2 {
        return;
    }
    let (mut lines, unit) = lines(report);
    let earlier = lines.len().saturating_sub(MOST_BUCKETS);
    lines.drain(..earlier);
    let classes = Class::present(lines.iter().map(|(_, counts)| counts));
    let largest = lines.iter().map(|(_, counts)| Class::all_of(counts)).max().unwrap_or(0);
    let numbers = lines.iter().map(|(_, counts)| count(counts.requests).chars().count()).max().unwrap_or(0);
    page.heading(&format!("Requests by {unit}"));
    let width = page.width.saturating_sub(2 + 15 + numbers + 2);
    if earlier > 0 {
        let one = unit.split(' ').next().unwrap_or(unit);
        let plural = if earlier == 1 { "" } else { "s" };
        page.line(&format!("  … and {} earlier {one}{plural}", grouped(earlier as u128)));
    }
    for (date, counts) in &lines {
        let bar = page.paint.stacked(&classes, counts, largest, width);
        let day = if unit == "day" { weekday(*date) } else { "" };
        page.line(&format!("  {date} {day:<3} {:>numbers$}  {bar}", count(counts.requests)));
    }
    let legend: Vec<_> = classes
        .iter()
        .map(|class| {
            let (style, block) = page.paint.class(*class);
            format!("{} {}", page.paint.styled(style, &block.to_string()), class.label())
        })
        .collect();
    if classes != [Class::Unknown] {
        page.line(&format!("  {:14} {:numbers$}  {}", "", "", legend.join("  ")));
    }
    let busiest: Vec<_> = report
        .busiest
        .iter()
        .take(3)
        .map(|day| format!("{} ({})", day.date, count(day.counts.requests)))
        .collect();
    if !busiest.is_empty() {
        let unit = bucket(report.granularity.as_ref());
        page.line(&format!("  Busiest {unit}s: {}", busiest.join(", ")));
    }
}

/// Returns the buckets, and what they are. Many days are added up to weeks, which begin on Monday.
fn lines(report: &Report) -> (Vec<(Date, Counts)>, &'static str) {
    let mut lines: Vec<(Date, Counts)> = report.days.iter().map(|day| (day.date, day.counts)).collect();
    if report.granularity != Some(Granularity::Day) || lines.len() <= MOST_LINES {
        return (lines, bucket(report.granularity.as_ref()));
    }
    let monday = |date: Date| date.plus_days(1 - i64::from(date.weekday()));
    let mut weeks: Vec<(Date, Counts)> = Vec::new();
    for (date, counts) in lines.drain(..) {
        match weeks.last_mut() {
            Some((week, sum)) if *week == monday(date) => sum.merge(&counts),
            _ => weeks.push((monday(date), counts)),
        }
    }
    (weeks, "week (of Monday)")
}

/// Draws the heat map of weekdays.
pub(super) fn draw_weekdays(page: &mut Page, report: &Report) {
    let Some(map) = report.weekdays.as_ref().filter(|_| report.days.len() >= 7) else { return };
    page.heading("Mean requests a day by weekday (UTC), each client shaded for itself");
    let names: Vec<_> = map
        .clients
        .iter()
        .map(|line| printable(shown_name(Subject::Client, line.name.as_deref(), line.id.as_deref())))
        .collect();
    let most = page.width.saturating_sub(2 + 7 * 6 + 12);
    let width =
        names.iter().map(|name| unicode_width::UnicodeWidthStr::width(&**name)).max().unwrap_or(0).min(most);
    let header: Vec<_> = WEEKDAYS.iter().map(|day| format!("{day:^5}")).collect();
    page.line(&format!("  {:width$}  {}  busiest", "", header.join(" ")));
    for (line, name) in map.clients.iter().zip(names) {
        let means: [Option<u64>; 7] = std::array::from_fn(|day| map.mean(line, day).map(rounded));
        let largest = means.iter().flatten().copied().max().unwrap_or(0);
        let cells: Vec<_> = means.iter().map(|mean| page.paint.heat(*mean, largest, 5)).collect();
        let name = padded(&shortened(name, width), width, Align::Left);
        page.line(&format!("  {name}  {}  {:>7}", cells.join(" "), short(largest)));
    }
}

/// Returns a count for a sentence.
pub(crate) fn requests(count: Option<u64>) -> String {
    count.map_or_else(|| "an unknown number".into(), |count| grouped(count.into()))
}
