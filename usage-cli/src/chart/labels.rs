//! Names of what a chart or a report shows: buckets, weekdays, absent subjects.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::Subject;

pub(crate) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// What the buckets are called, singular.
pub(crate) fn bucket(granularity: Option<&Granularity>) -> &'static str {
    match granularity {
        Some(Granularity::Day) => "day",
        Some(Granularity::Week) => "week",
        Some(Granularity::Month) => "month",
        _ => "date",
    }
}

pub(crate) fn weekday(date: Date) -> &'static str {
    usize::try_from(date.weekday() - 1).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or_default()
}

/// What is shown for the requests of which rows do not say whose.
pub(crate) fn nobody(subject: Subject) -> &'static str {
    match subject {
        Subject::Client => "(no client)",
        Subject::User => "(no user)",
        Subject::Uri => "(no URI)",
        Subject::Method => "(no method)",
        Subject::Platform => "(no platform)",
        Subject::Organization => "(no organization)",
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of counts")]
pub(crate) fn rounded(mean: f64) -> u64 {
    mean.round() as u64
}
