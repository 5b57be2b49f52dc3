//! A single operation without polling.

use std::sync::Arc;

use http::response::Parts;

use crate::endpoint::Endpoint;
use crate::failures::{Failure, TransportFailure};
use crate::jitter::Jitter;
use crate::machine::{
    Accepted, Dispatch, Limits, Machine, Next, Progress, RequestState, ResponseReader, RetryDecision, Step,
    Ticket,
};
use crate::phase::{Transition, WaitReason};
use crate::report::Error;
use crate::retry::Policy;
use crate::session::Session;
use crate::time::{Latest, Timestamp};

/// A call of an endpoint: fetches a token if necessary, sends the request, and retries it as the [`Policy`] says.
///
/// ```
/// use usage_core::platform::OrganizationMe;
/// use usage_core::{Call, Machine, Next, Policy, Session, Timestamp};
///
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut call = Call::new(OrganizationMe, Policy::default(), 1, now);
/// let Next::Send(exchange) = call.next(now, &mut session).next else { panic!() };
/// // A driver sends exchange.request.
/// let response = http::Response::new(&br#"{"id":"6d3a","name":"Example Ltd"}"#[..]);
/// let organization = call.on_response(now, exchange.ticket, response, &mut session).output.unwrap();
/// assert_eq!(organization.name.as_deref(), Some("Example Ltd"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Call<E> {
    endpoint: E,
    limits: Limits,
    latest: Latest,
    request_state: RequestState,
    state: State,
}

#[derive(Debug)]
enum State {
    Ready,
    InFlight,
    Waiting(Timestamp, WaitReason),
    Finished(Option<Failure>),
}

impl<E: Endpoint> Call<E> {
    /// Creates a call with the deadline `now + policy.deadline`. `seed` determines the jitter of its delays.
    pub fn new(endpoint: E, policy: impl Into<Arc<Policy>>, seed: u64, now: Timestamp) -> Self {
        Self {
            endpoint,
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

    fn conclude<T>(&mut self, decision: RetryDecision<T>) -> Option<T> {
        // A cancelled call may still bring the session a token.
        if matches!(self.state, State::Finished(_)) {
            return None;
        }
        let (state, value) = match decision {
            RetryDecision::Done(value) => (State::Finished(None), Some(value)),
            RetryDecision::Renew => (State::Ready, None),
            RetryDecision::Wait(until, why, _) => (State::Waiting(until, why), None),
            RetryDecision::Fail(failure) => (State::Finished(Some(failure)), None),
        };
        self.state = state;
        value
    }
}

impl<E: Endpoint> Machine for Call<E> {
    type Decoder = E::Decoder;
    type Output = E::Response;

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        let step = Step::new;
        self.observe(now);
        session.observe(now);
        if let Some(decision) = self.request_state.settle(now, &self.limits, session)
            && !matches!(decision, RetryDecision::Done(()))
        {
            self.conclude(decision);
        }
        match &self.state {
            State::Finished(_) => {
                self.request_state.withdraw(session);
                return step(Next::Finished);
            }
            State::Waiting(until, why) if now < *until => return step(Next::WaitUntil(*until, *why)),
            State::InFlight if !E::IDEMPOTENT && !self.limits.policy.resubmit => {
                let failure = TransportFailure::abandoned();
                self.state = State::Finished(Some(Failure::AmbiguousSubmit(failure)));
                return step(Next::Finished);
            }
            State::Ready | State::Waiting(..) | State::InFlight => self.state = State::Ready,
        }
        match self.request_state.dispatch(now, &self.endpoint, &self.limits, session) {
            Dispatch::Send(exchange) => {
                self.state = State::InFlight;
                step(Next::Send(exchange))
            }
            Dispatch::Authorize(exchange) => step(Next::Send(exchange)),
            Dispatch::Wait(until, why) => step(Next::WaitUntil(until, why)),
            Dispatch::Fail(failure) => {
                self.state = State::Finished(Some(failure));
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
    ) -> ResponseReader<E::Decoder> {
        self.observe(now);
        RequestState::on_head(now, ticket, head, E::Decoder::default, session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<E::Decoder>,
        session: &mut Session,
    ) -> Progress<E::Response> {
        self.observe(now);
        match self.request_state.accept(now, reader, &self.limits, session) {
            None | Some(Accepted::Token(RetryDecision::Done(()))) => {}
            Some(Accepted::Token(decision)) => drop(self.conclude(decision)),
            Some(Accepted::Answer(Ok(response))) => {
                return Progress { transition: None, output: self.conclude(RetryDecision::Done(response)) };
            }
            Some(Accepted::Answer(Err(error))) => {
                let repeatable = E::IDEMPOTENT || self.limits.policy.resubmit;
                let decision = self.request_state.on_error(now, error, repeatable, &self.limits, session);
                self.conclude(decision);
            }
        }
        Progress::nothing()
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<E::Response> {
        self.observe(now);
        let ticket = ticket.into();
        if let Some(fetch) = ticket.fetch() {
            if let Some(decision) =
                self.request_state.on_token_failure(now, fetch, failure, &self.limits, session)
            {
                self.conclude(decision);
            }
        } else if self.request_state.redeem(&ticket) {
            let repeatable = E::IDEMPOTENT || self.limits.policy.resubmit;
            let decision = self.request_state.on_failure(now, failure, repeatable, &self.limits);
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
        Some(
            Error::new(failure.clone(), self.request_state.current_endpoint(E::NAME))
                .with_attempts(self.request_state.attempts),
        )
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::auth::{AccessToken, Grant};
    use crate::events::EventDefinitions;

    #[test]
    fn a_cancelled_call_is_over_whatever_still_arrives() {
        let now = Timestamp::from_unix_millis(1_783_500_000_000);
        let grant = Grant::StaticToken(AccessToken::parse("token").unwrap());
        let mut session = Session::new(&crate::Region::default(), grant);
        let mut call = Call::new(EventDefinitions, Policy::default(), 1, now);
        let Next::Send(exchange) = call.next(now, &mut session).next else { panic!("nothing is in the way") };
        assert_eq!(call.cancel(), None, "a call has no transitions");
        let answer = Response::new(&br#"{"entities":[]}"#[..]);
        assert!(call.on_response(now, exchange.ticket, answer, &mut session).output.is_none());
        assert!(matches!(call.next(now, &mut session).next, Next::Finished));
        assert_eq!(call.error().unwrap().failure(), &Failure::Cancelled);
    }
}
