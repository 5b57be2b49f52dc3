//! The poll machine: one execution of one query, submitted, polled, paged, finished.

mod answers;
mod decoder;
mod delivery;
mod drive;
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
pub use streaming::{StreamingExecution, VisitingDecoder};

use crate::error::Failure;
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
/// It is a [`Machine`]: drive it with a driver of this project or by hand. Rows leave page by page, with the
/// input that completed the page, once. It can be looked at, saved ([`snapshot`](Self::snapshot)), restored and
/// cancelled between any two inputs.
///
/// A page is delivered when the next call of [`next`](Machine::next) [acknowledges](Self::acknowledge) it. Snapshots
/// that are taken before point at that page, so that a crash before its rows are stored repeats the page.
#[derive(Clone, Debug)]
pub struct Execution<Q> {
    query: Q,
    limits: Limits,
    /// The latest `now` that was handed in.
    latest: Latest,
    submitted_at: Option<Timestamp>,
    /// When the query was last known to be pending.
    pending_at: Option<Timestamp>,
    request_state: RequestState,
    state: State,
    polls: u32,
    pages: u32,
    /// Whether a submit went out whose fate is unknown. It is not sent again after a restore.
    submit_in_doubt: bool,
    /// Whether pages stay unacknowledged until [`acknowledge`](Self::acknowledge) is called.
    holds_pages: bool,
    /// Whether rows are shown to a visitor as they arrive.
    shows_rows: bool,
    rare: Option<Box<RareState>>,
}

/// Rarely used state, boxed so that waiting executions stay small.
#[derive(Clone, Debug, Default)]
struct RareState {
    /// The cursors seen so far, and the pages that named them. Following one twice would be an endless loop.
    cursors: BTreeMap<Cursor, Named>,
    /// The first page that was handed out and is not acknowledged.
    unacknowledged: Option<Position>,
    /// How many rows of the current page a visitor has seen.
    rows_seen: RowsSeen,
    /// The cursor that the last page repeated.
    repeated: Option<Cursor>,
    /// The status of the last poll if it is unknown; empty if the service gave none.
    unknown_status: Option<Box<str>>,
    /// Whether a page of a query that is done had no list of rows.
    lists_missing: bool,
}

impl<Q: UsageQuery> Execution<Q> {
    /// An execution that is yet to be submitted, and may take `policy.deadline` from `now` on. `seed` decides the
    /// jitter of its waits. The policy may be shared with other executions, as an [`Arc`].
    pub fn new(query: Q, policy: impl Into<Arc<Policy>>, seed: u64, now: Timestamp) -> Self {
        Self::with_state(query, policy.into(), Jitter::new(seed), now, Ready { op: Op::Submit }.into())
    }

    /// Goes on with an execution that was submitted elsewhere; it is polled at once.
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
            submitted_at: None,
            pending_at: None,
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

    /// How many pages of rows arrived. After a page was handed out this is its number, counted from 1; the same page
    /// has the same number when it is repeated after a restore.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Returns whether the service called the query done with a page that has no list of rows, not even an empty one. No
    /// rows then do not mean that nothing was counted.
    pub fn lists_missing(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.lists_missing)
    }

    /// How many requests were sent, token requests included.
    pub fn attempts(&self) -> u32 {
        self.request_state.attempts
    }

    /// Until when it has time.
    pub fn deadline(&self) -> Timestamp {
        self.limits.deadline
    }

    /// Ends it here. The service knows no cancelling: there the query runs on. `None` if it had ended before.
    pub fn cancel(&mut self) -> Option<Transition> {
        if self.phase().is_final() {
            return None;
        }
        self.submit_in_doubt |= self.phase() == Phase::InFlightSubmit;
        Some(self.fail(Failure::Cancelled))
    }

    /// Time as it enters. A clock that stepped back takes this machine's timers with it: the waits keep their
    /// length instead of growing by the step.
    fn observe(&mut self, now: Timestamp) {
        let Some(back) = self.latest.step_back(now) else { return };
        self.limits.step_back(back);
        self.submitted_at = self.submitted_at.map(|at| at.saturating_sub(back));
        self.pending_at = self.pending_at.map(|at| at.saturating_sub(back));
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

    /// A deadline that passed while the service spoke of an unknown status names it.
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
