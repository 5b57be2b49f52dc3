//! `getOauthClientUsageSummary`: the last days of one OAuth client.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::JsonDecoder;
use crate::endpoint::Endpoint;
use crate::ids::{ClientId, Cursor, ExecutionId};
use crate::interval::Interval;
use crate::model::Submission;
use crate::query::client::PERMISSIONS;
use crate::query::{ClientQueryResults, UsageQuery};
use crate::scope::{Scope, ScopeQuery};
use crate::time::Timestamp;
use crate::uri::{PathWriter, QueryWriter};

/// A query for the billable requests of one OAuth client over the last days: `getOauthClientUsageSummary`, `GET
/// /api/v2/oauth/clients/{clientId}/usage/summary`.
///
/// This GET request starts an execution, so it is not idempotent. Its results are those of a
/// [`ClientQuery`](crate::query::ClientQuery).
///
/// ```
/// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
/// use usage_core::query::ClientSummary;
///
/// // 1. Build the query.
/// let query = ClientSummary::new("7de3af06".parse()?).with_days(30);
///
/// // 2. Run it with a driver: `client.run(query)`.
///
/// // 3. Or drive the machine yourself: send its request, and pass it the response.
/// # let token = usage_core::auth::AccessToken::parse("token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut execution = Execution::new(query, Policy::default(), 1, now);
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!("the first step sends") };
/// assert_eq!(exchange.request.method(), "GET");
/// assert_eq!(exchange.request.uri(), "https://api.mypurecloud.de/api/v2/oauth/clients/7de3af06/usage/summary?days=30");
/// let answer = http::Response::new(&br#"{"executionId":"9f32b7cf"}"#[..]);
/// let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClientSummary {
    /// The OAuth client.
    pub client_id: ClientId,
    /// The number of days to look back. See [`with_days`](Self::with_days).
    pub days: Option<u32>,
}

impl ClientSummary {
    /// The number of days that the service covers by default.
    pub const DEFAULT_DAYS: u32 = 7;

    /// Creates a query for the last [`DEFAULT_DAYS`](Self::DEFAULT_DAYS) days of the OAuth client `client_id`.
    pub fn new(client_id: ClientId) -> Self {
        Self { client_id, days: None }
    }

    /// Sets the number of days to look back.
    #[must_use]
    pub fn with_days(mut self, days: u32) -> Self {
        self.days = Some(days);
        self
    }
}

impl Endpoint for ClientSummary {
    const NAME: &'static str = "oauth.clients.usage.summary";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = false;
    type Response = Submission;
    type Decoder = JsonDecoder<Submission>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/oauth/clients").segment(self.client_id.as_str()).fixed("usage/summary");
    }

    fn query(&self, query: &mut QueryWriter) {
        query.maybe("days", self.days.map(|days| days.to_string()));
    }
}

impl UsageQuery for ClientSummary {
    const FAMILY: &'static str = "client-summary";
    const PAGED: bool = false;
    type Results = ClientQueryResults;

    fn scope(&self, asked_at: Timestamp) -> Scope {
        let days = self.days.unwrap_or(Self::DEFAULT_DAYS);
        let query =
            ScopeQuery::new(Interval::last_days(days, asked_at)).with_filter("clientId", [&self.client_id]);
        Scope::new(Self::FAMILY, asked_at).with_query(query)
    }

    fn results(&self, id: &ExecutionId, _after: Option<&Cursor>) -> ClientQueryResults {
        ClientQueryResults { client_id: self.client_id.clone(), execution_id: id.clone() }
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
    fn asks_for_days_only_if_told() {
        let summary = ClientSummary::new("c".parse().unwrap());
        let target = summary.to_request(&base(), None).unwrap().uri().path_and_query().unwrap().to_string();
        assert_eq!(target, "/api/v2/oauth/clients/c/usage/summary");
        let request = summary.with_days(30).to_request(&base(), None).unwrap();
        assert_eq!(request.uri().query(), Some("days=30"));
        assert!(request.body().is_empty());
    }
}
