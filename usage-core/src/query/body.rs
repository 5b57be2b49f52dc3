//! The body and the setters that queries share.

use serde::Serialize;

use crate::failures::BuildError;
use crate::interval::Interval;
use crate::model::{Dimension, Granularity, Metric};

/// The body of `ApiUsageOrganizationQuery` and `ApiUsageClientQuery`, which differ in their dimensions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryBody<'a> {
    pub(super) interval: &'a Interval,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) granularity: Option<&'a Granularity>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) metrics: &'a [Metric],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) group_by: &'a [Dimension],
}

/// Defines the setters of a query that aggregates. `$ungrouped` describes its rows without dimensions.
macro_rules! aggregation_setters {
    ($ungrouped:literal) => {
        /// Sets the time bucket of a row. Without one, each row is a total over the interval.
        #[must_use]
        pub fn with_granularity(mut self, granularity: Granularity) -> Self {
            self.granularity = Some(granularity);
            self
        }

        /// Sets the counters to return; all by default.
        #[must_use]
        pub fn with_metrics(mut self, metrics: impl IntoIterator<Item = Metric>) -> Self {
            self.metrics = metrics.into_iter().collect();
            self
        }

        #[doc = concat!("Sets the dimensions to group by, any of [`DIMENSIONS`](Self::DIMENSIONS). ", $ungrouped)]
        #[must_use]
        pub fn with_group_by(mut self, group_by: impl IntoIterator<Item = Dimension>) -> Self {
            self.group_by = group_by.into_iter().collect();
            self
        }
    };
}

pub(super) use aggregation_setters;

/// Defines the setters of a [`QueryBody`]'s members, and a method that returns the body.
macro_rules! aggregation {
    () => {
        crate::query::body::aggregation_setters!("Without dimensions, rows are grouped by OAuth client.");

        fn to_body(&self) -> Result<Option<Vec<u8>>, BuildError> {
            crate::query::body::check_group_by(Self::NAME, &self.group_by, Self::DIMENSIONS)?;
            crate::query::body::to_json(&crate::query::body::QueryBody {
                interval: &self.interval,
                granularity: self.granularity.as_ref(),
                metrics: &self.metrics,
                group_by: &self.group_by,
            })
        }
    };
}

pub(super) use aggregation;

/// Refuses a dimension that `operation` does not support. Unknown dimensions are left to the service.
pub(super) fn check_group_by(
    operation: &'static str,
    group_by: &[Dimension],
    takes: &[Dimension],
) -> Result<(), BuildError> {
    for dimension in group_by {
        if !takes.contains(dimension) && !matches!(dimension, Dimension::Unknown(_)) {
            let takes: Vec<_> = takes.iter().map(Dimension::as_str).collect();
            let problem = format!("cannot group by {dimension}; it takes {}", takes.join(", "));
            return Err(BuildError::Query { operation, problem: problem.into() });
        }
    }
    Ok(())
}

pub(crate) fn to_json(body: &impl Serialize) -> Result<Option<Vec<u8>>, BuildError> {
    match serde_json::to_vec(body) {
        Ok(json) => Ok(Some(json)),
        Err(error) => Err(BuildError::Request { problem: error.to_string().into() }),
    }
}
