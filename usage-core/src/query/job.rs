//! The common parts of the two job queries.

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::decode::{JsonDecoder, ResponseDecoder};
use crate::failures::{BuildError, DecodeError};
use crate::interval::Interval;
use crate::lenient::lenient;
use crate::model::{Dimension, Granularity, HttpMethod, Metric, SortBy, Submission};
use crate::time::Timestamp;

/// The largest number of days from the start of a job's interval to its end. Longer ranges are [split](Interval::split)
/// into several jobs.
pub const MAX_JOB_DAYS: u32 = 90;

/// The number of rows in a page of job results if the request does not set it.
pub const DEFAULT_JOB_PAGE_SIZE: u32 = 100;

/// The body of `OrganizationPublicApiUsageQueryRequest` and `ClientPublicApiUsageQueryRequest`, which differ in their
/// dimensions and filters.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobBody<'a> {
    pub(super) interval: &'a Interval,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) granularity: Option<&'a Granularity>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) sort_by: &'a [SortBy],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) metrics: &'a [Metric],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) template_uris: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) http_methods: &'a [HttpMethod],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) platforms: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) group_by: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) user_ids: &'a [String],
    #[serde(rename = "oauthClientIds", skip_serializing_if = "<[_]>::is_empty")]
    pub(super) oauth_client_ids: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) organization_ids: &'a [String],
}

/// Returns the names of the dimensions in the jobs' spelling.
pub(super) fn job_names(group_by: &[Dimension]) -> Vec<&str> {
    let name = |dimension| match dimension {
        &Dimension::OAuthClientId => "OauthClientId",
        dimension => dimension.as_str(),
    };
    group_by.iter().map(name).collect()
}

/// Defines the setters of a job, and the method that splits it.
macro_rules! job {
    () => {
        crate::query::body::aggregation_setters!("Without dimensions, rows are not aggregated.");

        /// Sets the order of the rows.
        #[must_use]
        pub fn with_sort_by(mut self, sort_by: impl IntoIterator<Item = SortBy>) -> Self {
            self.sort_by = sort_by.into_iter().collect();
            self
        }

        /// Selects these template URIs, for example `api/v2/users/{userId}`.
        #[must_use]
        pub fn with_template_uris(mut self, uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.template_uris = uris.into_iter().map(Into::into).collect();
            self
        }

        /// Selects these HTTP methods: GET, POST, PUT, PATCH, DELETE or HEAD.
        #[must_use]
        pub fn with_http_methods(mut self, methods: impl IntoIterator<Item = HttpMethod>) -> Self {
            self.http_methods = methods.into_iter().collect();
            self
        }

        /// Selects these platforms. The service documents no list of them.
        #[must_use]
        pub fn with_platforms(mut self, platforms: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.platforms = platforms.into_iter().map(Into::into).collect();
            self
        }

        /// Splits a job over a long interval into jobs of at most [`MAX_JOB_DAYS`](crate::query::MAX_JOB_DAYS) days,
        /// in order.
        pub fn split(&self) -> Vec<Self> {
            let parts = self.interval.split(crate::query::MAX_JOB_DAYS);
            parts.into_iter().map(|interval| Self { interval, ..self.clone() }).collect()
        }
    };
}

pub(super) use job;

/// Refuses an interval that is too long for a job.
pub(super) fn check_length(operation: &'static str, interval: &Interval) -> Result<(), BuildError> {
    if interval.first_day().days_until(interval.last_day()) > i64::from(MAX_JOB_DAYS) {
        let problem =
            format!("takes at most {MAX_JOB_DAYS} days at once; split {interval} into several jobs");
        return Err(BuildError::Query { operation, problem: problem.into() });
    }
    Ok(())
}

/// Refuses an interval that starts before the service's look-back of one year.
pub(super) fn check_look_back(
    operation: &'static str,
    interval: &Interval,
    now: Timestamp,
) -> Result<(), BuildError> {
    let earliest = Date::of(now).plus_years(-1);
    let first = interval.first_day();
    if first < earliest {
        let problem = format!("looks back one year, to {earliest}; {first} is before that");
        return Err(BuildError::Query { operation, problem: problem.into() });
    }
    Ok(())
}

/// `OrganizationUsageQueryResponse` and `ClientUsageQueryResponse`, which call the execution's id `id`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JobSubmission {
    id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    results_uri: Option<String>,
}

/// A decoder of the response to the submit of a job.
///
/// ```
/// use usage_core::decode::ResponseDecoder;
/// use usage_core::query::JobSubmissionDecoder;
///
/// let mut decoder = JobSubmissionDecoder::default();
/// decoder.push(br#"{"id":"9f32b7cf","#)?;
/// decoder.push(br#""resultsUri":"/api/v2/usage/aggregates/query/jobs/9f32b7cf"}"#)?;
/// assert_eq!(decoder.finish()?.execution_id.as_deref(), Some("9f32b7cf"));
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct JobSubmissionDecoder(JsonDecoder<JobSubmission>);

impl ResponseDecoder for JobSubmissionDecoder {
    type Output = Submission;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.0.push(chunk)
    }

    fn finish(self) -> Result<Submission, DecodeError> {
        let JobSubmission { id, results_uri } = self.0.finish()?;
        Ok(Submission { execution_id: id, results_uri })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_id_of_a_job() {
        let mut decoder = JobSubmissionDecoder::default();
        let sample = r#"{"id":"5a1e3a3e","name":"n","resultsUri":"/api/v2/usage/aggregates/query/jobs/5a1e3a3e","selfUri":"/x"}"#;
        decoder.push(sample.as_bytes()).unwrap();
        let submission = decoder.finish().unwrap();
        assert_eq!(submission.execution_id.as_deref(), Some("5a1e3a3e"));
        assert_eq!(submission.results_uri.as_deref(), Some("/api/v2/usage/aggregates/query/jobs/5a1e3a3e"));
    }

    #[test]
    fn an_interval_may_end_ninety_days_after_its_start_and_begin_a_year_ago() {
        let interval = |text: &str| text.parse::<Interval>().unwrap();
        assert!(check_length("x", &interval("2026-01-01/2026-04-01")).is_ok());
        let error = check_length("x", &interval("2026-01-01/2026-04-02")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x takes at most 90 days at once; split 2026-01-01/2026-04-02 into several jobs"
        );

        let now = "2026-07-08".parse::<Date>().unwrap().start();
        assert!(check_look_back("x", &interval("2025-07-08/2025-08-01"), now).is_ok());
        let error = check_look_back("x", &interval("2025-07-07/2025-08-01"), now).unwrap_err();
        assert!(error.to_string().contains("to 2025-07-08"), "{error}");
    }
}
