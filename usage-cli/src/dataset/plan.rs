//! Decides which days a history lacks and which are read again. Pure functions of dates and times.
//!
//! The service counts a UTC day once a day, and recounts it when requests arrive late. A day is *settled*, and never
//! read again, once
//!
//! - it was read when it was older than the late days, or
//! - two reads, far enough apart for a count between them, returned the same rows.
//!
//! A day without rows may not be counted yet, so two reads without rows do not settle it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use usage_core::{Date, Interval, Timestamp};

/// Minimum time between two reads that see different counts. The service counts once a day; the margin lets a daily
/// timer run a few hours early.
const BETWEEN_READS: Duration = Duration::from_secs(20 * 3600);

/// A clock that is ahead by more than this is considered wrong.
const CLOCK_ERROR: Duration = Duration::from_secs(24 * 3600);

/// One read of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reading {
    /// When the service was asked, in Unix milliseconds.
    pub(crate) asked_at: Timestamp,
    /// Whether all rows of the day arrived.
    pub(crate) complete: bool,
    /// Whether the day is never read again.
    pub(crate) settled: bool,
    /// Number of rows.
    pub(crate) rows: u64,
    /// Sum of the requests.
    pub(crate) requests: u64,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
    /// CRC-32 of the encoded rows of the file.
    pub(crate) checksum: u32,
}

impl Reading {
    /// Returns whether both reads have the same rows.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        (self.rows, self.checksum) == (other.rows, other.checksum)
    }

    /// Returns whether this read may replace `earlier`: not if it is incomplete and the other is complete, and not if
    /// it has no rows and the other has some.
    pub(crate) fn may_replace(&self, earlier: &Self) -> bool {
        let is_emptier = self.rows == 0 && earlier.rows > 0;
        match (self.complete, earlier.complete) {
            (true, false) => true,
            (false, true) => false,
            _ => !is_emptier && self.asked_at >= earlier.asked_at,
        }
    }

    /// Returns this read of `date`, marked as settled if it and the `earlier` one settle the day.
    pub(crate) fn settle(mut self, date: Date, earlier: Option<&Self>, late_days: u32) -> Self {
        let age = date.days_until(Date::of(self.asked_at));
        let is_old = age > i64::from(late_days);
        let is_confirmed = earlier.is_some_and(|earlier| {
            // Nobody knows when a reading was made that was reset.
            earlier.complete
                && earlier.asked_at > Timestamp::UNIX_EPOCH
                && self.rows > 0
                && self.agrees_with(earlier)
                && self.asked_at.saturating_since(earlier.asked_at) >= BETWEEN_READS
        });
        self.settled = self.complete && (is_old || is_confirmed);
        self
    }

    /// Returns this read of `date`, which is kept, with what the `later` one of lesser rows settles. Otherwise each
    /// run would read the day again.
    pub(crate) fn kept_beside(mut self, later: &Self, date: Date, late_days: u32) -> Self {
        if later.complete && later.asked_at > self.asked_at {
            self.settled |= later.settle(date, None, late_days).settled && self.complete;
            self.asked_at = later.asked_at;
        }
        self
    }

    /// Returns whether the day has to be read again at `now`.
    fn is_due(&self, now: Timestamp) -> bool {
        let is_new_count = now.saturating_since(self.asked_at) >= BETWEEN_READS;
        !self.complete || (!self.settled && is_new_count)
    }
}

/// The wanted days, and those that the service still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The first day that the history should have.
    pub(crate) first: Date,
    /// The first day that the service still has; `None` if no limit is known.
    pub(crate) reach: Option<Date>,
    /// The time of planning. The last day with data is the UTC day before it.
    pub(crate) now: Timestamp,
}

impl Wanted {
    fn last(&self) -> Date {
        Date::of(self.now).plus_days(-1)
    }

    fn is_in_reach(&self, date: Date) -> bool {
        self.reach.is_none_or(|reach| date >= reach)
    }

    fn days(&self) -> impl Iterator<Item = Date> {
        let (first, days) = (self.first, self.first.days_until(self.last()) + 1);
        (0..days.max(0)).map(move |day| first.plus_days(day))
    }
}

/// Resets the readings of `known` that are later than `now`, and returns their number. The clock was wrong when they were
/// read, so nobody knows whether the service had counted these days by then: they are no longer settled, and any read
/// may replace them.
pub(crate) fn reset_future(known: &mut BTreeMap<Date, Reading>, now: Timestamp) -> usize {
    let is_of_future = |reading: &&mut Reading| reading.asked_at.saturating_since(now) > CLOCK_ERROR;
    let mut reset = 0;
    for reading in known.values_mut().filter(is_of_future) {
        (reading.asked_at, reading.settled) = (Timestamp::UNIX_EPOCH, false);
        reset += 1;
    }
    reset
}

/// Returns the days to read, in order: wanted days that are missing, and `known` days that are not settled.
pub(crate) fn due(known: &BTreeMap<Date, Reading>, wanted: &Wanted) -> Vec<Date> {
    let missing = wanted.days().filter(|date| !known.contains_key(date));
    let late = known.iter().filter(|(_, read)| read.is_due(wanted.now)).map(|(date, _)| *date);
    let mut due: Vec<_> = missing.chain(late.filter(|date| *date <= wanted.last())).collect();
    due.retain(|date| wanted.is_in_reach(*date));
    due.sort_unstable();
    due
}

/// Returns how many wanted days are missing and beyond the service's reach.
pub(crate) fn out_of_reach(known: &BTreeMap<Date, Reading>, wanted: &Wanted) -> usize {
    wanted.days().filter(|date| !wanted.is_in_reach(*date) && !known.contains_key(date)).count()
}

/// Returns the fewest intervals of at most `max_days` days that cover all of the `due` days, which are in order. An
/// interval may include days that are not due: fewer queries matter more than fewer rows.
pub(crate) fn intervals(due: &[Date], max_days: u32) -> Vec<Interval> {
    let mut intervals = Vec::new();
    let mut rest = due;
    while let Some(first) = rest.first() {
        let end = first.plus_days(i64::from(max_days.max(1)) - 1);
        let (own, later) = rest.split_at(rest.partition_point(|date| *date <= end));
        if let Some(interval) = own.last().and_then(|last| Interval::from_days(*first, *last).ok()) {
            intervals.push(interval);
        }
        rest = later;
    }
    intervals
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn at(date: &str, hour: u32) -> Timestamp {
        day(date).start().saturating_add(HOUR * hour)
    }

    fn read(asked_at: Timestamp, rows: u64, checksum: u32) -> Reading {
        Reading { asked_at, complete: true, settled: false, rows, requests: rows, bytes: 1, checksum }
    }

    #[test]
    fn a_day_is_settled_by_age_or_by_two_reads_that_agree() {
        let date = day("2026-10-10");
        let first = read(at("2026-10-11", 6), 5, 1);
        assert!(!first.settle(date, None, 3).settled);
        assert!(first.settle(date, None, 0).settled);
        let later = |day: &str, hour, rows, checksum| {
            read(at(day, hour), rows, checksum).settle(date, Some(&first), 3).settled
        };
        assert!(later("2026-10-12", 6, 5, 1));
        // The same count, read twice.
        assert!(!later("2026-10-11", 9, 5, 1));
        // Recounted between the reads.
        assert!(!later("2026-10-12", 6, 6, 2) && !later("2026-10-12", 6, 5, 2));
        // Older than the late days: the 7th, 8th and 9th are late on the 10th.
        assert!(!later("2026-10-13", 6, 6, 2) && later("2026-10-14", 6, 6, 2));
        // A day without rows may not be counted yet.
        let empty = read(at("2026-10-11", 6), 0, 0);
        assert!(!read(at("2026-10-12", 6), 0, 0).settle(date, Some(&empty), 3).settled);
        assert!(read(at("2026-10-14", 6), 0, 0).settle(date, Some(&empty), 3).settled);
        let incomplete = Reading { complete: false, ..read(at("2027-10-14", 6), 5, 1) };
        assert!(!incomplete.settle(date, Some(&first), 3).settled);
        // A read by a wrong clock, which may be minutes ago, confirms nothing.
        let mut known = BTreeMap::from([(date, read(at("2036-10-11", 6), 5, 1))]);
        assert_eq!(reset_future(&mut known, at("2026-10-11", 6)), 1);
        let again = read(at("2026-10-11", 6), 5, 1).settle(date, known.get(&date), 3);
        assert!(!again.settled && read(at("2026-10-12", 6), 5, 1).settle(date, Some(&again), 3).settled);
    }

    #[test]
    fn a_complete_day_is_not_replaced_by_a_lesser_one() {
        let whole = read(at("2026-10-11", 6), 5, 1);
        let incomplete = Reading { complete: false, ..read(at("2026-10-12", 6), 9, 2) };
        assert!(!incomplete.may_replace(&whole) && whole.may_replace(&incomplete));
        assert!(!read(at("2026-10-12", 6), 0, 0).may_replace(&whole));
        assert!(read(at("2026-10-12", 6), 4, 3).may_replace(&whole));
        assert!(!read(at("2026-10-10", 6), 4, 3).may_replace(&whole));
        assert!(incomplete.may_replace(&Reading { complete: false, ..whole }));
    }

    /// A service that has forgotten a day is not asked for it for ever.
    #[test]
    fn a_day_that_is_kept_is_settled_by_age_and_not_read_twice_within_a_day() {
        let date = day("2026-10-10");
        let mut kept = read(at("2026-10-11", 6), 5, 1);
        for (today, is_settled) in [("2026-10-12", false), ("2026-10-13", false), ("2026-10-14", true)] {
            assert!(kept.is_due(at(today, 6)), "{today}");
            let emptier = read(at(today, 6), 0, 0);
            assert!(!emptier.may_replace(&kept));
            kept = kept.kept_beside(&emptier, date, 3);
            assert_eq!((kept.settled, kept.rows, kept.checksum), (is_settled, 5, 1), "{today}");
            assert!(!kept.is_due(at(today, 7)), "{today}");
        }
        // Rows of which some are missing settle nothing.
        let incomplete = Reading { complete: false, ..read(at("2026-11-14", 6), 3, 2) };
        let unsettled = read(at("2026-10-11", 6), 5, 1);
        assert_eq!(unsettled.kept_beside(&incomplete, date, 3), unsettled);
    }

    #[test]
    fn what_is_missing_or_late_and_in_reach_is_due() {
        let now = at("2026-10-11", 6);
        let mut known = BTreeMap::new();
        known.insert(day("2026-10-06"), Reading { settled: true, ..read(at("2026-10-07", 6), 1, 1) });
        known.insert(day("2026-10-08"), read(at("2026-10-10", 9), 1, 1));
        known.insert(day("2026-10-09"), read(at("2026-10-10", 11), 1, 1));
        // No longer wanted, but not settled.
        known.insert(day("2026-10-01"), read(at("2026-10-02", 6), 1, 1));
        let wanted = Wanted { first: day("2026-10-05"), reach: None, now };
        let texts = |wanted: &Wanted| -> Vec<_> {
            due(&known, wanted).into_iter().map(|date| date.to_string()[8..].to_owned()).collect()
        };
        assert_eq!(texts(&wanted), ["01", "05", "07", "08", "10"]);
        let reach = Some(day("2026-10-07"));
        assert_eq!(texts(&Wanted { reach, ..wanted }), ["07", "08", "10"]);
        assert_eq!(out_of_reach(&known, &Wanted { reach, ..wanted }), 1);
        assert_eq!(due(&known, &Wanted { first: day("2027-01-01"), reach, ..wanted }).len(), 1);
    }

    /// A clock that was ahead for some runs makes no difference once it is right: every day gets the rows that the
    /// service has of it in the end.
    #[test]
    fn days_that_were_read_while_the_clock_was_ahead_are_read_again() {
        for ahead in [2, 30, 400] {
            let start = day("2026-03-01");
            // The service has one row of each day that is over, and recounts nothing.
            let rows = |date: Date, today: Date| u64::from(date < today);
            let mut known: BTreeMap<Date, Reading> = BTreeMap::new();
            let mut run = |today: Date, clock: Date| {
                let now = clock.start().saturating_add(HOUR * 6);
                reset_future(&mut known, now);
                for date in due(&known, &Wanted { first: start.plus_days(-5), reach: None, now }) {
                    let reading = read(now, rows(date, today), 1);
                    let earlier = known.get(&date).copied();
                    if earlier.is_none_or(|earlier| reading.may_replace(&earlier)) {
                        known.insert(date, reading.settle(date, earlier.as_ref(), 3));
                    }
                }
            };
            run(start, start.plus_days(ahead));
            (1..=ahead + 6).for_each(|days| run(start.plus_days(days), start.plus_days(days)));
            let counted = known.range(..start.plus_days(ahead + 6));
            let lacking: Vec<_> = counted.filter(|(_, reading)| reading.rows == 0).collect();
            assert!(lacking.is_empty(), "{ahead} days ahead: {lacking:?}");
        }
    }

    /// Generates days as offsets from some day.
    fn offsets() -> impl Strategy<Value = BTreeSet<i64>> {
        proptest::collection::btree_set(0i64..60, 0..14)
    }

    /// Returns the fewest intervals of `max` days that cover `days`, found by exhaustive search.
    fn fewest(days: &[i64], max: i64) -> usize {
        let mut best = vec![0; days.len() + 1];
        for end in 1..=days.len() {
            let begins = (0..end).filter(|begin| days[end - 1] - days[*begin] < max);
            best[end] = begins.map(|begin| best[begin] + 1).min().unwrap_or(usize::MAX);
        }
        best[days.len()]
    }

    proptest! {
        #[test]
        fn intervals_have_each_due_day_once_and_are_as_few_as_possible(offsets in offsets(), max in 1u32..20) {
            let first = day("2026-02-20");
            let days: Vec<_> = offsets.iter().map(|offset| first.plus_days(*offset)).collect();
            let intervals = intervals(&days, max);
            for interval in &intervals {
                prop_assert!(interval.days() <= max);
                prop_assert!(days.contains(&interval.first_day()) && days.contains(&interval.last_day()));
            }
            for pair in intervals.windows(2) {
                prop_assert!(pair[0].last_day() < pair[1].first_day());
            }
            for date in &days {
                let having = intervals.iter().filter(|i| i.first_day() <= *date && *date <= i.last_day());
                prop_assert_eq!(having.count(), 1);
            }
            let offsets: Vec<_> = offsets.into_iter().collect();
            prop_assert_eq!(intervals.len(), fewest(&offsets, i64::from(max)));
        }

        /// Daily runs settle every day, and then read only the previous day.
        #[test]
        fn daily_runs_settle_every_day_and_ask_for_few(
            late_days in 0u32..6, days in 10i64..40, recounted in 0u32..4, hours in proptest::collection::vec(0u32..4, 40),
        ) {
            let start = day("2026-03-01");
            let mut known = BTreeMap::new();
            for run in 0..days {
                let now = start.plus_days(run).start().saturating_add(HOUR * (6 + hours[usize::try_from(run).unwrap()]));
                let wanted = Wanted { first: start.plus_days(-30), reach: None, now };
                let due = due(&known, &wanted);
                prop_assert!(due.iter().all(|date| *date < Date::of(now)));
                if run > 0 {
                    prop_assert!(due.len() <= 2 + late_days as usize, "{:?}", due);
                }
                for date in due {
                    // The rows of a day change until it was counted this often.
                    let age = u32::try_from(date.days_until(Date::of(now))).unwrap();
                    let reading = read(now, 1, age.min(recounted + 1));
                    let earlier: Option<Reading> = known.get(&date).copied();
                    known.insert(date, reading.settle(date, earlier.as_ref(), late_days));
                }
                // Running again at once finds nothing to read.
                prop_assert!(super::due(&known, &wanted).is_empty());
            }
            let old = start.plus_days(days - 2 - i64::from(late_days));
            prop_assert!(known.range(..old).all(|(_, read)| read.settled));
            prop_assert_eq!(known.len(), usize::try_from(30 + days - 1).unwrap());
        }
    }
}
