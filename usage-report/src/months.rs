//! The requests of each month, and the projection of its end.

use std::collections::BTreeSet;

use usage_core::{Date, UsageRecord};

use crate::allowance::{Allowance, MonthUse};
use crate::counts::{Counts, capped, ratio};
use crate::coverage::Coverage;
use crate::days::{Bucket, Days};
use crate::period::Period;
use crate::projection::{Expected, Outlook};
use crate::weekday_levels::TREND_DAYS;

/// The largest number of months of a report: a hundred years.
const MAX_MONTHS: usize = 1_200;

/// The months of some rows.
pub(crate) struct Months<'a> {
    allowance: &'a Allowance,
    days: &'a Days,
    coverage: &'a Coverage,
    counts: &'a Counts,
    /// The requests of earlier days, in order.
    history: &'a [(Date, u64)],
    /// The days whose requests are all counted.
    counted: Option<Period>,
}

/// Requests of several days whose distribution over the days is unknown.
#[derive(Clone, Copy, Debug)]
struct Part {
    days: Period,
    requests: u64,
}

/// The requests of a whole month, and what was assumed for them.
struct End {
    projected: u64,
    range: Option<(u64, u64)>,
    /// The number of days that it is made from.
    from_days: Option<u64>,
    /// The number of days that its trend is taken from.
    trend_days: Option<u64>,
    /// The expected requests of the days that are not counted, by date.
    expected: Vec<(Date, f64)>,
    assumption: String,
}

impl<'a> Months<'a> {
    pub(crate) fn new(
        allowance: &'a Allowance,
        days: &'a Days,
        coverage: &'a Coverage,
        counts: &'a Counts,
        history: &'a [(Date, u64)],
    ) -> Self {
        Self { allowance, days, coverage, counts, history, counted: coverage.counted(days) }
    }

    /// Returns each month. Empty if it is unknown which rows belong to which month.
    pub(crate) fn all(&self) -> Vec<MonthUse> {
        let Some(parts) = self.parts() else { return self.undated().into_iter().collect() };
        let mut firsts: BTreeSet<Date> =
            parts.iter().flat_map(|part| [part.days.first_day(), part.days.last_day()]).collect();
        let asked = self.coverage.known.or_else(|| {
            let first = self.coverage.asked?.first_day();
            Period::new(first, first)
        });
        // Over many years, only the months with rows are there.
        if let Some(asked) = asked.filter(|asked| asked.days() <= 31 * MAX_MONTHS as u64) {
            firsts.extend(asked.iter());
        }
        let firsts: BTreeSet<Date> = firsts.into_iter().map(Date::first_of_month).collect();
        let months = firsts.into_iter().filter_map(|first| Period::new(first, first.last_of_month()));
        let months: Vec<_> = months.collect();
        let latest = months.len().saturating_sub(MAX_MONTHS);
        months[latest..].iter().map(|month| self.month(*month, &parts)).collect()
    }

    /// Returns all rows as one month, if nothing is known about their days.
    fn undated(&self) -> Option<MonthUse> {
        let used = self.counts.requests?;
        if self.coverage.asked.is_some() || !self.days.buckets.is_empty() {
            return None;
        }
        let problem = "it is not known which days the rows cover; they are taken for those of one month";
        Some(self.month_use(None, used, &Err(problem.into())))
    }

    /// Returns the requests with their days; `None` if these are unknown.
    fn parts(&self) -> Option<Vec<Part>> {
        let Self { days, coverage, counts, .. } = self;
        if counts.rows == 0 {
            return coverage.asked.map(|_| Vec::new());
        }
        let total = counts.requests?;
        let is_dated = days.undated == 0 && days.granularity.is_some();
        if let Some(parts) = self.buckets().filter(|_| is_dated) {
            return Some(parts);
        }
        // Whatever the dates mean, the rows are of one month.
        let asked = coverage.asked.filter(|asked| asked.is_in_a_month())?;
        let later = days.buckets.iter().filter(|bucket| bucket.date > asked.last_day());
        let mut parts: Vec<_> = later
            .filter_map(|bucket| Some(Part { days: bucket.date.into(), requests: bucket.counts.requests? }))
            .collect();
        let later = parts.iter().fold(0, |sum, part| capped(sum, part.requests));
        parts.insert(0, Part { days: asked, requests: total.saturating_sub(later) });
        Some(parts)
    }

    /// Returns the buckets without the days that were not asked for.
    fn buckets(&self) -> Option<Vec<Part>> {
        let granularity = self.days.granularity.as_ref()?;
        let buckets = self.days.buckets.iter().filter(|bucket| bucket.counts.requests.is_some());
        let part = |bucket: &Bucket| {
            let whole = Period::new(bucket.date, granularity.last_day(bucket.date)?)?;
            let asked = self.coverage.asked.and_then(|asked| whole.common(asked));
            Some(Part { days: asked.unwrap_or(whole), requests: bucket.counts.requests? })
        };
        buckets.map(part).collect()
    }

    fn month(&self, month: Period, parts: &[Part]) -> MonthUse {
        let shares = || parts.iter().filter_map(|part| part.of(month));
        let used = shares().fold(0, |sum, part| capped(sum, part.requests));
        let counted = self.counted.and_then(|counted| counted.common(month));
        let days_counted = match self.coverage.known {
            Some(_) => counted.map_or(0, Period::days),
            None => shares().map(|part| part.days.days()).sum::<u64>().min(month.days()),
        };
        let missing: Vec<Date> =
            month.iter().filter(|day| !counted.is_some_and(|counted| counted.contains(*day))).collect();
        let in_counted = |part: &Part| counted.is_some_and(|counted| part.days.common(counted).is_some());
        let of_counted = shares().filter(in_counted).fold(0, |sum, part| capped(sum, part.requests));

        let end = match self.unprojectable(month, &missing) {
            Some(problem) => Err(problem),
            None if missing.is_empty() => Ok(End::whole(used, month)),
            None => self
                .by_weekday(month, used, &missing)
                .or_else(|| flat(month, used, of_counted, days_counted))
                .ok_or_else(|| format!("no day of {} is in the data yet", name(month))),
        };
        let mut held = self.month_use(Some(month), used, &end);
        if parts.iter().any(|part| part.is_split_by(month)) {
            held.assumption += "; what is of two months is divided by days";
        }
        held.days = counted;
        held.days_counted = days_counted;
        held.ended = counted.is_some_and(|counted| counted.contains(month.last_day()));
        if counted.is_some_and(|counted| counted.contains(month.first_day())) && self.days.are_days() {
            held.exceeded_on = end.ok().and_then(|end| self.exceeded_on(month, &end));
        }
        held
    }

    fn month_use(&self, month: Option<Period>, used: u64, end: &Result<End, String>) -> MonthUse {
        let monthly = self.allowance.monthly;
        let (projected, assumption) = match end {
            Ok(end) => (end.projected, end.assumption.clone()),
            Err(problem) => (used, format!("not projected, because {problem}")),
        };
        let known = end.as_ref().ok();
        MonthUse {
            month: month.map(Period::first_day),
            used,
            used_share: ratio(used, monthly),
            over: used.saturating_sub(monthly),
            days: None,
            days_counted: 0,
            days_in_month: month.map_or(0, Period::days),
            ended: false,
            is_projected: known.is_some(),
            projected,
            projected_low: known.and_then(|end| end.range).map(|(low, _)| low),
            projected_high: known.and_then(|end| end.range).map(|(_, high)| high),
            projected_share: known.and_then(|_| ratio(projected, monthly)),
            projected_over: projected.saturating_sub(monthly),
            projected_from_days: known.and_then(|end| end.from_days),
            projected_trend_days: known.and_then(|end| end.trend_days),
            exceeded_on: None,
            assumption,
        }
    }

    /// Returns why the month cannot be projected, if it cannot.
    fn unprojectable(&self, month: Period, missing: &[Date]) -> Option<String> {
        if self.coverage.has_gaps {
            return Some("rows are missing".into());
        }
        if self.coverage.known.is_none() && self.coverage.asked.is_none() {
            return Some("it is not known which days the rows cover".into());
        }
        if !self.counts.has_all_requests() {
            return Some("rows have no number of requests".into());
        }
        let is_month_to_come = missing.len() as u64 == month.days() && self.coverage.known.is_none();
        let is_after_history = self.history.last().is_some_and(|(last, _)| *last < month.first_day());
        (is_month_to_come && !is_after_history)
            .then(|| format!("no day of {} is in the data yet", name(month)))
    }

    /// Projects a month with missing days by the known days of the same weekday.
    fn by_weekday(&self, month: Period, used: u64, missing: &[Date]) -> Option<End> {
        if !self.days.are_days() || self.days.undated > 0 {
            return None;
        }
        let known = self.known_until(month.last_day());
        let outlook = Outlook::of(&known)?;
        // The days of the month before the rows are known if the history has them.
        let (before, missing) = self.told_by_history(missing);
        let missing = &missing[..];
        let earlier = before.iter().fold(used, |sum, (_, requests)| capped(sum, *requests));
        if missing.is_empty() {
            return Some(End::told(earlier, before.len()));
        }
        // The requests of a day that is not over are a part of its expected requests.
        let begun = |date: Date| self.days.requests_on(date).map_or(0.0, float);
        let expected: Vec<_> =
            missing.iter().map(|date| (*date, (outlook.on(*date) - begun(*date)).max(0.0))).collect();
        let Expected { low, high, .. } = outlook.over(missing);
        let all_begun: f64 = missing.iter().map(|date| begun(*date)).sum();
        let plus = |requests: f64| capped(earlier, whole(requests));
        let projected = plus(expected.iter().map(|(_, requests)| requests).sum());
        let (low, high) = (plus((low - all_begun).max(0.0)), plus((high - all_begun).max(0.0)));
        let days = outlook.days;
        let mut assumption = format!(
            "{} of {} not in the data {} taken for the means of their weekdays in the {} up to {}",
            the_days(missing.len()),
            name(month),
            if missing.len() == 1 { "is" } else { "are" },
            if days == 1 { "1 day".into() } else { format!("{days} days") },
            known.last()?.0,
        );
        if missing.iter().any(|date| !outlook.has_seen(*date)) {
            assumption += ", and for the mean of all where there is no such weekday";
        }
        if let Some(days) = outlook.trend_days {
            assumption = format!("{assumption}, moved by the trend of {days} days");
        }
        if !before.is_empty() {
            let days = the_days(before.len());
            assumption = format!("{assumption}; {days} before the rows are added from daily totals");
        }
        if all_begun > 0.0 {
            assumption += "; a part of them is counted already";
        }
        Some(End {
            projected,
            range: Some((low.min(projected), high.max(projected))),
            from_days: Some(days),
            trend_days: outlook.trend_days,
            expected,
            assumption,
        })
    }

    /// Divides days into those in the history, with their requests, and the others.
    fn told_by_history(&self, missing: &[Date]) -> (Vec<(Date, u64)>, Vec<Date>) {
        let (mut told, mut others) = (Vec::new(), Vec::new());
        for date in missing {
            match self.history.binary_search_by_key(date, |(day, _)| *day) {
                Ok(place) => told.push(self.history[place]),
                Err(_) => others.push(*date),
            }
        }
        (told, others)
    }

    /// Returns the last known days with their requests, in order.
    fn known_until(&self, last: Date) -> Vec<(Date, u64)> {
        let counted = self.counted.and_then(|counted| counted.until(last));
        let days = counted.map_or_else(Vec::new, |counted| self.days.last_days(counted, TREND_DAYS));
        let end = counted.map_or(last, |counted| counted.first_day().plus_days(-1));
        let before = self.history.iter().filter(|(date, _)| *date <= end).copied();
        before.chain(days).collect()
    }

    /// Returns the day on which the sum exceeds the allowance.
    fn exceeded_on(&self, month: Period, end: &End) -> Option<Date> {
        let (mut sum, mut expected) = (0, 0.0);
        month.iter().find(|date| {
            sum = capped(sum, self.days.requests_on(*date).unwrap_or(0));
            expected += end.expected.iter().find(|(day, _)| day == date).map_or(0.0, |(_, more)| *more);
            capped(sum, whole(expected)) > self.allowance.monthly
        })
    }
}

impl End {
    /// The end of a month of which every day is in the rows.
    fn whole(used: u64, month: Period) -> Self {
        let assumption = format!("every day of {} is in the data", name(month));
        Self {
            projected: used,
            range: None,
            from_days: None,
            trend_days: None,
            expected: Vec::new(),
            assumption,
        }
    }

    /// The end of a month of which every day is in the rows or in the history.
    fn told(projected: u64, days: usize) -> Self {
        let assumption = format!("{} before the rows are added from daily totals", the_days(days));
        Self { projected, range: None, from_days: None, trend_days: None, expected: Vec::new(), assumption }
    }
}

/// Projects a month by the mean of its counted days, where only their sum is known.
fn flat(month: Period, used: u64, of_counted: u64, days_counted: u64) -> Option<End> {
    let (counted, all) = (u128::from(days_counted), u128::from(month.days()));
    let projected = (u128::from(of_counted) * all + counted / 2).checked_div(counted)?;
    let projected = capped(0, u64::try_from(projected).unwrap_or(u64::MAX)).max(used);
    let missing = month.days().saturating_sub(days_counted);
    let assumption = format!(
        "{} of {} not in the data {} taken for the mean of the {days_counted} that {}",
        the_days(usize::try_from(missing).unwrap_or(usize::MAX)),
        name(month),
        if missing == 1 { "is" } else { "are" },
        if days_counted == 1 { "is" } else { "are" },
    );
    Some(End {
        projected,
        range: None,
        from_days: Some(days_counted),
        trend_days: None,
        expected: Vec::new(),
        assumption,
    })
}

impl Part {
    /// Returns the part that belongs to `month`, in proportion to its days.
    fn of(self, month: Period) -> Option<Self> {
        let days = self.days.common(month)?;
        // Rounded so that the shares of all months add up to the whole.
        let before = u128::try_from(self.days.first_day().days_until(days.first_day())).unwrap_or(0);
        let up_to = |days: u128| u128::from(self.requests) * days / u128::from(self.days.days());
        let requests = up_to(before + u128::from(days.days())) - up_to(before);
        Some(Self { days, requests: u64::try_from(requests).unwrap_or(u64::MAX) })
    }

    fn is_split_by(self, month: Period) -> bool {
        self.requests > 0 && self.days.common(month).is_some_and(|common| common != self.days)
    }
}

/// Returns `2026-10`.
fn name(month: Period) -> String {
    month.first_day().to_string().chars().take(7).collect()
}

fn the_days(number: usize) -> String {
    if number == 1 { "the 1 day".into() } else { format!("the {number} days") }
}

#[expect(clippy::cast_precision_loss, reason = "a forecast needs no more than 52 bits")]
fn float(requests: u64) -> f64 {
    requests as f64
}

/// Returns the nearest count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is too large saturates")]
fn whole(requests: f64) -> u64 {
    (requests.round() as u64).min(UsageRecord::MAX_COUNT)
}
