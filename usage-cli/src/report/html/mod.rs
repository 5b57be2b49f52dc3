//! A report as one page that is complete in itself: it loads nothing, and runs one script, its own.
//!
//! Without the script, the page is a report of the largest rows. With it, tables have every row. The rows are embedded as
//! JSON, whose form [`data`] describes.

mod allowance;
mod breaks;
mod changes;
mod chart;
mod data;
mod figures;
mod findings;
mod heat_map;
mod lists;
mod mark;
mod organizations;
mod row;

use std::fmt::{self, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use usage_core::Counter;
use usage_report::thresholds::{ERROR_RATES, THROTTLE_RATES};
use usage_report::{CAVEAT, Period, Report, Subject};

use crate::chart::svg::Escaped;
use crate::chart::timeline::Timeline;
use crate::report::about::About;
use crate::report::limitation;
use crate::report::text::{period_length, title};
use crate::text::number::{grouped, percent};

const STYLE: &str = include_str!("page.css");

/// The files of the script, in the order of their use.
const SCRIPT: &str = concat!(
    include_str!("script/elements.js"),
    include_str!("script/numbers.js"),
    include_str!("script/rows.js"),
    include_str!("script/cells.js"),
    include_str!("script/save.js"),
    include_str!("script/table.js"),
    include_str!("script/lists.js"),
    include_str!("script/organizations.js"),
    include_str!("script/layers.js"),
    include_str!("script/chart.js"),
    include_str!("script/tips.js"),
    include_str!("script/start.js"),
);

/// Returns the page.
pub(super) fn page(report: &Report, about: &About) -> String {
    let mut page = Page(String::new());
    head(&mut page, report, about);
    header(&mut page, report, about);
    let timeline = Timeline::of(report);
    if report.totals.counts.rows > 0 {
        findings::draw(&mut page, report, about);
        figures::draw(&mut page, report);
        if report.days.len() > 1 {
            chart::draw(&mut page, &timeline);
        }
        if let Some(several) = &about.several {
            organizations::draw(&mut page, several);
        }
        allowance::draw(&mut page, report);
        lists::draw(&mut page, report, Subject::Client, &timeline);
        lists::draw(&mut page, report, Subject::Uri, &timeline);
        for subject in [Subject::User, Subject::Method, Subject::Platform, Subject::Organization] {
            // The section has all that the list would have.
            if subject != Subject::Organization || about.several.is_none() {
                lists::draw(&mut page, report, subject, &timeline);
            }
        }
        changes::draw(&mut page, report);
        heat_map::draw(&mut page, report);
        lists::draw_days(&mut page, report, &timeline);
    }
    footer(&mut page, report);
    page.put(format_args!("</main>\n"));
    if is_exact(report) {
        page.put(format_args!(
            "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{SCRIPT}</script>\n",
            data::json(report, &timeline)
        ));
    }
    page.put(format_args!("</body>\n</html>\n"));
    page.0
}

/// Returns whether the script can calculate with the numbers of `report`: above 2^53, it would round them.
fn is_exact(report: &Report) -> bool {
    const LARGEST: u64 = 1 << 53;
    let counts = &report.totals.counts;
    Counter::ALL.iter().all(|counter| counts.count(*counter).is_none_or(|count| count <= LARGEST))
}

/// The page as it is written.
struct Page(String);

impl Page {
    fn put(&mut self, text: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.0.write_fmt(text);
    }
}

fn head(page: &mut Page, report: &Report, about: &About) {
    let of = about.organizations(report).map_or_else(String::new, |name| format!("{name}: "));
    let heading = Escaped(format!("{of}{}", title(report)));
    page.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        policy()
    ));
}

/// Returns the content security policy: nothing is loaded, and no script or style runs but the page's own, whatever a
/// client is called.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn header(page: &mut Page, report: &Report, about: &About) {
    let rows = match report.totals.counts.rows {
        0 => limitation::no_rows(report),
        1 => "1 row".into(),
        rows => format!("{} rows", grouped(rows.into())),
    };
    let of = about.organizations(report).map_or_else(String::new, |name| format!(" of {name}"));
    page.put(format_args!("<header><div><h1>API usage<span>{}</span></h1><dl class=\"facts\">", Escaped(of)));
    let made = about.made_at.map(|at| at.to_string().chars().take(16).collect::<String>().replace('T', " "));
    let until = report.scope.as_ref().and_then(|scope| scope.data_until);
    let until = until.into_iter().chain(report.totals.period.map(Period::last_day)).min();
    let facts = [
        ("Period", Some(period(report))),
        ("Region", about.region.clone()),
        ("Data until", until.map(|date| date.to_string())),
        ("Made", made.map(|made| format!("{made} UTC"))),
        ("From", Some(rows)),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            page.put(format_args!("<div><dt>{name}</dt><dd>{}</dd></div>", Escaped(fact)));
        }
    }
    page.put(format_args!(
        "</dl></div><button class=\"theme\" type=\"button\" hidden>Light or dark</button></header>\n"
    ));
}

fn period(report: &Report) -> String {
    match report.totals.period {
        Some(period) if period.days() == 1 => format!("{}, a UTC day", period.first_day()),
        Some(period) => {
            let days = match period_length(report) {
                Some(days) => format!("{days} UTC days"),
                None => format!("{} dates", report.days.len()),
            };
            format!("{} to {}, {days}", period.first_day(), period.last_day())
        }
        None => "not known".into(),
    }
}

fn footer(page: &mut Page, report: &Report) {
    page.put(format_args!("<footer>"));
    let sentences = limitation::sentences(report).into_iter().chain([CAVEAT.into()]);
    for sentence in sentences.chain(limitation::undated(report)) {
        page.put(format_args!("<p>{}</p>", Escaped(sentence)));
    }
    let [[errors, more_errors], [limited, more_limited]] =
        [ERROR_RATES, THROTTLE_RATES].map(|steps| steps.map(percent));
    page.put(format_args!(
        "<p>Errors are answers 4xx and 5xx; 429 is a part of 4xx. A rate is marked ● from {limited} of 429 or {errors} \
         of other errors on, and ▲ from {more_limited} of 429 or {more_errors} of other errors on.</p>\
         <p>Made by genesys-usage {}.</p></footer>\n",
        env!("CARGO_PKG_VERSION")
    ));
}

#[cfg(test)]
mod tests;
