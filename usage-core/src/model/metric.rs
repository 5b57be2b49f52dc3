//! The counters of rows that queries can select.

use crate::open_enum::open_enum;

open_enum! {
    /// A counter of a row: `metrics` of a query. A query without metrics returns all of them.
    ///
    /// ```
    /// use usage_core::model::Metric;
    /// use usage_core::query::OrganizationQuery;
    ///
    /// let query = OrganizationQuery::new("2026-06/2026-06".parse()?).with_metrics([Metric::Requests, Metric::Status429]);
    /// assert_eq!(query.metrics[1].as_str(), "Status429");
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub enum Metric {
        /// Answers of class 2xx.
        Status200 = "Status200",
        /// Answers of class 3xx.
        Status300 = "Status300",
        /// Answers of class 4xx, those of [`Metric::Status429`] included.
        Status400 = "Status400",
        /// Answers of class 5xx.
        Status500 = "Status500",
        /// Rate-limited requests: a **subset** of [`Metric::Status400`], never to be added to it.
        Status429 = "Status429",
        /// All requests.
        Requests = "Requests",
    }
}
