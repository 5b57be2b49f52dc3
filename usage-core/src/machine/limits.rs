//! The limits of a machine in time: what is too late to be sent, and how long an exchange may take.

use std::sync::Arc;
use std::time::Duration;

use crate::failures::{AttemptError, Failure};
use crate::phase::WaitReason;
use crate::retry::Policy;
use crate::time::Timestamp;

/// The least time before the deadline in which a request is sent that must not be sent twice. With less, the deadline could
/// pass before the response arrives, and it would be unknown whether the service carried the request out. If the policy's
/// [`exchange_timeout`](Policy::exchange_timeout) or half of its [`deadline`](Policy::deadline) is shorter, that applies.
pub const MIN_SUBMIT_TIME: Duration = Duration::from_secs(1);

/// The longest timeout of an exchange or a connection: the clocks of operating systems overflow before a [`Duration`] does.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The policy and the deadline of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Shared by all machines of a client, so that waiting executions stay small.
    pub(crate) policy: Arc<Policy>,
    pub(crate) deadline: Timestamp,
}

impl Limits {
    /// Returns the limits of a machine that starts at `now`.
    pub(crate) fn new(policy: Arc<Policy>, now: Timestamp) -> Self {
        let deadline = now.saturating_add(policy.deadline);
        Self { policy, deadline }
    }

    /// Moves the deadline with a clock that stepped back.
    pub(crate) fn step_back(&mut self, by: Duration) {
        self.deadline = self.deadline.saturating_sub(by);
    }

    /// Returns whether `at` is too late for a request. One that must not be sent twice (`once`) needs more time.
    pub(super) fn is_too_late(&self, at: Timestamp, once: bool) -> bool {
        at >= self.deadline || (once && at.saturating_add(self.min_submit_time()) > self.deadline)
    }

    fn min_submit_time(&self) -> Duration {
        MIN_SUBMIT_TIME.min(self.policy.exchange_timeout).min(self.policy.deadline / 2)
    }

    /// Returns the time limit of connecting for a request that must not be sent twice: half of the least time is left for
    /// the response.
    pub(super) fn connect_within(&self, now: Timestamp) -> Duration {
        let latest = self.deadline.saturating_sub(self.min_submit_time() / 2);
        self.timeout(now).min(latest.saturating_since(now))
    }

    /// Returns the time limit of an exchange that begins at `now`.
    pub(super) fn timeout(&self, now: Timestamp) -> Duration {
        self.policy.exchange_timeout.min(self.deadline.saturating_since(now)).min(MAX_TIMEOUT)
    }
}

/// Returns the failure of a machine whose next request would be sent too late, at `next_allowed`.
pub(super) fn deadline(
    next_allowed: Timestamp,
    waiting_for: Option<WaitReason>,
    last: Option<AttemptError>,
) -> Failure {
    Failure::Deadline { next_allowed, waiting_for, unknown_status: None, last }
}
