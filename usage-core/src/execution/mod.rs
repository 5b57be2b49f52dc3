//! The poll machine: submits a query, polls it and reads its pages.

mod answers;
mod decoder;
mod delivery;
mod drive;
mod error;
mod scope;
mod shown;
mod snapshot;
mod state;
mod streaming;
pub mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use decoder::{OpDecoder, OpResponse};
pub use snapshot::{RestoreError, SNAPSHOT_VERSION, Snapshot};
pub use state::Op;
pub use streaming::{StreamingExecution, StreamingOpDecoder};

use crate::failures::Failure;
use crate::ids::{Cursor, ExecutionId};
use crate::jitter::Jitter;
#[cfg(doc)]
use crate::machine::Machine;
use crate::machine::{Limits, RequestState};
use crate::phase::{Cause, Phase, Transition};
use crate::query::UsageQuery;
use crate::retry::Policy;
use crate::time::{Latest, Timestamp};
use crate::trace;
use delivery::{Named, Position};
use shown::RowsSeen;
use state::{Ready, State};

/// One execution of one query.
///
/// It is a [`Machine`], driven by a driver of this project or by hand. Each page of rows is returned once, by the input
/// that completes it. Between any two inputs, the execution can be inspected, saved ([`snapshot`](Self::snapshot)),
/// restored and cancelled.
///
/// A page is delivered when the next call of [`next`](Machine::next) [acknowledges](Self::acknowledge) it. Earlier
/// snapshots point at that page, so that a crash before its rows are stored repeats the page.
///
/// ```
/// use usage_core::query::OrganizationQuery;
/// use usage_core::{Execution, Machine, Next, Phase, Policy, Session, Timestamp};
///
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut execution = Execution::new(query, Policy::default(), 1, now);
/// assert_eq!(execution.phase(), Phase::ReadySubmit);
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
/// assert_eq!(exchange.request.uri().path(), "/api/v2/usage/query");
/// assert_eq!(execution.phase(), Phase::InFlightSubmit);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Execution<Q> {
    query: Q,
    limits: Limits,
    /// The latest time that an input passed.
    latest: Latest,
    submitted: Option<Submitted>,
    request_state: RequestState,
    state: State,
    polls: u32,
    pages: u32,
    /// Whether a submit was sent and it is unknown whether the service accepted it. It is not repeated after a restore.
    submit_in_doubt: bool,
    /// Whether pages stay unacknowledged until [`acknowledge`](Self::acknowledge) is called.
    holds_pages: bool,
    /// Whether rows are shown to a visitor as they arrive.
    shows_rows: bool,
    rare: Option<Box<RareState>>,
}

/// The times of a query that the service has accepted.
#[derive(Clone, Copy, Debug)]
struct Submitted {
    at: Timestamp,
    /// When the query was last known to be pending; `None` after a restore.
    pending_at: Option<Timestamp>,
}

/// Rarely used state, boxed so that waiting executions stay small.
#[derive(Clone, Debug, Default)]
struct RareState {
    /// The cursors seen so far, and the pages that contained them. Following one twice would be an endless loop.
    cursors: BTreeMap<Cursor, Named>,
    /// The first page that was returned and is not acknowledged.
    unacknowledged: Option<Position>,
    /// How many rows of the current page a visitor has seen.
    rows_seen: RowsSeen,
    /// The cursor that the last page repeated.
    repeated: Option<Cursor>,
    /// The status of the last poll if it is unknown; empty if the response had none.
    unknown_status: Option<Box<str>>,
    /// Whether a page of a query that is done had no list of rows.
    lists_missing: bool,
}

impl<Q: UsageQuery> Execution<Q> {
    /// Creates an execution that submits `query`, with the deadline `now + policy.deadline`. `seed` determines the
    /// jitter of its delays. Executions can share a policy as an [`Arc`].
    pub fn new(query: Q, policy: impl Into<Arc<Policy>>, seed: u64, now: Timestamp) -> Self {
        Self::with_state(query, policy.into(), Jitter::new(seed), now, Ready { op: Op::Submit }.into())
    }

    /// Creates an execution that polls `id`, which was submitted elsewhere. The first poll is due at once.
    pub fn attach(
        query: Q,
        id: ExecutionId,
        policy: impl Into<Arc<Policy>>,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        let op = Op::Poll { id, after: None };
        Self::with_state(query, policy.into(), Jitter::new(seed), now, Ready { op }.into())
    }

    fn with_state(query: Q, policy: Arc<Policy>, jitter: Jitter, now: Timestamp, state: State) -> Self {
        Self {
            query,
            limits: Limits::new(policy, now),
            latest: Latest::new(now),
            submitted: None,
            request_state: RequestState::new(jitter),
            state,
            polls: 0,
            pages: 0,
            submit_in_doubt: false,
            holds_pages: false,
            shows_rows: false,
            rare: None,
        }
    }

    /// Returns the current phase.
    pub fn phase(&self) -> Phase {
        self.state.phase()
    }

    /// Returns the query.
    pub fn query(&self) -> &Q {
        &self.query
    }

    /// Returns the id that the service assigned at the submit.
    pub fn id(&self) -> Option<&ExecutionId> {
        match self.state.op() {
            Op::Submit => None,
            Op::Poll { id, .. } => Some(id),
        }
    }

    /// Returns the number of polls that found the query pending.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// Returns the number of pages that arrived. After a page was returned, this is its number, counted from 1. A page that
    /// is repeated after a restore has the same number.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Returns whether the page of a finished query had no list of rows, not even an empty one. Then the absence of rows
    /// does not mean that nothing was counted.
    pub fn lists_missing(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.lists_missing)
    }

    /// Returns the number of requests sent, token requests included.
    pub fn attempts(&self) -> u32 {
        self.request_state.attempts
    }

    /// Returns the deadline.
    pub fn deadline(&self) -> Timestamp {
        self.limits.deadline
    }

    /// Cancels the execution; `None` if it had ended before. The service has no way to cancel a query: it keeps running
    /// there.
    pub fn cancel(&mut self) -> Option<Transition> {
        if self.phase().is_final() {
            return None;
        }
        self.submit_in_doubt |= self.phase() == Phase::InFlightSubmit;
        Some(self.fail(Failure::Cancelled))
    }

    fn submitted_at(&self) -> Option<Timestamp> {
        self.submitted.map(|submitted| submitted.at)
    }

    /// Observes the current time. If the clock stepped back, the timers move back by as much, so that waits keep their
    /// length.
    fn observe(&mut self, now: Timestamp) {
        let Some(back) = self.latest.step_back(now) else { return };
        self.limits.step_back(back);
        if let Some(submitted) = &mut self.submitted {
            submitted.at = submitted.at.saturating_sub(back);
            submitted.pending_at = submitted.pending_at.map(|at| at.saturating_sub(back));
        }
        if let State::Waiting(waiting) = &mut self.state {
            waiting.until = waiting.until.saturating_sub(back);
        }
    }

    fn enter(&mut self, from: Phase, state: impl Into<State>, cause: Cause) -> Transition {
        self.state = state.into();
        let transition = Transition { from, to: self.phase(), cause };
        debug_assert!(table::is_legal(transition), "not in the table: {transition}");
        trace::moved(self.id(), transition);
        if !matches!(self.state, State::InFlight(_)) {
            self.request_state.give_up();
        }
        transition
    }

    fn fail(&mut self, failure: Failure) -> Transition {
        let failure = self.with_status(failure);
        let (from, cause) = (self.phase(), cause_of(&failure));
        let state = std::mem::take(&mut self.state);
        self.enter(from, state.failed(failure), cause)
    }

    /// Adds an unknown status of the query to a failure by the deadline.
    fn with_status(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Deadline { next_allowed, waiting_for, last, .. } => {
                Failure::Deadline { next_allowed, waiting_for, last, unknown_status: self.unknown_status() }
            }
            failure => failure,
        }
    }

    fn unknown_status(&self) -> Option<Box<str>> {
        self.rare.as_ref()?.unknown_status.clone()
    }

    fn set_unknown_status(&mut self, status: Option<Box<str>>) {
        if status.is_some() || self.rare.is_some() {
            self.rare.get_or_insert_default().unknown_status = status;
        }
    }
}

fn cause_of(failure: &Failure) -> Cause {
    match failure {
        Failure::QueryFailed { .. } => Cause::QueryFailed,
        Failure::Rejected(_) => Cause::Rejected,
        Failure::Unauthorized(_) => Cause::Unauthorized,
        Failure::Decode(_) => Cause::Undecodable,
        Failure::Transport(_) => Cause::Untrusted,
        Failure::TooManyFailures { .. } => Cause::TooManyFailures,
        Failure::Deadline { .. } => Cause::DeadlinePassed,
        Failure::AmbiguousSubmit(_) => Cause::AmbiguousSubmit,
        Failure::Cancelled | Failure::Observer(_) => Cause::Cancelled,
        Failure::Build(_) => Cause::Unbuildable,
    }
}
