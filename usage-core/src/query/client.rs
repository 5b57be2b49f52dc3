//! `postOauthClientUsageQuery`: usage of one OAuth client.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::{JsonDecoder, SinglePageDecoder};
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::{ClientId, Cursor, ExecutionId};
use crate::interval::Interval;
use crate::model::{Dimension, Granularity, Metric, ResultsPage, Submission};
use crate::query::UsageQuery;
use crate::query::body::aggregation;
use crate::scope::{Scope, ScopeQuery};
use crate::time::Timestamp;
use crate::uri::PathWriter;

pub(super) const PERMISSIONS: &[&str] = &["oauth:client:view", "usage:client:view"];

/// A query for the billable requests of one OAuth client: `postOauthClientUsageQuery`, `POST
/// /api/v2/oauth/clients/{clientId}/usage/query`.
///
/// ```
/// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
/// use usage_core::model::Dimension;
/// use usage_core::query::ClientQuery;
///
/// // 1. Build the query.
/// let query = ClientQuery::new("7de3af06".parse()?, "2026-06/2026-06".parse()?)
///     .with_group_by([Dimension::TemplateUri, Dimension::HttpMethod]);
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
/// assert_eq!(exchange.request.uri(), "https://api.mypurecloud.de/api/v2/oauth/clients/7de3af06/usage/query");
/// let answer = http::Response::new(&br#"{"executionId":"9f32b7cf"}"#[..]);
/// let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientQuery {
    /// The OAuth client.
    pub client_id: ClientId,
    /// The time range. The service covers whole UTC days up to yesterday.
    pub interval: Interval,
    /// The time bucket of a row. See [`with_granularity`](Self::with_granularity).
    pub granularity: Option<Granularity>,
    /// The counters to return. See [`with_metrics`](Self::with_metrics).
    pub metrics: Vec<Metric>,
    /// The dimensions to group by. See [`with_group_by`](Self::with_group_by).
    pub group_by: Vec<Dimension>,
}

impl ClientQuery {
    /// The dimensions by which it can group.
    pub const DIMENSIONS: &'static [Dimension] =
        &[Dimension::OAuthClientId, Dimension::OrganizationId, Dimension::TemplateUri, Dimension::HttpMethod];

    /// Creates a query for all counters of the OAuth client `client_id` over `interval`.
    pub fn new(client_id: ClientId, interval: Interval) -> Self {
        Self { client_id, interval, granularity: None, metrics: Vec::new(), group_by: Vec::new() }
    }

    aggregation!();
}

impl Endpoint for ClientQuery {
    const NAME: &'static str = "oauth.clients.usage.query";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = false;
    type Response = Submission;
    type Decoder = JsonDecoder<Submission>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/oauth/clients").segment(self.client_id.as_str()).fixed("usage/query");
    }

    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        self.to_body()
    }
}

impl UsageQuery for ClientQuery {
    const FAMILY: &'static str = "client";
    const PAGED: bool = false;
    type Results = ClientQueryResults;

    fn scope(&self, asked_at: Timestamp) -> Scope {
        let query = ScopeQuery::new(self.interval.clone())
            .with_granularity(self.granularity.clone())
            .with_group_by(&self.group_by)
            .with_metrics(&self.metrics)
            .with_filter("clientId", [&self.client_id]);
        Scope::new(Self::FAMILY, asked_at).with_query(query)
    }

    fn results(&self, id: &ExecutionId, _after: Option<&Cursor>) -> ClientQueryResults {
        ClientQueryResults { client_id: self.client_id.clone(), execution_id: id.clone() }
    }
}

/// A poll of a [`ClientQuery`] or a [`ClientSummary`](crate::query::ClientSummary), which returns the status and the
/// rows: `getOauthClientUsageQueryResult`, `GET /api/v2/oauth/clients/{clientId}/usage/query/results/{executionId}`.
///
/// The result has one page. The id is the last segment of this path, unlike in
/// [`OrganizationQueryResults`](crate::query::OrganizationQueryResults).
///
/// ```
/// use usage_core::query::ClientQuery;
/// use usage_core::{EndpointExt, UsageQuery};
///
/// let query = ClientQuery::new("7de3af06".parse()?, "2026-06-01/2026-06-30".parse()?);
/// let poll = query.results(&"9f32b7cf".parse()?, None);
/// let request = poll.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/oauth/clients/7de3af06/usage/query/results/9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientQueryResults {
    /// The OAuth client.
    pub client_id: ClientId,
    /// The id of the execution.
    pub execution_id: ExecutionId,
}

impl Endpoint for ClientQueryResults {
    const NAME: &'static str = "oauth.clients.usage.query.results";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = ResultsPage;
    type Decoder = SinglePageDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/oauth/clients").segment(self.client_id.as_str());
        path.fixed("usage/query/results").segment(self.execution_id.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointExt;

    fn base() -> crate::region::BaseUrl {
        "https://api.mypurecloud.com".parse().unwrap()
    }

    fn query() -> ClientQuery {
        let interval = "2024-01-01T00:00:00Z/2024-01-31T23:59:59Z".parse().unwrap();
        ClientQuery::new("a/b".parse().unwrap(), interval).with_metrics([Metric::Requests])
    }

    #[test]
    fn sends_the_sample_of_the_field() {
        let query = query().with_group_by([Dimension::TemplateUri, Dimension::HttpMethod]);
        let request = query.to_request(&base(), None).unwrap();
        assert_eq!(request.uri(), "https://api.mypurecloud.com/api/v2/oauth/clients/a%2Fb/usage/query");
        let sample = r#"{"interval":"2024-01-01T00:00:00Z/2024-01-31T23:59:59Z","metrics":["Requests"],"groupBy":["TemplateUri","HttpMethod"]}"#;
        assert_eq!(request.body(), sample.as_bytes());
    }

    #[test]
    fn refuses_to_group_by_user() {
        let error = query().with_group_by([Dimension::UserId]).to_request(&base(), None).unwrap_err();
        let text = "oauth.clients.usage.query cannot group by UserId; \
                    it takes OAuthClientId, OrganizationId, TemplateUri, HttpMethod";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn the_execution_stands_last() {
        let results = query().results(&"x y".parse().unwrap(), None);
        let request = results.to_request(&base(), None).unwrap();
        assert_eq!(request.uri().path(), "/api/v2/oauth/clients/a%2Fb/usage/query/results/x%20y");
    }
}
