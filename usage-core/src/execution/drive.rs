//! The [`Machine`] implementation of an execution.

use http::response::Parts;

use crate::decode::ResponseDecoder;
use crate::endpoint::Endpoint;
use crate::execution::decoder::{OpDecoder, OpResponse};
use crate::execution::state::{Finished, State};
use crate::execution::{Execution, Op};
use crate::failures::{Failure, ResponseError, Sent, TransportFailure};
use crate::ids::ExecutionId;
use crate::machine::{
    Accepted, Dispatch, Machine, Next, Progress, RequestState, ResponseReader, Step, Ticket, Transitions,
};
use crate::phase::{Cause, Phase, Transition};
use crate::query::UsageQuery;
use crate::report::Error;
use crate::session::Session;
use crate::table::UsageTable;
use crate::time::Timestamp;
use crate::trace;

impl<Q: UsageQuery> Machine for Execution<Q> {
    type Decoder = OpDecoder<Q>;
    type Output = UsageTable;

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        let mut transitions = Transitions::default();
        if let Some(transition) = self.catch_up(now, session) {
            transitions.add(transition);
        }
        if let State::Waiting(waiting) = &self.state
            && now < waiting.until
        {
            return Step { next: Next::WaitUntil(waiting.until, waiting.why), transitions };
        }
        self.acknowledge_unless_held();
        if let Some(transition) = self.get_ready() {
            transitions.add(transition);
        }
        if self.phase().is_final() {
            self.request_state.withdraw(session);
            return Step { next: Next::Finished, transitions };
        }
        let from = self.phase();
        let next = match self.dispatch(now, session) {
            Dispatch::Send(exchange) => {
                trace::on_behalf_of(&exchange.span, self.id());
                if let State::Ready(ready) = std::mem::take(&mut self.state) {
                    transitions.add(self.enter(from, ready.sent(), Cause::Sent));
                }
                Next::Send(exchange)
            }
            Dispatch::Authorize(exchange) => {
                trace::on_behalf_of(&exchange.span, self.id());
                Next::Send(exchange)
            }
            Dispatch::Wait(until, why) => Next::WaitUntil(until, why),
            Dispatch::Fail(failure) => {
                transitions.add(self.fail(failure));
                Next::Finished
            }
        };
        Step { next, transitions }
    }

    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> ResponseReader<OpDecoder<Q>> {
        self.observe(now);
        RequestState::on_head(now, ticket, head, || OpDecoder::for_op(self.op()), session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<OpDecoder<Q>>,
        session: &mut Session,
    ) -> Progress<UsageTable> {
        self.take_end(now, reader, session)
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<UsageTable> {
        self.observe(now);
        let ticket = ticket.into();
        let transition = if let Some(fetch) = ticket.fetch() {
            let decision = self.request_state.on_token_failure(now, fetch, failure, &self.limits, session);
            decision.and_then(|decision| self.conclude(decision))
        } else if self.request_state.redeem(&ticket) {
            let repeatable = self.may_repeat(self.state.op());
            self.submit_in_doubt |= failure.sent == Sent::Maybe && self.phase() == Phase::InFlightSubmit;
            let decision = self.request_state.on_failure(now, failure, repeatable, &self.limits);
            self.conclude(decision)
        } else {
            None
        };
        Progress { transition, output: None }
    }

    fn catch_up(&mut self, now: Timestamp, session: &mut Session) -> Option<Transition> {
        self.observe(now);
        session.observe(now);
        let decision = self.request_state.settle(now, &self.limits, session)?;
        self.conclude(decision)
    }

    fn delivered(&mut self) {
        self.acknowledge_unless_held();
    }

    fn cancel(&mut self) -> Option<Transition> {
        Execution::cancel(self)
    }

    fn unsent(&mut self, ticket: Ticket) -> Option<Transition> {
        if !self.request_state.awaits(&ticket) || ticket.is_for_token() {
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::InFlight(in_flight) => {
                let from = State::from(in_flight.clone()).phase();
                Some(self.enter(from, in_flight.at_once(), Cause::Abandoned))
            }
            state => {
                self.state = state;
                None
            }
        }
    }

    fn execution_id(&self) -> Option<&ExecutionId> {
        self.id()
    }

    fn error(&self) -> Option<Error> {
        let State::Finished(Finished { failure: Some(failure), .. }) = &self.state else { return None };
        Some(self.stopped_by(Failure::clone(failure)))
    }

    fn stopped_by(&self, failure: Failure) -> Error {
        let endpoint = if matches!(self.op(), Op::Submit) { Q::NAME } else { <Q::Results as Endpoint>::NAME };
        let error = Error::new(failure, self.request_state.current_endpoint(endpoint))
            .with_attempts(self.request_state.attempts);
        error.with_execution(self.phase(), self.id().cloned()).with_snapshot_json(self.snapshot().to_json())
    }
}

impl<Q: UsageQuery> Execution<Q> {
    /// Handles the end of a response that any decoder read.
    pub(super) fn take_end<D: ResponseDecoder<Output = OpResponse>>(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<D>,
        session: &mut Session,
    ) -> Progress<UsageTable> {
        self.observe(now);
        let Some(accepted) = self.request_state.accept(now, reader, &self.limits, session) else {
            return Progress::nothing();
        };
        let transition = match accepted {
            Accepted::Answer(Ok(answer)) => return self.on_answer(now, answer, session),
            Accepted::Answer(Err(error)) if self.is_not_found_yet(now, &error) => {
                self.on_not_found(now, error)
            }
            Accepted::Answer(Err(error)) => {
                // After a 2xx status, the service has accepted the submit, but its id is unknown.
                self.submit_in_doubt |=
                    self.phase() == Phase::InFlightSubmit && matches!(error, ResponseError::Decode(_));
                let repeatable = self.may_repeat(self.state.op());
                let decision = self.request_state.on_error(now, error, repeatable, &self.limits, session);
                self.conclude(decision)
            }
            Accepted::Token(decision) => self.conclude(decision),
        };
        Progress { transition, output: None }
    }

    /// Returns the next operation, or the last one before the execution ended.
    pub(super) fn op(&self) -> &Op {
        self.state.op()
    }

    fn dispatch(&mut self, now: Timestamp, session: &mut Session) -> Dispatch {
        match self.state.op() {
            // An invalid query fails before a token is fetched.
            Op::Submit => match self.query.check(now).and_then(|()| self.query.body()) {
                Ok(_) => self.request_state.dispatch(now, &self.query, &self.limits, session),
                Err(error) => Dispatch::Fail(error.into()),
            },
            Op::Poll { id, after } => {
                let results = self.query.results(id, after.as_ref());
                self.request_state.dispatch(now, &results, &self.limits, session)
            }
        }
    }

    /// Ends a wait or abandons a request in flight, and makes the operation ready again if it may be repeated.
    fn get_ready(&mut self) -> Option<Transition> {
        let from = self.phase();
        self.submit_in_doubt |= from == Phase::InFlightSubmit;
        match std::mem::take(&mut self.state) {
            State::Waiting(waiting) => Some(self.enter(from, waiting.elapsed(), Cause::Elapsed)),
            State::InFlight(in_flight) if self.may_repeat(&in_flight.op) => {
                Some(self.enter(from, in_flight.at_once(), Cause::Abandoned))
            }
            State::InFlight(in_flight) => {
                self.state = in_flight.into();
                Some(self.fail(Failure::AmbiguousSubmit(TransportFailure::abandoned())))
            }
            state => {
                self.state = state;
                None
            }
        }
    }

    fn may_repeat(&self, op: &Op) -> bool {
        match op {
            Op::Submit => Q::IDEMPOTENT || self.limits.policy.resubmit,
            Op::Poll { .. } => <Q::Results as Endpoint>::IDEMPOTENT,
        }
    }
}
