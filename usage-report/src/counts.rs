//! Sums of rows, and their rates.

use std::iter::Sum;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::{Counter, UsageRecord, UsageRow};

/// The sums of some rows, in the API's names. A count is absent if no row has it: absent is not zero.
///
/// A row without a total of requests, as those of a search are, counts as many as its four classes add up to, if it
/// has all four.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::Counts;
///
/// let row = |status400, status429| UsageRecord {
///     requests: Some(100),
///     status400: Some(status400),
///     status429: Some(status429),
///     status500: Some(0),
///     ..UsageRecord::default()
/// };
/// let table: UsageTable = [row(10, 4), row(20, 0)].into_iter().collect();
/// let mut counts = Counts::default();
/// table.iter().for_each(|row| counts.add(row));
/// assert_eq!((counts.requests, counts.status200), (Some(200), None));
/// assert_eq!((counts.errors(), counts.error_rate(), counts.throttle_rate()), (Some(30), Some(0.15), Some(0.02)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The number of rows that were added up.
    pub rows: u64,
    /// All requests. This and every other sum stops at [`UsageRecord::MAX_COUNT`].
    pub requests: Option<u64>,
    /// Answers of class 2xx.
    pub status200: Option<u64>,
    /// Answers of class 3xx.
    pub status300: Option<u64>,
    /// Answers of class 4xx, the rate-limited ones included.
    pub status400: Option<u64>,
    /// Answers of class 5xx.
    pub status500: Option<u64>,
    /// Rate-limited requests: a subset of `status400`, not to be added to it.
    pub status429: Option<u64>,
    /// The number of rows that have each count.
    have: [u64; Counter::ALL.len()],
}

/// The classes that add up to all requests.
const CLASSES: [Counter; 4] =
    [Counter::Status200, Counter::Status300, Counter::Status400, Counter::Status500];

/// Returns the requests of `row`: its total, or else the sum of its four classes.
#[inline]
pub(crate) fn requests_of(row: UsageRow<'_>) -> Option<u64> {
    row.requests().or_else(|| {
        CLASSES.iter().try_fold(0u64, |sum, class| row.count(*class).map(|count| capped(sum, count)))
    })
}

/// Returns the sum, at most [`UsageRecord::MAX_COUNT`].
pub(crate) fn capped(sum: u64, count: u64) -> u64 {
    sum.saturating_add(count).min(UsageRecord::MAX_COUNT)
}

impl Counts {
    /// Returns the sum of `counter`.
    pub fn count(&self, counter: Counter) -> Option<u64> {
        match counter {
            Counter::Requests => self.requests,
            Counter::Status200 => self.status200,
            Counter::Status300 => self.status300,
            Counter::Status400 => self.status400,
            Counter::Status429 => self.status429,
            Counter::Status500 => self.status500,
            _ => None,
        }
    }

    /// Returns the answers of class 4xx and 5xx, the rate-limited ones included, as a fraction of all requests, 0 to 1.
    ///
    /// Absent if there is no request, if some row lacks one of the counts, because a rate of the other rows would mislead,
    /// or if there are more answers than requests.
    pub fn error_rate(&self) -> Option<f64> {
        self.complete(&[Counter::Status400, Counter::Status500])?;
        part(capped(self.status400?, self.status500?), self.requests?)
    }

    /// Returns the rate-limited requests (429) as a fraction of all requests, 0 to 1. Absent as
    /// [`error_rate`](Self::error_rate) is.
    pub fn throttle_rate(&self) -> Option<f64> {
        self.complete(&[Counter::Status429])?;
        part(self.status429?, self.requests?)
    }

    /// Returns the answers of class 4xx and 5xx, the rate-limited ones included. Absent if no row has either count.
    pub fn errors(&self) -> Option<u64> {
        match (self.status400, self.status500) {
            (None, None) => None,
            (client, server) => Some(capped(client.unwrap_or(0), server.unwrap_or(0))),
        }
    }

    /// Returns the answers of class 4xx and 5xx without the rate-limited ones. Absent if some row lacks one of the counts.
    pub fn errors_besides_throttling(&self) -> Option<u64> {
        self.complete(&[Counter::Status400, Counter::Status429, Counter::Status500])?;
        Some(self.errors()?.saturating_sub(self.status429?))
    }

    /// Adds a row.
    #[inline]
    pub fn add(&mut self, row: UsageRow<'_>) {
        let Self { rows, requests, status200, status300, status400, status500, status429, have } = self;
        *rows += 1;
        // In the order of `Counter::ALL`.
        let sums = [requests, status200, status300, status400, status429, status500];
        for ((counter, sum), have) in Counter::ALL.iter().copied().zip(sums).zip(have) {
            let count = if counter == Counter::Requests { requests_of(row) } else { row.count(counter) };
            if let Some(count) = count {
                *have += 1;
                *sum = Some(capped(sum.unwrap_or(0), count));
            }
        }
    }

    /// Adds the sums of other rows.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        for &counter in Counter::ALL {
            self.have[counter as usize] += other.have[counter as usize];
            if let Some(count) = other.count(counter)
                && let Some(sum) = self.slot(counter)
            {
                *sum = Some(capped(sum.unwrap_or(0), count));
            }
        }
    }

    /// Writes these counts as members of an object, in the API's names, and after them the rates.
    pub(crate) fn write_to<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("rows", &self.rows)?;
        let members = [Counter::Requests, Counter::Status200, Counter::Status300, Counter::Status400];
        for counter in members.into_iter().chain([Counter::Status500, Counter::Status429]) {
            if let Some(count) = self.count(counter) {
                map.serialize_entry(counter.name(), &count)?;
            }
        }
        for (name, rate) in [("errorRate", self.error_rate()), ("throttleRate", self.throttle_rate())] {
            if let Some(rate) = rate {
                map.serialize_entry(name, &rate)?;
            }
        }
        Ok(())
    }

    /// Returns whether every row has requests.
    pub(crate) fn has_all_requests(&self) -> bool {
        self.have[Counter::Requests as usize] == self.rows
    }

    /// Returns `Some` if every row that has requests has these counts too.
    fn complete(&self, counters: &[Counter]) -> Option<()> {
        let all = self.have[Counter::Requests as usize];
        counters.iter().all(|counter| self.have[*counter as usize] == all).then_some(())
    }

    fn slot(&mut self, counter: Counter) -> Option<&mut Option<u64>> {
        Some(match counter {
            Counter::Requests => &mut self.requests,
            Counter::Status200 => &mut self.status200,
            Counter::Status300 => &mut self.status300,
            Counter::Status400 => &mut self.status400,
            Counter::Status429 => &mut self.status429,
            Counter::Status500 => &mut self.status500,
            _ => return None,
        })
    }
}

impl<'a> Sum<&'a Self> for Counts {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        let mut sum = Self::default();
        for counts in all {
            sum.merge(counts);
        }
        sum
    }
}

impl Serialize for Counts {
    /// Writes an object: `rows`, `requests`, `status200`, …, `errorRate`, `throttleRate`; what is absent is left out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write_to(&mut map)?;
        map.end()
    }
}

/// Returns `part` as a fraction of `whole`; `None` if `whole` is 0.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Returns the part as a fraction of the whole; `None` if it is larger.
fn part(part: u64, whole: u64) -> Option<f64> {
    ratio(part, whole).filter(|_| part <= whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use usage_core::UsageTable;

    fn counts(records: &[UsageRecord]) -> Counts {
        let table: UsageTable = records.iter().cloned().collect();
        let mut counts = Counts::default();
        table.iter().for_each(|row| counts.add(row));
        counts
    }

    #[test]
    fn rates_are_of_all_requests_and_429_is_not_added_to_4xx() {
        let row = UsageRecord {
            requests: Some(100),
            status200: Some(90),
            status300: Some(0),
            status400: Some(8),
            status429: Some(5),
            status500: Some(2),
            ..Default::default()
        };
        let sum = counts(&[row]);
        assert_eq!((sum.error_rate(), sum.throttle_rate()), (Some(0.1), Some(0.05)));
    }

    #[test]
    fn absent_is_not_zero() {
        let bare = UsageRecord { requests: Some(10), ..Default::default() };
        let full = UsageRecord { status429: Some(1), ..bare.clone() };
        assert_eq!(counts(std::slice::from_ref(&bare)).status429, None);
        assert_eq!(counts(std::slice::from_ref(&full)).throttle_rate(), Some(0.1));
        // One row does not say how often it was limited: nobody knows the rate of both.
        assert_eq!(counts(&[bare, full.clone()]).throttle_rate(), None);
        let contradictory = counts(&[UsageRecord { requests: Some(10), status429: Some(11), ..full }]);
        assert_eq!((contradictory.throttle_rate(), contradictory.error_rate()), (None, None));
        assert_eq!(counts(&[UsageRecord { requests: Some(0), ..Default::default() }]).error_rate(), None);
    }

    #[test]
    fn a_row_of_a_search_has_the_sum_of_its_classes() {
        let mut row = UsageRecord {
            status200: Some(1),
            status300: Some(2),
            status400: Some(3),
            status429: Some(3),
            status500: Some(4),
            ..Default::default()
        };
        assert_eq!(counts(&[row.clone()]).requests, Some(10));
        row.status300 = None;
        assert_eq!(counts(&[row]).requests, None);
    }

    #[test]
    fn sums_stop_at_the_largest_count() {
        let row = UsageRecord { requests: Some(UsageRecord::MAX_COUNT), ..Default::default() };
        assert_eq!(counts(&[row.clone(), row]).requests, Some(UsageRecord::MAX_COUNT));
    }
}
