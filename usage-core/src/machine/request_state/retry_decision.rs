//! What follows the end of an exchange: another attempt, at once or after a wait, or the end of the machine.

use std::convert::Infallible;
use std::time::Duration;

use crate::auth::{Ended, FetchId};
use crate::failures::{AttemptError, Failure, ResponseError, Sent, TransportFailure, Unauthorized};
use crate::machine::exchange::Purpose;
use crate::machine::limits::{Limits, deadline};
use crate::machine::request_state::RequestState;
use crate::phase::{Cause, WaitReason};
use crate::retry::{Backoff, Class, Policy, classify};
use crate::session::Session;
use crate::time::Timestamp;
use crate::trace;

/// The shortest delays between polls of an execution that is not found yet.
const NOT_FOUND: Backoff = Backoff::new(Duration::from_millis(500), 2.0, Duration::from_secs(30));

/// What follows a response or a failure.
pub(crate) enum RetryDecision<T> {
    Done(T),
    /// Retry at once with a new token.
    Renew,
    Wait(Timestamp, WaitReason, Cause),
    Fail(Failure),
}

impl RequestState {
    /// Returns what follows the end of the token exchange that this machine awaits, if that ended since the last step.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<RetryDecision<()>> {
        let Some(Purpose::Token(fetch)) = self.awaited else { return None };
        let ended = session.token.ending_of(fetch)?;
        self.awaited = None;
        self.judge(now, ended, limits, session)
    }

    /// Handles a token exchange that failed in transport.
    pub(crate) fn on_token_failure(
        &mut self,
        now: Timestamp,
        fetch: FetchId,
        failure: TransportFailure,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<RetryDecision<()>> {
        trace::failed(&failure);
        session.break_fetch(now, fetch, failure);
        self.settle(now, limits, session)
    }

    /// Returns what follows the end of a token exchange; nothing if an early renewal failed and the old token is valid.
    fn judge(
        &mut self,
        now: Timestamp,
        ended: Ended,
        limits: &Limits,
        session: &mut Session,
    ) -> Option<RetryDecision<()>> {
        match ended {
            Ended::Arrived => Some(RetryDecision::Done(())),
            _ if session.token.is_alive(now) => None,
            Ended::Refused(failure) | Ended::Failed(failure) => Some(RetryDecision::Fail(failure)),
            Ended::Unavailable(attempt_error) => {
                let decision = self.again(now, attempt_error, Cause::TokenUnavailable, limits);
                if let RetryDecision::Wait(until, ..) = decision {
                    session.token.postpone(until);
                }
                Some(decision)
            }
        }
    }

    /// Handles an error response to the operation in flight. `repeatable` says whether the request may be sent twice.
    pub(crate) fn on_error(
        &mut self,
        now: Timestamp,
        error: ResponseError,
        repeatable: bool,
        limits: &Limits,
        session: &mut Session,
    ) -> RetryDecision<Infallible> {
        let error = match error {
            ResponseError::Api(error) => error,
            ResponseError::Decode(error) if error.ends_early => {
                return self.on_failure(now, TransportFailure::cut_short(&error), repeatable, limits);
            }
            ResponseError::Decode(error) => return RetryDecision::Fail(Failure::Decode(error)),
        };
        match classify(error.status) {
            Class::Throttled => {
                let next_try = error.next_try(now);
                let decision = self.again(now, AttemptError::Api(error), Cause::Throttled, limits);
                if let Some(until) = next_try {
                    session.budget.block(until);
                }
                decision
            }
            Class::Unavailable => self.again(now, AttemptError::Api(error), Cause::Unavailable, limits),
            Class::Unauthorized if session.grant.can_renew() && !self.renewed => {
                self.renewed = true;
                session.token.invalidate(self.generation);
                RetryDecision::Renew
            }
            Class::Unauthorized => RetryDecision::Fail(Failure::Unauthorized(Unauthorized::Refused(error))),
            Class::Success | Class::Rejected => RetryDecision::Fail(Failure::Rejected(error)),
        }
    }

    /// Handles an operation that failed in transport. `repeatable` says whether the request may be sent twice.
    pub(crate) fn on_failure(
        &mut self,
        now: Timestamp,
        failure: TransportFailure,
        repeatable: bool,
        limits: &Limits,
    ) -> RetryDecision<Infallible> {
        trace::failed(&failure);
        match (failure.permanent, failure.sent) {
            (_, Sent::Maybe) if !repeatable => RetryDecision::Fail(Failure::AmbiguousSubmit(failure)),
            (true, _) => RetryDecision::Fail(Failure::Transport(failure)),
            _ => self.again(now, AttemptError::Transport(failure), Cause::TransportFailed, limits),
        }
    }

    /// Counts a failure and returns the wait before the next attempt, unless there were too many or the deadline comes
    /// first.
    fn again<T>(
        &mut self,
        now: Timestamp,
        attempt_error: AttemptError,
        cause: Cause,
        limits: &Limits,
    ) -> RetryDecision<T> {
        let retry_after = attempt_error.retry_at(now);
        let told_when = attempt_error.is_throttled() && retry_after.is_some();
        self.counted += u32::from(!told_when);
        if self.counted >= limits.policy.max_failures.max(1) {
            return RetryDecision::Fail(Failure::TooManyFailures {
                failures: self.counted,
                last: attempt_error,
            });
        }
        let delay = self.delay(limits.policy.retry.delay(self.failures), &limits.policy);
        let until = now.saturating_add(delay).max(retry_after.unwrap_or(now));
        // If the server asked for no longer wait than this one, the next one is longer.
        let is_longer = told_when && until > now.saturating_add(delay);
        self.failures = self.failures.saturating_add(u32::from(!is_longer));
        let why = if attempt_error.is_throttled() { WaitReason::RateLimit } else { WaitReason::Retry };
        if limits.is_too_late(until, self.once) {
            return RetryDecision::Fail(deadline(until, Some(why), Some(attempt_error)));
        }
        RetryDecision::Wait(until, why, cause)
    }

    /// Resets the failures after a successful response.
    pub(crate) fn delivered(&mut self) {
        self.renewed = false;
        self.sent = 0;
        self.failures = 0;
        self.counted = 0;
    }

    /// Returns the delay before the next poll of an execution that is not found yet. It grows with each one, even if the
    /// policy's delays are zero.
    pub(crate) fn next_look(&mut self, policy: &Policy) -> Duration {
        let growing = NOT_FOUND.delay(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.delay(policy.first_poll.max(growing), policy)
    }

    /// Returns `delay` with jitter, at least one millisecond: a wait lies in the future.
    pub(crate) fn delay(&mut self, delay: Duration, policy: &Policy) -> Duration {
        self.jitter.spread(delay, policy.jitter).max(Duration::from_millis(1))
    }
}
