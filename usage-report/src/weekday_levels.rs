//! The levels of the weekdays in known days: means without outliers, with their trend and how much days and weeks differ.

use usage_core::Date;

use crate::period::weekday;

/// The number of days that the levels are taken from: four weeks.
pub(crate) const LEVEL_DAYS: usize = 28;
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
/// The standard deviation of the level that one, two and three known weeks cannot show, as a fraction of it.
const UNKNOWN_DRIFT: [f64; 3] = [0.2, 0.1, 0.05];
/// The deviation of so few weeks is itself uncertain: it is taken this many times.
const DRIFT_FACTOR: f64 = 1.5;

/// The level of a weekday.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) mean: f64,
    /// The mean age of its days, counted from the last known day.
    pub(crate) age: f64,
    /// The number of its days.
    pub(crate) days: usize,
}

/// A known day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) weekday: usize,
    /// Counted from the last known day: 0, -1, …
    age: f64,
    pub(crate) requests: f64,
}

impl Day {
    #[expect(clippy::cast_precision_loss, reason = "a forecast needs no more than 52 bits")]
    pub(crate) fn new(date: Date, requests: u64, last: Date) -> Self {
        Self { date, weekday: weekday(date), age: days_between(last, date), requests: requests as f64 }
    }

    /// Returns the difference from `median`, as a fraction of it.
    fn difference(self, median: f64) -> Option<f64> {
        (median > 0.0).then(|| (self.requests / median - 1.0).abs())
    }
}

/// The levels of some days, and which of them are outliers.
pub(crate) struct Fit {
    pub(crate) levels: [Option<Level>; 7],
    /// The days that are no outliers.
    kept: Vec<Day>,
    /// The outliers, each with its distance from the level.
    pub(crate) odd: Vec<(Day, f64)>,
}

impl Fit {
    pub(crate) fn of(days: &[Day]) -> Self {
        let by_weekday: [Vec<Day>; 7] = std::array::from_fn(|weekday| {
            days.iter().copied().filter(|day| day.weekday == weekday).collect()
        });
        let medians = by_weekday.each_ref().map(|days| median(days.iter().map(|day| day.requests).collect()));
        let differences = days.iter().filter_map(|day| day.difference(medians[day.weekday]?));
        let usual = median(differences.collect()).unwrap_or(0.0);
        let tolerance = (usual * OUTLIER).clamp(TOLERANCE.0, TOLERANCE.1);

        let mut fit = Self { levels: [None; 7], kept: Vec::with_capacity(days.len()), odd: Vec::new() };
        for ((level, days), median) in fit.levels.iter_mut().zip(by_weekday).zip(medians) {
            let Some(median) = median else { continue };
            let (kept, odd) = without_outliers(days, median, tolerance);
            let mean = kept.iter().map(|day| day.requests).sum::<f64>() / count(kept.len());
            *level = Some(Level {
                mean,
                age: kept.iter().map(|day| day.age).sum::<f64>() / count(kept.len()),
                days: kept.len(),
            });
            fit.kept.extend(kept);
            fit.odd.extend(odd.into_iter().map(|day| (day, day.requests - mean)));
        }
        fit
    }

    /// Returns the days with the level of their weekday.
    fn pairs(&self) -> impl Iterator<Item = (&Day, Level)> {
        self.kept.iter().filter_map(|day| Some((day, self.levels[day.weekday]?)))
    }

    /// Returns the slope of all weekdays together. Fewer days count for less, because the variance of a slope falls
    /// with the cube of its length.
    pub(crate) fn trend(&self, days: f64) -> f64 {
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

    /// Returns the standard deviation of a day, as a fraction of the level.
    pub(crate) fn noise(&self) -> f64 {
        let (mut squares, mut number) = (0.0, 0.0);
        for (day, level) in self.pairs().filter(|(_, level)| level.mean > 0.0) {
            squares += (day.requests / level.mean - 1.0).powi(2);
            number += 1.0;
        }
        let weekdays = count(self.levels.iter().flatten().filter(|level| level.mean > 0.0).count());
        (squares / f64::max(number - weekdays, 1.0)).sqrt()
    }

    /// Returns the standard deviation of the levels of weeks, counted back from the last day.
    pub(crate) fn drift(&self) -> f64 {
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
        let unknown =
            levels.len().checked_sub(1).and_then(|weeks| UNKNOWN_DRIFT.get(weeks)).copied().unwrap_or(0.0);
        if levels.len() < 2 {
            return unknown;
        }
        let mean = levels.iter().sum::<f64>() / count(levels.len());
        let variance =
            levels.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / (count(levels.len()) - 1.0);
        (DRIFT_FACTOR * variance.sqrt()).hypot(unknown)
    }
}

/// Returns the days near their median, at least one, and the others; all of them are near it if most are not.
fn without_outliers(days: Vec<Day>, median: f64, tolerance: f64) -> (Vec<Day>, Vec<Day>) {
    let is_near = |day: &Day| (day.requests - median).abs() <= tolerance * median;
    let (near, far): (Vec<_>, Vec<_>) = days.iter().partition(|day| is_near(day));
    if near.len() < far.len() { (days, Vec::new()) } else { (near, far) }
}

/// Returns the median; `None` of nothing.
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
pub(crate) fn days_between(from: Date, to: Date) -> f64 {
    from.days_until(to) as f64
}

#[expect(clippy::cast_precision_loss, reason = "days are few")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
