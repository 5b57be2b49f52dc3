//! The values and objects of the wire format.

mod dimension;
mod granularity;
mod metric;
mod search_column;
mod sort_by;
mod submission;

pub use crate::decode::{QueryStatus, ResultsPage};
pub use crate::http_method::HttpMethod;
pub use dimension::Dimension;
pub use granularity::Granularity;
pub use metric::Metric;
pub use search_column::SearchColumn;
pub use sort_by::{SortBy, SortOrder};
pub use submission::Submission;
