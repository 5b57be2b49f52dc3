//! On which weekdays a client is busy: a table whose cells are shaded.

use usage_report::{Report, Subject};

use super::Page;
use super::breaks::Breakable;
use crate::chart::labels::{WEEKDAYS, rounded, shown_name};
use crate::chart::scale::fraction;
use crate::text::number::{grouped, short};

/// The number of shades.
const SHADES: f64 = 8.0;

pub(super) fn draw(page: &mut Page, report: &Report) {
    let Some(map) = report.weekdays.as_ref().filter(|_| report.days.len() >= 7) else { return };
    page.put(format_args!(
        "<section class=\"card\" id=\"weekdays\"><h2>Mean requests a day by weekday <span class=\"dim\">UTC; each client is \
         shaded by itself</span></h2><table class=\"heat\"><thead><tr><th scope=\"col\">Client</th>"
    ));
    for name in WEEKDAYS {
        page.put(format_args!("<th scope=\"col\">{name}</th>"));
    }
    page.put(format_args!("</tr></thead><tbody>\n"));
    for line in &map.clients {
        let name = shown_name(Subject::Client, line.name.as_deref(), line.id.as_deref());
        page.put(format_args!("<tr><th scope=\"row\">{}</th>", Breakable(name)));
        let means: [Option<u64>; 7] = std::array::from_fn(|day| map.mean(line, day).map(rounded));
        let largest = means.iter().flatten().copied().max().unwrap_or(0);
        for mean in means {
            match mean {
                None => page.put(format_args!("<td class=\"h0\">–</td>")),
                Some(mean) => page.put(format_args!(
                    "<td class=\"h{}\" title=\"{}\">{}</td>",
                    shade(mean, largest),
                    grouped(mean.into()),
                    short(mean)
                )),
            }
        }
        page.put(format_args!("</tr>\n"));
    }
    page.put(format_args!("</tbody></table></section>\n"));
}

/// Returns the shade of a mean: 1 is the palest, 8 the strongest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 8")]
fn shade(mean: u64, largest: u64) -> u8 {
    (fraction(mean, largest) * SHADES).ceil().max(1.0) as u8
}
