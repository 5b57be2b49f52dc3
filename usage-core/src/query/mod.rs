//! The queries of the Usage API. Each family has an operation that submits the query and one that returns its results.
//!
//! | family | submit | results |
//! |---|---|---|
//! | [`OrganizationQuery`] | `POST /api/v2/usage/query` | [`OrganizationQueryResults`] |
//! | [`ClientQuery`] | `POST /api/v2/oauth/clients/{clientId}/usage/query` | [`ClientQueryResults`] |
//! | [`ClientSummary`] | `GET /api/v2/oauth/clients/{clientId}/usage/summary` | [`ClientQueryResults`] |
//! | [`SimpleSearch`] | `POST /api/v2/usage/simplesearch` | [`SimpleSearchResults`] |
//! | [`OrganizationJob`] | `POST /api/v2/usage/aggregates/query/jobs` | [`OrganizationJobResults`] |
//! | [`ClientJob`] | `POST /api/v2/usage/client/{clientId}/aggregates/query/jobs` | [`ClientJobResults`] |
//!
//! The first four count billable requests only, and the vendor intends to retire them. The jobs are their successors:
//! they count all requests, including those of the platform's own clients.

mod body;
mod client;
mod client_job;
mod client_summary;
mod job;
mod organization;
mod organization_job;
mod simple_search;

pub(crate) use body::to_json;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use client::{ClientQuery, ClientQueryResults};
pub use client_job::{ClientJob, ClientJobResults};
pub use client_summary::ClientSummary;
pub use job::{DEFAULT_JOB_PAGE_SIZE, JobSubmissionDecoder, MAX_JOB_DAYS};
pub use organization::{OrganizationQuery, OrganizationQueryResults};
pub use organization_job::{OrganizationJob, OrganizationJobResults};
pub use simple_search::{MAX_PAGE_SIZE, SimpleSearch, SimpleSearchResults};

use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::{Cursor, ExecutionId};
use crate::model::{ResultsPage, Submission};
use crate::scope::Scope;
use crate::time::Timestamp;

/// A query that the service runs as an execution: it is submitted once, polled until it is done, and read page by page.
///
/// The query is the endpoint that submits it. It can be serialized, so that an execution can be saved.
///
/// ```
/// use usage_core::query::OrganizationJob;
/// use usage_core::{Timestamp, UsageQuery};
///
/// let now = Timestamp::from_unix_millis(1_782_864_000_000); // 2026-07-01
/// let job = OrganizationJob::new("2024-01-01/2024-01-31".parse()?);
/// assert_eq!(OrganizationJob::FAMILY, "organization-job");
/// assert!(job.check(now).unwrap_err().to_string().contains("looks back one year"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub trait UsageQuery:
    Endpoint<Response = Submission>
    + Clone
    + fmt::Debug
    + PartialEq
    + Send
    + Serialize
    + DeserializeOwned
    + 'static
{
    /// The name of the family in saved executions, for example `organization`. It never changes.
    const FAMILY: &'static str;

    /// Whether results come in pages. If not, a cursor in a response is ignored.
    const PAGED: bool = true;

    /// The endpoint that polls the execution and returns its rows.
    type Results: Endpoint<Response = ResultsPage>;

    /// Returns an error if the service would refuse the query at `now`. By default, nothing is checked.
    ///
    /// # Errors
    ///
    /// [`BuildError`] that describes the invalid part.
    fn check(&self, now: Timestamp) -> Result<(), BuildError> {
        let _ = now;
        Ok(())
    }

    /// Returns the scope of the query's rows if it is submitted at `asked_at` and all of them arrive.
    ///
    /// By default, the scope contains only the family and the time.
    fn scope(&self, asked_at: Timestamp) -> Scope {
        Scope::new(Self::FAMILY, asked_at)
    }

    /// Returns the request that polls the execution `id`: for its first page, or for the page at the cursor `after`.
    fn results(&self, id: &ExecutionId, after: Option<&Cursor>) -> Self::Results;
}
