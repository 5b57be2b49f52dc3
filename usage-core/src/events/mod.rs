//! Operational events: four synchronous operations under `/api/v2/usage/events`.
//!
//! They are unrelated to the counting of requests; the API merely places them under the same prefix. They have no
//! execution and no polling. Send them with a driver's `call`, or drive a [`Call`](crate::Call).
//!
//! | operation | request |
//! |---|---|
//! | [`EventDefinitions`] | `GET /api/v2/usage/events/definitions` |
//! | [`EventDefinitionById`] | `GET /api/v2/usage/events/definitions/{eventDefinitionId}` |
//! | [`EventQuery`] | `POST /api/v2/usage/events/query` |
//! | [`EventAggregatesQuery`] | `POST /api/v2/usage/events/aggregates/query` |

mod aggregates;
mod definitions;
mod query;

pub use aggregates::{EventAggregate, EventAggregates, EventAggregatesQuery};
pub use definitions::{EventDefinition, EventDefinitionById, EventDefinitionListing, EventDefinitions};
pub use query::{EventPage, EventQuery, EventSortOrder, MAX_EVENT_PAGE_SIZE, OperationalEvent};

use serde::{Deserialize, Serialize};

use crate::lenient::lenient_text;

/// The permission that all four operations require.
const PERMISSIONS: &[&str] = &["usage:events:view"];

/// A reference to an entity by its id: `AddressableEntityRef`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct EntityRef {
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The address of the entity according to the service. It is never requested.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub self_uri: Option<String>,
}
