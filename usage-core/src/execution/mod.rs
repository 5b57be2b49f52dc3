//! The poll machine: one execution of one query, submitted, polled, paged, finished.

mod decoder;
mod snapshot;
mod state;
pub mod table;

use std::collections::BTreeSet;
use std::time::Duration;

use http::response::Parts;

pub use decoder::{OpDecoder, OpResponse};
pub use snapshot::{RestoreError, SNAPSHOT_VERSION, Snapshot};
pub use state::Op;

use crate::endpoint::Endpoint;
use crate::error::{DecodeError, Error, Failure, ResponseError, TransportFailure, Trouble};
use crate::ids::{Cursor, ExecutionId};
use crate::jitter::Jitter;
use crate::machine::{
    Arrival, Courier, Dispatch, Intake, Machine, Next, Progress, Step, Terms, Ticket, Transitions, Verdict,
};
use crate::model::{QueryStatus, ResultsPage, Submission};
use crate::phase::{Cause, Phase, Transition, WaitReason};
use crate::query::UsageQuery;
use crate::retry::Policy;
use crate::session::Session;
use crate::table::UsageTable;
use crate::time::Timestamp;
use state::{Finished, InFlight, Ready, State, Waiting};

/// How long before the deadline a query that is not done is polled for the last time.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// One execution of one query.
///
/// It is a [`Machine`]: drive it with a driver of this project or by hand. Rows leave page by page, with the
/// input that completed the page, once. It can be looked at, saved ([`snapshot`](Self::snapshot)), restored and
/// cancelled between any two inputs.
#[derive(Clone, Debug)]
pub struct Execution<Q> {
    query: Q,
    policy: Policy,
    deadline: Timestamp,
    /// The latest `now` that was handed in.
    latest: Timestamp,
    submitted_at: Option<Timestamp>,
    courier: Courier,
    state: State,
    /// The cursors followed so far: one that returns would be an endless loop.
    cursors: BTreeSet<Cursor>,
    polls: u32,
    pages: u32,
    /// The status of the last poll if it is unknown; empty if the service gave none.
    unknown_status: Option<Box<str>>,
}

impl<Q: UsageQuery> Execution<Q> {
    /// An execution that is yet to be submitted, and may take `policy.deadline` from `now` on. `seed` decides the
    /// jitter of its waits.
    pub fn new(query: Q, policy: Policy, seed: u64, now: Timestamp) -> Self {
        Self::with_state(query, policy, Jitter::new(seed), now, Ready { op: Op::Submit }.into())
    }

    /// Goes on with an execution that was submitted elsewhere; it is polled at once.
    pub fn attach(query: Q, id: ExecutionId, policy: Policy, seed: u64, now: Timestamp) -> Self {
        let op = Op::Poll { id, after: None };
        Self::with_state(query, policy, Jitter::new(seed), now, Ready { op }.into())
    }

    fn with_state(query: Q, policy: Policy, jitter: Jitter, now: Timestamp, state: State) -> Self {
        Self {
            query,
            policy,
            deadline: now.saturating_add(policy.deadline),
            latest: now,
            submitted_at: None,
            courier: Courier::new(jitter),
            state,
            cursors: BTreeSet::new(),
            polls: 0,
            pages: 0,
            unknown_status: None,
        }
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        self.state.phase()
    }

    /// The query.
    pub fn query(&self) -> &Q {
        &self.query
    }

    /// The id that the service gave it, once it is submitted.
    pub fn id(&self) -> Option<&ExecutionId> {
        match self.state.op() {
            Op::Submit => None,
            Op::Poll { id, .. } => Some(id),
        }
    }

    /// How often the service said that the query is not done.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// How many pages of rows arrived.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// How many requests were sent, token requests included.
    pub fn attempts(&self) -> u32 {
        self.courier.attempts
    }

    /// Until when it has time.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Ends it here. The service knows no cancelling: there the query runs on. `None` if it had ended before.
    pub fn cancel(&mut self) -> Option<Transition> {
        (!self.phase().is_final()).then(|| self.fail(Failure::Cancelled))
    }

    /// Time as it enters. A clock that stepped back takes this machine's timers with it: the waits keep their
    /// length instead of growing by the step.
    fn observe(&mut self, now: Timestamp) {
        let back = self.latest.saturating_since(now);
        self.latest = now;
        if back == Duration::ZERO {
            return;
        }
        self.deadline = self.deadline.saturating_sub(back);
        self.submitted_at = self.submitted_at.map(|at| at.saturating_sub(back));
        if let State::Waiting(waiting) = &mut self.state {
            waiting.until = waiting.until.saturating_sub(back);
        }
    }

    fn enter(&mut self, from: Phase, state: impl Into<State>, cause: Cause) -> Transition {
        self.state = state.into();
        let transition = Transition { from, to: self.phase(), cause };
        debug_assert!(table::is_legal(transition), "not in the table: {transition}");
        if !matches!(self.state, State::InFlight(_)) {
            self.courier.give_up();
        }
        transition
    }

    fn fail(&mut self, failure: Failure) -> Transition {
        let failure = self.with_status(failure);
        let (from, cause) = (self.phase(), cause_of(&failure));
        let state = std::mem::take(&mut self.state);
        self.enter(from, state.failed(failure), cause)
    }

    /// A deadline that passed while the service spoke of an unknown status names it.
    fn with_status(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Deadline { next_allowed, waiting_for, last, .. } => Failure::Deadline {
                next_allowed,
                waiting_for,
                last,
                unknown_status: self.unknown_status.clone(),
            },
            failure => failure,
        }
    }

    fn terms(&self) -> Terms {
        Terms { policy: self.policy, deadline: self.deadline }
    }

    fn dispatch(&mut self, now: Timestamp, session: &mut Session) -> Dispatch {
        let terms = self.terms();
        match self.state.op() {
            // A query that cannot be sent is refused before a token is asked for.
            Op::Submit => match self.query.check(now).and_then(|()| self.query.body()) {
                Ok(_) => self.courier.dispatch(now, &self.query, terms, session),
                Err(error) => Dispatch::Fail(error.into()),
            },
            Op::Poll { id, after } => {
                let results = self.query.results(id, after.as_ref());
                self.courier.dispatch(now, &results, terms, session)
            }
        }
    }

    /// Waits and abandoned requests are over: back to ready, if that is allowed.
    fn get_ready(&mut self) -> Option<Transition> {
        let from = self.phase();
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
            Op::Submit => Q::REPEATABLE || self.policy.resubmit,
            Op::Poll { .. } => <Q::Results as Endpoint>::REPEATABLE,
        }
    }

    /// The good answer to the operation that was in flight.
    fn on_answer(&mut self, now: Timestamp, answer: OpResponse) -> Progress<UsageTable> {
        self.courier.delivered();
        let from = self.phase();
        match (std::mem::take(&mut self.state), answer) {
            (State::InFlight(in_flight), OpResponse::Submission(submission)) => {
                Progress::moved(self.on_submission(now, in_flight, submission))
            }
            (State::InFlight(in_flight), OpResponse::Page(page)) => self.on_page(now, from, in_flight, page),
            (state, _) => {
                self.state = state;
                Progress::nothing()
            }
        }
    }

    fn on_submission(&mut self, now: Timestamp, in_flight: InFlight, submission: Submission) -> Transition {
        let from = Phase::InFlightSubmit;
        let id = submission.execution_id.ok_or_else(|| "the member is missing".to_owned());
        let id = id.and_then(|id| ExecutionId::parse(id).map_err(|error| error.to_string()));
        match id {
            Ok(id) => {
                self.submitted_at = Some(now);
                let delay = self.courier.delay(self.policy.first_poll, &self.policy);
                self.wait(from, in_flight.accepted(id, now.saturating_add(delay)), Cause::Accepted, None)
            }
            Err(problem) => {
                self.state = in_flight.into();
                self.fail(Failure::Decode(DecodeError::new("executionId", 0, problem)))
            }
        }
    }

    fn on_page(
        &mut self,
        now: Timestamp,
        from: Phase,
        in_flight: InFlight,
        page: ResultsPage,
    ) -> Progress<UsageTable> {
        let Op::Poll { id, .. } = in_flight.op.clone() else {
            self.state = in_flight.into();
            return Progress::nothing();
        };
        match page.status {
            Some(QueryStatus::Complete | QueryStatus::Succeeded) => {}
            Some(status @ (QueryStatus::Failed | QueryStatus::Cancelled)) => {
                self.state = in_flight.into();
                let failure = Failure::QueryFailed { status: status.as_str().into(), error: page.error };
                return Progress::moved(self.fail(failure));
            }
            status => {
                self.unknown_status = match status {
                    Some(QueryStatus::Running | QueryStatus::Queued) => None,
                    Some(status) => Some(status.as_str().into()),
                    None => Some("".into()),
                };
                let until = self.next_poll(now);
                self.polls = self.polls.saturating_add(1);
                let waiting = in_flight.again(until, WaitReason::Poll);
                return Progress::moved(self.wait(from, waiting, Cause::Pending, None));
            }
        }
        let transition = match page.next {
            Some(cursor) if !self.cursors.insert(cursor.clone()) => {
                self.state = in_flight.into();
                return Progress::moved(self.fail(Failure::RepeatedCursor(cursor)));
            }
            Some(cursor) => self.enter(from, in_flight.more_pages(id, cursor), Cause::MorePages),
            None => self.enter(from, in_flight.last_page(), Cause::LastPage),
        };
        self.pages = self.pages.saturating_add(1);
        Progress { transition: Some(transition), output: Some(page.rows) }
    }

    /// An error answer or a broken exchange, as the courier judged it.
    fn conclude<T>(&mut self, verdict: Verdict<T>) -> Option<Transition> {
        let from = self.phase();
        if from.is_final() {
            // Cancelled while it fetched a token: the session has it now, this execution does not move.
            return None;
        }
        match (verdict, std::mem::take(&mut self.state)) {
            (Verdict::Fail(failure), state) => {
                self.state = state;
                Some(self.fail(failure))
            }
            (Verdict::Wait(until, why, cause), State::InFlight(in_flight)) => {
                Some(self.enter(from, in_flight.again(until, why), cause))
            }
            (Verdict::Wait(until, why, cause), State::Ready(ready)) => {
                Some(self.enter(from, ready.token_unavailable(until, why), cause))
            }
            (Verdict::Renew, State::InFlight(in_flight)) => {
                Some(self.enter(from, in_flight.at_once(), Cause::TokenRefused))
            }
            (Verdict::Done(_), State::Ready(ready)) => Some(self.enter(from, ready, Cause::Authorized)),
            (_, state) => {
                self.state = state;
                None
            }
        }
    }

    /// Waits, unless the deadline comes first: then it fails at once and says when it might have gone on.
    fn wait(&mut self, from: Phase, waiting: Waiting, cause: Cause, last: Option<Trouble>) -> Transition {
        if waiting.until <= self.deadline {
            return self.enter(from, waiting, cause);
        }
        let failure = Failure::Deadline {
            next_allowed: waiting.until,
            waiting_for: Some(waiting.why),
            unknown_status: self.unknown_status.clone(),
            last,
        };
        self.enter(from, State::from(waiting).failed(failure), Cause::DeadlinePassed)
    }

    /// When to poll again. A poll that would come after the deadline is moved to just before it: nobody gives up
    /// while there is time left to look once more.
    fn next_poll(&mut self, now: Timestamp) -> Timestamp {
        let until = now.saturating_add(self.courier.delay(self.policy.poll.delay(self.polls), &self.policy));
        let last_look = self.deadline.saturating_sub(LAST_LOOK);
        if until > self.deadline && last_look > now.saturating_add(LAST_LOOK) { last_look } else { until }
    }

    /// A 404 shortly after the submit: the service's stores have not all heard of the execution.
    fn is_not_found_yet(&self, now: Timestamp, error: &ResponseError) -> bool {
        let young =
            self.submitted_at.is_some_and(|at| now.saturating_since(at) < self.policy.not_found_grace);
        let not_found =
            matches!(error, ResponseError::Api(error) if error.status == http::StatusCode::NOT_FOUND);
        young && not_found && self.phase() == Phase::InFlightPoll
    }

    fn on_not_found(&mut self, now: Timestamp, error: ResponseError) -> Option<Transition> {
        let last = match error {
            ResponseError::Api(error) => Some(Trouble::Api(error)),
            ResponseError::Decode(_) => None,
        };
        let until = now.saturating_add(self.courier.delay(self.policy.first_poll, &self.policy));
        match std::mem::take(&mut self.state) {
            State::InFlight(in_flight) => {
                let waiting = in_flight.again(until, WaitReason::Poll);
                Some(self.wait(Phase::InFlightPoll, waiting, Cause::NotFoundYet, last))
            }
            state => {
                self.state = state;
                None
            }
        }
    }
}

impl<Q: UsageQuery> Machine for Execution<Q> {
    type Decoder = OpDecoder<Q>;
    type Output = UsageTable;

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        self.observe(now);
        let mut transitions = Transitions::default();
        if let State::Waiting(waiting) = &self.state
            && now < waiting.until
        {
            return Step { next: Next::WaitUntil(waiting.until, waiting.why), transitions };
        }
        if let Some(transition) = self.get_ready() {
            transitions.add(transition);
        }
        if self.phase().is_final() {
            return Step { next: Next::Finished, transitions };
        }
        let from = self.phase();
        let next = match self.dispatch(now, session) {
            Dispatch::Send(exchange) => {
                if let State::Ready(ready) = std::mem::take(&mut self.state) {
                    transitions.add(self.enter(from, ready.sent(), Cause::Sent));
                }
                Next::Send(exchange)
            }
            Dispatch::Authorize(exchange) => Next::Send(exchange),
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
    ) -> Intake<OpDecoder<Q>> {
        self.observe(now);
        let decoder = OpDecoder::for_op(self.state.op());
        Courier::on_head(now, ticket, head, decoder, session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        intake: Intake<OpDecoder<Q>>,
        session: &mut Session,
    ) -> Progress<UsageTable> {
        self.observe(now);
        let Some(arrival) = self.courier.accept(intake, session) else { return Progress::nothing() };
        let terms = self.terms();
        let transition = match arrival {
            Arrival::Answer(Ok(answer)) => return self.on_answer(now, answer),
            Arrival::Answer(Err(error)) if self.is_not_found_yet(now, &error) => {
                self.on_not_found(now, error)
            }
            Arrival::Answer(Err(error)) => {
                let verdict = self.courier.on_error(now, error, terms, session);
                self.conclude(verdict)
            }
            Arrival::Token(answer) => {
                let verdict = self.courier.on_token(now, answer, terms, session);
                self.conclude(verdict)
            }
        };
        Progress { transition, output: None }
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
        if !self.courier.redeem(&ticket, session) {
            return Progress::nothing();
        }
        let repeatable = self.may_repeat(self.state.op());
        let terms = self.terms();
        let transition = if ticket.is_for_token() {
            let verdict = self.courier.on_token_failure(now, failure, terms, session);
            self.conclude(verdict)
        } else {
            let verdict = self.courier.on_failure(now, failure, repeatable, terms);
            self.conclude(verdict)
        };
        Progress { transition, output: None }
    }

    fn error(&self) -> Option<Error> {
        let State::Finished(Finished { op, failure: Some(failure) }) = &self.state else { return None };
        let endpoint = if matches!(op, Op::Submit) { Q::NAME } else { <Q::Results as Endpoint>::NAME };
        let error = Error::new(failure.clone(), self.courier.stands_at(endpoint))
            .with_attempts(self.courier.attempts);
        Some(error.with_execution(self.phase(), self.id().cloned()))
    }
}

fn cause_of(failure: &Failure) -> Cause {
    match failure {
        Failure::QueryFailed { .. } => Cause::QueryFailed,
        Failure::Rejected(_) => Cause::Rejected,
        Failure::Unauthorized(_) => Cause::Unauthorized,
        Failure::Decode(_) => Cause::Undecodable,
        Failure::RepeatedCursor(_) => Cause::RepeatedCursor,
        Failure::Transport(_) => Cause::Untrusted,
        Failure::TooManyFailures { .. } => Cause::TooManyFailures,
        Failure::Deadline { .. } => Cause::DeadlinePassed,
        Failure::AmbiguousSubmit(_) => Cause::AmbiguousSubmit,
        Failure::Cancelled => Cause::Cancelled,
        Failure::Build(_) => Cause::Unbuildable,
    }
}
