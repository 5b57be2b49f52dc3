//! The transitions that responses and failures cause.

use std::time::Duration;

use crate::execution::decoder::OpResponse;
use crate::execution::delivery::Follows;
use crate::execution::shown::OTHER_ROWS;
use crate::execution::state::{InFlight, State, Waiting};
use crate::execution::{Execution, Op, Submitted};
use crate::failures::{AttemptError, DecodeError, Failure, ResponseError};
use crate::ids::ExecutionId;
use crate::machine::{Progress, RetryDecision};
use crate::model::{QueryStatus, ResultsPage, Submission};
use crate::phase::{Cause, Phase, Transition, WaitReason};
use crate::query::UsageQuery;
use crate::query_durations::QueryDurations;
use crate::session::Session;
use crate::table::UsageTable;
use crate::time::Timestamp;

/// How long before the deadline a pending query is polled for the last time.
const LAST_LOOK: Duration = Duration::from_secs(1);

impl<Q: UsageQuery> Execution<Q> {
    /// Handles a successful response to the operation in flight.
    pub(super) fn on_answer(
        &mut self,
        now: Timestamp,
        answer: OpResponse,
        session: &mut Session,
    ) -> Progress<UsageTable> {
        self.request_state.delivered();
        let from = self.phase();
        let in_flight = match std::mem::take(&mut self.state) {
            State::InFlight(in_flight) => in_flight,
            state => {
                self.state = state;
                return Progress::nothing();
            }
        };
        match answer {
            OpResponse::Submission(submission) => {
                Progress::moved(self.on_submission(now, in_flight, submission))
            }
            OpResponse::Page(page) => self.on_page(now, from, in_flight, page, session),
        }
    }

    fn on_submission(&mut self, now: Timestamp, in_flight: InFlight, submission: Submission) -> Transition {
        let from = Phase::InFlightSubmit;
        let id = submission.execution_id.ok_or_else(|| "the member is missing".to_owned());
        let id = id.and_then(|id| ExecutionId::parse(id).map_err(|error| error.to_string()));
        match id {
            Ok(id) => {
                self.submitted = Some(Submitted { at: now, pending_at: Some(now) });
                self.submit_in_doubt = false;
                let delay = self.request_state.delay(self.limits.policy.first_poll, &self.limits.policy);
                let until = self.before_deadline(now, delay);
                self.wait(from, in_flight.accepted(id, until), Cause::Accepted, None)
            }
            Err(problem) => {
                // The service has accepted the submit, but its id is unknown.
                self.submit_in_doubt = true;
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
        session: &mut Session,
    ) -> Progress<UsageTable> {
        if matches!(in_flight.op, Op::Submit) {
            self.state = in_flight.into();
            return Progress::nothing();
        }
        match page.status {
            Some(status) if status.is_done() => {}
            Some(status @ (QueryStatus::Failed | QueryStatus::Cancelled)) => {
                self.state = in_flight.into();
                let failure = Failure::QueryFailed { status: status.as_str().into(), error: page.error };
                return Progress::moved(self.fail(failure));
            }
            status => {
                self.set_unknown_status(match status {
                    Some(QueryStatus::Running | QueryStatus::Queued) => None,
                    Some(status) => Some(status.as_str().into()),
                    None => Some("".into()),
                });
                let until = self.next_poll(now, &session.durations);
                if let Some(submitted) = &mut self.submitted {
                    submitted.pending_at = Some(now);
                }
                self.polls = self.polls.saturating_add(1);
                let waiting = in_flight.again(until, WaitReason::Poll);
                return Progress::moved(self.wait(from, waiting, Cause::Pending, None));
            }
        }
        let seen = self.rows_seen();
        if !self.shows_rows && seen > page.rows.len() as u64 {
            self.state = in_flight.into();
            return Progress::moved(self.fail(Failure::Decode(DecodeError::new("$", 0, OTHER_ROWS))));
        }
        self.record_duration(now, &mut session.durations);
        self.hand_out(&in_flight.op);
        if page.lists_missing {
            self.rare.get_or_insert_default().lists_missing = true;
        }
        let Some(cursor) = page.next.filter(|_| Q::PAGED) else {
            let transition = self.enter(from, in_flight.last_page(), Cause::LastPage);
            return self.page(transition, page.rows, seen);
        };
        match self.follow(&cursor, &page.rows) {
            Follows::New => {
                let transition = self.enter(from, in_flight.more_pages(cursor), Cause::MorePages);
                self.page(transition, page.rows, seen)
            }
            Follows::Known => {
                let transition = self.enter(from, in_flight.last_page(), Cause::RepeatedCursor);
                self.page(transition, page.rows, seen)
            }
            Follows::Repeated => {
                let transition = self.enter(from, in_flight.last_page(), Cause::RepeatedCursor);
                self.page(transition, UsageTable::new(), 0)
            }
        }
    }

    /// Returns a page without the rows that a visitor saw before the execution was saved.
    fn page(&self, transition: Transition, rows: UsageTable, seen: u64) -> Progress<UsageTable> {
        let seen = usize::try_from(seen).unwrap_or(usize::MAX);
        let rows = if seen == 0 || self.shows_rows { rows } else { rows.iter().skip(seen).collect() };
        Progress { transition: Some(transition), output: Some(rows) }
    }

    /// Carries out what [`RequestState`](crate::machine::RequestState) decided after an error response or a failure.
    pub(super) fn conclude<T>(&mut self, decision: RetryDecision<T>) -> Option<Transition> {
        let from = self.phase();
        if from.is_final() {
            // A cancelled execution may still bring the session a token.
            return None;
        }
        match (decision, std::mem::take(&mut self.state)) {
            (RetryDecision::Fail(failure), state) => {
                self.state = state;
                Some(self.fail(failure))
            }
            (RetryDecision::Wait(until, why, cause), State::InFlight(in_flight)) => {
                Some(self.enter(from, in_flight.again(until, why), cause))
            }
            (RetryDecision::Wait(until, why, cause), State::Ready(ready)) => {
                Some(self.enter(from, ready.token_unavailable(until, why), cause))
            }
            (RetryDecision::Renew, State::InFlight(in_flight)) => {
                Some(self.enter(from, in_flight.at_once(), Cause::TokenRefused))
            }
            (RetryDecision::Done(_), State::Ready(ready)) => Some(self.enter(from, ready, Cause::Authorized)),
            (_, state) => {
                self.state = state;
                None
            }
        }
    }

    /// Waits, unless the deadline comes first: then it fails at once, with the time at which it could have continued.
    fn wait(
        &mut self,
        from: Phase,
        waiting: Waiting,
        cause: Cause,
        last: Option<AttemptError>,
    ) -> Transition {
        if waiting.until < self.limits.deadline {
            return self.enter(from, waiting, cause);
        }
        let failure = Failure::Deadline {
            next_allowed: waiting.until,
            waiting_for: Some(waiting.why),
            unknown_status: self.unknown_status(),
            last,
        };
        self.enter(from, State::from(waiting).failed(failure), Cause::DeadlinePassed)
    }

    /// Tells the session how long the query took, unless this execution does not know since when it ran.
    fn record_duration(&mut self, now: Timestamp, durations: &mut QueryDurations) {
        if let Some(Submitted { at, pending_at }) = &mut self.submitted
            && let Some(pending) = pending_at.take()
        {
            durations.record(Q::FAMILY, pending.saturating_since(*at), now.saturating_since(*at));
        }
    }

    /// Returns when to poll again.
    fn next_poll(&mut self, now: Timestamp, durations: &QueryDurations) -> Timestamp {
        let policy = &self.limits.policy;
        let delay = match self.submitted_at() {
            Some(at) => durations.poll_delay(Q::FAMILY, now.saturating_since(at), policy, self.polls),
            None => policy.poll.delay(self.polls),
        };
        let delay = self.request_state.delay(delay, policy);
        self.before_deadline(now, delay)
    }

    /// Returns the time of a poll that is due after `delay`. A poll that would come at the deadline or later is moved to just
    /// before it: no execution gives up while there is time left for another poll.
    fn before_deadline(&self, now: Timestamp, delay: Duration) -> Timestamp {
        let (until, deadline) = (now.saturating_add(delay), self.limits.deadline);
        let last_look = deadline.saturating_sub(LAST_LOOK);
        if until >= deadline && last_look > now.saturating_add(LAST_LOOK) { last_look } else { until }
    }

    /// Returns whether `error` is a 404 shortly after the submit: the service's stores are eventually consistent.
    pub(super) fn is_not_found_yet(&self, now: Timestamp, error: &ResponseError) -> bool {
        let young = self
            .submitted_at()
            .is_some_and(|at| now.saturating_since(at) < self.limits.policy.not_found_grace);
        let not_found =
            matches!(error, ResponseError::Api(error) if error.status == http::StatusCode::NOT_FOUND);
        young && not_found && self.phase() == Phase::InFlightPoll
    }

    pub(super) fn on_not_found(&mut self, now: Timestamp, error: ResponseError) -> Option<Transition> {
        let last = match error {
            ResponseError::Api(error) => Some(AttemptError::Api(error)),
            ResponseError::Decode(_) => None,
        };
        let delay = self.request_state.next_look(&self.limits.policy);
        let until = self.before_deadline(now, delay);
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
