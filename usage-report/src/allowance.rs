//! Months against an allowance.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::Date;

use crate::counts::capped;
use crate::license::Licenses;
use crate::period::Period;

/// The number of requests that a calendar month may have.
///
/// ```
/// use usage_report::{Allowance, Licenses};
///
/// let licenses: Licenses = "cx2-named=40".parse()?;
/// assert_eq!(Allowance::from(licenses).monthly, 4_400_000);
/// # Ok::<(), usage_report::LicenseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Allowance {
    /// Requests a month.
    pub monthly: u64,
    /// The licences that it comes from, if it was not given in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Licenses>,
}

impl Allowance {
    /// Creates an allowance of this many requests a month.
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
///
/// ```
/// use usage_core::model::Granularity;
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Allowance, Period, Report, ReportOptions};
///
/// let row = |date: &str| UsageRecord { date: Some(date.into()), requests: Some(60), ..UsageRecord::default() };
/// let rows: UsageTable = [row("2026-07-01"), row("2026-07-02")].into_iter().collect();
/// let options = ReportOptions::default()
///     .with_granularity(Granularity::Day)
///     .with_period(Period::new("2026-07-01".parse()?, "2026-07-02".parse()?).unwrap())
///     .with_allowance(Allowance::requests(1_000));
/// let july = Report::new(&rows, &options).allowance.unwrap().months.remove(0);
/// assert_eq!((july.used, july.days_counted, july.projected), (120, 2, 1_860));
/// assert!(july.projected_over == 860 && !july.is_whole());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AllowanceUse {
    /// The allowance.
    pub allowance: Allowance,
    /// Each calendar month that the report touches, in order, also months without rows. Empty if it is unknown which rows
    /// belong to which month; [`Report::limitations`](crate::Report::limitations) says why.
    pub months: Vec<MonthUse>,
}

/// A calendar month against the allowance.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MonthUse {
    /// The first day. Absent if rows without dates, of an unknown period, are taken for one month.
    pub month: Option<Date>,
    /// Requests so far: those of the days that are counted, and what there is of later days. They are those of the whole
    /// month only if `days_counted` is `days_in_month`.
    pub used: u64,
    /// `used` as a fraction of the allowance (1.0 = all of it). Absent if nothing is allowed.
    pub used_share: Option<f64>,
    /// The number of requests above the allowance so far.
    pub over: u64,
    /// The days of the month that are counted: those that the data covers completely, also without rows. Absent if there
    /// are none, or if it is unknown which days the rows cover.
    pub days: Option<Period>,
    /// The number of days that are counted, or, if it is unknown which days the rows cover, of the days of their buckets.
    pub days_counted: u64,
    /// The number of days of the month; 0 if it is unknown which month it is.
    pub days_in_month: u64,
    /// Whether the last day of the month is counted. Nothing is to come then, but earlier days may be missing.
    pub ended: bool,
    /// Whether the requests of the whole month are known or projected. If not, `assumption` says why, and the fields below
    /// that are about the whole month repeat what is used.
    pub is_projected: bool,
    /// Requests of the whole month: `used`, plus the expected requests of the days that are not counted.
    pub projected: u64,
    /// The lower end of the range in which the month is likely to end. Absent if the month is whole, or if the rows are
    /// not by day.
    pub projected_low: Option<u64>,
    /// The upper end of the range.
    pub projected_high: Option<u64>,
    /// `projected` as a fraction of the allowance (1.0 = all of it).
    pub projected_share: Option<f64>,
    /// The number of requests above the allowance at the end of the month.
    pub projected_over: u64,
    /// The number of days that the projection is made from, at most 28. Absent if there is nothing to project.
    pub projected_from_days: Option<u64>,
    /// The number of days that the trend of the projection is taken from, at most 112. Absent if there are too few days for
    /// a trend.
    pub projected_trend_days: Option<u64>,
    /// The day on which the allowance was exceeded, or will be as projected. Absent if it is not exceeded, or if the first
    /// days of the month are unknown.
    pub exceeded_on: Option<Date>,
    /// What the projection assumes, as a part of a sentence.
    pub assumption: String,
}

impl AllowanceUse {
    /// Returns the latest month.
    pub fn latest(&self) -> Option<&MonthUse> {
        self.months.last()
    }
}

impl MonthUse {
    /// Returns whether every day of the month is counted.
    pub fn is_whole(&self) -> bool {
        self.days_counted >= self.days_in_month
    }
}

impl Serialize for MonthUse {
    /// Writes an object. What is absent is left out, and so are the members about the whole month if it is not projected.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "month", self.month)?;
        map.serialize_entry("used", &self.used)?;
        entry(&mut map, "usedShare", self.used_share)?;
        map.serialize_entry("over", &self.over)?;
        entry(&mut map, "from", self.days.map(Period::first_day))?;
        entry(&mut map, "to", self.days.map(Period::last_day))?;
        map.serialize_entry("daysCounted", &self.days_counted)?;
        map.serialize_entry("daysInMonth", &self.days_in_month)?;
        map.serialize_entry("ended", &self.ended)?;
        if self.is_projected {
            map.serialize_entry("projected", &self.projected)?;
            entry(&mut map, "projectedLow", self.projected_low)?;
            entry(&mut map, "projectedHigh", self.projected_high)?;
            entry(&mut map, "projectedShare", self.projected_share)?;
            map.serialize_entry("projectedOver", &self.projected_over)?;
            entry(&mut map, "projectedFromDays", self.projected_from_days)?;
            entry(&mut map, "projectedTrendDays", self.projected_trend_days)?;
        }
        entry(&mut map, "exceededOn", self.exceeded_on)?;
        map.serialize_entry("assumption", &self.assumption)?;
        map.end()
    }
}

fn entry<M: SerializeMap>(map: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}
