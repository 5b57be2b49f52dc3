//! The queries: each family pairs an operation that submits with one that reads results.
//!
//! | family | submit | results |
//! |---|---|---|
//! | [`OrganizationQuery`] | `POST /api/v2/usage/query` | [`OrganizationQueryResults`] |
//! | [`ClientQuery`] | `POST /api/v2/oauth/clients/{clientId}/usage/query` | [`ClientQueryResults`] |
//! | [`ClientSummary`] | `GET /api/v2/oauth/clients/{clientId}/usage/summary` | [`ClientQueryResults`] |
//! | [`SimpleSearch`] | `POST /api/v2/usage/simplesearch` | [`SimpleSearchResults`] |

mod body;
mod client;
mod client_summary;
mod organization;
mod simple_search;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use client::{ClientQuery, ClientQueryResults};
pub use client_summary::ClientSummary;
pub use organization::{OrganizationQuery, OrganizationQueryResults};
pub use simple_search::{MAX_PAGE_SIZE, SimpleSearch, SimpleSearchResults};

use crate::endpoint::Endpoint;
use crate::ids::{Cursor, ExecutionId};
use crate::model::{ResultsPage, Submission};

/// A query that the service runs as an execution: submitted once, polled until it is done, read page by page.
///
/// The query is itself the operation that submits it. It serializes, so that an execution can be saved.
pub trait UsageQuery:
    Endpoint<Response = Submission> + Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned
{
    /// A name for saved executions: `organization`. Never changes.
    const FAMILY: &'static str;

    /// The operation that polls and reads.
    type Results: Endpoint<Response = ResultsPage>;

    /// The poll of execution `id`: its first page, or the page at the cursor `after`.
    fn results(&self, id: &ExecutionId, after: Option<&Cursor>) -> Self::Results;
}
