//! The time buckets of rows.

use crate::date::Date;
use crate::open_enum::open_enum;

open_enum! {
    /// The time bucket of a row: `granularity` of a query. A query without one returns totals over its interval.
    ///
    /// ```
    /// use usage_core::Date;
    /// use usage_core::model::Granularity;
    ///
    /// let first: Date = "2026-02-01".parse()?;
    /// assert_eq!(Granularity::Month.last_day(first).unwrap().to_string(), "2026-02-28");
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub enum Granularity {
        /// One row per UTC day.
        Day = "Day",
        /// One row per week.
        Week = "Week",
        /// One row per month.
        Month = "Month",
    }
}

impl Granularity {
    /// Returns the last day of the bucket that begins on `first`; `None` for a bucket of unknown length.
    ///
    /// A bucket that the interval of the query cuts ends earlier.
    pub fn last_day(&self, first: Date) -> Option<Date> {
        match self {
            Self::Day => Some(first),
            Self::Week => Some(first.plus_days(6)),
            Self::Month => Some(first.last_of_month()),
            Self::Unknown(_) => None,
        }
    }
}
