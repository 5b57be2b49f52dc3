//! What refusals of rows that would count twice have in common: the hint, and the name of a day.

use usage_core::Date;

/// The hint of a refusal.
pub(super) const SUM_HINT: &str =
    "leave out what is counted twice, or say by --sum that all of it is to be added up";

/// Returns the words for the day of rows.
pub(super) fn on(day: Option<Date>) -> String {
    day.map_or_else(|| " without a date".into(), |day| format!(" of {day}"))
}
