//! Names of what a chart or a report shows: buckets, weekdays, absent subjects.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::Subject;

/// From Monday on.
pub(crate) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Returns what a bucket is called, singular.
pub(crate) fn bucket(granularity: Option<&Granularity>) -> &'static str {
    match granularity {
        Some(Granularity::Day) => "day",
        Some(Granularity::Week) => "week",
        Some(Granularity::Month) => "month",
        _ => "date",
    }
}

/// Returns `Oct`.
pub(crate) fn month(date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default()
}

/// Returns `Thu`.
pub(crate) fn weekday(date: Date) -> &'static str {
    usize::try_from(date.weekday() - 1).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or_default()
}

/// Returns what is shown of a name and an id: the name, or else the id. Blanks would be seen as nothing.
pub(crate) fn shown_name<'a>(subject: Subject, name: Option<&'a str>, id: Option<&'a str>) -> &'a str {
    let is_visible = |text: &&str| !text.trim().is_empty();
    name.filter(is_visible).or(id.filter(is_visible)).unwrap_or(nobody(subject))
}

/// Returns what is shown for requests whose rows do not have the subject.
fn nobody(subject: Subject) -> &'static str {
    match subject {
        Subject::Client => "(no client)",
        Subject::User => "(no user)",
        Subject::Uri => "(no URI)",
        Subject::Method => "(no method)",
        Subject::Platform => "(no platform)",
        Subject::Organization => "(no organization)",
        _ => "(not stated)",
    }
}

/// Returns a mean as a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of counts")]
pub(crate) fn rounded(mean: f64) -> u64 {
    mean.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_name_is_not_shown() {
        for (name, id, shown) in [
            (Some("Bot"), Some("1"), "Bot"),
            (None, Some("1"), "1"),
            (Some(" \u{3000}"), Some("1"), "1"),
            (Some(" "), Some(""), "(no client)"),
        ] {
            assert_eq!(shown_name(Subject::Client, name, id), shown);
        }
    }
}
