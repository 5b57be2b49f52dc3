//! Marks of severity: a shape, a colour and a word, never a colour alone.

use std::fmt;

use usage_report::thresholds::{error_severity, throttle_severity};
use usage_report::{Counts, Severity};

/// A mark. [`Severity::Info`] has none.
pub(super) struct Mark(pub(super) Severity);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = match self.0 {
            Severity::Critical => "◆",
            Severity::Warning => "▲",
            Severity::Notice => "●",
            _ => return Ok(()),
        };
        write!(f, "<span class=\"mark {0}\" role=\"img\" aria-label=\"{0}\">{shape}</span>", self.0)
    }
}

/// Returns the mark of the errors besides rate limits.
pub(super) fn of_errors(counts: &Counts) -> Mark {
    let all = counts.requests.filter(|all| *all > 0);
    Mark(counts.errors_besides_throttling().zip(all).map_or(Severity::Info, |(errors, all)| {
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        error_severity(errors as f64 / all as f64)
    }))
}

/// Returns the mark of the rate-limited requests.
pub(super) fn of_throttling(counts: &Counts) -> Mark {
    Mark(counts.throttle_rate().map_or(Severity::Info, throttle_severity))
}
