//! The largest clients.

use usage_report::{Counts, Entry, Report, Subject, TopList};

use crate::chart::class::Class;
use crate::chart::labels::shown_name;
use crate::chart::scale::fraction;
use crate::chart::svg::Picture;
use crate::output::shortened;
use crate::text::number::{count, rate};

const WIDTH: f64 = 920.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 34.0;
const LINE: f64 = 28.0;

/// The most lines of a picture: more would be neither readable nor small.
pub(crate) const MAX_LINES: usize = 60;

/// How many characters of a name have room before the bars.
pub(crate) const MAX_NAME: usize = 28;

/// Draws one bar a client, stacked by class of answer.
#[expect(clippy::cast_precision_loss, reason = "few lines")]
pub(crate) fn draw(report: &Report) -> Picture {
    let lines = lines(&report.clients);
    let height = TOP + LINE * lines.len().max(2) as f64 + 4.0;
    let mut picture = Picture::new("Requests of the largest clients", WIDTH, height);
    picture.title = "API requests by client".into();
    if lines.is_empty() {
        picture.text("mid", WIDTH / 2.0, TOP + LINE, "The rows do not say which client they are of.");
    }
    let largest = lines.iter().map(|(_, counts, _)| Class::all_of(counts)).max().unwrap_or(0);
    let classes = Class::present(lines.iter().map(|(_, counts, _)| counts));
    legend(&mut picture, &classes);
    for (index, (name, counts, share)) in lines.iter().enumerate() {
        let y = TOP + LINE * index as f64;
        let middle = y + LINE / 2.0 + 4.0;
        let description = format!(
            "{name}\n{} requests, {}\nerrors {}, rate limited {}",
            count(counts.requests),
            rate(*share),
            rate(counts.error_rate()),
            rate(counts.throttle_rate()),
        );
        picture.group(description, |picture| {
            picture.rect("over", 0.0, y, WIDTH, LINE, 0.0);
            picture.text("strong", 0.0, middle, shortened(name.into(), MAX_NAME));
            let mut x = LEFT;
            for class in &classes {
                let width =
                    (fraction(class.of(counts), largest) * (WIDTH - LEFT - RIGHT)).min(WIDTH - RIGHT - x);
                if width > 0.0 {
                    picture.rect(class.css(), x, y + 5.0, width, LINE - 10.0, 0.0);
                }
                x += width;
            }
            let text = format!("{}  ·  {}", count(counts.requests), rate(*share));
            picture.text("", x + 8.0, middle, text);
        });
    }
    picture
}

fn legend(picture: &mut Picture, classes: &[Class]) {
    let mut x = WIDTH;
    for class in classes.iter().rev().filter(|_| classes != [Class::Unknown]) {
        x = picture.legend_left_of(x, class.label());
        picture.rect(class.css(), x - 16.0, 6.0, 10.0, 10.0, 2.0);
        x -= 30.0;
    }
}

/// A bar's name, its counts and its share.
type Line = (String, Counts, Option<f64>);

/// Returns the lines of the clients that are shown, and one of all others.
fn lines(list: &TopList) -> Vec<Line> {
    let shown = list.entries.len().min(MAX_LINES);
    let line = |entry: &Entry| {
        let name = shown_name(Subject::Client, entry.name.as_deref(), entry.id.as_deref());
        (name.to_owned(), entry.counts, entry.share)
    };
    let mut lines: Vec<_> = list.entries[..shown].iter().map(line).collect();
    let rest = list.entries[shown..].iter().map(|entry| (entry.counts, entry.share));
    let others = rest.chain(list.others.iter().map(|others| (others.counts, others.share)));
    if let Some((counts, share)) = others.reduce(|(mut counts, share), (more, other)| {
        counts.merge(&more);
        (counts, share.zip(other).map(|(one, other)| one + other))
    }) {
        lines.push((format!("{} others", list.count.saturating_sub(shown)), counts, share));
    }
    lines
}
