//! One token exchange of a session: who carries it out, and how it ended.

use std::time::Duration;

use crate::failures::{AttemptError, Failure};
use crate::time::Timestamp;

/// The identity of a token exchange within its session, which tells a late response to an earlier exchange.
///
/// ```
/// use usage_core::auth::Grant;
/// use usage_core::query::OrganizationQuery;
/// use usage_core::{Execution, Machine, Next, Policy, Secret, Session, Timestamp};
///
/// let grant = Grant::client_credentials("7de3af06", Secret::new("from a safe place".to_owned()))?;
/// let mut session = Session::new(&"eu-central-1".parse()?, grant);
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// let mut execution = Execution::new(query, Policy::default(), 1, now);
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
/// assert!(exchange.ticket.fetch().is_some());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchId(pub(super) u64);

/// A token exchange in flight.
#[derive(Clone, Debug)]
pub(super) struct Fetching {
    pub(super) id: FetchId,
    pub(super) since: Timestamp,
    pub(super) timeout: Duration,
    /// Whether the exchange is carried out independently of the machine that asked for it, which then cannot abandon
    /// it.
    pub(super) carried: bool,
}

impl Fetching {
    /// Returns the latest time to wait for the exchange. An exchange that is carried out elsewhere ends by itself,
    /// whatever the clock says.
    pub(super) fn until(&self, now: Timestamp) -> Timestamp {
        let until = if self.carried {
            now.saturating_add(self.longest())
        } else {
            self.since.saturating_add(self.timeout)
        };
        until.max(now.saturating_add(Duration::from_millis(1)))
    }

    /// Returns the time after which the exchange cannot be in flight any more: twice its own timeout.
    pub(super) fn longest(&self) -> Duration {
        self.timeout.saturating_mul(2)
    }

    /// Returns whether the exchange was abandoned without notice. An exchange that is carried out elsewhere is not,
    /// even if the clock jumps.
    pub(super) fn is_dead(&self, now: Timestamp) -> bool {
        !self.carried && now.saturating_since(self.since) >= self.timeout
    }
}

/// The result of a token exchange.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// A token arrived.
    Arrived,
    /// The login host is temporarily unavailable.
    Unavailable(AttemptError),
    /// The login host's answer will not change soon.
    Refused(Failure),
    /// The exchange failed permanently for the machine that asked.
    Failed(Failure),
}
