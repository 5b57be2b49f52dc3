//! The chart of requests over time. Widths are in percent and heights in pixels, so that texts have one size on every
//! screen; the script draws the bars anew for the classes that are switched on.

use std::fmt::Write;

use super::Page;
use crate::chart::class::Class;
use crate::chart::scale::fraction;
use crate::chart::svg::Escaped;
use crate::chart::timeline::{Bar, Timeline};
use crate::text::number::short;

/// The highest and the lowest place of a bar, in pixels from the top.
pub(super) const TOP: f64 = 10.0;
pub(super) const FLOOR: f64 = 226.0;
const HEIGHT: f64 = 250.0;

/// The width of a bar as a part of its step, and the widest one in percent of the chart.
const BAR: f64 = 0.78;
const WIDEST: f64 = 5.0;

pub(super) fn draw(page: &mut Page, timeline: &Timeline) {
    let label = Escaped(timeline.description());
    page.put(format_args!(
        "<figure class=\"card\" id=\"chart\"><figcaption class=\"title\"><h2>Requests by {}{}</h2>{}</figcaption>\
         <div class=\"plot\"><svg class=\"scale\" height=\"{HEIGHT}\" aria-hidden=\"true\">",
        timeline.unit,
        earlier(timeline),
        legend(timeline)
    ));
    let y_of = |requests| y_of(timeline, requests);
    for tick in &timeline.ticks {
        page.put(format_args!("<text x=\"40\" y=\"{:.1}\">{}</text>", y_of(*tick) + 4.0, short(*tick)));
    }
    page.put(format_args!(
        "</svg><svg class=\"bars\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{label}\">{}<g class=\"lines\">",
        weekends(timeline)
    ));
    for tick in &timeline.ticks {
        let (class, y) = (if *tick == 0 { "axis" } else { "grid" }, y_of(*tick));
        page.put(format_args!("<line class=\"{class}\" x1=\"0\" y1=\"{y:.1}\" x2=\"100%\" y2=\"{y:.1}\"/>"));
    }
    page.put(format_args!("</g>"));
    for (index, bar) in timeline.bars.iter().enumerate() {
        draw_bar(page, timeline, index, bar);
    }
    page.put(format_args!(
        "<g class=\"compared\">{}</g>{}</svg></div></figure>\n",
        compared(timeline),
        labels(timeline)
    ));
}

/// Returns a note of the bars that are left out.
fn earlier(timeline: &Timeline) -> String {
    timeline.note_of_earlier().map_or_else(String::new, |note| format!(" <span class=\"dim\">{note}</span>"))
}

fn y_of(timeline: &Timeline, requests: u64) -> f64 {
    FLOOR - fraction(requests, timeline.top()) * (FLOOR - TOP)
}

/// Returns the width of a bar with the room around it, in percent of the chart.
#[expect(clippy::cast_precision_loss, reason = "few bars")]
fn step(timeline: &Timeline) -> f64 {
    100.0 / timeline.bars.len().max(1) as f64
}

/// Returns the place and the width of the bar at `index`, in percent of the chart.
#[expect(clippy::cast_precision_loss, reason = "few bars")]
fn place(timeline: &Timeline, index: usize) -> (f64, f64) {
    let step = step(timeline);
    let width = (step * BAR).min(WIDEST);
    (step * index as f64 + (step - width) / 2.0, width)
}

fn draw_bar(page: &mut Page, timeline: &Timeline, index: usize, bar: &Bar) {
    let (x, width) = place(timeline, index);
    let step = step(timeline);
    let left = x - (step - width) / 2.0;
    page.put(format_args!(
        "<g class=\"hit\"><title>{}</title><rect class=\"over\" x=\"{left:.3}%\" y=\"{TOP}\" width=\"{step:.3}%\" height=\"{}\"/>",
        Escaped(bar.description(timeline.unit)),
        FLOOR - TOP
    ));
    let mut y = FLOOR;
    for class in &timeline.classes {
        let height = fraction(class.of(&bar.counts), timeline.top()) * (FLOOR - TOP);
        // Rounding does not lift it above the frame.
        let height = height.min(y - TOP);
        y -= height;
        if height > 0.0 {
            page.put(format_args!(
                "<rect class=\"{}\" x=\"{x:.3}%\" y=\"{y:.2}\" width=\"{width:.3}%\" height=\"{height:.2}\"/>",
                class.css()
            ));
        }
    }
    page.put(format_args!("</g>\n"));
}

fn weekends(timeline: &Timeline) -> String {
    let (mut svg, step) = (String::new(), step(timeline));
    for (index, _) in timeline.bars.iter().enumerate().filter(|(_, bar)| bar.is_weekend) {
        let (x, width) = place(timeline, index);
        let left = x - (step - width) / 2.0;
        let _ = write!(
            svg,
            "<rect class=\"weekend\" x=\"{left:.3}%\" y=\"{TOP}\" width=\"{step:.3}%\" height=\"{}\"/>",
            FLOOR - TOP
        );
    }
    svg
}

/// Returns the lines of the earlier period and of the allowance's pace.
fn compared(timeline: &Timeline) -> String {
    let (mut svg, step) = (String::new(), step(timeline));
    for (index, bar) in timeline.bars.iter().enumerate() {
        let (x, width) = place(timeline, index);
        let middle = x + width / 2.0;
        if let Some(pace) = bar.pace {
            let (from, to, y) = (middle - step / 2.0, middle + step / 2.0, y_of(timeline, pace));
            let _ = write!(
                svg,
                "<line class=\"pace\" x1=\"{from:.3}%\" y1=\"{y:.1}\" x2=\"{to:.3}%\" y2=\"{y:.1}\"/>"
            );
        }
        let next = timeline.bars.get(index + 1).and_then(|next| next.before);
        if let Some((before, next)) = bar.before.zip(next) {
            let (y1, y2) = (y_of(timeline, before), y_of(timeline, next));
            let to = middle + step;
            let _ = write!(
                svg,
                "<line class=\"before\" x1=\"{middle:.3}%\" y1=\"{y1:.1}\" x2=\"{to:.3}%\" y2=\"{y2:.1}\"/>"
            );
        }
    }
    svg
}

fn labels(timeline: &Timeline) -> String {
    let mut svg = String::new();
    for (index, bar) in timeline.bars.iter().enumerate() {
        let Some(label) = &bar.label else { continue };
        let (x, width) = place(timeline, index);
        let class = if label.is_major { "mid" } else { "mid minor" };
        let (middle, text) = (x + width / 2.0, Escaped(&label.text));
        let _ =
            write!(svg, "<text class=\"{class}\" x=\"{middle:.3}%\" y=\"{}\">{text}</text>", HEIGHT - 6.0);
    }
    svg
}

/// Returns the legend of colours and lines. The script makes buttons of the classes.
fn legend(timeline: &Timeline) -> String {
    let mut html = String::from("<div class=\"legend\">");
    let classes = timeline.classes.iter().filter(|_| timeline.classes != [Class::Unknown]);
    for class in classes {
        let (css, label) = (class.css(), class.label());
        let _ = write!(
            html,
            "<button type=\"button\" class=\"class\" data-class=\"{css}\" aria-pressed=\"true\" disabled>\
             <svg width=\"10\" height=\"10\" aria-hidden=\"true\"><rect class=\"{css}\" width=\"10\" height=\"10\" rx=\"2\"/></svg><span>{label}</span></button>"
        );
    }
    let lines = [
        ("before", "earlier period", timeline.has_before()),
        ("pace", "allowance's pace", timeline.has_pace()),
    ];
    for (css, text, _) in lines.into_iter().filter(|(_, _, is_there)| *is_there) {
        let _ = write!(
            html,
            "<span class=\"line\"><svg width=\"18\" height=\"10\" aria-hidden=\"true\"><line class=\"{css}\" x1=\"0\" y1=\"5\" x2=\"18\" y2=\"5\"/></svg>{text}</span>"
        );
    }
    html + "</div>"
}
