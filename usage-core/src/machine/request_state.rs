//! The state of a machine's current request: what is sent for it, and which response is awaited.

mod retry_decision;

use std::time::Duration;

use http::Request;
use http::response::Parts;
use http::uri::{PathAndQuery, Uri};

use crate::auth::Authorization;
use crate::decode::ResponseDecoder;
use crate::endpoint::Endpoint;
use crate::failures::{Failure, ResponseError, Unauthorized};
use crate::jitter::Jitter;
use crate::machine::exchange::{Exchange, Purpose, Ticket};
use crate::machine::limits::{Limits, MAX_TIMEOUT, deadline};
use crate::machine::response_reader::ResponseReader;
use crate::phase::WaitReason;
use crate::session::Session;
use crate::time::Timestamp;
use crate::trace;

pub(crate) use retry_decision::RetryDecision;

/// The name of a token request's endpoint, for traces and errors.
pub(crate) const TOKEN: &str = "oauth.token";

/// The current request of a machine: authorizes and sends it, and [decides](RetryDecision) after each response or failure
/// whether to retry. Each machine has one; state shared by all machines is in the session.
#[derive(Clone, Debug)]
pub(crate) struct RequestState {
    pub(crate) jitter: Jitter,
    /// The number of requests sent so far, token requests included.
    pub(crate) attempts: u32,
    /// Whether the last request went to the login host.
    at_login: bool,
    /// The purpose of the request in flight.
    awaited: Option<Purpose>,
    /// The generation of the token that the operation in flight carries.
    generation: u64,
    /// Whether this operation was already retried with a new token after a 401.
    renewed: bool,
    /// Whether this operation must not be sent twice.
    once: bool,
    /// How often this operation was sent.
    sent: u8,
    /// Path and query of the last request that may be repeated, as a poll is.
    target: Option<Box<PathAndQuery>>,
    /// Consecutive failures, and the number of them that count against the limit.
    failures: u32,
    counted: u32,
}

/// The result of trying to send a request.
pub(crate) enum Dispatch {
    /// Send the request.
    Send(Box<Exchange>),
    /// Send this token request first.
    Authorize(Box<Exchange>),
    Wait(Timestamp, WaitReason),
    Fail(Failure),
}

/// A response that was awaited.
pub(crate) enum Accepted<T> {
    /// The response to the operation in flight.
    Answer(Result<T, ResponseError>),
    /// What follows the end of the token exchange.
    Token(RetryDecision<()>),
}

impl RequestState {
    pub(crate) fn new(jitter: Jitter) -> Self {
        Self {
            jitter,
            attempts: 0,
            at_login: false,
            awaited: None,
            generation: 0,
            renewed: false,
            once: false,
            target: None,
            sent: 0,
            failures: 0,
            counted: 0,
        }
    }

    /// Builds the request of `endpoint`, if one may be sent now.
    pub(crate) fn dispatch<E: Endpoint>(
        &mut self,
        now: Timestamp,
        endpoint: &E,
        limits: &Limits,
        session: &mut Session,
    ) -> Dispatch {
        self.once = !E::IDEMPOTENT && !limits.policy.resubmit;
        if let Err(late) = self.begin(now, limits, session) {
            return late;
        }
        if let Some(until) = session.budget.blocked_until(now) {
            return self.wait(until, WaitReason::RateLimit, limits);
        }
        let generation = match self.authorize(now, limits, session) {
            Ok(generation) => generation,
            Err(first) => return first,
        };
        let request = match session.request(endpoint, self.target.as_deref()) {
            Ok(request) => request,
            Err(error) => return Dispatch::Fail(error.into()),
        };
        if E::IDEMPOTENT {
            self.remember(request.uri());
        }
        self.generation = generation;
        session.budget.spend(now);
        let purpose = Purpose::Operation(self.attempts);
        let mut exchange = self.send(purpose, E::NAME, request, limits.timeout(now), session);
        if !E::IDEMPOTENT {
            exchange.needs_fresh_connection = true;
            exchange.connect_within = limits.connect_within(now);
        }
        Dispatch::Send(exchange)
    }

    /// Keeps path and query of a request for its repetition.
    fn remember(&mut self, uri: &Uri) {
        let Some(target) = uri.path_and_query() else { return };
        match &mut self.target {
            Some(kept) => (**kept).clone_from(target),
            none => *none = Some(Box::new(target.clone())),
        }
    }

    /// Obtains a token for the session. Returns what to do before there is one; `None` if there is one.
    pub(crate) fn log_in(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<Dispatch> {
        self.begin(now, limits, session).and_then(|()| self.authorize(now, limits, session)).err()
    }

    /// Begins an attempt. Fails if it is too late, and waits for a token exchange that is carried out elsewhere.
    fn begin(&mut self, now: Timestamp, limits: &Limits, session: &mut Session) -> Result<(), Dispatch> {
        let waits_for_token = matches!(self.awaited, Some(Purpose::Token(_)));
        self.at_login = waits_for_token;
        if limits.is_too_late(now, self.once) {
            let why = waits_for_token.then_some(WaitReason::Token);
            return Err(Dispatch::Fail(deadline(now, why, None)));
        }
        // An early renewal does not delay requests with the old token.
        if let Some(Purpose::Token(fetch)) = self.awaited
            && !session.token.is_alive(now)
            && let Some(until) = session.token.carried_until(fetch, now)
        {
            return Err(Dispatch::Wait(until.min(limits.deadline), WaitReason::Token));
        }
        self.withdraw(session);
        self.at_login = false;
        Ok(())
    }

    /// Abandons the request in flight. A token exchange that is carried out elsewhere continues.
    pub(crate) fn withdraw(&mut self, session: &mut Session) {
        if let Some(Purpose::Token(fetch)) = self.awaited.take() {
            session.token.abandon(fetch);
        }
    }

    /// Returns the generation of the session's token, or what to do before there is one.
    fn authorize(&mut self, now: Timestamp, limits: &Limits, session: &mut Session) -> Result<u64, Dispatch> {
        self.at_login = true;
        // Not limited by this machine's deadline: sending a refresh token uses it up, and the response has the next one.
        let timeout = limits.policy.exchange_timeout.min(MAX_TIMEOUT);
        let fetch = match session.token.authorize(now, timeout) {
            Authorization::Token { generation } => {
                self.at_login = false;
                return Ok(generation);
            }
            Authorization::Refused(failure) => return Err(Dispatch::Fail(failure.clone())),
            Authorization::Wait(until) => {
                return Err(Dispatch::Wait(until.min(limits.deadline), WaitReason::Token));
            }
            Authorization::Later { at, throttled } => {
                let why = if throttled { WaitReason::RateLimit } else { WaitReason::Retry };
                return Err(self.wait(at, why, limits));
            }
            Authorization::Fetch(fetch) => fetch,
        };
        let request = match session.grant.token_request(&session.login) {
            Ok(Some(request)) => request,
            Ok(None) => {
                session.token.abandon(fetch);
                return Err(Dispatch::Fail(Failure::Unauthorized(Unauthorized::CannotRenew)));
            }
            Err(error) => {
                session.token.abandon(fetch);
                return Err(Dispatch::Fail(error.into()));
            }
        };
        let mut exchange = self.send(Purpose::Token(fetch), TOKEN, request, timeout, session);
        exchange.needs_fresh_connection = true;
        Err(Dispatch::Authorize(exchange))
    }

    fn send(
        &mut self,
        purpose: Purpose,
        endpoint: &'static str,
        request: Request<Vec<u8>>,
        timeout: Duration,
        session: &Session,
    ) -> Box<Exchange> {
        self.awaited = Some(purpose);
        self.attempts = self.attempts.saturating_add(1);
        let mut exchange = Box::new(Exchange::new(Ticket(purpose), endpoint, request, timeout));
        session.add_default_headers(&mut exchange.request);
        let mut resends = 0;
        if let Purpose::Operation(_) = purpose {
            resends = self.sent;
            self.sent = self.sent.saturating_add(1);
        }
        exchange.span = trace::exchange(endpoint, &exchange.request, self.attempts, resends);
        exchange
    }

    /// Handles the head of a response. Its rate-limit headers apply to the session, whether the response is awaited or not.
    pub(crate) fn on_head<D: ResponseDecoder>(
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        decoder: impl FnOnce() -> D,
        session: &mut Session,
    ) -> ResponseReader<D> {
        trace::answered(head);
        session.observe(now);
        if matches!(ticket.0, Purpose::Operation(_)) {
            session.budget.observe(now, &head.headers);
            session.observe_date(now, &head.headers);
        }
        ResponseReader::new(ticket, head, decoder)
    }

    /// Returns the response if this machine awaits it. The session keeps a token in any case.
    pub(crate) fn accept<D: ResponseDecoder>(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<D>,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<Accepted<D::Output>> {
        match reader.ticket.0 {
            Purpose::Token(fetch) => {
                session.end_fetch(now, fetch, reader.into_token()?);
                self.settle(now, limits, session).map(Accepted::Token)
            }
            Purpose::Operation(_) if self.redeem(&reader.ticket) => {
                reader.into_answer().map(Accepted::Answer)
            }
            Purpose::Operation(_) => None,
        }
    }

    /// Returns whether `ticket` is that of the request in flight.
    pub(crate) fn awaits(&self, ticket: &Ticket) -> bool {
        self.awaited == Some(ticket.0)
    }

    /// Returns whether `ticket` is that of the request in flight, which then no longer is.
    pub(crate) fn redeem(&mut self, ticket: &Ticket) -> bool {
        self.awaited.take_if(|awaited| *awaited == ticket.0).is_some()
    }

    /// Returns the name of the endpoint that the last request of an operation of `endpoint` went to.
    pub(crate) fn current_endpoint(&self, endpoint: &'static str) -> &'static str {
        if self.at_login { TOKEN } else { endpoint }
    }

    /// Abandons an operation in flight, but not a token exchange, which belongs to the session.
    pub(crate) fn give_up(&mut self) {
        self.awaited.take_if(|awaited| matches!(awaited, Purpose::Operation(_)));
    }

    fn wait(&self, until: Timestamp, why: WaitReason, limits: &Limits) -> Dispatch {
        if limits.is_too_late(until, self.once) {
            Dispatch::Fail(deadline(until, Some(why), None))
        } else {
            Dispatch::Wait(until, why)
        }
    }
}
