//! On which weekdays a client is busy.

use usage_report::{Report, Subject};

use crate::chart::clients::{MAX_LINES, MAX_NAME};
use crate::chart::labels::{WEEKDAYS, rounded, shown_name};
use crate::chart::scale::fraction;
use crate::chart::svg::Picture;
use crate::output::shortened;
use crate::text::number::{grouped, short};

const WIDTH: f64 = 920.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 48.0;
const LINE: f64 = 30.0;

/// Draws a line for each client and a column for each weekday: the mean of a day, shaded within the line.
#[expect(clippy::cast_precision_loss, reason = "few cells")]
pub(crate) fn draw(report: &Report) -> Picture {
    let lines = report.weekdays.as_ref().map_or(0, |map| map.clients.len().min(MAX_LINES));
    let label = "Mean requests a day by weekday and client, each client shaded for itself";
    let mut picture = Picture::new(label, WIDTH, TOP + LINE * lines.max(2) as f64 + 4.0);
    picture.title = "API requests by weekday and client".into();
    let Some(map) = &report.weekdays else {
        picture.text(
            "mid",
            WIDTH / 2.0,
            TOP,
            "The rows are not by day and client, so that no weekday is known.",
        );
        return picture;
    };
    picture.text(
        "",
        0.0,
        14.0,
        "Mean of a UTC day. Each client is shaded by itself: strongest on its busiest weekday.",
    );
    let cell = (WIDTH - LEFT - RIGHT) / 7.0;
    for (day, name) in WEEKDAYS.iter().enumerate() {
        picture.text("mid", LEFT + cell * (day as f64 + 0.5), TOP - 8.0, name);
    }
    for (index, line) in map.clients.iter().take(MAX_LINES).enumerate() {
        let y = TOP + LINE * index as f64;
        let name = shown_name(Subject::Client, line.name.as_deref(), line.id.as_deref());
        picture.text("strong", 0.0, y + LINE / 2.0 + 4.0, shortened(name.into(), MAX_NAME));
        let means: [Option<u64>; 7] = std::array::from_fn(|day| map.mean(line, day).map(rounded));
        let largest = means.iter().flatten().copied().max().unwrap_or(0);
        for (day, mean) in means.into_iter().enumerate() {
            let x = LEFT + cell * day as f64;
            let said = mean
                .map_or_else(|| "no rows".into(), |mean| format!("{} requests a day", grouped(mean.into())));
            let days = map.days.get(day).copied().unwrap_or(0);
            let description = format!("{name}\n{}: {said}\nmean of {days} days", WEEKDAYS[day]);
            picture.group(description, |picture| {
                picture.rect("none", x + 1.5, y + 1.5, cell - 3.0, LINE - 3.0, 4.0);
                if let Some(mean) = mean {
                    let strength = 0.08 + 0.92 * fraction(mean, largest);
                    picture.put(format_args!(
                        "<rect class=\"h\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\" \
                         fill-opacity=\"{strength:.2}\"/>",
                        x + 1.5,
                        y + 1.5,
                        cell - 3.0,
                        LINE - 3.0
                    ));
                    let class = if strength > 0.6 { "mid on" } else { "mid value" };
                    picture.text(class, x + cell / 2.0, y + LINE / 2.0 + 4.0, short(mean));
                }
            });
        }
    }
    picture
}
