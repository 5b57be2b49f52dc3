//! Changes: growth and decline, and clients that appeared or vanished.

use usage_report::{Arrival, Mover, Report, Subject};

use crate::chart::labels::shown_name;
use crate::output::layout::{Align, padded};
use crate::output::{printable, shortened};
use crate::report::text::days::requests;
use crate::report::text::lists::heading_of_all;
use crate::report::text::{Page, before};
use crate::text::number::{count, growth, signed};

/// The most names of each kind.
const SHOWN: usize = 10;

pub(super) fn draw(page: &mut Page, report: &Report) {
    if let Some(comparison) = &report.comparison {
        page.heading(&format!("Against {}", before(comparison.period)));
        let change = &comparison.requests;
        page.line(&format!(
            "  Requests {} → {}: {} ({})",
            count(change.previous),
            count(change.current),
            signed(change.difference),
            growth(change),
        ));
        movers(page, Subject::Client, &comparison.clients);
        movers(page, Subject::Uri, &comparison.uris);
    }
    let Some(arrivals) = &report.arrivals else { return };
    if arrivals.appeared.is_empty() && arrivals.vanished.is_empty() {
        return;
    }
    page.heading("Clients that appeared or vanished");
    if report.comparison.is_none() {
        let (earlier, later) = (before(arrivals.before), before(arrivals.after));
        page.paragraph(&format!("  {later} against {earlier}"));
    }
    turns(page, "appeared", "first on", &arrivals.appeared);
    turns(page, "vanished", "last on", &arrivals.vanished);
}

fn movers(page: &mut Page, subject: Subject, movers: &[Mover]) {
    if movers.is_empty() {
        return;
    }
    let heading = page.dim(&format!("  {} that changed most", heading_of_all(subject)));
    page.line(&heading);
    let numbers =
        movers.iter().map(|mover| signed(mover.change.difference).chars().count()).max().unwrap_or(0);
    for mover in movers.iter().take(SHOWN) {
        let room = page.room(numbers + 18);
        let name = shown_name(subject, mover.name.as_deref(), mover.id.as_deref());
        let name = shortened(printable(name), room);
        let change = &mover.change;
        page.line(&format!("  {:>numbers$}  {:>9}  {name}", signed(change.difference), growth(change)));
    }
}

fn turns(page: &mut Page, verb: &str, when: &str, arrivals: &[Arrival]) {
    for arrival in arrivals.iter().take(SHOWN) {
        let name = shown_name(Subject::Client, arrival.name.as_deref(), arrival.id.as_deref());
        let name = shortened(printable(name), page.room(50));
        let day = arrival.date.map_or_else(String::new, |date| format!(", {when} {date}"));
        let verb = padded(verb, 9, Align::Left);
        page.line(&format!("  {verb} {name}: {} requests{day}", requests(arrival.requests)));
    }
    if let Some(more) = arrivals.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        page.line(&format!("  {verb:<9} and {more} more"));
    }
}
