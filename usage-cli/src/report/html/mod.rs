//! A report as one page that is complete in itself: it asks no network for anything, and runs one script, its own.

mod allowance;
mod changes;
mod lists;

use std::fmt::{self, Write};

use usage_report::{CAVEAT, Report, Subject};

use crate::chart;
use crate::chart::labels::bucket;
use crate::chart::svg::Escaped;
use crate::report::limitation;
use crate::report::text::{before, title};
use crate::text::number::{count, grouped, growth, rate};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the browser holds the page to: nothing is loaded, and no script or style but these two runs, whatever a client
/// is called. The hashes are those of the two files; a test says what they are.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; \
     style-src 'sha256-HJSqge9jtE7H8LFTF+KVKUQAJnMkX0ZrblGLUbHezLU='; script-src 'sha256-b+rZViGH1f05DV5ygHkTmTYnBZmQAAjauKNPas3bcdM='";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let mut page = Page(String::new());
    let heading = Escaped(title(report));
    page.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    ));
    header(&mut page, report);
    if report.totals.counts.rows > 0 {
        numbers(&mut page, report);
        allowance::draw(&mut page, report);
        if report.days.len() > 1 {
            figure(&mut page, &chart::days::draw(report));
        }
        lists::draw(&mut page, report.top(Subject::Client));
        if report.weekdays.is_some() && report.days.len() >= 7 {
            figure(&mut page, &chart::heat_map::draw(report));
        }
        changes::draw(&mut page, report);
        for subject in Subject::ALL.into_iter().filter(|subject| *subject != Subject::Client) {
            lists::draw(&mut page, report.top(subject));
        }
        busiest(&mut page, report);
    }
    footer(&mut page, report);
    page.put(format_args!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"));
    page.0
}

/// What is written to.
struct Page(String);

impl Page {
    fn put(&mut self, text: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.0.write_fmt(text);
    }
}

fn header(page: &mut Page, report: &Report) {
    let period = match report.totals.period {
        Some(period) if period.days() == 1 => format!("{}, a UTC day", period.first_day()),
        Some(period) => {
            format!("{} to {}, {} UTC days", period.first_day(), period.last_day(), period.days())
        }
        None => "of an unknown period".into(),
    };
    let rows = match report.totals.counts.rows {
        0 => "no rows: the service counted nothing here".into(),
        1 => "1 row".into(),
        rows => format!("{} rows", grouped(rows.into())),
    };
    page.put(format_args!(
        "<header><div><h1>API usage</h1><p class=\"dim\">{}, {rows}</p></div>\
         <button class=\"theme\" type=\"button\" hidden>Light or dark</button></header>\n",
        Escaped(period)
    ));
}

/// The numbers that are looked for first.
fn numbers(page: &mut Page, report: &Report) {
    let counts = &report.totals.counts;
    page.put(format_args!("<dl class=\"kpis\">\n"));
    let requests = match (&report.comparison, report.totals.period) {
        (Some(comparison), _) => {
            format!("{} against {}", growth(&comparison.requests), before(comparison.period))
        }
        (None, Some(period)) if period.days() > 1 => {
            let mean = counts.requests.map(|requests| requests / period.days());
            format!("{} a day on average", count(mean))
        }
        _ => String::new(),
    };
    number(page, "Requests", &count(counts.requests), &requests);
    let part = |number: Option<u64>, what: &str| {
        number.map_or_else(
            || "the rows do not tell".into(),
            |number| format!("{} {what}", grouped(number.into())),
        )
    };
    let failed = counts.status400.zip(counts.status500).map(|(mine, theirs)| mine.saturating_add(theirs));
    number(page, "Errors", &rate(counts.error_rate()), &part(failed, "answers 4xx and 5xx"));
    number(page, "Rate limited", &rate(counts.throttle_rate()), &part(counts.status429, "answers 429"));
    if let Some(day) = report.busiest.first().filter(|_| report.days.len() > 1) {
        let unit = format!("Busiest {}", bucket(report.granularity.as_ref()));
        number(page, &unit, &day.date.to_string(), &format!("{} requests", count(day.counts.requests)));
    }
    page.put(format_args!("</dl>\n"));
}

fn number(page: &mut Page, name: &str, value: &str, more: &str) {
    let (name, value, more) = (Escaped(name), Escaped(value), Escaped(more));
    page.put(format_args!(
        "<div class=\"card\"><dt>{name}</dt><dd class=\"number\">{value}</dd><dd class=\"more\">{more}</dd></div>\n"
    ));
}

fn figure(page: &mut Page, picture: &chart::svg::Picture) {
    page.put(format_args!("<figure class=\"card\">{}</figure>\n", picture.inline()));
}

fn busiest(page: &mut Page, report: &Report) {
    if report.busiest.len() < 2 {
        return;
    }
    let unit = bucket(report.granularity.as_ref());
    page.put(format_args!(
        "<section class=\"card\"><h2>Busiest {unit}s</h2><div class=\"scroll\"><table class=\"sortable\"><thead><tr>\
         {}{}{}{}</tr></thead><tbody>\n",
        Head("Date", Kind::Text),
        Head("Requests", Kind::Number),
        Head("Errors", Kind::Number),
        Head("429", Kind::Number),
    ));
    for day in &report.busiest {
        let (date, counts) = (day.date, &day.counts);
        page.put(format_args!(
            "<tr><td data-v=\"{date}\">{date}</td>{}{}{}</tr>\n",
            Cell(counts.requests, count(counts.requests)),
            Cell(counts.error_rate(), rate(counts.error_rate())),
            Cell(counts.throttle_rate(), rate(counts.throttle_rate())),
        ));
    }
    page.put(format_args!("</tbody></table></div></section>\n"));
}

fn footer(page: &mut Page, report: &Report) {
    page.put(format_args!("<footer>"));
    for sentence in limitation::sentences(report) {
        page.put(format_args!("<p>{}</p>", Escaped(sentence)));
    }
    page.put(format_args!("<p>{}</p>", Escaped(CAVEAT)));
    for sentence in limitation::undated(report) {
        page.put(format_args!("<p>{}</p>", Escaped(sentence)));
    }
    let version = env!("CARGO_PKG_VERSION");
    page.put(format_args!(
        "<p>Errors are answers 4xx and 5xx; 429 is a part of 4xx. Made by genesys-usage {version}.</p>"
    ));
    page.put(format_args!("</footer>\n"));
}

/// How a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}

/// The head of a column that can be sorted by.
struct Head<'a>(&'a str, Kind);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.1 == Kind::Number { "number" } else { "text" };
        let sorted = if self.0 == "Requests" { " aria-sort=\"descending\"" } else { "" };
        let name = self.0;
        write!(
            f,
            "<th scope=\"col\" data-kind=\"{kind}\"{sorted}><button type=\"button\">{name}</button></th>"
        )
    }
}

/// A cell with a number to sort by, and what stands there.
struct Cell<N>(Option<N>, String);

impl<N: fmt::Display> fmt::Display for Cell<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, text) = self;
        let number = number.as_ref().map(ToString::to_string).unwrap_or_default();
        write!(f, "<td data-v=\"{number}\">{}</td>", Escaped(text))
    }
}

#[cfg(test)]
mod tests;
