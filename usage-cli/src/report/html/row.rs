//! One row of a list: requests, and which part of them failed.

use std::fmt;

use usage_report::{Counts, Subject};

use super::mark::{of_errors, of_throttling};
use crate::chart::scale::fraction;
use crate::chart::svg::Escaped;
use crate::text::number::{count, rate};

/// Returns the id of a list in the page.
pub(super) fn list_id(subject: Subject) -> &'static str {
    match subject {
        Subject::Client => "client",
        Subject::User => "user",
        Subject::Uri => "uri",
        Subject::Method => "method",
        Subject::Platform => "platform",
        Subject::Organization => "organization",
        _ => subject.singular(),
    }
}

/// Returns the id of the row of the entry at `position` of its list.
pub(super) fn id(subject: Subject, position: usize) -> String {
    format!("{}-{position}", list_id(subject))
}

/// The cells of numbers: requests, share, errors, 429.
pub(super) struct Numbers<'a> {
    pub(super) counts: &'a Counts,
    pub(super) share: Option<f64>,
}

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counts, share } = self;
        let errors = counts.error_rate();
        let limited = counts.throttle_rate();
        write!(
            f,
            "<td>{}</td><td class=\"share\">{}{}</td><td>{}</td><td>{}</td>",
            count(counts.requests),
            Bar(*share),
            rate(*share),
            part(errors.and_then(|_| counts.errors()), errors, &of_errors(counts)),
            part(limited.and(counts.status429), limited, &of_throttling(counts)),
        )
    }
}

/// Returns a number and its rate, marked if that is high.
fn part(number: Option<u64>, of_all: Option<f64>, mark: &impl fmt::Display) -> String {
    match number {
        None => "–".into(),
        Some(0) => "0".into(),
        Some(_) => format!(
            "<span class=\"count\">{}</span> <span class=\"rate\">{mark}{}</span>",
            count(number),
            Escaped(rate(of_all))
        ),
    }
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

/// A series as small bars, with a gap where there is no row.
pub(super) struct Spark<'a>(pub(super) &'a [Option<u64>]);

impl fmt::Display for Spark<'_> {
    #[expect(clippy::cast_precision_loss, reason = "few bars")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.0.iter().flatten().copied().max().unwrap_or(0);
        let step = 132.0 / self.0.len().max(1) as f64;
        write!(
            f,
            "<svg class=\"spark\" viewBox=\"0 0 132 20\" aria-hidden=\"true\"><path stroke-width=\"{:.2}\" d=\"",
            (step * 0.72).min(10.0)
        )?;
        for (index, requests) in self.0.iter().enumerate() {
            if let Some(requests) = requests {
                let (x, height) =
                    (step * (index as f64 + 0.5), (fraction(*requests, largest) * 19.0).max(0.7));
                write!(f, "M{x:.1} 20v-{height:.1}")?;
            }
        }
        f.write_str("\"/></svg>")
    }
}
