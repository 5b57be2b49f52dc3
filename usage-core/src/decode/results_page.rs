//! A decoded results page and its status.

use crate::failures::ErrorBody;
use crate::ids::Cursor;
use crate::open_enum::open_enum;
use crate::table::UsageTable;

open_enum! {
    /// The status of a query: `queryStatus` of a results page, of query and job endpoints.
    ///
    /// ```
    /// use usage_core::decode::QueryStatus;
    ///
    /// assert!(QueryStatus::from("Complete").is_done() && QueryStatus::from("Succeeded").is_done());
    /// assert!(!QueryStatus::from("Paused").is_done()); // unknown: still pending
    /// ```
    pub enum QueryStatus {
        /// The service is processing the query.
        Running = "Running",
        /// The query is done, and its rows are available.
        Complete = "Complete",
        /// The query failed.
        Failed = "Failed",
        /// The service has not started the query (jobs).
        Queued = "Queued",
        /// The query is done, and its rows are available (jobs).
        Succeeded = "Succeeded",
        /// The query was cancelled (jobs).
        Cancelled = "Cancelled",
    }
}

impl QueryStatus {
    /// Returns whether the rows are available.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Complete | Self::Succeeded)
    }
}

/// One page of results, of any query family: `ApiUsageQueryResult` and the jobs' results responses.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::decode::QueryStatus;
/// use usage_core::query::OrganizationQueryResults;
///
/// let body = br#"{"queryStatus":"Complete","results":[{"clientName":"Nightly Export","requests":42}]}"#;
/// let page = OrganizationQueryResults::parse(&http::Response::new(&body[..]))?;
/// assert_eq!(page.status, Some(QueryStatus::Complete));
/// assert_eq!(page.rows.len(), 1);
/// # Ok::<(), usage_core::error::ResponseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ResultsPage {
    /// The status of the query, if the response contains it.
    pub status: Option<QueryStatus>,
    /// The cursor of the next page, if there is one.
    pub next: Option<Cursor>,
    /// The reason why the query failed, if the service gives one (jobs only).
    pub error: Option<Box<ErrorBody>>,
    /// The rows of this page.
    pub rows: UsageTable,
    /// Whether the query is done and the page has no list of rows, not even an empty one.
    pub lists_missing: bool,
}
