//! Saved executions: small JSON documents from which another process can continue.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::execution::delivery::{Named, Position};
use crate::execution::shown::RowsSeen;
use crate::execution::state::{Finished, InFlight, Ready, State};
use crate::execution::{Execution, Op, RareState, Submitted};
use crate::failures::excerpt;
use crate::ids::{Cursor, ExecutionId};
use crate::jitter::Jitter;
use crate::phase::Phase;
use crate::query::UsageQuery;
use crate::retry::Policy;
use crate::time::Timestamp;

/// The version of the snapshot format. Later versions of this crate can read it.
pub const SNAPSHOT_VERSION: u32 = 1;

/// A saved execution. It contains the query and the position in its results, but no rows and no tokens.
///
/// It points at the first page that is not [acknowledged](Execution::acknowledge): the restored execution requests that
/// page again, with the same [number](Execution::pages). It also contains whether a submit was sent. Such a submit is
/// not repeated after a restore, unless the policy allows it ([`Policy::resubmit`]).
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
    /// Whether the request of the step was sent. A submit that was sent is not repeated, unless the policy allows it.
    in_flight: bool,
    /// Whether all pages were delivered.
    complete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    submitted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cursors: Vec<Cursor>,
    /// The number of rows of the next page that were shown to a visitor.
    #[serde(default, skip_serializing_if = "is_zero")]
    rows_seen: u64,
    /// Whether a delivered page had no list of rows.
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
///
/// ```
/// use usage_core::Snapshot;
/// use usage_core::execution::RestoreError;
/// use usage_core::query::OrganizationQuery;
///
/// let error = Snapshot::<OrganizationQuery>::from_json("not a snapshot").unwrap_err();
/// assert!(matches!(error, RestoreError::Syntax { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The text is not a snapshot.
    #[error("this is no saved execution: {problem}")]
    Syntax {
        /// The reason.
        problem: Box<str>,
    },
    /// A later version of this crate wrote it.
    #[error("the saved execution has format {found}; this version reads up to {SNAPSHOT_VERSION}")]
    Version {
        /// The version of the snapshot.
        found: u32,
    },
    /// It belongs to another query family.
    #[error("the saved execution is of the query family {found:?}, not {expected:?}")]
    Family {
        /// The family of the snapshot.
        found: Box<str>,
        /// The family of the restored type.
        expected: &'static str,
    },
    /// It belongs to another query than the given one.
    #[error("the saved execution is of another query; restore it as it is, or discard it to start anew")]
    Query,
}

/// The members of a snapshot of any family.
#[derive(Deserialize)]
struct Header {
    version: u32,
    family: String,
}

impl<Q: UsageQuery> Snapshot<Q> {
    /// Returns the snapshot as one line of JSON.
    pub fn to_json(&self) -> String {
        // It cannot fail: there are no maps with odd keys and no failing members. An empty text would not restore.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Parses the JSON of [`to_json`](Self::to_json), of this or an earlier version.
    ///
    /// # Errors
    ///
    /// If the text is not a snapshot, has a later version, or belongs to another query family.
    pub fn from_json(json: &str) -> Result<Self, RestoreError> {
        let syntax = |error: serde_json::Error| RestoreError::Syntax {
            problem: excerpt(&error.to_string(), 200).into(),
        };
        let header: Header = serde_json::from_str(json).map_err(syntax)?;
        header.check(Q::FAMILY)?;
        serde_json::from_str(json).map_err(syntax)
    }

    /// Returns the query.
    pub fn query(&self) -> &Q {
        &self.query
    }

    /// Returns when the service accepted the submit; `None` before that, and for an attached execution.
    pub fn submitted_at(&self) -> Option<Timestamp> {
        self.submitted_at
    }

    /// Returns the query, to start it again.
    pub fn into_query(self) -> Q {
        self.query
    }

    /// Returns the id that the service assigned at the submit.
    pub fn execution_id(&self) -> Option<&ExecutionId> {
        match &self.step {
            Op::Submit => None,
            Op::Poll { id, .. } => Some(id),
        }
    }

    /// Returns the number of delivered pages. The next page of a restored execution has the number after this one.
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Returns whether all pages were delivered. A restored execution then returns no more.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns whether a submit was sent and it is unknown whether the service accepted it.
    ///
    /// Such an execution ends as [`AmbiguousSubmit`](crate::error::Failure::AmbiguousSubmit) when it is restored,
    /// unless the submit is idempotent or the policy allows to repeat it ([`Policy::resubmit`]). To submit it again,
    /// start [the query](Self::into_query): at worst the service runs it twice, which costs requests, but no data.
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
    /// Returns a snapshot, from which [`restore`](Self::restore) continues.
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
            submitted_at: self.submitted_at(),
            cursors: self.rare.iter().flat_map(|rare| rare.cursors_up_to(pages)).cloned().collect(),
            rows_seen,
            lists_missing,
            repeated_cursor: self.repeated_cursor().filter(|_| is_current).cloned(),
            polls: self.polls,
            pages,
            jitter: self.request_state.jitter.clone(),
        }
    }

    /// Restores the execution of `snapshot` if there is one, and creates one of `query` otherwise. This is for programs
    /// that may have been killed.
    ///
    /// # Errors
    ///
    /// Those of [`restore`](Self::restore), and [`RestoreError::Query`] if the saved execution belongs to another query.
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

    /// Restores a saved execution, with the deadline `now + policy.deadline`. A wait has ended, a poll in flight is
    /// repeated, a submit in flight is ambiguous. A complete execution stays complete and returns no more rows.
    ///
    /// # Errors
    ///
    /// If the snapshot has a later version or belongs to another query family.
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
            // A clock that was ahead at the time of the snapshot does not extend the grace period.
            submitted: snapshot.submitted_at.map(|at| Submitted { at: at.min(now), pending_at: None }),
            rare: is_rare.then(|| Box::new(rare)),
            polls: snapshot.polls,
            pages,
            ..Self::with_state(snapshot.query, policy, snapshot.jitter, now, state)
        }
    }
}
