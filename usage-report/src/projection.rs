//! The expected requests of days that are not in the data, from known days of the same weekday.
//!
//! The level of each weekday is its mean in the last four known weeks, without outliers: values far from the median of
//! the weekday, as in a week of holidays or of an outage. A slow trend is taken from up to sixteen weeks, and only in
//! part where fewer are known, because four weeks do not tell it from noise. `usage-sim/tests/it/projection.rs`
//! measures the errors of projections in a simulated year.

use usage_core::Date;

use crate::period::weekday;

/// The number of days that the levels are taken from: four weeks.
const LEVEL_DAYS: usize = 28;
/// The number of days that the trend is taken from: sixteen weeks.
pub(crate) const TREND_DAYS: usize = 112;
/// A value is an outlier if its difference from the median of its weekday is more than this many times the median of all
/// such differences. Of normally distributed noise, one value in a thousand is.
const OUTLIER: f64 = 5.0;
/// The differences up to which a value is never an outlier, and from which on it always is: fractions of the median.
const TOLERANCE: (f64, f64) = (0.1, 0.35);
/// The fraction of the measured trend that is used, and the largest trend: a fraction of the level a day, about a fifth a
/// year.
const TREND_SHARE: f64 = 0.7;
const MAX_TREND: f64 = 0.0005;
/// The standard deviation of the level where a single week is known, as a fraction of it.
const UNKNOWN_DRIFT: f64 = 0.2;
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

/// The level of a weekday.
#[derive(Clone, Copy, Debug)]
struct Level {
    mean: f64,
    /// The mean age of its days, counted from the last known day.
    age: f64,
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
        let fit = Fit::of(&short);
        let mean = short.iter().map(|day| day.requests).sum::<f64>() / count(short.len());
        Some(Self {
            trend: Fit::of(&long).trend(count(long.len())),
            noise: fit.noise(),
            drift: fit.drift(),
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
        // A weekday without a known day may have nothing, or twice as much as the others.
        let unseen: f64 = dates.iter().filter(|date| !self.has_seen(**date)).map(|date| self.on(*date)).sum();
        let half = DEVIATIONS * squares.sqrt().hypot(sum * self.drift) + unseen;
        Expected { sum, low: (sum - half).max(0.0), high: sum + half }
    }

    /// Returns whether a day of the same weekday is known.
    pub(crate) fn has_seen(&self, date: Date) -> bool {
        self.levels[weekday(date)].is_some()
    }
}

/// A known day.
#[derive(Clone, Copy, Debug)]
struct Day {
    weekday: usize,
    /// Counted from the last known day: 0, -1, …
    age: f64,
    requests: f64,
}

impl Day {
    #[expect(clippy::cast_precision_loss, reason = "a forecast needs no more than 52 bits")]
    fn new(date: Date, requests: u64, last: Date) -> Self {
        Self { weekday: weekday(date), age: days_between(last, date), requests: requests as f64 }
    }
}

impl Day {
    /// Returns the difference from `median`, as a fraction of it.
    fn difference(self, median: f64) -> Option<f64> {
        (median > 0.0).then(|| (self.requests / median - 1.0).abs())
    }
}

/// The levels of some days, and the days that are no outliers.
struct Fit {
    levels: [Option<Level>; 7],
    kept: Vec<Day>,
}

impl Fit {
    fn of(days: &[Day]) -> Self {
        let by_weekday: [Vec<Day>; 7] = std::array::from_fn(|weekday| {
            days.iter().copied().filter(|day| day.weekday == weekday).collect()
        });
        let medians = by_weekday.each_ref().map(|days| median(days.iter().map(|day| day.requests).collect()));
        let differences = days.iter().filter_map(|day| day.difference(medians[day.weekday]?));
        let usual = median(differences.collect()).unwrap_or(0.0);
        let tolerance = (usual * OUTLIER).clamp(TOLERANCE.0, TOLERANCE.1);

        let mut fit = Self { levels: [None; 7], kept: Vec::with_capacity(days.len()) };
        for ((level, days), median) in fit.levels.iter_mut().zip(by_weekday).zip(medians) {
            let Some(median) = median else { continue };
            let kept = without_outliers(days, median, tolerance);
            *level = Some(Level {
                mean: kept.iter().map(|day| day.requests).sum::<f64>() / count(kept.len()),
                age: kept.iter().map(|day| day.age).sum::<f64>() / count(kept.len()),
            });
            fit.kept.extend(kept);
        }
        fit
    }

    /// Returns the days with the level of their weekday.
    fn pairs(&self) -> impl Iterator<Item = (&Day, Level)> {
        self.kept.iter().filter_map(|day| Some((day, self.levels[day.weekday]?)))
    }

    /// Returns the slope of all weekdays together. Fewer days count for less, because the variance of a slope falls
    /// with the cube of its length.
    fn trend(&self, days: f64) -> f64 {
        let (mut products, mut squares) = (0.0, 0.0);
        for (day, level) in self.pairs() {
            let distance = day.age - level.age;
            products += distance * (day.requests - level.mean);
            squares += distance * distance * level.mean;
        }
        if squares <= 0.0 {
            return 0.0;
        }
        let share = (days / count(TREND_DAYS)).min(1.0).powi(3);
        (products / squares).clamp(-MAX_TREND, MAX_TREND) * TREND_SHARE * share
    }

    fn noise(&self) -> f64 {
        let (mut squares, mut number) = (0.0, 0.0);
        for (day, level) in self.pairs().filter(|(_, level)| level.mean > 0.0) {
            squares += (day.requests / level.mean - 1.0).powi(2);
            number += 1.0;
        }
        let weekdays = count(self.levels.iter().flatten().filter(|level| level.mean > 0.0).count());
        (squares / f64::max(number - weekdays, 1.0)).sqrt()
    }

    /// Returns the standard deviation of the levels of weeks, counted back from the last day.
    fn drift(&self) -> f64 {
        let mut weeks = [(0.0, 0.0); LEVEL_DAYS / 7];
        for (day, level) in self.pairs() {
            if let Some((requests, expected)) = weeks.get_mut(week(day.age)) {
                *requests += day.requests;
                *expected += level.mean;
            }
        }
        let levels: Vec<f64> = weeks
            .iter()
            .filter(|week| week.1 > 0.0)
            .map(|(requests, expected)| requests / expected)
            .collect();
        if levels.len() < 2 {
            return UNKNOWN_DRIFT;
        }
        let mean = levels.iter().sum::<f64>() / count(levels.len());
        (levels.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / (count(levels.len()) - 1.0)).sqrt()
    }
}

/// Returns the days near their median, or all of them if most are not near it. There is at least one.
fn without_outliers(days: Vec<Day>, median: f64, tolerance: f64) -> Vec<Day> {
    let near: Vec<_> =
        days.iter().filter(|day| (day.requests - median).abs() <= tolerance * median).copied().collect();
    if near.len() * 2 < days.len() { days } else { near }
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the age of a day: 0, -1, …")]
fn week(age: f64) -> usize {
    (-age / 7.0) as usize
}

#[expect(clippy::cast_precision_loss, reason = "days are few")]
fn days_between(from: Date, to: Date) -> f64 {
    from.days_until(to) as f64
}

#[expect(clippy::cast_precision_loss, reason = "days are few")]
fn count(number: usize) -> f64 {
    number as f64
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
