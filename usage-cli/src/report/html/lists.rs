//! The lists of the largest, as tables that can be sorted.

use std::fmt;

use usage_report::TopList;

use super::{Cell, Head, Kind, Page};
use crate::chart::labels::nobody;
use crate::chart::scale::fraction;
use crate::chart::svg::Escaped;
use crate::report::text::lists::heading_of_all;
use crate::text::number::{count, grouped, rate};

pub(super) fn draw(page: &mut Page, list: &TopList) {
    if list.count == 0 {
        return;
    }
    let shown = list.entries.len();
    let name = heading_of_all(list.subject);
    let heading = if shown < list.count {
        format!("{name} <span class=\"dim\">{shown} of {}</span>", grouped(list.count as u128))
    } else {
        name.into()
    };
    let has_series = list.entries.iter().any(|entry| entry.series.len() > 1);
    let trend = if has_series { "<th scope=\"col\" class=\"wide\">Trend</th>" } else { "" };
    page.put(format_args!(
        "<section class=\"card\"><h2>{heading}</h2><div class=\"scroll\"><table class=\"sortable\"><thead><tr>\
         {}{}{}{}{}{trend}</tr></thead><tbody>\n",
        Head("Name", Kind::Text),
        Head("Requests", Kind::Number),
        Head("Share", Kind::Number),
        Head("Errors", Kind::Number),
        Head("429", Kind::Number),
    ));
    for entry in &list.entries {
        let label = entry.label().unwrap_or(nobody(list.subject));
        let id = entry.id.as_deref().filter(|id| *id != label);
        let id = id.map_or_else(String::new, |id| format!("<small>{}</small>", Escaped(id)));
        let (name, counts) = (Escaped(label), &entry.counts);
        let share = entry.share.map(|share| share.to_string()).unwrap_or_default();
        page.put(format_args!(
            "<tr><td class=\"name\" data-v=\"{name}\">{name}{id}</td>{}<td data-v=\"{share}\">{}{}</td>{}{}",
            Cell(counts.requests, count(counts.requests)),
            Bar(entry.share),
            rate(entry.share),
            Cell(counts.error_rate(), rate(counts.error_rate())),
            Cell(counts.throttle_rate(), rate(counts.throttle_rate())),
        ));
        if has_series {
            page.put(format_args!("<td class=\"wide\">{}</td>", Spark(&entry.series)));
        }
        page.put(format_args!("</tr>\n"));
    }
    page.put(format_args!("</tbody>"));
    if let Some(others) = &list.others {
        let counts = &others.counts;
        page.put(format_args!(
            "<tfoot><tr><td>{} others</td><td>{}</td><td>{}{}</td><td>{}</td><td>{}</td>{}</tr></tfoot>",
            grouped(others.count as u128),
            count(counts.requests),
            Bar(others.share),
            rate(others.share),
            rate(counts.error_rate()),
            rate(counts.throttle_rate()),
            if has_series { "<td></td>" } else { "" },
        ));
    }
    page.put(format_args!("</table></div></section>\n"));
}

/// A share as a bar.
struct Bar(Option<f64>);

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.unwrap_or(0.0).clamp(0.0, 1.0) * 100.0;
        write!(
            f,
            "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <rect width=\"{width:.1}\" height=\"8\"/></svg>"
        )
    }
}

/// A series as little bars; where there is no row there is none.
struct Spark<'a>(&'a [Option<u64>]);

impl fmt::Display for Spark<'_> {
    #[expect(clippy::cast_precision_loss, reason = "few bars")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.0.iter().flatten().copied().max().unwrap_or(0);
        let step = 132.0 / self.0.len().max(1) as f64;
        write!(
            f,
            "<svg class=\"spark\" viewBox=\"0 0 132 24\" aria-hidden=\"true\"><path stroke-width=\"{:.2}\" d=\"",
            (step * 0.72).min(10.0)
        )?;
        for (index, requests) in self.0.iter().enumerate() {
            if let Some(requests) = requests {
                let (x, height) =
                    (step * (index as f64 + 0.5), (fraction(*requests, largest) * 23.0).max(0.7));
                write!(f, "M{x:.1} 24v-{height:.1}")?;
            }
        }
        f.write_str("\"/></svg>")
    }
}
