//! `postUsageAggregatesQueryJobs`: a job over the organization.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::PageDecoder;
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::{Cursor, ExecutionId};
use crate::interval::Interval;
use crate::model::{Dimension, Granularity, HttpMethod, Metric, ResultsPage, SortBy, Submission};
use crate::query::body::{check_group_by, to_json};
use crate::query::job::{JobBody, JobSubmissionDecoder, check_length, check_look_back, job, job_names};
use crate::query::{MAX_PAGE_SIZE, UsageQuery};
use crate::scope::{Scope, ScopeQuery};
use crate::time::Timestamp;
use crate::uri::{PathWriter, QueryWriter};

/// The legacy permission `oauth:client:view` does not grant access to jobs.
const PERMISSIONS: &[&str] = &["usage:organization:view"];

/// A query for all requests of the organization: `postUsageAggregatesQueryJobs`, `POST
/// /api/v2/usage/aggregates/query/jobs`.
///
/// The interval may start up to one year ago and end at most [`MAX_JOB_DAYS`](crate::query::MAX_JOB_DAYS) days after
/// its start. Both ends are included.
///
/// ```
/// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
/// use usage_core::model::{Dimension, Granularity};
/// use usage_core::query::OrganizationJob;
///
/// // 1. Build the query.
/// let query = OrganizationJob::new("2026-06-01/2026-06-30".parse()?)
///     .with_granularity(Granularity::Day)
///     .with_group_by([Dimension::OAuthClientId, Dimension::Platform]);
///
/// // 2. Run it with a driver: `client.run(query)`.
///
/// // 3. Or drive the machine yourself: send its request, and pass it the response.
/// # let token = usage_core::auth::AccessToken::parse("token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut execution = Execution::new(query, Policy::default(), 1, now);
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!("the first step sends") };
/// assert_eq!(exchange.request.method(), "POST");
/// assert_eq!(exchange.request.uri(), "https://api.mypurecloud.de/api/v2/usage/aggregates/query/jobs");
/// let answer = http::Response::new(&br#"{"id":"9f32b7cf"}"#[..]);
/// let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrganizationJob {
    /// The time range.
    pub interval: Interval,
    /// The time bucket of a row. See [`with_granularity`](Self::with_granularity).
    pub granularity: Option<Granularity>,
    /// The order of the rows. See [`with_sort_by`](Self::with_sort_by).
    pub sort_by: Vec<SortBy>,
    /// The counters to return. See [`with_metrics`](Self::with_metrics).
    pub metrics: Vec<Metric>,
    /// The dimensions to group by. See [`with_group_by`](Self::with_group_by).
    pub group_by: Vec<Dimension>,
    /// The template URIs to select. See [`with_template_uris`](Self::with_template_uris).
    pub template_uris: Vec<String>,
    /// The HTTP methods to select. See [`with_http_methods`](Self::with_http_methods).
    pub http_methods: Vec<HttpMethod>,
    /// The platforms to select. See [`with_platforms`](Self::with_platforms).
    pub platforms: Vec<String>,
    /// The ids of the users to select. See [`with_user_ids`](Self::with_user_ids).
    pub user_ids: Vec<String>,
    /// The ids of the OAuth clients to select. See [`with_oauth_client_ids`](Self::with_oauth_client_ids).
    pub oauth_client_ids: Vec<String>,
}

impl OrganizationJob {
    /// The dimensions by which it can group.
    pub const DIMENSIONS: &'static [Dimension] = &[
        Dimension::OAuthClientName,
        Dimension::OAuthClientId,
        Dimension::UserId,
        Dimension::HttpMethod,
        Dimension::TemplateUri,
        Dimension::Platform,
    ];

    /// Creates a query for all counters over `interval`.
    pub fn new(interval: Interval) -> Self {
        Self {
            interval,
            granularity: None,
            sort_by: Vec::new(),
            metrics: Vec::new(),
            group_by: Vec::new(),
            template_uris: Vec::new(),
            http_methods: Vec::new(),
            platforms: Vec::new(),
            user_ids: Vec::new(),
            oauth_client_ids: Vec::new(),
        }
    }

    job!();

    /// Selects the requests of these users.
    #[must_use]
    pub fn with_user_ids(mut self, users: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.user_ids = users.into_iter().map(Into::into).collect();
        self
    }

    /// Selects the requests of the OAuth clients with these ids.
    #[must_use]
    pub fn with_oauth_client_ids(mut self, clients: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.oauth_client_ids = clients.into_iter().map(Into::into).collect();
        self
    }
}

impl Endpoint for OrganizationJob {
    const NAME: &'static str = "usage.aggregates.query.jobs";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = false;
    type Response = Submission;
    type Decoder = JobSubmissionDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/aggregates/query/jobs");
    }

    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        check_length(Self::NAME, &self.interval)?;
        check_group_by(Self::NAME, &self.group_by, Self::DIMENSIONS)?;
        to_json(&JobBody {
            interval: &self.interval,
            granularity: self.granularity.as_ref(),
            sort_by: &self.sort_by,
            metrics: &self.metrics,
            template_uris: &self.template_uris,
            http_methods: &self.http_methods,
            platforms: &self.platforms,
            group_by: job_names(&self.group_by),
            user_ids: &self.user_ids,
            oauth_client_ids: &self.oauth_client_ids,
            organization_ids: &[],
        })
    }
}

impl UsageQuery for OrganizationJob {
    const FAMILY: &'static str = "organization-job";
    type Results = OrganizationJobResults;

    fn check(&self, now: Timestamp) -> Result<(), BuildError> {
        check_look_back(Self::NAME, &self.interval, now)
    }

    fn scope(&self, asked_at: Timestamp) -> Scope {
        let query = ScopeQuery::new(self.interval.clone())
            .with_granularity(self.granularity.clone())
            .with_group_by(job_names(&self.group_by))
            .with_metrics(&self.metrics)
            .with_filter("templateUris", &self.template_uris)
            .with_filter("httpMethods", &self.http_methods)
            .with_filter("platforms", &self.platforms)
            .with_filter("userIds", &self.user_ids)
            .with_filter("oauthClientIds", &self.oauth_client_ids);
        Scope::new(Self::FAMILY, asked_at).with_query(query)
    }

    fn results(&self, id: &ExecutionId, after: Option<&Cursor>) -> OrganizationJobResults {
        let page_size = Some(MAX_PAGE_SIZE);
        OrganizationJobResults { job_id: id.clone(), after: after.cloned(), page_size }
    }
}

/// A poll of an [`OrganizationJob`], which returns the status and one page of rows: `getUsageAggregatesQueryJob`, `GET
/// /api/v2/usage/aggregates/query/jobs/{jobId}`.
///
/// ```
/// use usage_core::query::OrganizationJob;
/// use usage_core::{EndpointExt, UsageQuery};
///
/// let job = OrganizationJob::new("2026-06-01/2026-06-30".parse()?);
/// let poll = job.results(&"9f32b7cf".parse()?, None);
/// let request = poll.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/aggregates/query/jobs/9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationJobResults {
    /// The id of the job.
    pub job_id: ExecutionId,
    /// The cursor of the previous page. `None` for the first page.
    pub after: Option<Cursor>,
    /// The number of rows in a page, at most [`MAX_PAGE_SIZE`]. The service's default is
    /// [`DEFAULT_JOB_PAGE_SIZE`](crate::query::DEFAULT_JOB_PAGE_SIZE).
    pub page_size: Option<u32>,
}

impl Endpoint for OrganizationJobResults {
    const NAME: &'static str = "usage.aggregates.query.jobs.results";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = ResultsPage;
    type Decoder = PageDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/aggregates/query/jobs").segment(self.job_id.as_str());
    }

    fn query(&self, query: &mut QueryWriter) {
        query.maybe("pageSize", self.page_size.map(|size| size.to_string()));
        query.maybe("after", self.after.as_ref().map(Cursor::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointExt;

    fn base() -> crate::region::BaseUrl {
        "https://api.mypurecloud.com".parse().unwrap()
    }

    #[test]
    fn sends_the_documented_sample_in_the_jobs_casing() {
        let job = OrganizationJob::new("2026-07-01T00:00:00/2026-07-31T00:00:00".parse().unwrap())
            .with_granularity(Granularity::Day)
            .with_metrics([Metric::Requests, Metric::Status429])
            .with_group_by([Dimension::OAuthClientId, Dimension::TemplateUri, Dimension::HttpMethod])
            .with_sort_by([SortBy::new("requestCount", crate::model::SortOrder::Desc)]);
        let body = String::from_utf8(job.body().unwrap().unwrap()).unwrap();
        let sample = r#"{"interval":"2026-07-01T00:00:00/2026-07-31T00:00:00","granularity":"Day","sortBy":[{"fieldName":"requestCount","order":"Desc"}],"metrics":["Requests","Status429"],"groupBy":["OauthClientId","TemplateUri","HttpMethod"]}"#;
        assert_eq!(body, sample);
    }

    #[test]
    fn sends_every_filter() {
        let one = |text: &str| [text.to_owned()];
        let job = OrganizationJob::new("2026-07/2026-07".parse().unwrap())
            .with_template_uris(one("u"))
            .with_http_methods([HttpMethod::Get])
            .with_platforms(one("p"))
            .with_user_ids(one("x"))
            .with_oauth_client_ids(one("c"));
        let body = String::from_utf8(job.body().unwrap().unwrap()).unwrap();
        let sample = r#"{"interval":"2026-07/2026-07","templateUris":["u"],"httpMethods":["GET"],"platforms":["p"],"userIds":["x"],"oauthClientIds":["c"]}"#;
        assert_eq!(body, sample);
    }

    #[test]
    fn refuses_what_the_service_would_refuse() {
        let job = OrganizationJob::new("2026-01-01/2026-07-31".parse().unwrap());
        assert!(job.to_request(&base(), None).is_err());
        let parts = job.split();
        assert_eq!(parts.len(), 3);
        assert!(parts.iter().all(|part| part.to_request(&base(), None).is_ok()));
        let by_organization = parts[0].clone().with_group_by([Dimension::OrganizationId]);
        assert!(by_organization.to_request(&base(), None).is_err());
    }

    #[test]
    fn pages_by_cursor() {
        let job = OrganizationJob::new("2026-07/2026-07".parse().unwrap());
        let request = job
            .results(&"j/1".parse().unwrap(), Some(&Cursor::parse("a=").unwrap()))
            .to_request(&base(), None);
        let target = request.unwrap().uri().path_and_query().unwrap().to_string();
        assert_eq!(target, "/api/v2/usage/aggregates/query/jobs/j%2F1?pageSize=1000&after=a%3D");
    }
}
