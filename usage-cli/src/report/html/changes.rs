//! What grew, what shrank, who came and went.

use usage_report::{Arrival, Mover, Report, Subject};

use super::{Cell, Head, Kind, Page};
use crate::chart::labels::nobody;
use crate::chart::svg::Escaped;
use crate::report::text::before;
use crate::report::text::lists::heading_of_all;
use crate::text::number::{count, growth, signed};

pub(super) fn draw(page: &mut Page, report: &Report) {
    if let Some(comparison) = &report.comparison {
        let before = before(comparison.period);
        let change = &comparison.requests;
        page.put(format_args!(
            "<section class=\"card\"><h2>Against {}</h2><p>{} requests then, {} now: {} ({}).</p>\n",
            Escaped(before),
            count(change.previous),
            count(change.current),
            signed(change.difference),
            growth(change),
        ));
        movers(page, Subject::Client, &comparison.clients);
        movers(page, Subject::Uri, &comparison.uris);
        page.put(format_args!("</section>\n"));
    }
    let Some(arrivals) = &report.arrivals else { return };
    if arrivals.appeared.is_empty() && arrivals.vanished.is_empty() {
        return;
    }
    let (earlier, later) = (before(arrivals.before), before(arrivals.after));
    page.put(format_args!("<div class=\"pair\">"));
    turns(page, "Appeared", &format!("No requests in {earlier}."), "first on", &arrivals.appeared);
    turns(page, "Vanished", &format!("No requests in {later}."), "last on", &arrivals.vanished);
    page.put(format_args!("</div>\n"));
}

fn movers(page: &mut Page, subject: Subject, movers: &[Mover]) {
    if movers.is_empty() {
        return;
    }
    page.put(format_args!(
        "<h3>{} that changed most</h3><div class=\"scroll\"><table class=\"sortable\"><thead><tr>{}{}{}{}{}</tr></thead><tbody>\n",
        heading_of_all(subject),
        Head("Name", Kind::Text),
        Head("Then", Kind::Number),
        Head("Now", Kind::Number),
        Head("Change", Kind::Number),
        Head("Growth", Kind::Number),
    ));
    for mover in movers {
        let name = Escaped(mover.name.as_deref().or(mover.id.as_deref()).unwrap_or(nobody(subject)));
        let change = &mover.change;
        page.put(format_args!(
            "<tr><td class=\"name\" data-v=\"{name}\">{name}</td>{}{}{}{}</tr>\n",
            Cell(change.previous, count(change.previous)),
            Cell(change.current, count(change.current)),
            Cell(Some(change.difference), signed(change.difference)),
            Cell(change.growth, growth(change)),
        ));
    }
    page.put(format_args!("</tbody></table></div>\n"));
}

fn turns(page: &mut Page, heading: &str, why: &str, when: &str, arrivals: &[Arrival]) {
    if arrivals.is_empty() {
        return;
    }
    page.put(format_args!(
        "<section class=\"card\"><h2>{heading} <span class=\"dim\">{}</span></h2>\
         <p class=\"dim\">{}</p><ul class=\"plain\">\n",
        arrivals.len(),
        Escaped(why)
    ));
    for arrival in arrivals {
        let name =
            Escaped(arrival.name.as_deref().or(arrival.id.as_deref()).unwrap_or(nobody(Subject::Client)));
        let day = arrival.date.map_or_else(String::new, |date| format!(", {when} {date}"));
        let requests = count(arrival.requests);
        page.put(format_args!(
            "<li><span>{name}</span> <span class=\"dim\">{requests} requests{day}</span></li>\n"
        ));
    }
    page.put(format_args!("</ul></section>\n"));
}
