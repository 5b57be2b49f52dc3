//! The classes of answers that requests are stacked by.

use usage_report::Counts;

/// A class of answers. Together they are all requests: the rate-limited ones are taken out of the 4xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Ok,
    Redirect,
    Refused,
    Limited,
    Failed,
    /// Requests whose rows do not say how they were answered.
    Unknown,
}

impl Class {
    /// From the bottom of a stack to its top.
    pub(crate) const ALL: [Self; 6] =
        [Self::Ok, Self::Redirect, Self::Unknown, Self::Refused, Self::Limited, Self::Failed];

    /// Returns the text of a legend.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Ok => "2xx",
            Self::Redirect => "3xx",
            Self::Refused => "4xx",
            Self::Limited => "429",
            Self::Failed => "5xx",
            Self::Unknown => "requests",
        }
    }

    /// Returns the name of its CSS class in SVG and HTML.
    pub(crate) fn css(self) -> &'static str {
        match self {
            Self::Ok => "c2",
            Self::Redirect => "c3",
            Self::Refused => "c4",
            Self::Limited => "c429",
            Self::Failed => "c5",
            Self::Unknown => "c0",
        }
    }

    /// Returns how many requests of `counts` are of this class.
    pub(crate) fn of(self, counts: &Counts) -> u64 {
        let limited = counts.status429.unwrap_or(0).min(counts.status400.unwrap_or(0));
        match self {
            Self::Ok => counts.status200.unwrap_or(0),
            Self::Redirect => counts.status300.unwrap_or(0),
            // 429 is a part of 4xx; where the service sends it alone there is nothing to take it from.
            Self::Refused => counts.status400.unwrap_or(0) - limited,
            Self::Limited => limited,
            Self::Failed => counts.status500.unwrap_or(0),
            Self::Unknown => counts.requests.unwrap_or(0).saturating_sub(known(counts)),
        }
    }

    /// Returns the sum of all classes, which is the length of a bar. Rows may have classes without a total, or with a
    /// smaller one.
    pub(crate) fn all_of(counts: &Counts) -> u64 {
        Self::ALL.into_iter().fold(0, |sum, class| sum.saturating_add(class.of(counts)))
    }

    /// Returns the classes that any of `all` has, from the bottom to the top.
    pub(crate) fn present<'a>(all: impl Iterator<Item = &'a Counts>) -> Vec<Self> {
        let mut sums = [0u64; Self::ALL.len()];
        for counts in all {
            for (sum, class) in sums.iter_mut().zip(Self::ALL) {
                *sum = sum.saturating_add(class.of(counts));
            }
        }
        Self::ALL.into_iter().zip(sums).filter(|(_, sum)| *sum > 0).map(|(class, _)| class).collect()
    }
}

fn known(counts: &Counts) -> u64 {
    let classes = [counts.status200, counts.status300, counts.status400, counts.status500];
    classes.into_iter().flatten().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use usage_core::{UsageRecord, UsageTable};

    #[test]
    fn classes_are_all_requests_and_no_more() {
        let record = UsageRecord {
            requests: Some(20),
            status200: Some(9),
            status400: Some(5),
            status429: Some(3),
            ..UsageRecord::default()
        };
        let table: UsageTable = [record].into_iter().collect();
        let mut counts = Counts::default();
        table.iter().for_each(|row| counts.add(row));
        let classes = Class::present([&counts].into_iter());
        let labels: Vec<_> = classes.iter().map(|class| (class.label(), class.of(&counts))).collect();
        assert_eq!(labels, [("2xx", 9), ("requests", 6), ("4xx", 2), ("429", 3)]);
    }
}
