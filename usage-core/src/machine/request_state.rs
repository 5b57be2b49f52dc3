use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::response::Parts;
use http::uri::PathAndQuery;

use crate::auth::{Authorization, Ended, FetchId};
use crate::decode::ResponseDecoder;
use crate::endpoint::Endpoint;
use crate::error::{AttemptError, Failure, ResponseError, Sent, TransportFailure, Unauthorized};
use crate::jitter::Jitter;
use crate::machine::exchange::{Exchange, Purpose, Ticket};
use crate::machine::response_reader::{Arrival, ResponseReader};
use crate::phase::{Cause, WaitReason};
use crate::retry::{Backoff, Class, Policy, classify};
use crate::session::Session;
use crate::time::Timestamp;
use crate::trace;

/// The endpoint's name in the traces of a token request.
pub(crate) const TOKEN: &str = "oauth.token";

/// What must not be sent twice is sent only if at least this much time is left before the deadline: with less, the
/// deadline could pass before the answer arrives, and nobody would know whether it was carried out. Where the policy's
/// [`exchange_timeout`](Policy::exchange_timeout) or half of its [`deadline`](Policy::deadline) is shorter, that counts.
pub const MIN_SUBMIT_TIME: Duration = Duration::from_secs(1);

/// The longest timeout of an exchange or a connection. Clocks of operating systems do not count as far as a [`Duration`] reaches.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The least delays between looks at an execution that is not found yet.
const NOT_FOUND: Backoff =
    Backoff { initial: Duration::from_millis(500), factor: 2.0, max: Duration::from_secs(30) };

/// Carries requests for a machine: gets each one authorised and out, and decides about every answer and failure
/// whether it is tried again. One courier serves one machine; what is common to all is in the session.
#[derive(Clone, Debug)]
pub(crate) struct RequestState {
    pub(crate) jitter: Jitter,
    /// Requests sent so far, token requests included.
    pub(crate) attempts: u32,
    /// Whether the login host had the last word.
    at_login: bool,
    /// What the answer that is awaited is for.
    awaited: Option<Purpose>,
    /// The generation of the token that the awaited operation carries.
    generation: u64,
    /// Whether this operation has had its fresh token after a 401.
    renewed: bool,
    /// Whether this operation must not be sent twice.
    once: bool,
    /// Path and query of the last request that may be repeated, as a poll is.
    target: Option<PathAndQuery>,
    /// Failed tries in a row, and those of them that count against the limit.
    failures: u32,
    counted: u32,
}

/// Until when, and by which policy.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// That of the client: a thousand executions that wait share one.
    pub(crate) policy: Arc<Policy>,
    pub(crate) deadline: Timestamp,
}

impl Limits {
    /// The terms of what begins at `now`.
    pub(crate) fn new(policy: Arc<Policy>, now: Timestamp) -> Self {
        let deadline = now.saturating_add(policy.deadline);
        Self { policy, deadline }
    }

    /// The clock stepped back.
    pub(crate) fn step_back(&mut self, by: Duration) {
        self.deadline = self.deadline.saturating_sub(by);
    }

    /// Whether `at` is too late for a request; there is to be more time for one that must not be sent twice.
    fn is_too_late(&self, at: Timestamp, once: bool) -> bool {
        at >= self.deadline || (once && at.saturating_add(self.min_submit_time()) > self.deadline)
    }

    fn min_submit_time(&self) -> Duration {
        MIN_SUBMIT_TIME.min(self.policy.exchange_timeout).min(self.policy.deadline / 2)
    }

    /// How long the connection for what must not be sent twice may take: half of the least time is the answer's.
    fn connect_within(&self, now: Timestamp) -> Duration {
        let latest = self.deadline.saturating_sub(self.min_submit_time() / 2);
        self.timeout(now).min(latest.saturating_since(now))
    }

    /// How long an exchange that begins at `now` may take.
    fn timeout(&self, now: Timestamp) -> Duration {
        self.policy.exchange_timeout.min(self.deadline.saturating_since(now)).min(MAX_TIMEOUT)
    }
}

/// What became of the wish to send a request.
pub(crate) enum Dispatch {
    /// It goes out.
    Send(Box<Exchange>),
    /// A token request goes out first.
    Authorize(Box<Exchange>),
    Wait(Timestamp, WaitReason),
    Fail(Failure),
}

/// What is done about an answer or a failure.
pub(crate) enum RetryDecision<T> {
    Done(T),
    /// The same again at once, with a fresh token.
    Renew,
    Wait(Timestamp, WaitReason, Cause),
    Fail(Failure),
}

/// What arrived, and counts.
pub(crate) enum Accepted<T> {
    /// The answer to the awaited operation.
    Answer(Result<T, ResponseError>),
    /// What the end of the awaited token exchange means for this machine.
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
            failures: 0,
            counted: 0,
        }
    }

    /// Tries to send `endpoint`'s request.
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
        let request = match session.request(endpoint, self.target.as_ref()) {
            Ok(request) => request,
            Err(error) => return Dispatch::Fail(error.into()),
        };
        if E::IDEMPOTENT {
            self.target = request.uri().path_and_query().cloned();
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

    /// Gets the session a token without sending anything with it: what is to be done first, if anything.
    pub(crate) fn log_in(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<Dispatch> {
        self.begin(now, limits, session).and_then(|()| self.authorize(now, limits, session)).err()
    }

    /// A try begins, unless it is too late. A token exchange that is carried out elsewhere is waited for.
    fn begin(&mut self, now: Timestamp, limits: &Limits, session: &mut Session) -> Result<(), Dispatch> {
        let waits_for_token = matches!(self.awaited, Some(Purpose::Token(_)));
        self.at_login = waits_for_token;
        if limits.is_too_late(now, self.once) {
            let why = waits_for_token.then_some(WaitReason::Token);
            return Err(Dispatch::Fail(deadline(now, why, None)));
        }
        // A renewal ahead of time is not waited for.
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

    /// Gives up what is out. A token exchange that is carried out elsewhere goes on.
    pub(crate) fn withdraw(&mut self, session: &mut Session) {
        if let Some(Purpose::Token(fetch)) = self.awaited.take() {
            session.token.abandon(fetch);
        }
    }

    /// What the end of the awaited token exchange means for this machine, if it has ended since the last step.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<RetryDecision<()>> {
        let Some(Purpose::Token(fetch)) = self.awaited else { return None };
        let ended = session.token.ending_of(fetch)?;
        self.awaited = None;
        self.judge(now, ended, limits, session)
    }

    /// The generation of the session's token, or what is to be done before there is one.
    fn authorize(&mut self, now: Timestamp, limits: &Limits, session: &mut Session) -> Result<u64, Dispatch> {
        self.at_login = true;
        // Whatever becomes of this machine: a refresh token is spent by being sent, and the next one is in the answer.
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
        exchange.span = trace::exchange(&exchange, self.attempts);
        exchange
    }

    /// The head of an answer: its rate-limit headers count for the whole session, whoever asked.
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

    /// What arrived, if it counts for this machine; nothing if it came too late. A token is the session's in any case.
    pub(crate) fn accept<D: ResponseDecoder>(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<D>,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<Accepted<D::Output>> {
        let purpose = reader.ticket.0;
        match (purpose, reader.finish()) {
            (Purpose::Token(fetch), Arrival::Token(answer)) => {
                session.end_fetch(now, fetch, answer);
                self.settle(now, limits, session).map(Accepted::Token)
            }
            (Purpose::Operation(_), Arrival::Answer(answer)) if self.redeem(&Ticket(purpose)) => {
                Some(Accepted::Answer(answer))
            }
            _ => None,
        }
    }

    /// Whether `ticket` is for what is awaited.
    pub(crate) fn awaits(&self, ticket: &Ticket) -> bool {
        self.awaited == Some(ticket.0)
    }

    /// Whether `ticket` is for the operation that is awaited; then it is no longer.
    pub(crate) fn redeem(&mut self, ticket: &Ticket) -> bool {
        self.awaited.take_if(|awaited| *awaited == ticket.0).is_some()
    }

    /// The name of the endpoint at which an operation of `endpoint` stands.
    pub(crate) fn current_endpoint(&self, endpoint: &'static str) -> &'static str {
        if self.at_login { TOKEN } else { endpoint }
    }

    /// The machine no longer awaits the answer to an operation. A token that it fetches is the session's, and is still
    /// of use.
    pub(crate) fn give_up(&mut self) {
        self.awaited.take_if(|awaited| matches!(awaited, Purpose::Operation(_)));
    }

    /// The answer to the awaited operation was good: what failed before it is forgotten.
    pub(crate) fn delivered(&mut self) {
        self.renewed = false;
        self.failures = 0;
        self.counted = 0;
    }

    /// The token exchange of `fetch` failed on the way.
    pub(crate) fn on_token_failure(
        &mut self,
        now: Timestamp,
        fetch: FetchId,
        failure: TransportFailure,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<RetryDecision<()>> {
        trace::failed(&failure);
        session.break_fetch(now, fetch, failure);
        self.settle(now, limits, session)
    }

    /// What is done about a token exchange that ended so; nothing if a renewal failed ahead of time, since the old token
    /// is good.
    fn judge(
        &mut self,
        now: Timestamp,
        ended: Ended,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<RetryDecision<()>> {
        match ended {
            Ended::Arrived => Some(RetryDecision::Done(())),
            _ if session.token.is_alive(now) => None,
            Ended::Refused(failure) | Ended::Failed(failure) => Some(RetryDecision::Fail(failure)),
            Ended::Unavailable(attempt_error) => {
                let decision = self.again(now, attempt_error, Cause::TokenUnavailable, limits);
                if let RetryDecision::Wait(until, ..) = decision {
                    session.token.postpone(until);
                }
                Some(decision)
            }
        }
    }

    /// An error answer to the awaited operation. `repeatable`: may it be sent again if it may have arrived?
    pub(crate) fn on_error(
        &mut self,
        now: Timestamp,
        error: ResponseError,
        repeatable: bool,
        limits: &Limits,
        session: &mut Session,
    ) -> RetryDecision<std::convert::Infallible> {
        let error = match error {
            ResponseError::Api(error) => error,
            ResponseError::Decode(error) if error.ends_early => {
                return self.on_failure(now, TransportFailure::cut_short(&error), repeatable, limits);
            }
            ResponseError::Decode(error) => return RetryDecision::Fail(Failure::Decode(error)),
        };
        match classify(error.status) {
            Class::Throttled => {
                let next_try = error.next_try(now);
                let decision = self.again(now, AttemptError::Api(error), Cause::Throttled, limits);
                if let Some(until) = next_try {
                    session.budget.block(until);
                }
                decision
            }
            Class::Unavailable => self.again(now, AttemptError::Api(error), Cause::Unavailable, limits),
            Class::Unauthorized if session.grant.can_renew() && !self.renewed => {
                self.renewed = true;
                session.token.invalidate(self.generation);
                RetryDecision::Renew
            }
            Class::Unauthorized => RetryDecision::Fail(Failure::Unauthorized(Unauthorized::Refused(error))),
            Class::Success | Class::Rejected => RetryDecision::Fail(Failure::Rejected(error)),
        }
    }

    /// The awaited operation failed on the way. `repeatable`: may it be sent again if it may have arrived?
    pub(crate) fn on_failure(
        &mut self,
        now: Timestamp,
        failure: TransportFailure,
        repeatable: bool,
        limits: &Limits,
    ) -> RetryDecision<std::convert::Infallible> {
        trace::failed(&failure);
        match (failure.permanent, failure.sent) {
            (_, Sent::Maybe) if !repeatable => RetryDecision::Fail(Failure::AmbiguousSubmit(failure)),
            (true, _) => RetryDecision::Fail(Failure::Transport(failure)),
            _ => self.again(now, AttemptError::Transport(failure), Cause::TransportFailed, limits),
        }
    }

    /// One more failure in a row: wait longer, unless it is one too many or the deadline comes first.
    fn again<T>(
        &mut self,
        now: Timestamp,
        attempt_error: AttemptError,
        cause: Cause,
        limits: &Limits,
    ) -> RetryDecision<T> {
        let retry_after = attempt_error.retry_at(now);
        let told_when = attempt_error.is_throttled() && retry_after.is_some();
        self.counted += u32::from(!told_when);
        if self.counted >= limits.policy.max_failures.max(1) {
            return RetryDecision::Fail(Failure::TooManyFailures {
                failures: self.counted,
                last: attempt_error,
            });
        }
        let delay = self.delay(limits.policy.retry.delay(self.failures), &limits.policy);
        let until = now.saturating_add(delay).max(retry_after.unwrap_or(now));
        // A server that refuses and asks for no longer wait than this one gets a longer one next time.
        let is_longer = told_when && until > now.saturating_add(delay);
        self.failures = self.failures.saturating_add(u32::from(!is_longer));
        let why = if attempt_error.is_throttled() { WaitReason::RateLimit } else { WaitReason::Retry };
        if limits.is_too_late(until, self.once) {
            return RetryDecision::Fail(deadline(until, Some(why), Some(attempt_error)));
        }
        RetryDecision::Wait(until, why, cause)
    }

    fn wait(&self, until: Timestamp, why: WaitReason, limits: &Limits) -> Dispatch {
        if limits.is_too_late(until, self.once) {
            Dispatch::Fail(deadline(until, Some(why), None))
        } else {
            Dispatch::Wait(until, why)
        }
    }

    /// The delay before the next look at an execution that is not found yet. It grows with each, and does not reach zero
    /// with the policy's own delays.
    pub(crate) fn next_look(&mut self, policy: &Policy) -> Duration {
        let growing = NOT_FOUND.delay(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.delay(policy.first_poll.max(growing), policy)
    }

    /// `delay` with jitter, and never zero: a wait lies in the future.
    pub(crate) fn delay(&mut self, delay: Duration, policy: &Policy) -> Duration {
        self.jitter.spread(delay, policy.jitter).max(Duration::from_millis(1))
    }
}

fn deadline(next_allowed: Timestamp, waiting_for: Option<WaitReason>, last: Option<AttemptError>) -> Failure {
    Failure::Deadline { next_allowed, waiting_for, unknown_status: None, last }
}
