//! Delays, limits and the classification of statuses: pure functions and constants.

use std::time::Duration;

use http::StatusCode;

/// Truncated exponential backoff.
///
/// ```
/// use std::time::Duration;
/// use usage_core::retry::Backoff;
///
/// let backoff = Backoff::new(Duration::from_secs(1), 2.0, Duration::from_secs(5));
/// let delays: Vec<u64> = (0..4).map(|n| backoff.delay(n).as_secs()).collect();
/// assert_eq!(delays, [1, 2, 4, 5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Backoff {
    /// The first delay.
    pub initial: Duration,
    /// The ratio of each delay to the previous one; values below 1 count as 1.
    pub factor: f64,
    /// The longest delay.
    pub max: Duration,
}

impl Backoff {
    /// Returns a backoff that starts with `initial` and grows by `factor` up to `max`.
    pub const fn new(initial: Duration, factor: f64, max: Duration) -> Self {
        Self { initial, factor, max }
    }

    /// Returns the same delay each time.
    pub const fn constant(delay: Duration) -> Self {
        Self::new(delay, 1.0, delay)
    }

    /// Returns the delay before attempt `n`, counted from 0, without jitter. It never decreases with `n`.
    pub fn delay(&self, n: u32) -> Duration {
        let exponent = i32::try_from(n).unwrap_or(i32::MAX);
        let seconds = self.initial.as_secs_f64() * self.factor.max(1.0).powi(exponent);
        Duration::try_from_secs_f64(seconds).unwrap_or(self.max).min(self.max)
    }
}

/// Delays, retries and limits of an execution or a call.
///
/// ```
/// use std::time::Duration;
/// use usage_core::Policy;
///
/// let policy = Policy::default();
/// assert_eq!(policy.first_poll, Duration::from_millis(400));
/// assert_eq!(policy.poll.delay(0), Duration::from_millis(600));
/// assert_eq!(policy.poll.delay(1), Duration::from_millis(900));
/// assert_eq!(policy.poll.delay(99), Duration::from_secs(150));
/// assert_eq!(policy.retry.delay(0), Duration::from_millis(500));
/// assert_eq!(policy.retry.delay(99), Duration::from_secs(30));
/// assert_eq!((policy.jitter, policy.max_failures), (0.2, 5));
/// assert_eq!(policy.deadline, Duration::from_secs(10 * 60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Delay between the submit and the first poll.
    pub first_poll: Duration,
    /// Delays between the further polls of a pending query. By default, each is about half of the time that the query has
    /// taken so far: the service's vendor warns against polling fast.
    ///
    /// Once a session knows how long the latest query of the same family took, its next one is also polled when that time
    /// has passed and shortly after. No delay becomes longer than without that knowledge.
    pub poll: Backoff,
    /// Delays between attempts after a failure. `Retry-After` is a lower bound of these delays, never an upper one.
    pub retry: Backoff,
    /// Jitter, as a fraction of each delay: 0.2 moves it by up to 20 % up or down.
    pub jitter: f64,
    /// Maximum number of consecutive failures before giving up. A 429 with `Retry-After` does not count.
    pub max_failures: u32,
    /// Time limit of the execution or call, waits included. With less than
    /// [`MIN_SUBMIT_TIME`](crate::machine::MIN_SUBMIT_TIME) left, a submit is not sent.
    pub deadline: Duration,
    /// Time limit of one exchange, from connecting to the last byte of the body.
    pub exchange_timeout: Duration,
    /// Time after the submit during which a poll that is answered 404 counts as "not yet".
    pub not_found_grace: Duration,
    /// Whether to repeat a submit that may have arrived. The service may then run the query twice, which costs requests and
    /// time, but no data.
    pub resubmit: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_poll: Duration::from_millis(400),
            poll: Backoff::new(Duration::from_millis(600), 1.5, Duration::from_secs(150)),
            retry: Backoff::new(Duration::from_millis(500), 2.0, Duration::from_secs(30)),
            jitter: 0.2,
            max_failures: 5,
            deadline: Duration::from_secs(600),
            exchange_timeout: Duration::from_secs(30),
            not_found_grace: Duration::from_secs(15),
            resubmit: false,
        }
    }
}

impl Policy {
    /// Sets [`deadline`](Self::deadline).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets [`exchange_timeout`](Self::exchange_timeout).
    #[must_use]
    pub fn with_exchange_timeout(mut self, timeout: Duration) -> Self {
        self.exchange_timeout = timeout;
        self
    }

    /// Sets [`max_failures`](Self::max_failures); 0 counts as 1.
    #[must_use]
    pub fn with_max_failures(mut self, failures: u32) -> Self {
        self.max_failures = failures;
        self
    }

    /// Sets [`first_poll`](Self::first_poll).
    #[must_use]
    pub fn with_first_poll(mut self, delay: Duration) -> Self {
        self.first_poll = delay;
        self
    }

    /// Sets [`poll`](Self::poll).
    #[must_use]
    pub fn with_poll(mut self, poll: Backoff) -> Self {
        self.poll = poll;
        self
    }

    /// Sets [`retry`](Self::retry).
    #[must_use]
    pub fn with_retry(mut self, retry: Backoff) -> Self {
        self.retry = retry;
        self
    }

    /// Sets [`jitter`](Self::jitter).
    #[must_use]
    pub fn with_jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets [`not_found_grace`](Self::not_found_grace).
    #[must_use]
    pub fn with_not_found_grace(mut self, grace: Duration) -> Self {
        self.not_found_grace = grace;
        self
    }

    /// Sets [`resubmit`](Self::resubmit).
    #[must_use]
    pub fn with_resubmit(mut self, resubmit: bool) -> Self {
        self.resubmit = resubmit;
        self
    }
}

/// What a response status means for the next attempt.
///
/// ```
/// use http::StatusCode;
/// use usage_core::retry::{Class, classify};
///
/// assert_eq!(classify(StatusCode::TOO_MANY_REQUESTS), Class::Throttled);
/// assert_eq!(classify(StatusCode::FOUND), Class::Rejected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// 2xx: the body is the result.
    Success,
    /// 429: retry later.
    Throttled,
    /// 408 and 5xx: a temporary failure.
    Unavailable,
    /// 401: retry with a new token.
    Unauthorized,
    /// Any other status: a retry would fail again. This includes redirects, which are never followed.
    Rejected,
}

/// Returns the class of `status`.
///
/// ```
/// use usage_core::retry::{Class, classify};
///
/// let class = |status: u16| classify(status.try_into().unwrap());
/// assert_eq!(class(202), Class::Success);
/// assert_eq!(class(302), Class::Rejected);
/// assert_eq!(class(409), Class::Rejected);
/// assert_eq!(class(504), Class::Unavailable);
/// ```
pub fn classify(status: StatusCode) -> Class {
    match status {
        _ if status.is_success() => Class::Success,
        StatusCode::TOO_MANY_REQUESTS => Class::Throttled,
        StatusCode::REQUEST_TIMEOUT => Class::Unavailable,
        _ if status.is_server_error() => Class::Unavailable,
        StatusCode::UNAUTHORIZED => Class::Unauthorized,
        _ => Class::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_setter_sets_its_own_member_and_no_other() {
        let odd = Backoff::new(Duration::from_secs(7), 7.0, Duration::from_secs(77));
        let policy = Policy {
            first_poll: Duration::from_secs(71),
            poll: odd,
            retry: Backoff { factor: 8.0, ..odd },
            jitter: 0.72,
            max_failures: 73,
            deadline: Duration::from_secs(74),
            exchange_timeout: Duration::from_secs(75),
            not_found_grace: Duration::from_secs(76),
            resubmit: true,
        };
        let set = Policy::default()
            .with_first_poll(policy.first_poll)
            .with_poll(policy.poll)
            .with_retry(policy.retry)
            .with_jitter(policy.jitter)
            .with_max_failures(policy.max_failures)
            .with_deadline(policy.deadline)
            .with_exchange_timeout(policy.exchange_timeout)
            .with_not_found_grace(policy.not_found_grace)
            .with_resubmit(policy.resubmit);
        assert_eq!(set, policy);
    }

    #[test]
    fn every_status_has_its_class() {
        for status in 100..1000u16 {
            let class = match status {
                200..=299 => Class::Success,
                429 => Class::Throttled,
                408 | 500..=599 => Class::Unavailable,
                401 => Class::Unauthorized,
                _ => Class::Rejected,
            };
            assert_eq!(classify(status.try_into().unwrap()), class, "{status}");
        }
    }

    proptest! {
        #[test]
        fn backoff_is_monotone_and_bounded(initial in 0u64..100_000, factor in 0.0f64..20.0, max in 0u64..1_000_000, n in 0u32..2000) {
            let backoff = Backoff { initial: Duration::from_millis(initial), factor, max: Duration::from_millis(max) };
            prop_assert!(backoff.delay(n) <= backoff.delay(n + 1));
            prop_assert!(backoff.delay(n) <= backoff.max);
        }
    }
}
