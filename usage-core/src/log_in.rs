//! Obtaining an access token ahead of the first request.

use std::sync::Arc;

use http::response::Parts;

use crate::decode::SkipDecoder;
use crate::failures::{Failure, TransportFailure};
use crate::jitter::Jitter;
use crate::machine::{
    Accepted, Dispatch, Limits, Machine, Next, Progress, RequestState, ResponseReader, RetryDecision, Step,
    TOKEN, Ticket,
};
use crate::phase::{Transition, WaitReason};
use crate::report::Error;
use crate::retry::Policy;
use crate::session::Session;
use crate::time::{Latest, Timestamp};

/// Ensures that the session has a valid access token, without sending a request to the API.
///
/// Other machines fetch a token by themselves. Use this one to check a credential ahead of the first request, or to
/// save the tokens: afterwards, [`Session::access_token`] and [`Session::refresh_token`] return them. Use it also to
/// exchange an authorization code as soon as it arrives, since a code is valid for about a minute.
///
/// ```
/// use usage_core::auth::Grant;
/// use usage_core::{LogIn, Machine, Next, Policy, Secret, Session, Timestamp};
///
/// let grant = Grant::client_credentials("7de3af06", Secret::new("from a safe place".to_owned()))?;
/// let mut session = Session::new(&"eu-central-1".parse()?, grant);
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut log_in = LogIn::new(Policy::default(), 1, now);
/// let Next::Send(exchange) = log_in.next(now, &mut session).next else { panic!() };
/// // A driver sends exchange.request.
/// let response = http::Response::new(&br#"{"access_token":"a-token","expires_in":86399}"#[..]);
/// let _ = log_in.on_response(now, exchange.ticket, response, &mut session);
/// assert!(matches!(log_in.next(now, &mut session).next, Next::Finished));
/// assert!(session.access_token().is_some());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug)]
pub struct LogIn {
    limits: Limits,
    latest: Latest,
    request_state: RequestState,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    Waiting(Timestamp, WaitReason),
    Finished(Option<Failure>),
}

impl LogIn {
    /// Creates a log-in with the deadline `now + policy.deadline`. `seed` determines the jitter of its delays.
    pub fn new(policy: impl Into<Arc<Policy>>, seed: u64, now: Timestamp) -> Self {
        Self {
            limits: Limits::new(policy.into(), now),
            latest: Latest::new(now),
            request_state: RequestState::new(Jitter::new(seed)),
            state: State::Ready,
        }
    }

    /// Observes the current time. If the clock stepped back, the timers move back by as much.
    fn observe(&mut self, now: Timestamp) {
        let Some(back) = self.latest.step_back(now) else { return };
        self.limits.step_back(back);
        if let State::Waiting(until, _) = &mut self.state {
            *until = until.saturating_sub(back);
        }
    }

    fn conclude<T>(&mut self, decision: RetryDecision<T>) {
        // A cancelled log-in may still bring the session a token.
        if matches!(self.state, State::Finished(_)) {
            return;
        }
        self.state = match decision {
            // The next step finds the token, or fetches another one if this one is no longer valid.
            RetryDecision::Done(_) | RetryDecision::Renew => State::Ready,
            RetryDecision::Wait(until, why, _) => State::Waiting(until, why),
            RetryDecision::Fail(failure) => State::Finished(Some(failure)),
        };
    }
}

impl Machine for LogIn {
    /// Not used: responses of the login host have a decoder of their own.
    type Decoder = SkipDecoder;
    /// The token is in the session.
    type Output = ();

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        let step = Step::new;
        self.observe(now);
        session.observe(now);
        if let Some(decision) = self.request_state.settle(now, &self.limits, session) {
            self.conclude(decision);
        }
        match &self.state {
            State::Finished(_) => {
                self.request_state.withdraw(session);
                return step(Next::Finished);
            }
            State::Waiting(until, why) if now < *until => return step(Next::WaitUntil(*until, *why)),
            State::Ready | State::Waiting(..) => self.state = State::Ready,
        }
        match self.request_state.log_in(now, &self.limits, session) {
            Some(Dispatch::Send(exchange) | Dispatch::Authorize(exchange)) => step(Next::Send(exchange)),
            Some(Dispatch::Wait(until, why)) => step(Next::WaitUntil(until, why)),
            Some(Dispatch::Fail(failure)) => {
                self.state = State::Finished(Some(failure));
                step(Next::Finished)
            }
            None => {
                self.state = State::Finished(None);
                step(Next::Finished)
            }
        }
    }

    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> ResponseReader<Self::Decoder> {
        self.observe(now);
        RequestState::on_head(now, ticket, head, SkipDecoder::default, session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<Self::Decoder>,
        session: &mut Session,
    ) -> Progress<()> {
        self.observe(now);
        if let Some(Accepted::Token(decision)) = self.request_state.accept(now, reader, &self.limits, session)
        {
            self.conclude(decision);
        }
        Progress::nothing()
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<()> {
        self.observe(now);
        if let Some(fetch) = ticket.into().fetch()
            && let Some(decision) =
                self.request_state.on_token_failure(now, fetch, failure, &self.limits, session)
        {
            self.conclude(decision);
        }
        Progress::nothing()
    }

    fn cancel(&mut self) -> Option<Transition> {
        if !matches!(self.state, State::Finished(_)) {
            self.state = State::Finished(Some(Failure::Cancelled));
            self.request_state.give_up();
        }
        None
    }

    fn error(&self) -> Option<Error> {
        let State::Finished(Some(failure)) = &self.state else { return None };
        Some(Error::new(failure.clone(), TOKEN).with_attempts(self.request_state.attempts))
    }
}
