//! A row by itself, with owned texts.

use serde::{Deserialize, Serialize};

use crate::table::{Column, Counter};

/// An owned row of usage, in the names of the unified output: what `ApiUsageRow` and the rows of jobs have in common.
///
/// Serialization leaves absent members out. For CSV, whose columns are fixed, use
/// [`UsageTable::write_csv`](crate::UsageTable::write_csv).
///
/// More members may be added, so finish a literal with `..Default::default()`.
///
/// ```
/// use usage_core::UsageRecord;
///
/// let record = UsageRecord { requests: Some(42), status429: Some(1), ..Default::default() };
/// assert_eq!(serde_json::to_string(&record)?, r#"{"requests":42,"status429":1}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UsageRecord {
    /// The first day of the row's bucket, `yyyy-MM-dd`; absent if the query had no granularity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The OAuth client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The OAuth client's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The organization that made the requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The user on whose behalf they were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The API's path with placeholders, `api/v2/users/{userId}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_uri: Option<String>,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// The platform (jobs only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// All requests. This and every other count is at most [`UsageRecord::MAX_COUNT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Responses of class 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status200: Option<u64>,
    /// Responses of class 3xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status300: Option<u64>,
    /// Responses of class 4xx, the rate-limited ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status400: Option<u64>,
    /// Rate-limited requests: a subset of `status400`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status429: Option<u64>,
    /// Responses of class 5xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status500: Option<u64>,
}

impl UsageRecord {
    /// The largest count of the service: its counters are signed 64-bit integers that are never negative.
    pub const MAX_COUNT: u64 = i64::MAX as u64;

    /// Returns the text in `column`.
    pub fn text(&self, column: Column) -> Option<&str> {
        match column {
            Column::Date => self.date.as_deref(),
            Column::ClientId => self.client_id.as_deref(),
            Column::ClientName => self.client_name.as_deref(),
            Column::OrganizationId => self.organization_id.as_deref(),
            Column::UserId => self.user_id.as_deref(),
            Column::TemplateUri => self.template_uri.as_deref(),
            Column::HttpMethod => self.http_method.as_deref(),
            Column::Platform => self.platform.as_deref(),
        }
    }

    /// Returns the count of `counter`.
    pub fn count(&self, counter: Counter) -> Option<u64> {
        match counter {
            Counter::Requests => self.requests,
            Counter::Status200 => self.status200,
            Counter::Status300 => self.status300,
            Counter::Status400 => self.status400,
            Counter::Status429 => self.status429,
            Counter::Status500 => self.status500,
        }
    }
}
