//! The lists of clients, users, URIs, …, and of days, as tables: the largest rows, and those that findings are about.

use std::collections::BTreeSet;

use usage_report::{Bucket, Entry, Report, Subject, TopList};

use super::Page;
use super::breaks::Breakable;
use super::row::{Numbers, Spark, id, list_id};
use crate::chart::labels::{bucket, shown_name, weekday};
use crate::chart::scale::fraction;
use crate::chart::svg::Escaped;
use crate::chart::timeline::Timeline;
use crate::report::text::lists::heading_of_all;
use crate::text::number::grouped;

pub(super) fn draw(page: &mut Page, report: &Report, subject: Subject, timeline: &Timeline) {
    let list = report.top(subject);
    if list.count == 0 {
        return;
    }
    let shown = shown(report, list);
    let heading = Heading {
        id: list_id(subject),
        text: heading_of_all(subject),
        first: subject.singular(),
        shown: shown.len(),
        count: list.count,
        has_series: list.entries.iter().any(|entry| entry.series.len() > 1),
    };
    heading.draw(page);
    for (position, entry) in shown {
        draw_entry(page, subject, position, entry, heading.has_series.then_some(timeline));
    }
    page.put(format_args!("</tbody></table></section>\n"));
}

/// Returns the entries that are shown without the script, with their positions.
fn shown<'a>(report: &Report, list: &'a TopList) -> Vec<(usize, &'a Entry)> {
    let about = report.findings.iter().flat_map(|finding| finding.about());
    let about = about.filter_map(|identity| list.position(identity));
    let positions: BTreeSet<_> = (0..list.entries.len()).chain(about).collect();
    positions.into_iter().filter_map(|position| Some((position, list.entry(position)?))).collect()
}

fn draw_entry(
    page: &mut Page,
    subject: Subject,
    position: usize,
    entry: &Entry,
    timeline: Option<&Timeline>,
) {
    let label = shown_name(subject, entry.name.as_deref(), entry.id.as_deref());
    let small = entry.id.as_deref().filter(|id| *id != label);
    let small = small.map_or_else(String::new, |id| format!("<small>{}</small>", Escaped(id)));
    page.put(format_args!(
        "<tr id=\"{}\"><th scope=\"row\">{}{small}</th>{}",
        id(subject, position),
        Breakable(label),
        Numbers { counts: &entry.counts, share: entry.share },
    ));
    if let Some(timeline) = timeline {
        page.put(format_args!("<td class=\"trend\">{}</td>", Spark(&timeline.folded_series(&entry.series))));
    }
    page.put(format_args!("</tr>\n"));
}

/// Draws the days with the most requests.
pub(super) fn draw_days(page: &mut Page, report: &Report, timeline: &Timeline) {
    if report.busiest.len() < 2 || timeline.bars.is_empty() {
        return;
    }
    let unit = bucket(report.granularity.as_ref());
    let heading = Heading {
        id: "day",
        text: &format!("Busiest {unit}s"),
        first: unit,
        shown: report.busiest.len(),
        count: report.days.len(),
        has_series: false,
    };
    heading.draw(page);
    for day in &report.busiest {
        let share = day.counts.requests.zip(report.totals.counts.requests);
        page.put(format_args!(
            "<tr><th scope=\"row\">{}</th>{}</tr>\n",
            name_of_day(day, unit),
            Numbers { counts: &day.counts, share: share.map(|(part, all)| fraction(part, all)) },
        ));
    }
    page.put(format_args!("</tbody></table></section>\n"));
}

/// Returns `2026-10-01 Thu`, or the date alone if it is no day.
pub(super) fn name_of_day(day: &Bucket, unit: &str) -> String {
    if unit == "day" { format!("{} {}", day.date, weekday(day.date)) } else { day.date.to_string() }
}

/// The heading of a list and of its columns.
struct Heading<'a> {
    id: &'a str,
    text: &'a str,
    /// The name of the first column.
    first: &'a str,
    shown: usize,
    count: usize,
    has_series: bool,
}

impl Heading<'_> {
    fn draw(&self, page: &mut Page) {
        let Self { id, text, first, shown, count, has_series } = self;
        let of = if shown < count {
            format!(" <span class=\"dim\">{shown} of {}</span>", grouped(*count as u128))
        } else {
            format!(" <span class=\"dim\">{}</span>", grouped(*count as u128))
        };
        let mut name = first.to_string();
        name[..1].make_ascii_uppercase();
        let trend = if *has_series { "<th scope=\"col\" class=\"trend\">Trend</th>" } else { "" };
        page.put(format_args!(
            "<section class=\"card list\" id=\"{id}\" data-list=\"{id}\"><div class=\"title\"><h2>{text}{of}</h2></div>\
             <table><thead><tr><th scope=\"col\" data-sort=\"name\">{name}</th>\
             <th scope=\"col\" data-sort=\"requests\" aria-sort=\"descending\">Requests</th>\
             <th scope=\"col\" class=\"share\" data-sort=\"requests\">Share</th>\
             <th scope=\"col\" data-sort=\"errors\">Errors</th><th scope=\"col\" data-sort=\"limited\">429</th>{trend}\
             </tr></thead><tbody>\n"
        ));
    }
}
