//! A saved execution: small JSON that another process can go on from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::excerpt;
use crate::execution::state::{InFlight, Ready, State};
use crate::execution::{Execution, Op, Rare};
use crate::ids::{Cursor, ExecutionId};
use crate::jitter::Jitter;
use crate::query::UsageQuery;
use crate::retry::Policy;
use crate::time::Timestamp;

/// The version of the format that is written. Later versions of this crate read it too.
pub const SNAPSHOT_VERSION: u32 = 1;

/// A saved execution. It holds the query and how far it got, neither rows nor tokens.
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
    /// Whether the step's request was out. A submit that was is not sent again, unless the policy says so.
    in_flight: bool,
    complete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    submitted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cursors: Vec<Cursor>,
    polls: u32,
    pages: u32,
    jitter: Jitter,
}

/// A saved execution that cannot be gone on with.
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
    /// It had all its rows.
    #[error("the saved execution is complete: there is nothing to go on with")]
    Complete,
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
        if header.version > SNAPSHOT_VERSION {
            return Err(RestoreError::Version { found: header.version });
        }
        if header.family != Q::FAMILY {
            return Err(RestoreError::Family {
                found: excerpt(&header.family, 40).into(),
                expected: Q::FAMILY,
            });
        }
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

    /// The id that the service gave the execution, once it was submitted.
    pub fn execution_id(&self) -> Option<&ExecutionId> {
        match &self.step {
            Op::Submit => None,
            Op::Poll { id, .. } => Some(id),
        }
    }
}

impl<Q: UsageQuery> Execution<Q> {
    /// How far it got.
    pub fn snapshot(&self) -> Snapshot<Q> {
        Snapshot {
            version: SNAPSHOT_VERSION,
            family: Q::FAMILY.to_owned(),
            query: self.query.clone(),
            step: self.state.op().clone(),
            in_flight: matches!(self.state, State::InFlight(_)),
            complete: self.phase() == crate::phase::Phase::Complete,
            submitted_at: self.submitted_at,
            cursors: self.rare.iter().flat_map(|rare| &rare.cursors).cloned().collect(),
            polls: self.polls,
            pages: self.pages,
            jitter: self.courier.jitter.clone(),
        }
    }

    /// Goes on where a saved execution stopped, with a deadline of its own from `now` on. A wait that was under
    /// way is over; a poll that was out goes out again; a submit that was out is ambiguous.
    pub fn restore(
        snapshot: Snapshot<Q>,
        policy: impl Into<Arc<Policy>>,
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        if snapshot.complete {
            return Err(RestoreError::Complete);
        }
        let state: State = if snapshot.in_flight {
            InFlight { op: snapshot.step }.into()
        } else {
            Ready { op: snapshot.step }.into()
        };
        let rare = Rare { cursors: snapshot.cursors.into_iter().collect(), ..Rare::default() };
        Ok(Self {
            // A clock that was ahead when it was saved does not make the grace longer.
            submitted_at: snapshot.submitted_at.map(|at| at.min(now)),
            rare: (!rare.cursors.is_empty()).then(|| Box::new(rare)),
            polls: snapshot.polls,
            pages: snapshot.pages,
            ..Self::with_state(snapshot.query, policy.into(), snapshot.jitter, now, state)
        })
    }
}
