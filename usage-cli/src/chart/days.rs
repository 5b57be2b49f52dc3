//! Requests over time, stacked by class of answer, as a picture.

use usage_report::Report;

use crate::chart::class::Class;
use crate::chart::scale::fraction;
use crate::chart::svg::Picture;
use crate::chart::timeline::Timeline;
use crate::text::number::short;

const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 290.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 34.0;
const FLOOR: f64 = HEIGHT - 24.0;

/// Draws one bar for each bucket, with the earlier period and the allowance's pace as lines.
#[expect(clippy::cast_precision_loss, reason = "few bars")]
pub(crate) fn draw(report: &Report) -> Picture {
    let timeline = Timeline::of(report);
    let mut picture = Picture::new(timeline.description(), WIDTH, HEIGHT);
    picture.title = format!("API requests by {}", timeline.unit);
    if let Some(note) = timeline.note_of_earlier() {
        picture.title = format!("{}, {note}", picture.title);
    }
    if timeline.bars.is_empty() {
        picture.text("mid", WIDTH / 2.0, HEIGHT / 2.0, "The rows have no dates.");
        return picture;
    }
    legend(&mut picture, &timeline);
    let step = (WIDTH - LEFT) / timeline.bars.len() as f64;
    let left_of = |index: usize| LEFT + step * index as f64;
    for (index, _) in timeline.bars.iter().enumerate().filter(|(_, bar)| bar.is_weekend) {
        picture.rect("weekend", left_of(index), TOP, step, FLOOR - TOP, 0.0);
    }
    for tick in &timeline.ticks {
        let y = height(&timeline, *tick);
        picture.line(if *tick == 0 { "axis" } else { "grid" }, LEFT, y, WIDTH, y);
        picture.text("end", LEFT - 8.0, y + 4.0, short(*tick));
    }
    bars(&mut picture, &timeline, step);
    for (index, bar) in timeline.bars.iter().enumerate() {
        let x = left_of(index);
        if let Some(pace) = bar.pace {
            let y = height(&timeline, pace);
            picture.line("pace", x, y, x + step, y);
        }
        let next = timeline.bars.get(index + 1).and_then(|next| next.before);
        if let Some((before, next)) = bar.before.zip(next) {
            let (from, to) = (height(&timeline, before), height(&timeline, next));
            picture.line("before", x + step / 2.0, from, x + step * 1.5, to);
        }
        if let Some(label) = &bar.label {
            picture.text("mid", x + step / 2.0, HEIGHT - 6.0, &label.text);
        }
    }
    picture
}

/// Returns the place of `requests` on the vertical axis.
fn height(timeline: &Timeline, requests: u64) -> f64 {
    FLOOR - fraction(requests, timeline.top()) * (FLOOR - TOP)
}

#[expect(clippy::cast_precision_loss, reason = "few bars")]
fn bars(picture: &mut Picture, timeline: &Timeline, step: f64) {
    let width = (step * 0.78).clamp(0.6, 34.0);
    for (index, bar) in timeline.bars.iter().enumerate() {
        let x = LEFT + step * index as f64;
        picture.group(bar.description(timeline.unit), |picture| {
            picture.rect("over", x, TOP, step, FLOOR - TOP, 0.0);
            let mut y = FLOOR;
            for class in &timeline.classes {
                // Rounding does not lift it above the frame.
                let part = fraction(class.of(&bar.counts), timeline.top()) * (FLOOR - TOP);
                let part = part.min(y - TOP);
                y -= part;
                if part > 0.0 {
                    picture.rect(class.css(), x + (step - width) / 2.0, y, width, part, 0.0);
                }
            }
        });
    }
}

/// Draws the legend of colours and lines, from right to left.
fn legend(picture: &mut Picture, timeline: &Timeline) {
    let mut x = WIDTH;
    let lines = [
        ("pace", "allowance's pace", timeline.has_pace()),
        ("before", "earlier period", timeline.has_before()),
    ];
    for (css, text, _) in lines.into_iter().filter(|(_, _, is_there)| *is_there) {
        x = picture.legend_left_of(x, text);
        picture.line(css, x - 22.0, 11.0, x - 6.0, 11.0);
        x -= 38.0;
    }
    for class in timeline.classes.iter().rev().filter(|_| timeline.classes != [Class::Unknown]) {
        x = picture.legend_left_of(x, class.label());
        picture.rect(class.css(), x - 16.0, 6.0, 10.0, 10.0, 2.0);
        x -= 30.0;
    }
}
