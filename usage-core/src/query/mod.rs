//! The queries: each family pairs an operation that submits with one that reads results.
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
//! The first four are the founding ones, which the vendor means to retire one day; the jobs are their successors. They
//! count more: all requests, not the billable ones alone, those of the platform's own clients included.

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

/// A query that the service runs as an execution: submitted once, polled until it is done, read page by page.
///
/// The query is itself the operation that submits it. It serializes, so that an execution can be saved.
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
    /// A name for saved executions: `organization`. Never changes.
    const FAMILY: &'static str;

    /// Whether results come in pages. If they do not, a cursor in them is not followed.
    const PAGED: bool = true;

    /// The operation that polls and reads.
    type Results: Endpoint<Response = ResultsPage>;

    /// Refuses what the service would refuse at `now`, before anything is sent; nothing by default.
    ///
    /// # Errors
    ///
    /// [`BuildError`] that says what the service would not take.
    fn check(&self, now: Timestamp) -> Result<(), BuildError> {
        let _ = now;
        Ok(())
    }

    /// Returns what the rows of this query cover if it is submitted at `asked_at` and all of them arrive.
    ///
    /// By default the family and the time alone.
    fn scope(&self, asked_at: Timestamp) -> Scope {
        Scope::new(Self::FAMILY, asked_at)
    }

    /// The poll of execution `id`: its first page, or the page at the cursor `after`.
    fn results(&self, id: &ExecutionId, after: Option<&Cursor>) -> Self::Results;
}
