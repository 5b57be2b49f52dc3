//! Whether a month ends above the allowance.

use serde::Serialize;

use crate::date::Date;
use crate::model::Granularity;
use crate::report::counts::{Counts, capped, ratio};
use crate::report::days::Days;
use crate::report::license::Licenses;
use crate::report::period::Period;

/// How many requests a calendar month may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Allowance {
    /// Requests a month.
    pub monthly: u64,
    /// The licences that it comes from, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Licenses>,
}

impl Allowance {
    /// This many requests a month.
    pub fn requests(monthly: u64) -> Self {
        Self { monthly: capped(0, monthly), licenses: None }
    }
}

impl From<Licenses> for Allowance {
    fn from(licenses: Licenses) -> Self {
        Self { monthly: licenses.requests_a_month(), licenses: Some(licenses) }
    }
}

/// The months of a report against an allowance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AllowanceUse {
    /// What is allowed.
    pub allowance: Allowance,
    /// Each calendar month that the report touches, in order. None if rows have no date and the period is not one
    /// month: then nobody knows what belongs to which.
    pub months: Vec<MonthUse>,
}

/// A calendar month against the allowance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MonthUse {
    /// Its first day; absent if the rows have no dates and no period is known: they are taken for one whole month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Date>,
    /// Requests so far.
    pub used: u64,
    /// They as a part of the allowance; 1 is all of it. Absent if nothing is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_share: Option<f64>,
    /// By how many requests the allowance is exceeded so far.
    pub over: u64,
    /// How many days of the month are in the data, up to the last one with a row.
    pub days_counted: u64,
    /// How many days the month has.
    pub days_in_month: u64,
    /// Whether the last day of the month is in the data: then nothing is to come, but earlier days may be missing.
    pub ended: bool,
    /// Requests at the end of the month, if the days that are not in the data are like the mean of those that are.
    pub projected: u64,
    /// They as a part of the allowance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projected_share: Option<f64>,
    /// By how many requests the allowance will be exceeded then.
    pub projected_over: u64,
    /// The day on which the allowance was exceeded, or will be as projected. Absent if it is not, or if the days
    /// from the first of the month on are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceeded_on: Option<Date>,
    /// What the projection takes for granted, in words.
    pub assumption: String,
}

impl AllowanceUse {
    /// The latest month.
    pub fn latest(&self) -> Option<&MonthUse> {
        self.months.last()
    }

    pub(super) fn of(allowance: Allowance, days: &Days, totals: &Counts) -> Self {
        let months = if days.buckets.is_empty() {
            undated(&allowance, days.period, totals).into_iter().collect()
        } else {
            dated(&allowance, days)
        };
        Self { allowance, months }
    }
}

/// All rows as one month.
fn undated(allowance: &Allowance, period: Option<Period>, totals: &Counts) -> Option<MonthUse> {
    let used = totals.requests?;
    let Some(period) = period else {
        let assumption = "the rows have no dates and are taken for one whole month".to_owned();
        return Some(MonthUse::new(allowance, None, used, (0, 0), assumption));
    };
    let month = period.first_day().first_of_month();
    let whole = month_of(month)?;
    let counted = period.common(whole).filter(|common| *common == period)?;
    Some(MonthUse::projected(allowance, whole, used, counted.days()))
}

fn dated(allowance: &Allowance, days: &Days) -> Vec<MonthUse> {
    let with_rows = || days.buckets.iter().filter(|bucket| bucket.counts.requests.is_some());
    let (Some(period), Some(last)) = (days.period, with_rows().next_back()) else { return Vec::new() };
    // The service may not have counted the last day yet: what has no row at the end is not taken for a quiet day.
    let counted = if days.granularity == Granularity::Day { period.until(last.date) } else { Some(period) };
    let Some(counted) = counted else { return Vec::new() };

    let mut months = Vec::new();
    let mut next = Some(counted.first_day().first_of_month());
    while let Some(month) = next.and_then(month_of).filter(|month| month.first_day() <= counted.last_day()) {
        next = Some(month.last_day().plus_days(1)).filter(|next| *next > month.last_day());
        let Some(days_counted) = counted.common(month).map(Period::days) else { break };
        let requests = || {
            let of_month = days.buckets.iter().filter(|bucket| month.contains(bucket.date));
            of_month.filter_map(|bucket| Some((bucket.date, bucket.counts.requests?)))
        };
        let used = requests().fold(0, |sum, (_, requests)| capped(sum, requests));
        let mut month_use = MonthUse::projected(allowance, month, used, days_counted);
        month_use.ended = month.last_day() <= counted.last_day();
        if counted.first_day() <= month.first_day() && days.granularity == Granularity::Day {
            month_use.exceeded_on = exceeded_on(allowance.monthly, month, requests())
                .or_else(|| will_exceed_on(allowance.monthly, month, used, days_counted));
        }
        months.push(month_use);
        // A period of many years has a month only where there is a row.
        if months.len() >= MAX_MONTHS {
            break;
        }
    }
    months
}

/// The most months that are told apart: a hundred years.
const MAX_MONTHS: usize = 1_200;

/// The whole calendar month that begins on `first`.
fn month_of(first: Date) -> Option<Period> {
    Period::new(first, first.last_of_month())
}

/// The day on which the sum passed `monthly`.
fn exceeded_on(monthly: u64, month: Period, requests: impl Iterator<Item = (Date, u64)>) -> Option<Date> {
    let mut sum = 0;
    requests.filter(|(date, _)| month.contains(*date)).find_map(|(date, requests)| {
        sum = capped(sum, requests);
        (sum > monthly).then_some(date)
    })
}

/// The day on which it will, if every day is like the mean of those so far.
fn will_exceed_on(monthly: u64, month: Period, used: u64, days_counted: u64) -> Option<Date> {
    let left = u128::from(monthly.checked_sub(used)?) * u128::from(days_counted);
    let more_days = i64::try_from(left.checked_div(u128::from(used))? + 1).ok()?;
    let day = i64::try_from(days_counted).ok()?.checked_add(more_days)? - 1;
    Some(month.first_day().plus_days(day)).filter(|day| month.contains(*day))
}

impl MonthUse {
    /// `used` in the first `days_counted` days of `month`, or in as many of its other days.
    fn projected(allowance: &Allowance, month: Period, used: u64, days_counted: u64) -> Self {
        let (days, name) = (month.days(), &month.first_day().to_string()[..7]);
        let assumption = match days - days_counted.min(days) {
            0 => format!("every day of {name} is in the data"),
            left => format!(
                "{} of {name} not in the data {} taken for the mean of the {days_counted} that {}",
                if left == 1 { "the 1 day".into() } else { format!("the {left} days") },
                if left == 1 { "is" } else { "are" },
                if days_counted == 1 { "is" } else { "are" },
            ),
        };
        Self::new(allowance, Some(month.first_day()), used, (days_counted, days), assumption)
    }

    fn new(
        allowance: &Allowance,
        month: Option<Date>,
        used: u64,
        (days_counted, days_in_month): (u64, u64),
        assumption: String,
    ) -> Self {
        let projected = projection(used, days_counted, days_in_month);
        let monthly = allowance.monthly;
        Self {
            month,
            used,
            used_share: ratio(used, monthly),
            over: used.saturating_sub(monthly),
            days_counted,
            days_in_month,
            ended: days_counted >= days_in_month,
            projected,
            projected_share: ratio(projected, monthly),
            projected_over: projected.saturating_sub(monthly),
            exceeded_on: None,
            assumption,
        }
    }
}

/// `used` in `days_counted` days, extended to `days_in_month` days, rounded to the nearest.
fn projection(used: u64, days_counted: u64, days_in_month: u64) -> u64 {
    let (counted, all) = (u128::from(days_counted), u128::from(days_in_month.max(days_counted)));
    let projected = (u128::from(used) * all + counted / 2).checked_div(counted);
    projected.map_or(used, |projected| capped(0, u64::try_from(projected).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_is_the_mean_for_the_days_that_are_missing() {
        assert_eq!(projection(100, 10, 31), 310);
        assert_eq!(projection(100, 30, 31), 103);
        assert_eq!(projection(100, 31, 31), 100);
        assert_eq!(projection(7, 0, 0), 7);
        assert_eq!(projection(u64::MAX / 2, 1, 31), crate::UsageRecord::MAX_COUNT);
    }

    #[test]
    fn the_day_on_which_it_will_be_exceeded() {
        let month = month_of(Date::new(2026, 10, 1).unwrap()).unwrap();
        // 10 a day: 100 are reached on the 10th and exceeded on the 11th.
        assert_eq!(will_exceed_on(100, month, 50, 5).unwrap().to_string(), "2026-10-11");
        assert_eq!(will_exceed_on(309, month, 50, 5).unwrap().to_string(), "2026-10-31");
        assert_eq!(will_exceed_on(310, month, 50, 5), None);
        assert_eq!(will_exceed_on(100, month, 0, 5), None);
    }
}
