//! The states, one struct each. A transition is a method that consumes its state, so that the compiler checks it.

use serde::{Deserialize, Serialize};

use crate::failures::Failure;
use crate::ids::{Cursor, ExecutionId};
use crate::phase::{Phase, WaitReason};
use crate::time::Timestamp;

/// An operation of an execution.
///
/// ```
/// use usage_core::execution::Op;
///
/// let poll = Op::Poll { id: "9f32b7cf".parse()?, after: None };
/// assert_ne!(poll, Op::Submit);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "op")]
#[non_exhaustive]
pub enum Op {
    /// Submit the query.
    Submit,
    /// Poll the query, and read a page if it is done.
    Poll {
        /// The id of the execution.
        id: ExecutionId,
        /// The cursor of the page; absent for the first one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Cursor>,
    },
}

#[derive(Clone, Debug)]
pub(super) enum State {
    Ready(Ready),
    InFlight(InFlight),
    Waiting(Waiting),
    Finished(Finished),
}

#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) op: Op,
}

#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub(super) op: Op,
}

#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) op: Op,
    pub(super) until: Timestamp,
    pub(super) why: WaitReason,
}

/// Keeps the operation: an execution that hit its deadline can be resumed from there.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) op: Op,
    pub(super) failure: Option<Box<Failure>>,
}

impl Ready {
    pub(super) fn sent(self) -> InFlight {
        InFlight { op: self.op }
    }

    pub(super) fn token_unavailable(self, until: Timestamp, why: WaitReason) -> Waiting {
        Waiting { op: self.op, until, why }
    }
}

#[expect(clippy::unused_self, reason = "a transition consumes the state that it leaves")]
impl InFlight {
    /// The service accepted the submit; the first poll is due at `until`.
    pub(super) fn accepted(self, id: ExecutionId, until: Timestamp) -> Waiting {
        Waiting { op: Op::Poll { id, after: None }, until, why: WaitReason::Poll }
    }

    /// Repeats the operation at `until`.
    pub(super) fn again(self, until: Timestamp, why: WaitReason) -> Waiting {
        Waiting { op: self.op, until, why }
    }

    /// Repeats the operation at once.
    pub(super) fn at_once(self) -> Ready {
        Ready { op: self.op }
    }

    /// Reads the page at `cursor`. Only a poll has one.
    pub(super) fn more_pages(self, cursor: Cursor) -> Ready {
        match self.op {
            Op::Submit => Ready { op: Op::Submit },
            Op::Poll { id, .. } => Ready { op: Op::Poll { id, after: Some(cursor) } },
        }
    }

    pub(super) fn last_page(self) -> Finished {
        Finished { op: self.op, failure: None }
    }
}

impl Waiting {
    pub(super) fn elapsed(self) -> Ready {
        Ready { op: self.op }
    }
}

impl State {
    pub(super) fn failed(self, failure: Failure) -> Finished {
        Finished { op: self.into_op(), failure: Some(Box::new(failure)) }
    }

    pub(super) fn op(&self) -> &Op {
        match self {
            Self::Ready(Ready { op })
            | Self::InFlight(InFlight { op })
            | Self::Waiting(Waiting { op, .. })
            | Self::Finished(Finished { op, .. }) => op,
        }
    }

    fn into_op(self) -> Op {
        match self {
            Self::Ready(Ready { op })
            | Self::InFlight(InFlight { op })
            | Self::Waiting(Waiting { op, .. })
            | Self::Finished(Finished { op, .. }) => op,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match (self, self.op()) {
            (Self::Ready(_), Op::Submit) => Phase::ReadySubmit,
            (Self::InFlight(_), Op::Submit) => Phase::InFlightSubmit,
            (Self::Waiting(_), Op::Submit) => Phase::WaitSubmit,
            (Self::Ready(_), Op::Poll { .. }) => Phase::ReadyPoll,
            (Self::InFlight(_), Op::Poll { .. }) => Phase::InFlightPoll,
            (Self::Waiting(_), Op::Poll { .. }) => Phase::WaitPoll,
            (Self::Finished(Finished { failure: None, .. }), _) => Phase::Complete,
            (Self::Finished(Finished { failure: Some(_), .. }), _) => Phase::Failed,
        }
    }
}

/// The placeholder while a state is replaced. If a panic leaves it there, nothing is submitted twice.
impl Default for State {
    fn default() -> Self {
        Self::InFlight(InFlight { op: Op::Submit })
    }
}

impl From<Ready> for State {
    fn from(state: Ready) -> Self {
        Self::Ready(state)
    }
}

impl From<InFlight> for State {
    fn from(state: InFlight) -> Self {
        Self::InFlight(state)
    }
}

impl From<Waiting> for State {
    fn from(state: Waiting) -> Self {
        Self::Waiting(state)
    }
}

impl From<Finished> for State {
    fn from(state: Finished) -> Self {
        Self::Finished(state)
    }
}
