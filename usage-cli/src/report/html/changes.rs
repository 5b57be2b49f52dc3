//! Changes: clients and URIs that grew or shrank, clients that appeared or vanished.

use std::fmt::Display;

use usage_report::{Arrival, Identity, Mover, Report, Subject};

use super::Page;
use super::breaks::{Breakable, Dated};
use super::row::id;
use crate::chart::labels::shown_name;
use crate::report::text::before;
use crate::report::text::lists::heading_of_all;
use crate::text::number::{count, grouped, growth, signed};

/// The number of appeared or vanished clients that are shown before the rest is expanded.
const SHOWN: usize = 10;

pub(super) fn draw(page: &mut Page, report: &Report) {
    let arrivals = report.arrivals.as_ref();
    let arrivals = arrivals.filter(|all| !all.appeared.is_empty() || !all.vanished.is_empty());
    if report.comparison.is_none() && arrivals.is_none() {
        return;
    }
    page.put(format_args!("<section class=\"card\" id=\"changes\">"));
    if let Some(comparison) = &report.comparison {
        let change = &comparison.requests;
        page.put(format_args!(
            "<h2>Against {}</h2><p>{} requests then, {} now: {} ({}).</p>\n<div class=\"pair\">",
            Dated(&before(comparison.period)),
            count(change.previous),
            count(change.current),
            signed(change.difference),
            growth(change),
        ));
        movers(page, report, Subject::Client, &comparison.clients);
        movers(page, report, Subject::Uri, &comparison.uris);
        page.put(format_args!("</div>"));
    }
    if let Some(arrivals) = arrivals {
        let (earlier, later) = (before(arrivals.before), before(arrivals.after));
        page.put(format_args!("<div class=\"pair\">"));
        turns(page, report, "Appeared", &format!("no requests in {earlier}"), "first on", &arrivals.appeared);
        turns(page, report, "Vanished", &format!("no requests in {later}"), "last on", &arrivals.vanished);
        page.put(format_args!("</div>"));
    }
    page.put(format_args!("</section>\n"));
}

fn movers(page: &mut Page, report: &Report, subject: Subject, movers: &[Mover]) {
    if movers.is_empty() {
        return;
    }
    page.put(format_args!(
        "<div><h3>{} that changed most</h3><table class=\"movers\"><thead><tr><th scope=\"col\">Name</th>\
         <th scope=\"col\" class=\"wide\">Then</th><th scope=\"col\" class=\"wide\">Now</th><th scope=\"col\">Change</th>\
         <th scope=\"col\">Growth</th></tr></thead><tbody>\n",
        heading_of_all(subject),
    ));
    for mover in movers {
        let identity = Identity::new(subject, mover.id.as_deref(), mover.name.as_deref());
        let change = &mover.change;
        page.put(format_args!(
            "<tr><th scope=\"row\">{}</th><td class=\"wide\">{}</td><td class=\"wide\">{}</td><td>{}</td><td>{}</td></tr>\n",
            name_of(report, &identity),
            count(change.previous),
            count(change.current),
            signed(change.difference),
            growth(change),
        ));
    }
    page.put(format_args!("</tbody></table></div>\n"));
}

/// Returns the name, as a link to its row if it is in the list.
fn name_of(report: &Report, identity: &Identity) -> impl Display {
    let name = Breakable(shown_name(identity.subject, identity.name.as_deref(), identity.id.as_deref()));
    match report.top(identity.subject).position(identity) {
        Some(position) => format!("<a href=\"#{}\">{name}</a>", id(identity.subject, position)),
        None => name.to_string(),
    }
}

fn turns(page: &mut Page, report: &Report, heading: &str, why: &str, when: &str, arrivals: &[Arrival]) {
    if arrivals.is_empty() {
        return;
    }
    page.put(format_args!(
        "<div><h3>{heading}: {} <span class=\"dim\">{}</span></h3><ul class=\"plain\">\n",
        arrivals.len(),
        Dated(why)
    ));
    let (shown, others) = arrivals.split_at(arrivals.len().min(SHOWN));
    turned(page, report, when, shown);
    page.put(format_args!("</ul>"));
    if !others.is_empty() {
        page.put(format_args!(
            "<details><summary>{} more</summary><ul class=\"plain\">\n",
            grouped(others.len() as u128)
        ));
        turned(page, report, when, others);
        page.put(format_args!("</ul></details>"));
    }
    page.put(format_args!("</div>\n"));
}

fn turned(page: &mut Page, report: &Report, when: &str, arrivals: &[Arrival]) {
    for arrival in arrivals {
        let client = Identity::new(Subject::Client, arrival.id.as_deref(), arrival.name.as_deref());
        let day = arrival.date.map_or_else(String::new, |date| format!(", {when} {date}"));
        let requests = count(arrival.requests);
        page.put(format_args!(
            "<li><span>{}</span> <span class=\"dim\">{requests} requests{day}</span></li>\n",
            name_of(report, &client)
        ));
    }
}
