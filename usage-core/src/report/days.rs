//! The course of time: one bucket a day, or a week or a month if the query's granularity was that.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::date::Date;
use crate::model::Granularity;
use crate::report::counts::Counts;
use crate::report::period::Period;
use crate::table::UsageTable;

/// A period of more days than this has no bucket for a day without rows: ten years.
pub const MAX_EMPTY_DAYS: u64 = 3_660;

/// A bucket of time, and what its rows add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket {
    /// Its first day.
    pub date: Date,
    /// The sums. A bucket without rows has no counts: the service writes no row for a day without requests.
    pub counts: Counts,
}

/// All buckets, and what they are.
#[derive(Clone, Debug)]
pub(super) struct Days {
    pub(super) granularity: Granularity,
    /// In the order of their dates.
    pub(super) buckets: Vec<Bucket>,
    /// The days that the report is about, if that is known.
    pub(super) period: Option<Period>,
    /// How many rows have no date.
    pub(super) undated: u64,
}

impl Days {
    /// `period` and `granularity` are what is known about the rows beside their dates.
    pub(super) fn of(table: &UsageTable, period: Option<Period>, granularity: Option<&Granularity>) -> Self {
        let mut dates: BTreeMap<Date, Counts> = BTreeMap::new();
        let mut undated = 0;
        for row in table {
            match row.date() {
                Some(date) => dates.entry(date).or_default().add(row),
                None => undated += 1,
            }
        }
        let granularity = granularity.cloned().unwrap_or_else(|| granularity_of(dates.keys().copied()));
        let period = period.or_else(|| {
            let (first, last) = (*dates.first_key_value()?.0, *dates.last_key_value()?.0);
            Period::new(first, last_day(last, &granularity))
        });
        if granularity == Granularity::Day
            && let Some(period) = period.filter(|period| period.days() <= MAX_EMPTY_DAYS)
            && !dates.is_empty()
        {
            for day in
                (0..i64::try_from(period.days()).unwrap_or(0)).map(|day| period.first_day().plus_days(day))
            {
                dates.entry(day).or_default();
            }
        }
        let buckets = dates.into_iter().map(|(date, counts)| Bucket { date, counts }).collect();
        Self { granularity, buckets, period, undated }
    }

    /// Which bucket `date` is.
    pub(super) fn index(&self, date: Date) -> Option<usize> {
        self.buckets.binary_search_by_key(&date, |bucket| bucket.date).ok()
    }

    /// The `limit` buckets with the most requests, the largest first; of equals the earlier.
    pub(super) fn busiest(&self, limit: usize) -> Vec<Bucket> {
        let mut busiest: Vec<_> =
            self.buckets.iter().filter(|bucket| bucket.counts.requests > Some(0)).copied().collect();
        busiest.sort_by_key(|bucket| (Reverse(bucket.counts.requests), bucket.date));
        busiest.truncate(limit);
        busiest
    }
}

/// The last day of the bucket that begins on `date`.
fn last_day(date: Date, granularity: &Granularity) -> Date {
    match granularity {
        Granularity::Week => date.plus_days(6),
        Granularity::Month => date.last_of_month(),
        _ => date,
    }
}

/// What rows with these dates, in order, were bucketed by. Rows do not say: several dates that are all the first of a
/// month are months, several that are all whole weeks apart are weeks, everything else is days.
pub(super) fn granularity_of(dates: impl Iterator<Item = Date>) -> Granularity {
    let dates: Vec<_> = dates.collect();
    let Some((first, others)) = dates.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Granularity::Day;
    };
    if dates.iter().all(|date| date.day() == 1) {
        return Granularity::Month;
    }
    if others.iter().all(|date| first.days_until(*date) % 7 == 0) {
        return Granularity::Week;
    }
    Granularity::Day
}

impl Serialize for Bucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("date", &self.date)?;
        self.counts.write_to(&mut map)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::UsageRecord;

    fn table(rows: &[(&str, u64)]) -> UsageTable {
        let record = |(date, requests): &(&str, u64)| UsageRecord {
            date: Some((*date).into()),
            requests: Some(*requests),
            ..Default::default()
        };
        rows.iter().map(record).collect()
    }

    #[test]
    fn days_without_rows_are_there_and_have_no_count() {
        let days = Days::of(&table(&[("2026-07-03", 3), ("2026-07-01", 1), ("2026-07-03", 2)]), None, None);
        let requests: Vec<_> = days.buckets.iter().map(|bucket| bucket.counts.requests).collect();
        assert_eq!(requests, [Some(1), None, Some(5)]);
        assert_eq!(days.period.unwrap().to_string(), "2026-07-01/2026-07-03");
        assert_eq!(days.busiest(5).len(), 2);
    }

    #[test]
    fn weeks_and_months_are_recognised_and_known_to_their_ends() {
        let weeks = Days::of(&table(&[("2026-06-29", 3), ("2026-07-13", 1)]), None, None);
        assert_eq!((weeks.granularity, weeks.buckets.len()), (Granularity::Week, 2));
        assert_eq!(weeks.period.unwrap().last_day().to_string(), "2026-07-19");
        let months = Days::of(&table(&[("2026-06-01", 3), ("2026-07-01", 1)]), None, None);
        assert_eq!(months.granularity, Granularity::Month);
        assert_eq!(months.period.unwrap().last_day().to_string(), "2026-07-31");
        let day = Days::of(&table(&[("2026-06-01", 3)]), None, None);
        assert_eq!((day.granularity, day.buckets.len()), (Granularity::Day, 1));
    }

    #[test]
    fn a_date_from_nowhere_does_not_fill_the_memory() {
        let days = Days::of(&table(&[("0001-01-01", 3), ("9998-12-30", 1)]), None, None);
        assert_eq!(days.buckets.len(), 2);
    }
}
