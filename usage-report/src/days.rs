//! Sums by time: one bucket for each day, week or month, as the granularity of the query was.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::model::Granularity;
use usage_core::{Column, Date, UsageTable};

use crate::by_symbol::BySymbol;
use crate::counts::Counts;
use crate::period::Period;

/// The longest period, in days, that has a bucket for each day without rows: ten years.
pub const MAX_EMPTY_DAYS: u64 = 3_660;

/// A time bucket and the sums of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bucket {
    /// The first day.
    pub date: Date,
    /// The sums. They are absent in a bucket without rows: the service writes no row for a day without requests.
    pub counts: Counts,
}

/// All buckets and their granularity.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    /// The granularity, if it is known.
    pub(crate) granularity: Option<Granularity>,
    /// The buckets in the order of their dates.
    pub(crate) buckets: Vec<Bucket>,
    /// The days of the report, if they are known.
    pub(crate) period: Option<Period>,
    /// The number of rows in no bucket: without a date, or with one that is not a day.
    pub(crate) undated: u64,
    /// The number of these that have a date.
    pub(crate) unclear: u64,
}

impl Days {
    pub(crate) fn of(table: &UsageTable, granularity: Option<Granularity>, asked: Option<Period>) -> Self {
        let (mut dates, undated, unclear) = by_date(table);
        let proven = || are_days(dates.keys().copied()).then_some(Granularity::Day);
        let granularity = granularity.or_else(proven);
        let period = asked.or_else(|| {
            let (first, last) = (*dates.first_key_value()?.0, *dates.last_key_value()?.0);
            Period::new(first, granularity.as_ref().and_then(|of| of.last_day(last)).unwrap_or(last))
        });
        if granularity == Some(Granularity::Day)
            && let Some(period) = period.filter(|period| period.days() <= MAX_EMPTY_DAYS)
            && !dates.is_empty()
        {
            for day in period.iter() {
                dates.entry(day).or_default();
            }
        }
        let buckets = dates.into_iter().map(|(date, counts)| Bucket { date, counts }).collect();
        Self { granularity, buckets, period, undated, unclear }
    }

    /// Returns whether every bucket is a day.
    pub(crate) fn are_days(&self) -> bool {
        self.granularity == Some(Granularity::Day)
    }

    /// Returns the position of the bucket that begins on `date`.
    pub(crate) fn index(&self, date: Date) -> Option<usize> {
        self.buckets.binary_search_by_key(&date, |bucket| bucket.date).ok()
    }

    /// Returns the requests of the bucket that begins on `date`; `None` if no row of it has a count.
    pub(crate) fn requests_on(&self, date: Date) -> Option<u64> {
        self.buckets.get(self.index(date)?)?.counts.requests
    }

    /// Returns the requests of the days of `earlier` at the places of these days, counted from the first day of each
    /// period. Nothing if either is not by day, or if a period is not known.
    pub(crate) fn places_in(&self, earlier: &Self) -> Vec<Option<u64>> {
        let periods = self.period.zip(earlier.period).filter(|_| self.are_days() && earlier.are_days());
        let Some((period, before)) = periods else { return Vec::new() };
        let same_place = |bucket: &Bucket| {
            let ago = period.first_day().days_until(bucket.date);
            let date = before.first_day().plus_days(ago);
            before.contains(date).then(|| earlier.requests_on(date)).flatten()
        };
        self.buckets.iter().map(same_place).collect()
    }

    /// Returns the last `most` days of `period` with their requests, in order. The buckets must be days.
    pub(crate) fn last_days(&self, period: Period, most: usize) -> Vec<(Date, u64)> {
        let back = (0..).map(|ago| period.last_day().plus_days(-ago)).zip(0..period.days()).take(most);
        let mut days: Vec<_> = back.map(|(date, _)| (date, self.requests_on(date).unwrap_or(0))).collect();
        days.reverse();
        days
    }

    /// Returns the `limit` buckets with the most requests, the largest first; among equals the earlier first.
    pub(crate) fn busiest(&self, limit: usize) -> Vec<Bucket> {
        let mut busiest: Vec<_> =
            self.buckets.iter().filter(|bucket| bucket.counts.requests > Some(0)).copied().collect();
        busiest.sort_by_key(|bucket| (Reverse(bucket.counts.requests), bucket.date));
        busiest.truncate(limit);
        busiest
    }
}

/// Returns the sums of each date, the number of rows without one, and the number of those that have a text for a date.
fn by_date(table: &UsageTable) -> (BTreeMap<Date, Counts>, u64, u64) {
    let (mut places, mut by_row) = (BTreeMap::new(), BySymbol::default());
    let (mut sums, mut undated, mut unclear) = (Vec::<Counts>::new(), 0, 0);
    for row in table {
        let place = by_row.get(row.symbol(Column::Date), || {
            row.date().map(|date| {
                *places.entry(date).or_insert_with(|| {
                    sums.push(Counts::default());
                    sums.len() - 1
                })
            })
        });
        if let Some(place) = place {
            sums[place].add(row);
        } else {
            undated += 1;
            unclear += u64::from(row.date_text().is_some());
        }
    }
    (places.into_iter().map(|(date, place)| (date, sums[place])).collect(), undated, unclear)
}

/// Returns whether rows with these dates, in order, can only be days: three dates within seven days. Weeks and months have
/// at most two dates in seven days, where the start of the interval cuts the first bucket.
fn are_days(dates: impl Iterator<Item = Date>) -> bool {
    let dates: Vec<_> = dates.collect();
    dates.windows(3).any(|three| three[0].days_until(three[2]) < 7)
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
    use usage_core::UsageRecord;

    fn table(rows: &[(&str, u64)]) -> UsageTable {
        let record = |(date, requests): &(&str, u64)| UsageRecord {
            date: Some((*date).into()),
            requests: Some(*requests),
            ..Default::default()
        };
        rows.iter().map(record).collect()
    }

    fn days(rows: &[(&str, u64)], granularity: Option<Granularity>) -> Days {
        Days::of(&table(rows), granularity, None)
    }

    #[test]
    fn days_without_rows_are_there_and_have_no_count() {
        let days = days(&[("2026-07-03", 3), ("2026-07-01", 1), ("2026-07-03", 2)], Some(Granularity::Day));
        let requests: Vec<_> = days.buckets.iter().map(|bucket| bucket.counts.requests).collect();
        assert_eq!(requests, [Some(1), None, Some(5)]);
        assert_eq!(days.period.unwrap().to_string(), "2026-07-01/2026-07-03");
        assert_eq!(days.busiest(5).len(), 2);
    }

    #[test]
    fn days_are_at_the_place_of_the_earlier_periods_days() {
        let now = days(&[("2026-07-01", 9), ("2026-07-04", 9)], Some(Granularity::Day));
        let before = days(&[("2026-06-01", 1), ("2026-06-03", 3)], Some(Granularity::Day));
        assert_eq!(now.places_in(&before), [Some(1), None, Some(3), None]);
        let weeks = days(&[("2026-06-01", 1)], Some(Granularity::Week));
        assert_eq!(now.places_in(&weeks), []);
    }

    #[test]
    fn weeks_and_months_end_with_their_last_day() {
        let weeks = days(&[("2026-06-29", 3), ("2026-07-13", 1)], Some(Granularity::Week));
        assert_eq!(
            (weeks.buckets.len(), weeks.period.unwrap().last_day().to_string()),
            (2, "2026-07-19".into())
        );
        let months = days(&[("2026-06-01", 3), ("2026-07-01", 1)], Some(Granularity::Month));
        assert_eq!(months.period.unwrap().last_day().to_string(), "2026-07-31");
    }

    #[test]
    fn dates_are_days_only_where_they_can_be_nothing_else() {
        let is_day = |dates: &[&str]| {
            let rows: Vec<_> = dates.iter().map(|date| (*date, 1)).collect();
            days(&rows, None).granularity == Some(Granularity::Day)
        };
        assert!(is_day(&["2026-06-01", "2026-06-02", "2026-06-07"]));
        for unclear in [
            &["2026-06-01"][..],
            &["2026-06-01", "2026-06-08", "2026-06-15"],
            &["2026-06-04", "2026-06-11", "2026-06-18"],
            &["2026-06-01", "2026-07-01", "2026-08-01"],
            // The first week and the first month of an interval may be cut.
            &["2026-06-06", "2026-06-08", "2026-06-15"],
            &["2026-05-31", "2026-06-01", "2026-07-01"],
        ] {
            assert!(!is_day(unclear), "{unclear:?}");
        }
    }

    #[test]
    fn a_date_from_nowhere_does_not_fill_the_memory() {
        let days = days(&[("0001-01-01", 3), ("9998-12-30", 1)], Some(Granularity::Day));
        assert_eq!(days.buckets.len(), 2);
    }
}
