//! The service as a function of the request and the time.

mod events;
mod platform;
mod queries;

use std::sync::Arc;

use http::header::HeaderName;
use http::{HeaderMap, Request, Response, StatusCode, request};
use usage_core::{Date, Timestamp};

use crate::config::SimulatorConfig;
use crate::execution::Executions;
use crate::fault::{Fault, Rule, Script, status_or_500};
use crate::journal::{self, Entry, Journal};
use crate::query::Horizon;
use crate::rate_limit::RateLimits;
use crate::reply::{self, OAuthProblem, Problem, Reply};
use crate::route::{Operation, Route};
use crate::seed::{self, Purpose};
use crate::token::Tokens;
use crate::world::{Story, World};

/// Maximum length of a request body, in bytes. A larger one fails with 413.
pub const MAX_REQUEST_BODY: usize = 1024 * 1024;

const CORRELATION_ID: HeaderName = HeaderName::from_static("inin-correlation-id");
const RATE_COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
const RATE_ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
const RATE_RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

/// A simulated Genesys Cloud: the login host's endpoints and the API host's usage operations, on one host.
///
/// It has neither socket nor clock, only [`handle`](Self::handle). Simulators with the same [`SimulatorConfig`] give
/// the same responses to the same requests at the same times. A clone starts from the same state.
///
/// ```
/// use usage_core::Date;
/// use usage_sim::{Simulator, SimulatorConfig};
///
/// let mut service = Simulator::new(SimulatorConfig::default());
/// let now = "2026-07-08".parse::<Date>()?.start();
/// let request = http::Request::get("/api/v2/organizations/me");
/// let request = request.header("Authorization", format!("Bearer {}", service.issue_token(now)));
/// let reply = service.handle(now, request.body(vec![])?);
/// let organization: serde_json::Value = serde_json::from_slice(reply.response.body())?;
/// assert_eq!(organization["id"], service.organization_id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulator {
    config: SimulatorConfig,
    /// Immutable, and shared by clones.
    world: Arc<World>,
    tokens: Tokens,
    rate_limits: RateLimits,
    executions: Executions,
    script: Script,
    journal: Journal,
    handled: u64,
}

/// An OAuth client of the simulated organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthClient {
    /// The id, a UUID unless [`SimulatorConfig::with_client`] sets another.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A user of the simulated organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id, a UUID.
    pub id: String,
    /// The name.
    pub name: String,
}

impl Simulator {
    /// Creates a service without tokens, executions and faults.
    pub fn new(config: SimulatorConfig) -> Self {
        let tokens = Tokens::new(&config);
        let world = World::new(config.seed, tokens.client_id()).sized(config.size);
        Self {
            world: Arc::new(if config.story { world } else { world.without_story() }),
            rate_limits: RateLimits::new(config.rate_limit),
            executions: Executions::new(config.seed, config.execution_time),
            script: Script::default(),
            journal: Journal::default(),
            handled: 0,
            tokens,
            config,
        }
    }

    /// Handles a request that arrives at `now`, and returns the reply.
    ///
    /// The host of the URI is ignored. `now` may step back between requests.
    pub fn handle(&mut self, now: Timestamp, request: Request<Vec<u8>>) -> Reply {
        let (head, body) = request.into_parts();
        self.handled += 1;
        let correlation_id = seed::uuid(self.config.seed, Purpose::Correlation, &[self.handled]);
        let route = Route::find(&head.method, head.uri.path());
        let operation = route.as_ref().ok().map(|route| route.operation);
        let mut entry = journal::entry(now, &head, &body, operation, correlation_id.clone());
        entry.fault = self.script.strike(operation, &head.method, head.uri.path());

        let stand_in =
            entry.fault.as_ref().and_then(|fault| self.stand_in(fault, operation, &correlation_id));
        let mut response = match stand_in {
            Some(response) => response,
            None => route
                .and_then(|route| self.process(now, &route, &head, &body, &mut entry))
                .unwrap_or_else(|problem| problem.into_response(&correlation_id)),
        };
        match &entry.fault {
            Some(Fault::Amended(members)) => reply::amend(&mut response, members),
            Some(Fault::Oversized { bytes }) => reply::pad(&mut response, *bytes),
            Some(Fault::Gzip) => reply::gzip(&mut response),
            Some(Fault::GzipBomb { bytes }) => {
                reply::pad(&mut response, *bytes);
                reply::gzip(&mut response);
            }
            _ => {}
        }
        reply::insert(&mut response, CORRELATION_ID, &correlation_id);
        if !response.headers().contains_key(http::header::DATE) {
            reply::insert_date(&mut response, now);
        }
        self.add_rate_headers(&mut response, now, &head.headers);

        if let Some(Fault::Headers(headers)) = &entry.fault {
            for (name, value) in headers {
                if let Ok(name) = name.parse() {
                    reply::insert(&mut response, name, value);
                }
            }
        }

        let fault = match &entry.fault {
            Some(Fault::Wire(fault)) => Some(fault.clone()),
            _ => None,
        };
        entry.status = response.status();
        self.journal.write(entry);
        Reply { response, fault }
    }

    /// Injects a fault; see [`Rule`].
    pub fn inject(&mut self, rule: Rule) {
        self.script.add(rule);
    }

    /// Removes all injected rules.
    pub fn clear_faults(&mut self) {
        self.script.clear();
    }

    /// Returns the requests that arrived, oldest first: at least the last 10,000.
    pub fn journal(&self) -> &[Entry] {
        self.journal.entries()
    }

    /// Clears the journal.
    pub fn clear_journal(&mut self) {
        self.journal.clear();
    }

    /// Issues an access token, as the token endpoint does at `now`.
    pub fn issue_token(&mut self, now: Timestamp) -> String {
        self.tokens.issue(now)
    }

    /// Revokes an access token, and returns whether there was such a token.
    pub fn revoke_token(&mut self, access_token: &str) -> bool {
        self.tokens.revoke(access_token)
    }

    /// Revokes every access token.
    pub fn revoke_all_tokens(&mut self) {
        self.tokens.revoke_all();
    }

    /// Revokes every refresh token and every authorization code that was not exchanged yet.
    pub fn revoke_all_refresh_tokens(&mut self) {
        self.tokens.revoke_all_refresh_tokens();
    }

    /// Returns the prefix of every access token.
    pub(crate) fn token_prefix(&self) -> String {
        self.tokens.prefix()
    }

    /// Returns the client id that the token endpoint accepts.
    pub fn client_id(&self) -> &str {
        self.tokens.client_id()
    }

    /// Returns the client secret that the token endpoint accepts.
    pub fn client_secret(&self) -> &str {
        self.tokens.client_secret()
    }

    /// Returns the id of the organization.
    pub fn organization_id(&self) -> &str {
        self.world.organization_id()
    }

    /// Returns the short name of the organization, which a SAML2 bearer grant must name.
    pub fn organization_name(&self) -> &str {
        self.config.organization_name()
    }

    /// Returns the display name of the organization.
    pub(crate) fn organization_display_name(&self) -> String {
        self.config.organization_display_name()
    }

    /// Returns the remarkable events of the month that contains `day`, or `None` without a story
    /// ([`SimulatorConfig::with_story`]).
    pub fn story(&self, day: Date) -> Option<Story> {
        self.world.story(day)
    }

    /// Returns the users of the organization.
    pub fn users(&self) -> Vec<User> {
        self.world.users().iter().map(|user| User { id: user.id.clone(), name: user.name.clone() }).collect()
    }

    /// Returns the OAuth clients that the service knows at `now`.
    pub fn oauth_clients(&self, now: Timestamp) -> Vec<OAuthClient> {
        let known = self.world.clients().iter().filter(|client| client.is_shown_on(Date::of(now)));
        known.map(|client| OAuthClient { id: client.id.clone(), name: client.name.clone() }).collect()
    }

    fn process(
        &mut self,
        now: Timestamp,
        route: &Route,
        head: &request::Parts,
        body: &[u8],
        entry: &mut Entry,
    ) -> Result<Response<Vec<u8>>, Problem> {
        if body.len() > MAX_REQUEST_BODY {
            return Err(Problem::too_large(MAX_REQUEST_BODY));
        }
        let query = head.uri.query().unwrap_or_default();
        match route.operation {
            Operation::Token => return Ok(self.tokens.grant(now, &head.headers, body)),
            Operation::Authorize => return Ok(self.tokens.authorize(now, query)),
            _ => {}
        }
        let token = self.tokens.authenticate(now, &head.headers)?;
        self.rate_limits.count(token, now)?;
        self.permit(route.operation)?;
        if route.operation.is_platform() {
            self.platform(now, route.operation, query)
        } else if route.operation.is_event() {
            self.events(now, route, head, body, entry.fault.as_ref())
        } else if route.operation.is_submit() {
            self.submit(now, route, head, body, entry)
        } else {
            self.results(now, route, query, entry)
        }
    }

    fn permit(&self, operation: Operation) -> Result<(), Problem> {
        let wanted = operation.permissions();
        let is_held = |permission: &&str| self.config.permissions.contains(*permission);
        if operation.is_event() {
            let all = wanted.iter().all(is_held);
            return if all { Ok(()) } else { Err(Problem::missing_permissions(wanted)) };
        }
        if wanted.iter().any(is_held) { Ok(()) } else { Err(Problem::missing_any_permissions(wanted)) }
    }

    fn horizon(&self, now: Timestamp) -> Horizon {
        let today = Date::of(now);
        Horizon {
            first: today.plus_days(-i64::from(self.config.history_days)),
            yesterday: today.plus_days(-1),
        }
    }

    /// Adds the rate limit headers to every response to a valid token, including errors.
    fn add_rate_headers(&self, response: &mut Response<Vec<u8>>, now: Timestamp, headers: &HeaderMap) {
        let Ok(token) = self.tokens.authenticate(now, headers) else { return };
        let usage = self.rate_limits.usage(token, now);
        reply::insert(response, RATE_COUNT, &usage.count.to_string());
        reply::insert(response, RATE_ALLOWED, &usage.allowed.to_string());
        reply::insert(response, RATE_RESET, &usage.reset.to_string());
    }

    /// Returns the response of a fault that prevents the request from being processed.
    fn stand_in(
        &self,
        fault: &Fault,
        operation: Option<Operation>,
        correlation_id: &str,
    ) -> Option<Response<Vec<u8>>> {
        let of_status = |status| match operation {
            Some(login) if login.is_login() => OAuthProblem::of_status(status).into_response(),
            _ => Problem::of_status(status).into_response(correlation_id),
        };
        match fault {
            Fault::Status(status) => Some(of_status(status_or_500(*status))),
            Fault::StatusWith { status, headers, body } => {
                let mut response = Response::new(body.clone());
                *response.status_mut() = status_or_500(*status);
                for (name, value) in headers {
                    if let Ok(name) = name.parse() {
                        reply::insert(&mut response, name, value);
                    }
                }
                Some(response)
            }
            Fault::RateLimited { retry_after } => {
                let allowed = self.config.rate_limit;
                Some(
                    Problem::too_many_requests(allowed, retry_after.as_deref()).into_response(correlation_id),
                )
            }
            Fault::Html => {
                let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
                Some(reply::response(StatusCode::BAD_GATEWAY, "text/html", page.into()))
            }
            Fault::Redirect(location) => {
                let mut response = reply::response(StatusCode::FOUND, "text/html", Vec::new());
                reply::insert(&mut response, http::header::LOCATION, location);
                Some(response)
            }
            _ => None,
        }
    }
}
