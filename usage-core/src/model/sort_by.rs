//! The order of a job's rows.

use serde::{Deserialize, Serialize};

use crate::open_enum::open_enum;

open_enum! {
    /// The direction in which rows are sorted.
    ///
    /// ```
    /// use usage_core::model::{SortBy, SortOrder};
    ///
    /// let order = SortBy::new("requestCount", SortOrder::Desc);
    /// assert_eq!(serde_json::to_string(&order)?, r#"{"fieldName":"requestCount","order":"Desc"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum SortOrder {
        /// Smallest first.
        Asc = "Asc",
        /// Largest first.
        Desc = "Desc",
    }
}

/// The order of a job's rows: `UsageQuerySortBy`.
///
/// ```
/// use usage_core::model::{SortBy, SortOrder};
///
/// let sort = SortBy::new("requestCount", SortOrder::Desc);
/// assert_eq!(serde_json::to_string(&sort).unwrap(), r#"{"fieldName":"requestCount","order":"Desc"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SortBy {
    /// A member of the job's rows: `requestCount`, `status429`, `date`. The service does not document the list.
    pub field_name: String,
    /// The direction.
    pub order: SortOrder,
}

impl SortBy {
    /// Returns the order by `field_name`.
    pub fn new(field_name: impl Into<String>, order: SortOrder) -> Self {
        Self { field_name: field_name.into(), order }
    }
}
