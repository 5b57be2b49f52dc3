use crate::failures::ErrorBody;
use crate::ids::Cursor;
use crate::open_enum::open_enum;
use crate::table::UsageTable;

open_enum! {
    /// How far a query is: `queryStatus` of a results page, of either service.
    pub enum QueryStatus {
        /// The service is working on it.
        Running = "Running",
        /// Done; the rows are there.
        Complete = "Complete",
        /// It failed.
        Failed = "Failed",
        /// The service has not begun (jobs).
        Queued = "Queued",
        /// Done; the rows are there (jobs).
        Succeeded = "Succeeded",
        /// It was cancelled (jobs).
        Cancelled = "Cancelled",
    }
}

impl QueryStatus {
    /// Whether the rows are there.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Complete | Self::Succeeded)
    }
}

/// One page of results, of any query family: `ApiUsageQueryResult` and the jobs' results responses.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ResultsPage {
    /// How far the query is; absent if the service did not say.
    pub status: Option<QueryStatus>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// Why the query failed, if the service says so (jobs only).
    pub error: Option<Box<ErrorBody>>,
    /// The rows of this page.
    pub rows: UsageTable,
    /// Whether the query is done and the page has no list of rows, not even an empty one.
    pub lists_missing: bool,
}
