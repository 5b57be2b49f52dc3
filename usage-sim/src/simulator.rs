//! The service: a request and the time go in, an answer comes out.

use std::borrow::Cow;

use http::header::HeaderName;
use http::{HeaderMap, Request, Response, StatusCode, request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use usage_core::{Date, Timestamp};

use crate::config::SimulatorConfig;
use crate::execution::{Execution, Executions, Scope, Status};
use crate::fault::{Fault, Rule, Script, status_or_500};
use crate::journal::{self, Entry, Journal};
use crate::query::{self, Body, Horizon, Page};
use crate::rate_limit::RateLimits;
use crate::reply::{self, OAuthProblem, Problem, Reply};
use crate::results;
use crate::route::{Operation, Route};
use crate::seed::{self, Purpose};
use crate::token::Tokens;
use crate::world::World;

/// The largest request body, in bytes; a larger one is answered 413.
pub const MAX_REQUEST_BODY: usize = 1024 * 1024;

const CORRELATION_ID: HeaderName = HeaderName::from_static("inin-correlation-id");
const RATE_COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
const RATE_ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
const RATE_RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

/// What RFC 3986 does not leave unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A simulated Genesys Cloud: the login host's token endpoint and the API host's usage operations, on one host.
///
/// It has no socket and no clock: [`handle`](Self::handle) is all there is. The same requests at the same times
/// get the same answers from every simulator with the same [`SimulatorConfig`].
#[derive(Debug)]
pub struct Simulator {
    config: SimulatorConfig,
    world: World,
    tokens: Tokens,
    rate_limits: RateLimits,
    executions: Executions,
    script: Script,
    journal: Journal,
    handled: u64,
}

/// An OAuth client of the simulated organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthClient {
    /// Its id, a UUID unless [`SimulatorConfig::with_client`] gave another.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl Simulator {
    /// A service in which nothing has happened yet.
    pub fn new(config: SimulatorConfig) -> Self {
        let tokens = Tokens::new(&config);
        Self {
            world: World::new(config.seed, tokens.client_id()),
            rate_limits: RateLimits::new(config.rate_limit),
            executions: Executions::new(config.seed, config.execution_time),
            script: Script::default(),
            journal: Journal::default(),
            handled: 0,
            tokens,
            config,
        }
    }

    /// Answers a request that arrives at `now`.
    ///
    /// The host of the URI does not matter. `now` may step back between requests.
    pub fn handle(&mut self, now: Timestamp, request: Request<Vec<u8>>) -> Reply {
        let (head, body) = request.into_parts();
        self.handled += 1;
        let correlation_id = seed::uuid(self.config.seed, Purpose::Correlation, &[self.handled]);
        let route = Route::find(&head.method, head.uri.path());
        let operation = route.as_ref().ok().map(|route| route.operation);
        let mut entry = journal::entry(now, &head, &body, operation);
        entry.fault = self.script.strike(operation, &head.method, head.uri.path());

        let stand_in =
            entry.fault.as_ref().and_then(|fault| self.stand_in(fault, operation, &correlation_id));
        let mut response = match stand_in {
            Some(response) => response,
            None => route
                .and_then(|route| self.process(now, &route, &head, &body, &mut entry))
                .unwrap_or_else(|problem| problem.into_response(&correlation_id)),
        };
        if let Some(Fault::Oversized { bytes }) = entry.fault {
            let length = bytes.max(response.body().len());
            response.body_mut().resize(length, b' ');
        }
        reply::insert(&mut response, CORRELATION_ID, &correlation_id);
        self.add_rate_headers(&mut response, now, &head.headers);

        let fault = match &entry.fault {
            Some(Fault::Wire(fault)) => Some(fault.clone()),
            _ => None,
        };
        entry.status = response.status();
        self.journal.write(entry);
        Reply { response, fault }
    }

    /// Lets something go wrong; see [`Rule`].
    pub fn inject(&mut self, rule: Rule) {
        self.script.add(rule);
    }

    /// Forgets all injected rules.
    pub fn clear_faults(&mut self) {
        self.script.clear();
    }

    /// What arrived so far, oldest first: the last 10,000 requests at least.
    pub fn journal(&self) -> &[Entry] {
        self.journal.entries()
    }

    /// Empties the journal.
    pub fn clear_journal(&mut self) {
        self.journal.clear();
    }

    /// An access token, as the token endpoint would issue it at `now`.
    pub fn issue_token(&mut self, now: Timestamp) -> String {
        self.tokens.issue(now)
    }

    /// Makes an access token worthless before its time; whether there was such a token.
    pub fn revoke_token(&mut self, access_token: &str) -> bool {
        self.tokens.revoke(access_token)
    }

    /// Makes every access token worthless.
    pub fn revoke_all_tokens(&mut self) {
        self.tokens.revoke_all();
    }

    /// The id that the token endpoint accepts.
    pub fn client_id(&self) -> &str {
        self.tokens.client_id()
    }

    /// The secret that the token endpoint accepts.
    pub fn client_secret(&self) -> &str {
        self.tokens.client_secret()
    }

    /// The id of the organisation.
    pub fn organization_id(&self) -> &str {
        self.world.organization_id()
    }

    /// The OAuth clients that the service knows at `now`.
    pub fn oauth_clients(&self, now: Timestamp) -> Vec<OAuthClient> {
        let known = self.world.clients().iter().filter(|client| client.is_known_on(Date::of(now)));
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
        if route.operation == Operation::Token {
            return Ok(self.tokens.grant(now, &head.headers, body));
        }
        let token = self.tokens.authenticate(now, &head.headers)?;
        self.rate_limits.count(token, now)?;
        self.permit(route.operation)?;
        if route.operation.is_submit() {
            self.submit(now, route, head, body, entry)
        } else {
            self.results(now, route, head.uri.query().unwrap_or_default(), entry.fault.as_ref())
        }
    }

    fn permit(&self, operation: Operation) -> Result<(), Problem> {
        let wanted = operation.permissions();
        let has_any = wanted.iter().any(|&permission| self.config.permissions.contains(permission));
        if has_any { Ok(()) } else { Err(Problem::missing_any_permissions(wanted)) }
    }

    fn submit(
        &mut self,
        now: Timestamp,
        route: &Route,
        head: &request::Parts,
        body: &[u8],
        entry: &mut Entry,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let horizon = self.horizon(now);
        let scope = self.scope(now, route)?;
        let plan = match (&scope, route.operation) {
            (Scope::Client(client), Operation::ClientSummary) => {
                let days = query_parameter(head, "days");
                query::client_summary(days.as_deref(), now, horizon, *client)?
            }
            (Scope::Client(client), _) => {
                query::client_query(&Body::parse(&head.headers, body)?, horizon, *client)?
            }
            (Scope::SimpleSearch, _) => {
                query::simple_search(&Body::parse(&head.headers, body)?, horizon, &self.world)?
            }
            (Scope::Organization, _) => {
                query::organization_query(&Body::parse(&head.headers, body)?, horizon)?
            }
        };
        let results_uri = |id: &str| match &scope {
            Scope::Organization => format!("/api/v2/usage/query/{id}/results"),
            Scope::SimpleSearch => format!("/api/v2/usage/simplesearch/{id}/results"),
            Scope::Client(_) => {
                let client_id = utf8_percent_encode(route.parameter("clientId"), RESERVED);
                format!("/api/v2/oauth/clients/{client_id}/usage/query/results/{id}")
            }
        };
        let fails = entry.fault == Some(Fault::FailQuery);
        let id = self.executions.start(now, scope.clone(), plan, fails);
        let body = json!({"executionId": id, "resultsUri": results_uri(&id)});
        entry.started = Some(id);
        Ok(reply::json_response(body.to_string().into_bytes()))
    }

    fn results(
        &mut self,
        now: Timestamp,
        route: &Route,
        query: &str,
        fault: Option<&Fault>,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let scope = self.scope(now, route)?;
        let id = route.parameter("executionId");
        let not_found = || Problem::not_found("execution", id);
        if self.executions.find(id, &scope).is_some() && fault == Some(&Fault::FailQuery) {
            self.executions.fail(id);
        }
        let execution = self.executions.find(id, &scope).ok_or_else(not_found)?.clone();
        let page = match scope {
            Scope::SimpleSearch => Some(Page::parse(query, id)?),
            Scope::Organization | Scope::Client(_) => None,
        };
        let body = match (fault, self.executions.status(&execution, now)) {
            (Some(Fault::UnknownStatus(status)), _) => results::status_only(status),
            (Some(Fault::MissingStatus), _) => b"{}".to_vec(),
            (_, Status::Running) => results::status_only("Running"),
            (_, Status::Failed) => results::status_only("Failed"),
            (_, Status::Complete) => self.complete(&execution, page, fault == Some(&Fault::RepeatCursor)),
        };
        Ok(reply::json_response(body))
    }

    fn complete(&mut self, execution: &Execution, page: Option<Page>, repeats: bool) -> Vec<u8> {
        let rows = self.executions.rows(&self.world, execution);
        let Some(page) = page else { return results::complete(&self.world, &execution.plan, &rows, None) };
        let start = page.offset.min(rows.len());
        let end = page.offset.saturating_add(page.size).min(rows.len());
        let next = if repeats { Some(page.offset) } else { Some(end).filter(|&end| end < rows.len()) };
        let after = next.map(|offset| query::cursor(offset, &execution.id));
        results::complete(&self.world, &execution.plan, &rows[start..end], after.as_deref())
    }

    /// Where the executions of a route live; 404 for a client that is not known.
    fn scope(&self, now: Timestamp, route: &Route) -> Result<Scope, Problem> {
        match route.operation {
            Operation::SimpleSearch | Operation::SimpleSearchResults => Ok(Scope::SimpleSearch),
            Operation::ClientQuery | Operation::ClientSummary | Operation::ClientResults => {
                let id = route.parameter("clientId");
                let number = self.world.client_number(id).filter(|&number| {
                    self.world.client(number).is_some_and(|client| client.is_known_on(Date::of(now)))
                });
                number.map(Scope::Client).ok_or_else(|| Problem::not_found("OAuth client", id))
            }
            Operation::Token | Operation::OrganizationQuery | Operation::OrganizationResults => {
                Ok(Scope::Organization)
            }
        }
    }

    fn horizon(&self, now: Timestamp) -> Horizon {
        let today = Date::of(now);
        Horizon {
            first: today.plus_days(-i64::from(self.config.history_days)),
            yesterday: today.plus_days(-1),
        }
    }

    /// Every answer to a valid token says where it stands, errors included.
    fn add_rate_headers(&self, response: &mut Response<Vec<u8>>, now: Timestamp, headers: &HeaderMap) {
        let Ok(token) = self.tokens.authenticate(now, headers) else { return };
        let usage = self.rate_limits.usage(token, now);
        reply::insert(response, RATE_COUNT, &usage.count.to_string());
        reply::insert(response, RATE_ALLOWED, &usage.allowed.to_string());
        reply::insert(response, RATE_RESET, &usage.reset.to_string());
    }

    /// The answer of a fault that keeps the request from being processed.
    fn stand_in(
        &self,
        fault: &Fault,
        operation: Option<Operation>,
        correlation_id: &str,
    ) -> Option<Response<Vec<u8>>> {
        let of_status = |status| match operation {
            Some(Operation::Token) => OAuthProblem::of_status(status).into_response(),
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

fn query_parameter<'a>(head: &'a request::Parts, wanted: &str) -> Option<Cow<'a, str>> {
    let query = head.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value)
}
