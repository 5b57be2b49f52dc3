//! What time it is for a served simulator: the wall clock's, or a clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use usage_core::Timestamp;

/// Where a [`Server`](crate::Server) reads the time.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Wall,
    /// A clock that stands still until it is moved.
    Virtual(VirtualClock),
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Wall => SystemTime::now().into(),
            Self::Virtual(clock) => clock.now(),
        }
    }
}

impl From<VirtualClock> for Clock {
    fn from(clock: VirtualClock) -> Self {
        Self::Virtual(clock)
    }
}

/// A clock that stands still until it is moved. Its clones are one clock.
///
/// ```
/// use std::time::Duration;
/// use usage_core::Timestamp;
/// use usage_sim::VirtualClock;
///
/// let clock = VirtualClock::new(Timestamp::from_unix_millis(1_000));
/// let shared = clock.clone();
/// shared.advance(Duration::from_secs(2));
/// assert_eq!(clock.now().as_unix_millis(), 3_000);
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_unix_millis())))
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }

    /// Moves it forward to `time`; it stays where it is if it is already past it.
    pub fn advance_to(&self, time: Timestamp) {
        self.0.fetch_max(time.as_unix_millis(), Ordering::SeqCst);
    }

    /// Moves it forward by `by`.
    pub fn advance(&self, by: Duration) {
        self.advance_to(self.now().saturating_add(by));
    }

    /// Sets it to `time`, which may be earlier: real clocks step back, too.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_unix_millis(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advances_but_does_not_go_back_unless_set() {
        let clock = VirtualClock::new(Timestamp::from_unix_millis(5));
        clock.advance_to(Timestamp::from_unix_millis(3));
        assert_eq!(clock.now().as_unix_millis(), 5);
        clock.set(Timestamp::from_unix_millis(3));
        assert_eq!(Clock::from(clock).now().as_unix_millis(), 3);
    }
}
