//! The service's wire objects: one file each.

mod dimension;
mod granularity;
mod http_method;
mod metric;
mod search_column;
mod sort_by;
mod submission;

pub use crate::decode::{QueryStatus, ResultsPage};
pub use dimension::Dimension;
pub use granularity::Granularity;
pub use http_method::HttpMethod;
pub use metric::Metric;
pub use search_column::SearchColumn;
pub use sort_by::{SortBy, SortOrder};
pub use submission::Submission;
