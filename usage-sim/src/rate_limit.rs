//! The number of requests of a token in the current minute.

use std::collections::BTreeMap;
use std::time::Duration;

use usage_core::Timestamp;

use crate::reply::Problem;

const WINDOW: Duration = Duration::from_secs(60);

/// Maximum number of windows kept before those that have ended are dropped.
const MAX_WINDOWS: usize = 1_000;

/// One window per token, of a minute from its first request on. Refused requests count as well.
#[derive(Clone, Debug)]
pub(crate) struct RateLimits {
    allowed: u32,
    windows: BTreeMap<u64, Window>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    opened: Timestamp,
    count: u32,
}

/// The values of the `inin-ratelimit-*` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) count: u32,
    pub(crate) allowed: u32,
    /// Seconds until the window ends, rounded up.
    pub(crate) reset: u64,
}

impl RateLimits {
    pub(crate) fn new(allowed: u32) -> Self {
        Self { allowed, windows: BTreeMap::new() }
    }

    /// Counts a request of `token`, and fails if it exceeds the limit.
    pub(crate) fn count(&mut self, token: u64, now: Timestamp) -> Result<(), Problem> {
        if self.windows.len() > MAX_WINDOWS {
            self.windows.retain(|_, window| window.is_open(now));
        }
        let window = self.windows.entry(token).or_insert(Window { opened: now, count: 0 });
        if !window.is_open(now) {
            *window = Window { opened: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        if window.count > self.allowed {
            let seconds = window.seconds_left(now).to_string();
            return Err(Problem::too_many_requests(self.allowed, Some(&seconds)));
        }
        Ok(())
    }

    /// Returns the values for `token`, without counting a request.
    pub(crate) fn usage(&self, token: u64, now: Timestamp) -> Usage {
        let window = self.windows.get(&token).copied().filter(|window| window.is_open(now));
        let window = window.unwrap_or(Window { opened: now, count: 0 });
        Usage { count: window.count, allowed: self.allowed, reset: window.seconds_left(now) }
    }
}

impl Window {
    /// A clock that stepped back before the window opened ends it as well.
    fn is_open(&self, now: Timestamp) -> bool {
        self.opened <= now && now.saturating_since(self.opened) < WINDOW
    }

    fn seconds_left(&self, now: Timestamp) -> u64 {
        let left = self.opened.saturating_add(WINDOW).saturating_since(now).min(WINDOW);
        u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(60).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1000)
    }

    #[test]
    fn requests_over_the_limit_are_refused_until_the_window_ends() {
        let mut limits = RateLimits::new(2);
        assert!(limits.count(1, at(100)).is_ok());
        assert!(limits.count(1, at(110)).is_ok());
        assert_eq!(limits.usage(1, at(130)), Usage { count: 2, allowed: 2, reset: 30 });
        assert!(limits.count(1, at(159)).is_err());
        assert!(limits.count(2, at(159)).is_ok(), "another token has its own window");
        assert!(limits.count(1, at(160)).is_ok());
        assert_eq!(limits.usage(1, at(160)), Usage { count: 1, allowed: 2, reset: 60 });
    }

    #[test]
    fn windows_that_ended_are_dropped_and_a_clock_may_step_back() {
        let mut limits = RateLimits::new(1);
        for token in 0..5_000 {
            assert!(limits.count(token, at(token)).is_ok());
        }
        assert!(limits.windows.len() <= MAX_WINDOWS + 1);
        assert!(limits.count(4_999, at(10)).is_ok());
    }
}
