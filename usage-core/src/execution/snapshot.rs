//! A saved execution: small JSON that another process can go on from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::excerpt;
use crate::execution::delivery::{Named, Position};
use crate::execution::shown::RowsSeen;
use crate::execution::state::{Finished, InFlight, Ready, State};
use crate::execution::{Execution, Op, RareState};
use crate::ids::{Cursor, ExecutionId};
use crate::jitter::Jitter;
use crate::phase::Phase;
use crate::query::UsageQuery;
use crate::retry::Policy;
use crate::time::Timestamp;

/// The version of the format that is written. Later versions of this crate read it too.
pub const SNAPSHOT_VERSION: u32 = 1;

/// A saved execution. It holds the query and how far it got, neither rows nor tokens.
///
/// It points at the first page that is not [acknowledged](Execution::acknowledge): restored, the execution asks for that
/// page again, and gives it the same [number](Execution::pages). It remembers whether a submit went out: such a submit
/// is not sent again after a restore, unless the policy says so ([`Policy::resubmit`]).
///
/// ```
/// use usage_core::query::ClientSummary;
/// use usage_core::{Execution, Policy, Snapshot, Timestamp};
///
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let query = ClientSummary::new("7de3af06".parse()?);
/// let execution = Execution::attach(query, "9f32b7cf".parse()?, Policy::default(), 1, now);
///
/// let saved = execution.snapshot().to_json();
/// let restored = Execution::restore(Snapshot::<ClientSummary>::from_json(&saved)?, Policy::default(), now)?;
/// assert_eq!(restored.id(), execution.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot<Q> {
    version: u32,
    family: String,
    query: Q,
    step: Op,
    /// Whether the step's request was out. A submit that was, however it ended, is not sent again, unless the policy
    /// says so.
    in_flight: bool,
    /// Whether all pages were delivered.
    complete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    submitted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cursors: Vec<Cursor>,
    /// How many rows of the next page were shown to a visitor.
    #[serde(default, skip_serializing_if = "is_zero")]
    rows_seen: u64,
    /// Whether a page that was delivered had no list of rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lists_missing: bool,
    /// The cursor that the last page repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeated_cursor: Option<Cursor>,
    polls: u32,
    pages: u32,
    jitter: Jitter,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference in")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A saved execution that cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It is no snapshot.
    #[error("this is no saved execution: {problem}")]
    Syntax {
        /// Why.
        problem: Box<str>,
    },
    /// A later version of this crate wrote it.
    #[error("the saved execution has format {found}; this version reads up to {SNAPSHOT_VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// It is of another kind of query.
    #[error("the saved execution is of the query family {found:?}, not {expected:?}")]
    Family {
        /// Its family.
        found: Box<str>,
        /// The family that was asked for.
        expected: &'static str,
    },
    /// It is of another query than the one that was asked for.
    #[error("the saved execution is of another query; restore it as it is, or discard it to start anew")]
    Query,
}

/// What can be read of a snapshot of any family.
#[derive(Deserialize)]
struct Header {
    version: u32,
    family: String,
}

impl<Q: UsageQuery> Snapshot<Q> {
    /// The snapshot as one line of JSON.
    pub fn to_json(&self) -> String {
        // Neither odd map keys nor failing members: it cannot fail, and an empty text would not restore.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote, of this or an earlier version.
    pub fn from_json(json: &str) -> Result<Self, RestoreError> {
        let syntax = |error: serde_json::Error| RestoreError::Syntax {
            problem: excerpt(&error.to_string(), 200).into(),
        };
        let header: Header = serde_json::from_str(json).map_err(syntax)?;
        header.check(Q::FAMILY)?;
        serde_json::from_str(json).map_err(syntax)
    }

    /// The query.
    pub fn query(&self) -> &Q {
        &self.query
    }

    /// When the service accepted the submit; absent before that, and for an execution that was attached to.
    pub fn submitted_at(&self) -> Option<Timestamp> {
        self.submitted_at
    }

    /// The query, to start it anew.
    pub fn into_query(self) -> Q {
        self.query
    }

    /// The id that the service gave the execution, once it was submitted.
    pub fn execution_id(&self) -> Option<&ExecutionId> {
        match &self.step {
            Op::Submit => None,
            Op::Poll { id, .. } => Some(id),
        }
    }

    /// How many pages were delivered. The next page of a restored execution has the number after this one.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Whether all pages were delivered: a restored execution brings no more.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether a submit went out and it is not known whether the service took it.
    ///
    /// Restored, such an execution ends as [`AmbiguousSubmit`](crate::error::Failure::AmbiguousSubmit), unless the submit
    /// may be repeated or the policy allows it ([`Policy::resubmit`]). To submit all the same, start
    /// [the query](Self::into_query) anew: at worst the service runs it twice, which costs requests and no data.
    pub fn is_submit_in_doubt(&self) -> bool {
        self.in_flight && self.step == Op::Submit
    }
}

impl Header {
    fn check(&self, family: &'static str) -> Result<(), RestoreError> {
        if self.version > SNAPSHOT_VERSION {
            return Err(RestoreError::Version { found: self.version });
        }
        if self.family != family {
            return Err(RestoreError::Family { found: excerpt(&self.family, 40).into(), expected: family });
        }
        Ok(())
    }
}

impl<Q: UsageQuery> Execution<Q> {
    /// How far it got: where a restored execution goes on. See [`Snapshot`].
    pub fn snapshot(&self) -> Snapshot<Q> {
        let current = Position {
            op: self.op().clone(),
            pages: self.pages,
            rows_seen: self.rows_seen(),
            lists_missing: self.lists_missing(),
        };
        let is_current = self.unacknowledged().is_none();
        let Position { op, pages, rows_seen, lists_missing } =
            self.unacknowledged().cloned().unwrap_or(current);
        let was_out = matches!(self.state, State::InFlight(_)) || self.submit_in_doubt && op == Op::Submit;
        Snapshot {
            version: SNAPSHOT_VERSION,
            family: Q::FAMILY.to_owned(),
            query: self.query.clone(),
            step: op,
            in_flight: is_current && was_out,
            complete: is_current && self.phase() == Phase::Complete,
            submitted_at: self.submitted_at,
            cursors: self.rare.iter().flat_map(|rare| rare.cursors_up_to(pages)).cloned().collect(),
            rows_seen,
            lists_missing,
            repeated_cursor: self.repeated_cursor().filter(|_| is_current).cloned(),
            polls: self.polls,
            pages,
            jitter: self.request_state.jitter.clone(),
        }
    }

    /// Goes on with the execution of `snapshot` if there is one, and begins one of `query` otherwise: what a program does
    /// that may have been killed.
    ///
    /// # Errors
    ///
    /// Those of [`restore`](Self::restore), and [`RestoreError::Query`] if the saved execution is of another query.
    pub fn start_or_restore(
        query: Q,
        snapshot: Option<Snapshot<Q>>,
        policy: impl Into<Arc<Policy>>,
        seed: u64,
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        match snapshot {
            None => Ok(Self::new(query, policy, seed, now)),
            Some(snapshot) if snapshot.query == query => Self::restore(snapshot, policy, now),
            Some(_) => Err(RestoreError::Query),
        }
    }

    /// Goes on where a saved execution stopped, with a deadline of its own from `now` on. A wait that was under
    /// way is over; a poll that was out goes out again; a submit that was out is ambiguous, however it ended. An
    /// execution that was complete stays so and brings no more rows.
    ///
    /// # Errors
    ///
    /// If the snapshot was written by a later version or is of another family.
    pub fn restore(
        snapshot: Snapshot<Q>,
        policy: impl Into<Arc<Policy>>,
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        let header = Header { version: snapshot.version, family: snapshot.family.clone() };
        header.check(Q::FAMILY)?;
        Ok(Self::restore_checked(snapshot, policy.into(), now))
    }

    /// Returns the execution as restored from its own [`snapshot`](Self::snapshot), with a deadline of its own.
    #[must_use]
    pub fn resumed(&self, policy: impl Into<Arc<Policy>>, now: Timestamp) -> Self {
        let mut resumed = Self::restore_checked(self.snapshot(), policy.into(), now);
        resumed.holds_pages = self.holds_pages;
        resumed
    }

    fn restore_checked(snapshot: Snapshot<Q>, policy: Arc<Policy>, now: Timestamp) -> Self {
        let Snapshot { step: op, pages, .. } = snapshot;
        let state: State = match (snapshot.complete, snapshot.in_flight) {
            (true, _) => Finished { op, failure: None }.into(),
            (false, true) => InFlight { op }.into(),
            (false, false) => Ready { op }.into(),
        };
        let named = Named { page: pages, digest: None };
        let rare = RareState {
            cursors: snapshot.cursors.into_iter().map(|cursor| (cursor, named)).collect(),
            rows_seen: RowsSeen::new(snapshot.rows_seen),
            repeated: snapshot.repeated_cursor,
            lists_missing: snapshot.lists_missing,
            ..RareState::default()
        };
        let is_rare = !rare.cursors.is_empty()
            || snapshot.rows_seen > 0
            || rare.repeated.is_some()
            || rare.lists_missing;
        Self {
            // A clock that was ahead when it was saved does not make the grace longer.
            submitted_at: snapshot.submitted_at.map(|at| at.min(now)),
            rare: is_rare.then(|| Box::new(rare)),
            polls: snapshot.polls,
            pages,
            ..Self::with_state(snapshot.query, policy, snapshot.jitter, now, state)
        }
    }
}
