//! A single synchronous operation: token, retry, no polling.

use std::sync::Arc;

use http::response::Parts;

use crate::endpoint::Endpoint;
use crate::error::{Error, Failure, TransportFailure};
use crate::jitter::Jitter;
use crate::machine::{
    Accepted, Courier, Dispatch, Intake, Machine, Next, Progress, Step, Terms, Ticket, Transitions, Verdict,
};
use crate::phase::{Transition, WaitReason};
use crate::retry::Policy;
use crate::session::Session;
use crate::time::{Latest, Timestamp};

/// One call of one endpoint, until its response is there or it failed for good.
#[derive(Debug)]
pub struct Call<E> {
    endpoint: E,
    terms: Terms,
    latest: Latest,
    courier: Courier,
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
    /// A call that may take `policy.deadline` from `now` on. `seed` decides the jitter.
    pub fn new(endpoint: E, policy: impl Into<Arc<Policy>>, seed: u64, now: Timestamp) -> Self {
        Self {
            endpoint,
            terms: Terms::new(policy.into(), now),
            latest: Latest::new(now),
            courier: Courier::new(Jitter::new(seed)),
            state: State::Ready,
        }
    }

    /// Time as it enters. A clock that stepped back takes the timers with it.
    fn observe(&mut self, now: Timestamp) {
        let Some(back) = self.latest.step_back(now) else { return };
        self.terms.step_back(back);
        if let State::Waiting(until, _) = &mut self.state {
            *until = until.saturating_sub(back);
        }
    }

    fn conclude<T>(&mut self, verdict: Verdict<T>) -> Option<T> {
        // Cancelled while it fetched a token: the session may have it now, and this stays as it is.
        if matches!(self.state, State::Finished(_)) {
            return None;
        }
        let (state, value) = match verdict {
            Verdict::Done(value) => (State::Finished(None), Some(value)),
            Verdict::Renew => (State::Ready, None),
            Verdict::Wait(until, why, _) => (State::Waiting(until, why), None),
            Verdict::Fail(failure) => (State::Finished(Some(failure)), None),
        };
        self.state = state;
        value
    }
}

impl<E: Endpoint> Machine for Call<E> {
    type Decoder = E::Decoder;
    type Output = E::Response;

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        let step = |next| Step { next, transitions: Transitions::default() };
        self.observe(now);
        session.observe(now);
        if let Some(verdict) = self.courier.settle(now, &self.terms, session)
            && !matches!(verdict, Verdict::Done(()))
        {
            self.conclude(verdict);
        }
        match &self.state {
            State::Finished(_) => {
                self.courier.withdraw(session);
                return step(Next::Finished);
            }
            State::Waiting(until, why) if now < *until => return step(Next::WaitUntil(*until, *why)),
            State::InFlight if !E::REPEATABLE && !self.terms.policy.resubmit => {
                let failure = TransportFailure::abandoned();
                self.state = State::Finished(Some(Failure::AmbiguousSubmit(failure)));
                return step(Next::Finished);
            }
            State::Ready | State::Waiting(..) | State::InFlight => self.state = State::Ready,
        }
        match self.courier.dispatch(now, &self.endpoint, &self.terms, session) {
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
    ) -> Intake<E::Decoder> {
        self.observe(now);
        Courier::on_head(now, ticket, head, E::Decoder::default, session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        intake: Intake<E::Decoder>,
        session: &mut Session,
    ) -> Progress<E::Response> {
        self.observe(now);
        match self.courier.accept(now, intake, &self.terms, session) {
            None | Some(Accepted::Token(Verdict::Done(()))) => {}
            Some(Accepted::Token(verdict)) => drop(self.conclude(verdict)),
            Some(Accepted::Answer(Ok(response))) => {
                return Progress { transition: None, output: self.conclude(Verdict::Done(response)) };
            }
            Some(Accepted::Answer(Err(error))) => {
                let repeatable = E::REPEATABLE || self.terms.policy.resubmit;
                let verdict = self.courier.on_error(now, error, repeatable, &self.terms, session);
                self.conclude(verdict);
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
            if let Some(verdict) = self.courier.on_token_failure(now, fetch, failure, &self.terms, session) {
                self.conclude(verdict);
            }
        } else if self.courier.redeem(&ticket) {
            let repeatable = E::REPEATABLE || self.terms.policy.resubmit;
            let verdict = self.courier.on_failure(now, failure, repeatable, &self.terms);
            self.conclude(verdict);
        }
        Progress::nothing()
    }

    fn cancel(&mut self) -> Option<Transition> {
        if !matches!(self.state, State::Finished(_)) {
            self.state = State::Finished(Some(Failure::Cancelled));
            self.courier.give_up();
        }
        None
    }

    fn error(&self) -> Option<Error> {
        let State::Finished(Some(failure)) = &self.state else { return None };
        Some(
            Error::new(failure.clone(), self.courier.stands_at(E::NAME)).with_attempts(self.courier.attempts),
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
        let grant = Grant::Manual(AccessToken::parse("token").unwrap());
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
