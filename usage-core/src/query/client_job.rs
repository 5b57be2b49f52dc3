//! `postUsageClientClientIdAggregatesQueryJobs`: a job over one OAuth client.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::PageDecoder;
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::{ClientId, Cursor, ExecutionId};
use crate::interval::Interval;
use crate::model::{Dimension, Granularity, HttpMethod, Metric, ResultsPage, SortBy, Submission};
use crate::query::body::{check_group_by, to_json};
use crate::query::job::{JobBody, JobSubmissionDecoder, check_length, check_look_back, job, job_names};
use crate::query::{MAX_PAGE_SIZE, UsageQuery};
use crate::scope::{Scope, ScopeQuery};
use crate::time::Timestamp;
use crate::uri::{PathWriter, QueryWriter};

/// The legacy permission `oauth:client:view` does not grant access to jobs.
const PERMISSIONS: &[&str] = &["usage:client:view"];

/// A query for all requests of one OAuth client: `postUsageClientClientIdAggregatesQueryJobs`, `POST
/// /api/v2/usage/client/{clientId}/aggregates/query/jobs`.
///
/// The interval may start up to one year ago and end at most [`MAX_JOB_DAYS`](crate::query::MAX_JOB_DAYS) days after
/// its start. Both ends are included.
///
/// ```
/// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
/// use usage_core::model::Dimension;
/// use usage_core::query::ClientJob;
///
/// // 1. Build the query.
/// let query = ClientJob::new("7de3af06".parse()?, "2026-06/2026-06".parse()?)
///     .with_group_by([Dimension::TemplateUri, Dimension::Platform]);
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
/// assert_eq!(exchange.request.uri(), "https://api.mypurecloud.de/api/v2/usage/client/7de3af06/aggregates/query/jobs");
/// let answer = http::Response::new(&br#"{"id":"9f32b7cf"}"#[..]);
/// let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientJob {
    /// The OAuth client.
    pub client_id: ClientId,
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
    /// The ids of the organizations to select. See [`with_organization_ids`](Self::with_organization_ids).
    pub organization_ids: Vec<String>,
}

impl ClientJob {
    /// The dimensions by which it can group.
    pub const DIMENSIONS: &'static [Dimension] =
        &[Dimension::OrganizationId, Dimension::HttpMethod, Dimension::TemplateUri, Dimension::Platform];

    /// Creates a query for all counters of the OAuth client `client_id` over `interval`.
    pub fn new(client_id: ClientId, interval: Interval) -> Self {
        Self {
            client_id,
            interval,
            granularity: None,
            sort_by: Vec::new(),
            metrics: Vec::new(),
            group_by: Vec::new(),
            template_uris: Vec::new(),
            http_methods: Vec::new(),
            platforms: Vec::new(),
            organization_ids: Vec::new(),
        }
    }

    job!();

    /// Selects the requests made by these organizations.
    #[must_use]
    pub fn with_organization_ids(
        mut self,
        organizations: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.organization_ids = organizations.into_iter().map(Into::into).collect();
        self
    }
}

impl Endpoint for ClientJob {
    const NAME: &'static str = "usage.client.aggregates.query.jobs";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = false;
    type Response = Submission;
    type Decoder = JobSubmissionDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/client").segment(self.client_id.as_str()).fixed("aggregates/query/jobs");
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
            user_ids: &[],
            oauth_client_ids: &[],
            organization_ids: &self.organization_ids,
        })
    }
}

impl UsageQuery for ClientJob {
    const FAMILY: &'static str = "client-job";
    type Results = ClientJobResults;

    fn check(&self, now: Timestamp) -> Result<(), BuildError> {
        check_look_back(Self::NAME, &self.interval, now)
    }

    fn scope(&self, asked_at: Timestamp) -> Scope {
        let query = ScopeQuery::new(self.interval.clone())
            .with_granularity(self.granularity.clone())
            .with_group_by(job_names(&self.group_by))
            .with_metrics(&self.metrics)
            .with_filter("clientId", [&self.client_id])
            .with_filter("templateUris", &self.template_uris)
            .with_filter("httpMethods", &self.http_methods)
            .with_filter("platforms", &self.platforms)
            .with_filter("organizationIds", &self.organization_ids);
        Scope::new(Self::FAMILY, asked_at).with_query(query)
    }

    fn results(&self, id: &ExecutionId, after: Option<&Cursor>) -> ClientJobResults {
        let page_size = Some(MAX_PAGE_SIZE);
        ClientJobResults {
            client_id: self.client_id.clone(),
            job_id: id.clone(),
            after: after.cloned(),
            page_size,
        }
    }
}

/// A poll of a [`ClientJob`], which returns the status and one page of rows:
/// `getUsageClientClientIdAggregatesQueryJob`, `GET /api/v2/usage/client/{clientId}/aggregates/query/jobs/{jobId}`.
///
/// ```
/// use usage_core::query::ClientJob;
/// use usage_core::{EndpointExt, UsageQuery};
///
/// let job = ClientJob::new("7de3af06".parse()?, "2026-06-01/2026-06-30".parse()?);
/// let mut poll = job.results(&"9f32b7cf".parse()?, None);
/// poll.page_size = Some(500);
/// let request = poll.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/client/7de3af06/aggregates/query/jobs/9f32b7cf");
/// assert_eq!(request.uri().query(), Some("pageSize=500"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientJobResults {
    /// The OAuth client.
    pub client_id: ClientId,
    /// The id of the job.
    pub job_id: ExecutionId,
    /// The cursor of the previous page. `None` for the first page.
    pub after: Option<Cursor>,
    /// The number of rows in a page, at most [`MAX_PAGE_SIZE`]. The service's default is
    /// [`DEFAULT_JOB_PAGE_SIZE`](crate::query::DEFAULT_JOB_PAGE_SIZE).
    pub page_size: Option<u32>,
}

impl Endpoint for ClientJobResults {
    const NAME: &'static str = "usage.client.aggregates.query.jobs.results";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = ResultsPage;
    type Decoder = PageDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/client").segment(self.client_id.as_str());
        path.fixed("aggregates/query/jobs").segment(self.job_id.as_str());
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
    fn sends_the_documented_sample() {
        let job = ClientJob::new("c/1".parse().unwrap(), "2026-07-01/2026-07-31".parse().unwrap())
            .with_group_by([Dimension::TemplateUri, Dimension::Platform])
            .with_organization_ids(["0b7b6a6e-1111-4222-8333-444455556666"]);
        let request = job.to_request(&base(), None).unwrap();
        assert_eq!(request.uri().path(), "/api/v2/usage/client/c%2F1/aggregates/query/jobs");
        let sample = r#"{"interval":"2026-07-01/2026-07-31","groupBy":["TemplateUri","Platform"],"organizationIds":["0b7b6a6e-1111-4222-8333-444455556666"]}"#;
        assert_eq!(request.body(), sample.as_bytes());
    }

    #[test]
    fn refuses_dimensions_of_the_organization() {
        let job = ClientJob::new("c".parse().unwrap(), "2026-07/2026-07".parse().unwrap());
        assert!(job.with_group_by([Dimension::OAuthClientId]).to_request(&base(), None).is_err());
    }

    #[test]
    fn the_job_stands_last() {
        let job = ClientJob::new("c".parse().unwrap(), "2026-07/2026-07".parse().unwrap());
        let request = job.results(&"j".parse().unwrap(), None).to_request(&base(), None).unwrap();
        let target = request.uri().path_and_query().unwrap().to_string();
        assert_eq!(target, "/api/v2/usage/client/c/aggregates/query/jobs/j?pageSize=1000");
    }
}
