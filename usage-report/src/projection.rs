//! The expected requests of days that are not in the data, from known days of the same weekday.
//!
//! The level of each weekday is its mean in the last four known weeks, without outliers: values far from the median of
//! the weekday, as in a week of holidays or of an outage. A slow trend is taken from up to sixteen weeks, and only in
//! part where fewer are known, because four weeks do not tell it from noise.
//!
//! The range is wide where little is known: for weekdays that were seen never or once, for a level of fewer than four
//! weeks, and for outliers, which may come again. `usage-sim/tests/it/projection.rs` measures the errors of projections
//! in a simulated year.

use usage_core::Date;

use crate::period::weekday;
use crate::weekday_levels::{Day, Fit, LEVEL_DAYS, Level, TREND_DAYS, count, days_between, median};

/// A weekday without a known day may have this many times the mean of the others, or nothing: the others may be a weekend.
const UNSEEN: f64 = 4.0;
/// The number of standard deviations of the range to each side.
const DEVIATIONS: f64 = 2.0;

/// The expectation of days to come.
#[derive(Clone, Debug)]
pub(crate) struct Outlook {
    /// The level of each weekday, Monday first; absent if no day of it is known.
    levels: [Option<Level>; 7],
    /// The mean of all days, for weekdays without a known day.
    mean: f64,
    /// The change a day, as a fraction of the level.
    trend: f64,
    /// The standard deviation of a day, as a fraction of the level.
    noise: f64,
    /// The standard deviation of all days together, because weeks differ.
    drift: f64,
    /// The median of the levels.
    usual: f64,
    /// The outliers: how many requests they have more than the level of their weekday, or fewer.
    odd: Vec<(Date, f64)>,
    /// The number of days among which the outliers are.
    known: f64,
    /// The last known day.
    last: Date,
    /// The number of days that the levels are taken from.
    pub(crate) days: u64,
    /// The number of days that the trend is taken from, if they are more.
    pub(crate) trend_days: Option<u64>,
}

/// The expected sum of some days, and the range in which it is likely to lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) sum: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Outlook {
    /// Creates the expectation from `known`, days with their requests in order; `None` if there are none.
    pub(crate) fn of(known: &[(Date, u64)]) -> Option<Self> {
        let last = known.last()?.0;
        let recent = |days: usize| -> Vec<Day> {
            let start = known.len().saturating_sub(days);
            known[start..].iter().map(|(date, requests)| Day::new(*date, *requests, last)).collect()
        };
        let (long, short) = (recent(TREND_DAYS), recent(LEVEL_DAYS));
        let (fit, long_fit) = (Fit::of(&short), Fit::of(&long));
        // The level of the last weeks may have outliers of its own in it, which must not count once more.
        let more_than_level = |(day, more): &(Day, f64)| {
            (day.date, fit.levels[day.weekday].map_or(*more, |level| day.requests - level.mean))
        };
        let odd = long_fit.odd.iter().map(more_than_level).collect();
        let mean = short.iter().map(|day| day.requests).sum::<f64>() / count(short.len());
        Some(Self {
            trend: long_fit.trend(count(long.len())),
            noise: fit.noise(),
            drift: fit.drift(),
            usual: median(fit.levels.iter().flatten().map(|level| level.mean).collect()).unwrap_or(0.0),
            odd,
            known: count(long.len()),
            levels: fit.levels,
            days: short.len().try_into().unwrap_or(u64::MAX),
            trend_days: u64::try_from(long.len()).ok().filter(|_| long.len() > LEVEL_DAYS),
            mean,
            last,
        })
    }

    /// Returns the expected requests of `date`.
    pub(crate) fn on(&self, date: Date) -> f64 {
        let Some(level) = self.levels[weekday(date)] else { return self.mean };
        let distance = days_between(self.last, date) - level.age;
        (level.mean * (1.0 + self.trend * distance)).max(0.0)
    }

    /// Returns the expected requests of all `dates` together.
    pub(crate) fn over(&self, dates: &[Date]) -> Expected {
        let sum: f64 = dates.iter().map(|date| self.on(*date)).sum();
        let squares: f64 = dates.iter().map(|date| (self.on(*date) * self.noise).powi(2)).sum();
        let half = DEVIATIONS * squares.sqrt().hypot(sum * self.drift);
        let unsure = dates.iter().map(|date| self.unsure_on(*date));
        let (fewer, more) = unsure.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let low = sum - half - fewer - self.odd_over(dates, -1.0);
        Expected { sum, low: low.max(0.0), high: sum + half + more + self.odd_over(dates, 1.0) }
    }

    /// Returns how many requests fewer and more than expected `date` may have because its weekday is hardly known.
    fn unsure_on(&self, date: Date) -> (f64, f64) {
        match self.levels[weekday(date)] {
            None => (self.mean, UNSEEN * self.mean),
            // The only known day may have been an odd one.
            Some(level) if level.days == 1 => {
                let difference = self.on(date) - self.usual;
                (difference.max(0.0), (-difference).max(0.0))
            }
            Some(_) => (0.0, 0.0),
        }
    }

    /// Returns how many requests more than expected `dates` may have because outliers come again: those above the level
    /// if `sign` is 1, those below it if it is -1. A single outlier may come again on the same day of the month, such as a
    /// batch; several may come again as often as before.
    fn odd_over(&self, dates: &[Date], sign: f64) -> f64 {
        let signed = self.odd.iter().map(|(date, more)| (*date, more * sign));
        let mut odd: Vec<_> = signed.filter(|(_, more)| *more > 0.0).collect();
        odd.sort_unstable_by(|one, two| two.1.total_cmp(&one.1));
        let often = if odd.len() < 2 { 0.0 } else { odd.iter().map(|(_, more)| more).sum() };
        let (mut by_month, mut counted) = (0.0, Vec::new());
        for (date, more) in &odd {
            let is_same = |other: &Date| is_same_day_of_month(*other, *date);
            if dates.iter().any(is_same) && !counted.iter().any(is_same) {
                counted.push(*date);
                by_month += more;
            }
        }
        by_month.max(2.0 * often * count(dates.len()) / self.known)
    }

    /// Returns whether a day of the same weekday is known.
    pub(crate) fn has_seen(&self, date: Date) -> bool {
        self.levels[weekday(date)].is_some()
    }
}

/// Returns whether both are the same day of a month. The last days of months are the same, too.
pub(crate) fn is_same_day_of_month(one: Date, other: Date) -> bool {
    let is_last = |date: Date| date == date.last_of_month();
    one.day() == other.day() || (is_last(one) && is_last(other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-06-01 is a Monday.
    fn days(requests: impl IntoIterator<Item = u64>) -> Vec<(Date, u64)> {
        let first: Date = "2026-06-01".parse().unwrap();
        (0..).map(|day| first.plus_days(day)).zip(requests).collect()
    }

    fn week(of: [u64; 7], times: usize) -> Vec<u64> {
        of.repeat(times)
    }

    const OFFICE: [u64; 7] = [1_000, 1_100, 1_000, 900, 800, 50, 0];

    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    fn next_week(known: &[(Date, u64)]) -> [i64; 7] {
        let outlook = Outlook::of(known).unwrap();
        let last = known.last().unwrap().0;
        std::array::from_fn(|day| outlook.on(last.plus_days(i64::try_from(day).unwrap() + 1)).round() as i64)
    }

    const AS_ALWAYS: [i64; 7] = [1_000, 1_100, 1_000, 900, 800, 50, 0];

    #[test]
    fn a_week_is_like_the_weeks_before_whatever_happened_in_one_of_them() {
        assert_eq!(next_week(&days(week(OFFICE, 4))), AS_ALWAYS);
        for odd in 0..4 {
            for factor in [0, 10, 50, 300] {
                let mut four = week(OFFICE, 4);
                four[odd * 7..(odd + 1) * 7].iter_mut().for_each(|day| *day = *day * factor / 100);
                assert_eq!(next_week(&days(four)), AS_ALWAYS, "week {odd} at {factor} %");
            }
        }
    }

    #[test]
    fn a_weekday_that_is_not_known_has_the_mean_of_the_others_and_a_wide_range() {
        let outlook = Outlook::of(&days([100, 200])).unwrap();
        let wednesday = "2026-06-03".parse().unwrap();
        assert!(!outlook.has_seen(wednesday) && outlook.days == 2);
        let expected = outlook.over(&[wednesday]);
        assert!((expected.sum - 150.0).abs() < 1e-9 && expected.low.abs() < 1e-9);
        assert!(expected.high >= 300.0);
        assert!(Outlook::of(&[]).is_none());
    }

    #[test]
    fn few_weeks_tell_little_of_the_range() {
        let width = |known: usize| {
            let outlook = Outlook::of(&days(week([100; 7], 5).into_iter().take(known))).unwrap();
            let next: Vec<_> = (1..=20).map(|day| outlook.last.plus_days(day)).collect();
            let Expected { sum, low, high } = outlook.over(&next);
            assert!((sum - 2_000.0).abs() < 1e-6);
            high - low
        };
        let widths = [2, 7, 14, 21, 28].map(width);
        assert!(widths.is_sorted_by(|one, other| one > other), "{widths:?}");
        assert!(widths[3] > 0.0);
    }

    #[test]
    fn a_weekend_alone_tells_little_of_the_workdays() {
        let sunday = days(week(OFFICE, 1))[5..].to_vec();
        let outlook = Outlook::of(&sunday).unwrap();
        let dates: Vec<_> = (1..=5).map(|day| outlook.last.plus_days(day)).collect();
        let expected = outlook.over(&dates);
        assert!(expected.low == 0.0 && expected.high >= 5.0 * expected.sum * 0.99, "{expected:?}");
    }

    #[test]
    fn a_monthly_batch_may_come_again_and_is_not_expected() {
        for batch in ["2026-06-15", "2026-06-30"] {
            let batch: Date = batch.parse().unwrap();
            let mut known = days(week([100; 7], 5));
            known.iter_mut().filter(|(date, _)| *date == batch).for_each(|(_, requests)| *requests = 5_000);
            let outlook = Outlook::of(&known).unwrap();
            let july: Vec<_> = (6..=31).map(|day| Date::new(2026, 7, day).unwrap()).collect();
            let Expected { sum, low, high } = outlook.over(&july);
            assert!((sum - 2_600.0).abs() < 1e-6 && (low - sum).abs() < 1e-6, "{sum} {low}");
            assert!((high - sum - 4_900.0).abs() < 1e-6, "{batch}: {high}");
            // It does not come again before its day.
            assert!((outlook.over(&july[..3]).high - 300.0).abs() < 1e-6, "{batch}");
        }
    }

    #[test]
    fn outliers_that_made_the_level_higher_do_not_count_twice() {
        let outlook = Outlook::of(&days([week([100; 7], 14), week([250; 7], 2)].concat())).unwrap();
        // The last four weeks have as many days of one kind as of the other.
        assert!(outlook.levels.iter().flatten().all(|level| (level.mean - 175.0).abs() < 1e-6));
        assert_eq!(outlook.odd.len(), 14);
        assert!(outlook.odd.iter().all(|(_, more)| (more - 75.0).abs() < 1e-6), "{:?}", outlook.odd);
    }

    #[test]
    fn what_was_quiet_stays_quiet_and_what_comes_now_and_then_is_no_outlier() {
        let outlook = Outlook::of(&days(week([0; 7], 4))).unwrap();
        let june: Vec<Date> = days(week([0; 7], 4)).into_iter().map(|(date, _)| date).collect();
        assert_eq!(outlook.over(&june), Expected { sum: 0.0, low: 0.0, high: 0.0 });
        let mut now_and_then = week([0; 7], 4);
        (now_and_then[0], now_and_then[14]) = (800, 400);
        assert_eq!(next_week(&days(now_and_then))[0], 300);
    }

    #[test]
    fn a_slow_growth_is_gone_on_with_if_it_is_known_for_long() {
        let growing = |days: u64| (0..days).map(|day| 100_000 + 40 * day);
        let on_next = |known: u64| {
            Outlook::of(&days(growing(known)))
                .unwrap()
                .on("2026-06-01".parse::<Date>().unwrap().plus_days(i64::try_from(known).unwrap() + 13))
        };
        let real = |known: u64| 100_000.0 + 40.0 * f64::from(u32::try_from(known).unwrap() + 13);
        assert!((on_next(112) / real(112) - 1.0).abs() < 0.005);
        assert!((on_next(28) / real(28) - 1.0).abs() < 0.02);
    }

    proptest! {
        #[test]
        fn numbers_stay_numbers(requests in proptest::collection::vec(0u64..=i64::MAX.cast_unsigned(), 1..120), ahead in 1usize..40) {
            let known = days(requests);
            let outlook = Outlook::of(&known).unwrap();
            let last = known.last().unwrap().0;
            let dates: Vec<_> = (1..=ahead).map(|day| last.plus_days(i64::try_from(day).unwrap())).collect();
            let Expected { sum, low, high } = outlook.over(&dates);
            prop_assert!(low.is_finite() && high.is_finite());
            prop_assert!(0.0 <= low && low <= sum && sum <= high, "{low} {sum} {high}");
            let largest = known.iter().map(|(_, requests)| *requests).max().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "a bound")]
            let bound = largest as f64 * ahead as f64 * 1.1;
            prop_assert!(sum <= bound);
        }
    }
}
