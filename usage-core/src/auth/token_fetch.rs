//! One exchange for a token: who has it, and how it ended.

use std::time::Duration;

use crate::failures::{AttemptError, Failure};
use crate::time::Timestamp;

/// Identifies one token exchange of a session, so that a late answer to an earlier one is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchId(pub(super) u64);

/// A fetch that is out.
#[derive(Clone, Debug)]
pub(super) struct Fetching {
    pub(super) id: FetchId,
    pub(super) since: Timestamp,
    pub(super) timeout: Duration,
    /// Whether it is carried out apart from the machine that asked for it, which can no longer give it up then.
    pub(super) carried: bool,
}

impl Fetching {
    /// Until when to wait for it, at most. What is carried out ends by itself, and the clock says nothing about it.
    pub(super) fn until(&self, now: Timestamp) -> Timestamp {
        let until = if self.carried {
            now.saturating_add(self.longest())
        } else {
            self.since.saturating_add(self.timeout)
        };
        until.max(now.saturating_add(Duration::from_millis(1)))
    }

    /// After so long, what carried it out is gone: it had the timeout itself.
    pub(super) fn longest(&self) -> Duration {
        self.timeout.saturating_mul(2)
    }

    /// Whether whoever carried it out seems to have died. A clock that leaps does not make it so.
    pub(super) fn is_dead(&self, now: Timestamp) -> bool {
        !self.carried && now.saturating_since(self.since) >= self.timeout
    }
}

/// How a fetch ended.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// With a token.
    Arrived,
    /// The login host is out of order for the moment.
    Unavailable(AttemptError),
    /// With an answer that will not change soon.
    Refused(Failure),
    /// For good, for the machine that asked.
    Failed(Failure),
}
