//! The lists of clients, users, URIs, …: the largest entries and the sum of the others.

use usage_report::{By, Counts, Entry, Period, Subject, TopList};

use crate::chart::labels::shown_name;
use crate::chart::scale::fraction;
use crate::chart::terminal::sparkline;
use crate::output::layout::{Align, padded};
use crate::output::{printable, shortened};
use crate::report::text::Page;
use crate::report::text::columns::{Columns, Line};
use crate::text::number::{count, grouped, rate};

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
    let columns = Columns::of(&lines, page, period.is_some());
    draw_header(page, &columns);
    for line in lines {
        draw_line(page, &columns, line);
    }
}

fn draw_header(page: &mut Page, columns: &Columns) {
    let Columns { name, requests, bar, share, rate, trend } = *columns;
    let of_share =
        if bar > 0 { format!("{:<1$}", "Share", bar + 1 + share) } else { format!("{:>share$}", "Share") };
    let rates = if rate > 0 { format!("{:>rate$}{:>rate$}", "Errors", "429") } else { String::new() };
    let trend = if trend > 0 { "  Trend" } else { "" };
    let header = page.dim(&format!("  {:name$}  {:>requests$}  {of_share}{rates}{trend}", "", "Requests"));
    page.line(&header);
}

fn draw_line(page: &mut Page, columns: &Columns, line: Line) {
    let Columns { name, requests, bar, share, rate: width, trend } = *columns;
    let label = padded(&shortened(line.name.into(), name), name, Align::Left);
    let bar = if bar > 0 { page.paint.share(line.share, bar) + " " } else { String::new() };
    let rates = if width > 0 {
        let [errors, limited] = [line.counts.error_rate(), line.counts.throttle_rate()].map(rate);
        format!("{errors:>width$}{limited:>width$}")
    } else {
        String::new()
    };
    let trend = if trend > 0 { format!("  {}", sparkline(&line.series, trend)) } else { String::new() };
    page.line(&format!(
        "  {label}  {:>requests$}  {bar}{:>share$}{rates}{trend}",
        count(line.counts.requests),
        rate(line.share),
    ));
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

/// Returns the heading of a list that is shown whole.
pub(crate) fn heading_of_all(subject: Subject) -> &'static str {
    match subject {
        Subject::Client => "Clients",
        Subject::User => "Users",
        Subject::Uri => "URIs",
        Subject::Method => "Methods",
        Subject::Platform => "Platforms",
        Subject::Organization => "Organizations",
        _ => subject.plural(),
    }
}
