use serde::Serialize;

use crate::failures::BuildError;
use crate::interval::Interval;
use crate::model::{Dimension, Granularity, Metric};

/// `ApiUsageOrganizationQuery` and `ApiUsageClientQuery`, which differ in the dimensions that they take.
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

/// What the two queries that aggregate have in common: the optional members, and the body made of them.
macro_rules! aggregation {
    () => {
        /// One row for each bucket of this length; without it, totals over the interval.
        #[must_use]
        pub fn with_granularity(mut self, granularity: Granularity) -> Self {
            self.granularity = Some(granularity);
            self
        }

        /// The counters wanted; without it, all.
        #[must_use]
        pub fn with_metrics(mut self, metrics: impl IntoIterator<Item = Metric>) -> Self {
            self.metrics = metrics.into_iter().collect();
            self
        }

        /// What to group by, any of [`DIMENSIONS`](Self::DIMENSIONS); without it, by OAuth client.
        #[must_use]
        pub fn with_group_by(mut self, group_by: impl IntoIterator<Item = Dimension>) -> Self {
            self.group_by = group_by.into_iter().collect();
            self
        }

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

/// Refuses a dimension that `operation` does not take; one that this crate does not know is the service's business.
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
