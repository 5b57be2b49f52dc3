//! `postUsageQuery`: usage of the organization.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::{JsonDecoder, SinglePageDecoder};
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::{Cursor, ExecutionId};
use crate::interval::Interval;
use crate::model::{Dimension, Granularity, Metric, ResultsPage, Submission};
use crate::query::UsageQuery;
use crate::query::body::aggregation;
use crate::scope::{Scope, ScopeQuery};
use crate::time::Timestamp;
use crate::uri::PathWriter;

const PERMISSIONS: &[&str] = &["oauth:client:view", "usage:organization:view"];

/// A query for the billable requests of the organization: `postUsageQuery`, `POST /api/v2/usage/query`.
///
/// ```
/// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
/// use usage_core::model::{Dimension, Granularity};
/// use usage_core::query::OrganizationQuery;
///
/// // 1. Build the query.
/// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?)
///     .with_granularity(Granularity::Day)
///     .with_group_by([Dimension::OAuthClientId, Dimension::TemplateUri]);
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
/// assert_eq!(exchange.request.uri(), "https://api.mypurecloud.de/api/v2/usage/query");
/// let answer = http::Response::new(&br#"{"executionId":"9f32b7cf"}"#[..]);
/// let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrganizationQuery {
    /// The time range. The service covers whole UTC days up to yesterday.
    pub interval: Interval,
    /// The time bucket of a row. See [`with_granularity`](Self::with_granularity).
    pub granularity: Option<Granularity>,
    /// The counters to return. See [`with_metrics`](Self::with_metrics).
    pub metrics: Vec<Metric>,
    /// The dimensions to group by. See [`with_group_by`](Self::with_group_by).
    pub group_by: Vec<Dimension>,
}

impl OrganizationQuery {
    /// The dimensions by which it can group.
    pub const DIMENSIONS: &'static [Dimension] = &[
        Dimension::OAuthClientId,
        Dimension::OrganizationId,
        Dimension::UserId,
        Dimension::TemplateUri,
        Dimension::HttpMethod,
    ];

    /// Creates a query for all counters of every OAuth client over `interval`.
    pub fn new(interval: Interval) -> Self {
        Self { interval, granularity: None, metrics: Vec::new(), group_by: Vec::new() }
    }

    aggregation!();
}

impl Endpoint for OrganizationQuery {
    const NAME: &'static str = "usage.query";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = false;
    type Response = Submission;
    type Decoder = JsonDecoder<Submission>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/query");
    }

    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        self.to_body()
    }
}

impl UsageQuery for OrganizationQuery {
    const FAMILY: &'static str = "organization";
    const PAGED: bool = false;
    type Results = OrganizationQueryResults;

    fn scope(&self, asked_at: Timestamp) -> Scope {
        let query = ScopeQuery::new(self.interval.clone())
            .with_granularity(self.granularity.clone())
            .with_group_by(&self.group_by)
            .with_metrics(&self.metrics);
        Scope::new(Self::FAMILY, asked_at).with_query(query)
    }

    fn results(&self, id: &ExecutionId, _after: Option<&Cursor>) -> OrganizationQueryResults {
        OrganizationQueryResults { execution_id: id.clone() }
    }
}

/// A poll of an [`OrganizationQuery`], which returns the status and the rows: `getUsageQueryExecutionIdResults`, `GET
/// /api/v2/usage/query/{executionId}/results`. The result has one page.
///
/// ```
/// use usage_core::query::OrganizationQuery;
/// use usage_core::{EndpointExt, UsageQuery};
///
/// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// let poll = query.results(&"9f32b7cf".parse()?, None);
/// let request = poll.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/query/9f32b7cf/results");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationQueryResults {
    /// The id of the execution.
    pub execution_id: ExecutionId,
}

impl Endpoint for OrganizationQueryResults {
    const NAME: &'static str = "usage.query.results";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = ResultsPage;
    type Decoder = SinglePageDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/query").segment(self.execution_id.as_str()).fixed("results");
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
        let query = OrganizationQuery::new("2020-02-01/2020-02-28".parse().unwrap())
            .with_granularity(Granularity::Day)
            .with_group_by([Dimension::OAuthClientId, Dimension::TemplateUri]);
        let request = query.to_request(&base(), None).unwrap();
        assert_eq!(request.uri(), "https://api.mypurecloud.com/api/v2/usage/query");
        assert_eq!(request.headers()["content-type"], "application/json");
        let sample =
            br#"{"interval":"2020-02-01/2020-02-28","granularity":"Day","groupBy":["OAuthClientId","TemplateUri"]}"#;
        assert_eq!(request.body(), sample);
    }

    #[test]
    fn sends_every_member_and_lets_unknown_dimensions_through() {
        let query = OrganizationQuery::new("2020-02/2020-03".parse().unwrap())
            .with_metrics([Metric::Requests, Metric::Status429])
            .with_group_by([Dimension::from("Continent")]);
        let sample =
            br#"{"interval":"2020-02/2020-03","metrics":["Requests","Status429"],"groupBy":["Continent"]}"#;
        assert_eq!(query.body().unwrap().unwrap(), sample);
    }

    #[test]
    fn an_id_stays_one_segment() {
        for (id, segment) in [("9f32b7cf", "9f32b7cf"), ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"), ("ü", "%C3%BC")]
        {
            let results = OrganizationQueryResults { execution_id: ExecutionId::parse(id).unwrap() };
            let request = results.to_request(&base(), None).unwrap();
            assert_eq!(request.uri().path(), &format!("/api/v2/usage/query/{segment}/results"));
            assert!(request.headers().get("content-type").is_none());
        }
    }
}
