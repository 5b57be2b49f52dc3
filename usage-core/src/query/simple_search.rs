//! `postUsageSimplesearch`: a table of selected columns.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::{JsonDecoder, PageDecoder};
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::{Cursor, ExecutionId};
use crate::interval::Interval;
use crate::model::{Granularity, HttpMethod, ResultsPage, SearchColumn, Submission};
use crate::query::UsageQuery;
use crate::query::body::to_json;
use crate::scope::{Scope, ScopeQuery};
use crate::time::Timestamp;
use crate::uri::{PathWriter, QueryWriter};

const PERMISSIONS: &[&str] = &["oauth:client:view", "usage:simpleSearch:view"];

/// The largest number of rows in a page of the service, and the number that a search requests.
pub const MAX_PAGE_SIZE: u32 = 1000;

/// A search for billable requests by day, client name, method and URI: `postUsageSimplesearch`, `POST
/// /api/v2/usage/simplesearch`.
///
/// Results come in pages, with at most [`MAX_RECORDS`](Self::MAX_RECORDS) rows in total.
///
/// ```
/// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
/// use usage_core::model::HttpMethod;
/// use usage_core::query::SimpleSearch;
///
/// // 1. Build the query.
/// let query = SimpleSearch::new("2026-06/2026-06".parse()?)
///     .with_oauth_client_names(["Nightly Export"])
///     .with_http_methods([HttpMethod::Get]);
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
/// assert_eq!(exchange.request.uri(), "https://api.mypurecloud.de/api/v2/usage/simplesearch");
/// let answer = http::Response::new(&br#"{"executionId":"9f32b7cf"}"#[..]);
/// let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimpleSearch {
    /// The time range. The service covers whole UTC days up to yesterday.
    pub interval: Interval,
    /// The columns to return. See [`with_columns`](Self::with_columns).
    #[serde(rename = "metrics", default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<SearchColumn>,
    /// The names of the OAuth clients to select. See [`with_oauth_client_names`](Self::with_oauth_client_names).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oauth_client_names: Vec<String>,
    /// The HTTP methods to select. See [`with_http_methods`](Self::with_http_methods).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http_methods: Vec<HttpMethod>,
    /// The template URIs to select. See [`with_template_uris`](Self::with_template_uris).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_uris: Vec<String>,
}

impl SimpleSearch {
    /// The service's limit on the rows of one search.
    pub const MAX_RECORDS: u32 = 20_000;

    /// Creates a search for all rows of `interval`.
    pub fn new(interval: Interval) -> Self {
        Self {
            interval,
            columns: Vec::new(),
            oauth_client_names: Vec::new(),
            http_methods: Vec::new(),
            template_uris: Vec::new(),
        }
    }

    /// Sets the columns to return (`metrics` in the API); all by default.
    #[must_use]
    pub fn with_columns(mut self, columns: impl IntoIterator<Item = SearchColumn>) -> Self {
        self.columns = columns.into_iter().collect();
        self
    }

    /// Selects the OAuth clients with these **names** (not ids).
    #[must_use]
    pub fn with_oauth_client_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.oauth_client_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Selects these HTTP methods.
    #[must_use]
    pub fn with_http_methods(mut self, methods: impl IntoIterator<Item = HttpMethod>) -> Self {
        self.http_methods = methods.into_iter().collect();
        self
    }

    /// Selects these template URIs, for example `api/v2/users/{userId}`.
    #[must_use]
    pub fn with_template_uris(mut self, uris: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.template_uris = uris.into_iter().map(Into::into).collect();
        self
    }
}

impl Endpoint for SimpleSearch {
    const NAME: &'static str = "usage.simplesearch";
    const METHOD: Method = Method::POST;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = false;
    type Response = Submission;
    type Decoder = JsonDecoder<Submission>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/simplesearch");
    }

    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        to_json(self)
    }
}

impl UsageQuery for SimpleSearch {
    const FAMILY: &'static str = "simple-search";
    type Results = SimpleSearchResults;

    fn scope(&self, asked_at: Timestamp) -> Scope {
        let (counts, dimensions): (Vec<_>, Vec<_>) =
            self.columns.iter().partition(|column| column.as_str().starts_with("Status"));
        let by_day = self.columns.is_empty() || self.columns.contains(&SearchColumn::Date);
        let query = ScopeQuery::new(self.interval.clone())
            .with_granularity(by_day.then_some(Granularity::Day))
            .with_group_by(dimensions.into_iter().filter(|column| **column != SearchColumn::Date))
            .with_metrics(counts)
            .with_filter("oauthClientNames", &self.oauth_client_names)
            .with_filter("httpMethods", &self.http_methods)
            .with_filter("templateUris", &self.template_uris);
        Scope::new(Self::FAMILY, asked_at).with_query(query)
    }

    fn results(&self, id: &ExecutionId, after: Option<&Cursor>) -> SimpleSearchResults {
        SimpleSearchResults {
            execution_id: id.clone(),
            after: after.cloned(),
            page_size: Some(MAX_PAGE_SIZE),
        }
    }
}

/// A poll of a [`SimpleSearch`], which returns the status and one page of rows:
/// `getUsageSimplesearchExecutionIdResults`, `GET /api/v2/usage/simplesearch/{executionId}/results`.
///
/// ```
/// use usage_core::query::SimpleSearch;
/// use usage_core::{EndpointExt, UsageQuery};
///
/// let search = SimpleSearch::new("2026-06-01/2026-06-30".parse()?);
/// let poll = search.results(&"9f32b7cf".parse()?, None);
/// let request = poll.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/simplesearch/9f32b7cf/results");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimpleSearchResults {
    /// The id of the execution.
    pub execution_id: ExecutionId,
    /// The cursor of the previous page. `None` for the first page.
    pub after: Option<Cursor>,
    /// The number of rows in a page, at most [`MAX_PAGE_SIZE`]. The service documents no default.
    pub page_size: Option<u32>,
}

impl Endpoint for SimpleSearchResults {
    const NAME: &'static str = "usage.simplesearch.results";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = ResultsPage;
    type Decoder = PageDecoder;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/simplesearch").segment(self.execution_id.as_str()).fixed("results");
    }

    fn query(&self, query: &mut QueryWriter) {
        query.maybe("after", self.after.as_ref().map(Cursor::as_str));
        query.maybe("pageSize", self.page_size.map(|size| size.to_string()));
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
    fn sends_every_member_under_the_apis_names() {
        let search = SimpleSearch::new("2026-07-01/2026-07-31".parse().unwrap())
            .with_columns([SearchColumn::Date, SearchColumn::ClientName, SearchColumn::Status429])
            .with_oauth_client_names(["Nightly Export"])
            .with_http_methods([HttpMethod::Get])
            .with_template_uris(["api/v2/users"]);
        let body = String::from_utf8(search.body().unwrap().unwrap()).unwrap();
        let wanted = r#"{"interval":"2026-07-01/2026-07-31","metrics":["Date","ClientName","Status429"],"oauthClientNames":["Nightly Export"],"httpMethods":["GET"],"templateUris":["api/v2/users"]}"#;
        assert_eq!(body, wanted);
        assert_eq!(serde_json::from_str::<SimpleSearch>(&body).unwrap(), search);
    }

    #[test]
    fn pages_by_cursor() {
        let search = SimpleSearch::new("2026-07/2026-07".parse().unwrap());
        let id = "e".parse().unwrap();
        let request = search.results(&id, None).to_request(&base(), None).unwrap();
        assert_eq!(request.uri().query(), Some("pageSize=1000"));
        let cursor = Cursor::parse("MTAw+/&=").unwrap();
        let request = search.results(&id, Some(&cursor)).to_request(&base(), None).unwrap();
        assert_eq!(request.uri().query(), Some("after=MTAw%2B%2F%26%3D&pageSize=1000"));
    }
}
