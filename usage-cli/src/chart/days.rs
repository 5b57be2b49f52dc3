//! Requests over time, stacked by class of answer.

use usage_core::Date;
use usage_report::{Counts, Report};

use crate::chart::class::Class;
use crate::chart::labels::bucket;
use crate::chart::labels::weekday;
use crate::chart::scale::{fraction, ticks};
use crate::chart::svg::Picture;
use crate::text::number::{count, grouped, percent, short};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 28.0;

/// The most labels that have room below.
const LABELS: usize = 16;

/// One bar a bucket.
#[expect(clippy::cast_precision_loss, reason = "few bars")]
pub(crate) fn draw(report: &Report) -> Picture {
    let unit = bucket(report.granularity.as_ref());
    let mut picture = Picture::new(label(report, unit), WIDTH, HEIGHT);
    picture.text("title", 0.0, 16.0, format_args!("Requests by {unit}"));
    let days = &report.days;
    let Some(largest) = days.iter().map(|day| Class::all_of(&day.counts)).max() else {
        picture.text("mid", WIDTH / 2.0, HEIGHT / 2.0, "The rows have no dates.");
        return picture;
    };
    let classes = Class::present(days.iter().map(|day| &day.counts));
    legend(&mut picture, &classes);

    let ticks = ticks(largest, 4);
    let top = ticks.last().copied().unwrap_or(1);
    let floor = HEIGHT - BOTTOM;
    let height_of = |requests: u64| fraction(requests, top) * (floor - TOP);
    for tick in &ticks {
        let y = floor - height_of(*tick);
        picture.line(if *tick == 0 { "axis" } else { "grid" }, LEFT, y, WIDTH - RIGHT, y);
        picture.text("end", LEFT - 8.0, y + 4.0, short(*tick));
    }
    let step = (WIDTH - LEFT - RIGHT) / days.len() as f64;
    let bar = (step * 0.78).clamp(0.6, 34.0);
    let every = days.len().div_ceil(LABELS);
    for (index, day) in days.iter().enumerate() {
        let x = LEFT + step * index as f64;
        picture.group(told(day.date, &day.counts, unit), |picture| {
            picture.rect("over", x, TOP, step, floor - TOP, 0.0);
            let mut y = floor;
            for class in &classes {
                // Rounding does not lift it above the frame.
                let height = height_of(class.of(&day.counts)).min(y - TOP);
                y -= height;
                if height > 0.0 {
                    picture.rect(class.css(), x + (step - bar) / 2.0, y, bar, height, 0.0);
                }
            }
        });
        if index % every == 0 {
            // The year is in the title and in what a bar says; months without a day need it.
            let date = day.date.to_string();
            let text = if unit == "month" { date.get(..7) } else { date.get(5..) };
            picture.text("mid", x + step / 2.0, HEIGHT - 8.0, text.unwrap_or_default());
        }
    }
    picture
}

fn label(report: &Report, unit: &str) -> String {
    let busiest = report.busiest.first().map_or_else(String::new, |day| {
        format!("; the busiest is {} with {}", day.date, count(day.counts.requests))
    });
    format!("Requests by {unit}, stacked by class of answer{busiest}")
}

/// What a bar says when it is pointed at.
fn told(date: Date, counts: &Counts, unit: &str) -> String {
    let day = match unit {
        "day" => format!("{} {date}", weekday(date)),
        "date" => date.to_string(),
        unit => format!("{unit} of {date}"),
    };
    let mut lines = vec![day, format!("{} requests", count(counts.requests))];
    for class in Class::ALL {
        let (part, all) = (class.of(counts), counts.requests.unwrap_or(0));
        if part > 0 && class != Class::Unknown {
            lines.push(format!(
                "{}: {} ({})",
                class.label(),
                grouped(part.into()),
                percent(fraction(part, all))
            ));
        }
    }
    lines.join("\n")
}

fn legend(picture: &mut Picture, classes: &[Class]) {
    if classes == [Class::Unknown] {
        return;
    }
    let mut x = WIDTH - RIGHT;
    for class in classes.iter().rev() {
        #[expect(clippy::cast_precision_loss, reason = "a short text")]
        let width = class.label().len() as f64 * 7.0;
        x -= width;
        picture.text("", x, 15.0, class.label());
        x -= 16.0;
        picture.rect(class.css(), x, 6.0, 10.0, 10.0, 2.0);
        x -= 14.0;
    }
}
