use crate::open_enum::open_enum;

open_enum! {
    /// The time bucket of a row: `granularity` of a query. A query without one gives a total over its interval.
    pub enum Granularity {
        /// One row a UTC day.
        Day = "Day",
        /// One row a week.
        Week = "Week",
        /// One row a month.
        Month = "Month",
    }
}
