//! The state that all executions and calls of a client share.

mod sharing;

use std::fmt;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::auth::{AccessToken, Ended, FetchId, Grant, TokenResponse, TokenStore, refusal};
use crate::endpoint::{self, Endpoint};
use crate::failures::{
    ApiError, AttemptError, BuildError, DecodeError, Failure, ResponseError, TransportFailure,
};
use crate::query_durations::QueryDurations;
use crate::rate_budget::RateBudget;
use crate::region::{BaseUrl, Region};
use crate::retry::{Class, classify};
use crate::secret::Secret;
use crate::time::{Latest, Timestamp};

/// The error codes of RFC 6749, section 4.1.2.1, after which a retry may succeed.
const OUT_OF_ORDER: [&str; 2] = ["server_error", "temporarily_unavailable"];

/// The hosts, the credential, the token and the request budget of a client.
///
/// The token is kept with the one API host that it may be sent to, and requests are built from both. Drivers keep a session
/// behind a lock; sans-IO callers pass theirs to each method of a machine.
///
/// ```
/// use usage_core::auth::Grant;
/// use usage_core::{Secret, Session};
///
/// let secret = Secret::new("from a safe place".to_owned());
/// let session = Session::new(&"eu-central-1".parse()?, Grant::client_credentials("7de3af06", secret)?)
///     .with_header("x-gateway-key", "a-key")?;
/// assert_eq!(session.api_url().to_string(), "https://api.mypurecloud.de");
/// assert!(!format!("{session:?}").contains("a-key"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub struct Session {
    pub(crate) api: BaseUrl,
    pub(crate) login: BaseUrl,
    pub(crate) grant: Grant,
    pub(crate) token: TokenStore,
    pub(crate) budget: RateBudget,
    pub(crate) durations: QueryDurations,
    headers: HeaderMap,
    /// Paths of requests are written here, so that they share one allocation.
    path_buf: String,
    server_date: Option<(Timestamp, Timestamp)>,
    /// Whether the session is behind a lock.
    shared: bool,
    latest: Latest,
}

impl Session {
    /// Creates a session with the hosts of `region`.
    pub fn new(region: &Region, grant: Grant) -> Self {
        Self::with_hosts(region.api_url(), region.login_url(), grant)
    }

    /// Creates a session with explicit hosts, such as a gateway or the simulated service.
    pub fn with_hosts(api: BaseUrl, login: BaseUrl, grant: Grant) -> Self {
        let (grant, token) = match grant {
            Grant::StaticToken(token) => {
                (Grant::StaticToken(token.clone()), TokenStore::holding(token, None))
            }
            Grant::Issued { token, expires_at, renewal } => {
                let mut store = TokenStore::holding(token.clone(), expires_at);
                let grant = renewal.map_or(Grant::StaticToken(token), |renewal| *renewal);
                if !grant.can_renew() {
                    store.keep_to_the_end();
                }
                (grant, store)
            }
            grant => (grant, TokenStore::default()),
        };
        Self {
            api,
            login,
            grant,
            token,
            budget: RateBudget::default(),
            durations: QueryDurations::default(),
            headers: HeaderMap::new(),
            path_buf: String::new(),
            server_date: None,
            shared: false,
            latest: Latest::default(),
        }
    }

    /// Requests compressed responses. The driver must pass bodies on as they arrive; the
    /// [`ResponseReader`](crate::machine::ResponseReader) decompresses them.
    #[cfg(feature = "gzip")]
    #[must_use]
    pub fn with_gzip(mut self) -> Self {
        self.headers.insert(http::header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        self
    }

    /// Adds the header `name: value` to every request, including those to the login host.
    ///
    /// # Errors
    ///
    /// If name or value is not valid, and for headers that this crate sets itself: `authorization`, `accept`,
    /// `accept-encoding`, `content-*`, `host`, `transfer-encoding`, `connection`.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, BuildError> {
        let problem = |problem| BuildError::Header { name: name.into(), problem };
        let key: HeaderName = name.parse().map_err(|_| problem("is no header name"))?;
        let ours = ["authorization", "accept", "accept-encoding", "host", "transfer-encoding", "connection"];
        if ours.contains(&key.as_str()) || key.as_str().starts_with("content-") {
            return Err(problem("is set by the client itself"));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| problem("has a value with a control character"))?;
        // It may be the API key of a gateway.
        value.set_sensitive(true);
        self.headers.insert(key, value);
        Ok(self)
    }

    /// Returns the host that requests with the access token are sent to.
    pub fn api_url(&self) -> &BaseUrl {
        &self.api
    }

    /// Returns the host that credentials are sent to.
    pub fn login_url(&self) -> &BaseUrl {
        &self.login
    }

    /// Returns the access token that requests carry, if there is one. It may have expired.
    pub fn access_token(&self) -> Option<&AccessToken> {
        self.token.current().map(|(token, _)| token)
    }

    /// Returns when the [`access_token`](Self::access_token) expires; `None` if there is no token or its lifetime is
    /// unknown.
    pub fn access_token_expires_at(&self) -> Option<Timestamp> {
        self.token.current().and_then(|(_, expires_at)| expires_at)
    }

    /// Returns the refresh token for the next renewal, if there is one.
    ///
    /// A renewal may replace it and invalidate the previous one: to use it in a later session, save it again after each
    /// renewal. [`Grant::issued`] restores it.
    pub fn refresh_token(&self) -> Option<&Secret<String>> {
        self.grant.current_refresh_token()
    }

    /// Stores the token of `answer`, which arrived at `now` in response to a [request of the grant](Grant::token_request),
    /// and what renews it: the response's refresh token replaces a code or an assertion, which are valid only once, and an
    /// earlier refresh token.
    ///
    /// Machines do this by themselves.
    ///
    /// # Errors
    ///
    /// If the token cannot be used as a bearer token. Then only a new refresh token is stored.
    pub fn token_arrived(&mut self, now: Timestamp, answer: &TokenResponse) -> Result<(), BuildError> {
        self.observe(now);
        self.keep(now, None, answer)
    }

    /// Handles the response to the token exchange `fetch`.
    pub(crate) fn end_fetch(
        &mut self,
        now: Timestamp,
        fetch: FetchId,
        answer: Result<TokenResponse, ResponseError>,
    ) {
        self.observe(now);
        let is_current = self.token.is_current(fetch);
        let ended = match answer {
            // A late token is kept, unless a later fetch brought one: its refresh token may be the only valid one.
            Ok(_) if !is_current && !self.token.is_behind(fetch) => return,
            Ok(answer) => match self.keep(now, Some(fetch), &answer) {
                Ok(()) => Ended::Arrived,
                Err(error) => Ended::Refused(Failure::Decode(unusable(&error))),
            },
            // An empty response is odd, but complete.
            Err(ResponseError::Decode(error)) if error.ends_early && error.foreign.is_none() => {
                Ended::Unavailable(AttemptError::Transport(TransportFailure::cut_short(&error)))
            }
            Err(ResponseError::Decode(error)) => Ended::Refused(Failure::Decode(error)),
            Err(ResponseError::Api(error)) => ended_by(error),
        };
        if is_current {
            self.token.end(now, fetch, ended);
        }
    }

    /// Handles a token exchange that failed in transport.
    pub(crate) fn break_fetch(&mut self, now: Timestamp, fetch: FetchId, failure: TransportFailure) {
        self.observe(now);
        if self.token.is_current(fetch) {
            let ended = if failure.permanent {
                Ended::Failed(Failure::Transport(failure))
            } else {
                Ended::Unavailable(AttemptError::Transport(failure))
            };
            self.token.end(now, fetch, ended);
        }
    }

    /// Observes the current time. If the clock stepped back, all stored times move back by as much, so that waits keep
    /// their length.
    #[inline]
    pub(crate) fn observe(&mut self, now: Timestamp) {
        if let Some(back) = self.latest.step_back(now) {
            self.token.step_back(back);
            self.budget.step_back(back);
            self.server_date = self.server_date.map(|(date, at)| (date, at.saturating_sub(back)));
        }
    }

    fn keep(
        &mut self,
        now: Timestamp,
        fetch: Option<FetchId>,
        answer: &TokenResponse,
    ) -> Result<(), BuildError> {
        let token = match answer.bearer() {
            Ok(token) => token,
            Err(error) => {
                // The refresh token in the request is used up.
                if answer.has_refresh_token()
                    && let Some(grant) = self.grant.after(answer)
                {
                    self.grant = grant;
                    self.token.settle(fetch);
                }
                return Err(error);
            }
        };
        self.token.arrived(now, fetch, token.clone(), answer);
        self.grant = self.grant.after(answer).unwrap_or_else(|| {
            self.token.keep_to_the_end();
            Grant::StaticToken(token)
        });
        Ok(())
    }

    /// Returns the request budget, as the service last reported it.
    pub fn rate_budget(&self) -> &RateBudget {
        &self.budget
    }

    /// Returns the time of the API host's clock in its last response (`Date`, whole seconds), and when that response
    /// arrived by the caller's clock; `None` before the first response with that header.
    ///
    /// They differ by the offset of the clocks and the response's time in transit.
    pub fn server_date(&self) -> Option<(Timestamp, Timestamp)> {
        self.server_date
    }

    /// Reads the date of a response of the API host.
    pub(crate) fn observe_date(&mut self, now: Timestamp, headers: &HeaderMap) {
        let date = headers.get(http::header::DATE).and_then(|value| value.to_str().ok());
        if let Some(date) = date.and_then(|text| httpdate::parse_http_date(text).ok()) {
            self.server_date = Some((date.into(), now));
        }
    }

    /// Builds the request of `endpoint` with the current token. `previous` is the path and query of the caller's previous
    /// request, if there was one.
    pub(crate) fn request<E: Endpoint>(
        &mut self,
        endpoint: &E,
        previous: Option<&PathAndQuery>,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        let token = self.token.current().map(|(token, _)| token);
        endpoint::request(endpoint, &self.api, token, &mut self.path_buf, previous)
    }

    /// Adds the headers of every request.
    pub(crate) fn add_default_headers(&self, request: &mut Request<Vec<u8>>) {
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
    }
}

impl Clone for Session {
    /// Returns an independent session that does not share a token exchange in flight.
    fn clone(&self) -> Self {
        Self {
            api: self.api.clone(),
            login: self.login.clone(),
            grant: self.grant.clone(),
            token: self.token.without_fetch(),
            budget: self.budget.clone(),
            durations: self.durations.clone(),
            headers: self.headers.clone(),
            path_buf: String::new(),
            server_date: self.server_date,
            shared: false,
            latest: self.latest,
        }
    }
}

/// Returns how a token exchange ended that the login host answered with an error.
fn ended_by(error: Box<ApiError>) -> Ended {
    match classify(error.status) {
        Class::Throttled | Class::Unavailable => Ended::Unavailable(AttemptError::Api(error)),
        // An error document with a status of 2xx.
        Class::Success if error.code().is_some_and(|code| OUT_OF_ORDER.contains(&code)) => {
            Ended::Unavailable(AttemptError::Api(error))
        }
        Class::Success => refusal(error),
        _ if error.status.is_client_error() => refusal(error),
        _ => Ended::Refused(Failure::Rejected(error)),
    }
}

/// Returns the error for a token that is not valid in a header.
fn unusable(error: &BuildError) -> DecodeError {
    DecodeError::new("access_token", 0, format!("the login host issued what cannot be used: {error}"))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("api", &self.api.to_string())
            .field("login", &self.login.to_string())
            .field("grant", &self.grant)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_the_last_answer_that_had_one_is_kept() {
        let token = AccessToken::parse("token").unwrap();
        let mut session = Session::new(&Region::default(), Grant::StaticToken(token));
        let (first, later) = (Timestamp::from_unix_millis(5_000), Timestamp::from_unix_millis(9_000));
        assert_eq!(session.server_date(), None);
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT"));
        session.observe_date(first, &headers);
        headers.insert("date", HeaderValue::from_static("today"));
        session.observe_date(later, &headers);
        session.observe_date(later, &HeaderMap::new());
        assert_eq!(session.server_date(), Some((Timestamp::from_unix_millis(1_445_412_480_000), first)));
    }
}
