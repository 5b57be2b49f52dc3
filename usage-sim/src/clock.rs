//! The clock of a served simulator: real time, or a clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use usage_core::Timestamp;

/// The clock of a [`Server`](crate::Server).
///
/// ```
/// use usage_sim::{Clock, VirtualClock};
///
/// let clock = Clock::from(VirtualClock::default());
/// assert_eq!(clock.now(), clock.now());
/// assert!(matches!(Clock::default(), Clock::Wall));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Clock {
    /// The clock of the operating system.
    #[default]
    Wall,
    /// A clock that moves only when a test moves it.
    Virtual(VirtualClock),
}

impl Clock {
    /// Returns the current time.
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

/// A clock that moves only when it is moved. Clones share their time.
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

impl Default for VirtualClock {
    /// Returns a clock that shows midnight of 2026-07-08 (UTC), the same in each test.
    fn default() -> Self {
        Self::new(Timestamp::from_unix_millis(1_783_468_800_000))
    }
}

impl VirtualClock {
    /// Creates a clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_unix_millis())))
    }

    /// Returns the current time of this clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }

    /// Moves the clock forward to `time`. Does nothing if it already shows a later time.
    pub fn advance_to(&self, time: Timestamp) {
        self.0.fetch_max(time.as_unix_millis(), Ordering::SeqCst);
    }

    /// Moves the clock forward by `by`.
    pub fn advance(&self, by: Duration) {
        self.advance_to(self.now().saturating_add(by));
    }

    /// Sets the clock to `time`, which may be earlier: clocks of machines may step back as well.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_unix_millis(), Ordering::SeqCst);
    }
}

/// Waiting moves the clock, so that a client never sleeps and hours pass in milliseconds.
///
/// ```
/// use usage_driver::blocking::Clock;
/// use usage_sim::VirtualClock;
///
/// let clock = VirtualClock::new("2026-07-08".parse::<usage_core::Date>()?.start());
/// let noon = clock.now().saturating_add(std::time::Duration::from_secs(12 * 3600));
/// clock.sleep_until(noon); // returns at once
/// assert_eq!(clock.now(), noon);
/// // A client: `Client::builder()…build()?.with_clock(clock.clone())`.
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[cfg(feature = "driver")]
impl usage_driver::blocking::Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.now()
    }

    fn sleep_until(&self, until: Timestamp) {
        self.advance_to(until);
    }
}

/// Waiting moves the clock, as for blocking clients.
#[cfg(feature = "futures")]
impl usage_driver::futures::Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.now()
    }

    fn sleep_until(&self, until: Timestamp) -> usage_driver::futures::BoxFuture<'_, ()> {
        self.advance_to(until);
        Box::pin(std::future::ready(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "driver")]
    #[test]
    fn waiting_moves_a_virtual_clock() {
        let clock = VirtualClock::new(Timestamp::from_unix_millis(5));
        usage_driver::blocking::Clock::sleep_until(&clock, Timestamp::from_unix_millis(9));
        usage_driver::blocking::Clock::sleep_until(&clock, Timestamp::from_unix_millis(7));
        assert_eq!(clock.now().as_unix_millis(), 9);
    }

    #[test]
    fn a_virtual_clock_goes_back_only_if_set() {
        let clock = VirtualClock::new(Timestamp::from_unix_millis(5));
        clock.advance_to(Timestamp::from_unix_millis(3));
        assert_eq!(clock.now().as_unix_millis(), 5);
        clock.set(Timestamp::from_unix_millis(3));
        assert_eq!(Clock::from(clock).now().as_unix_millis(), 3);
    }
}
