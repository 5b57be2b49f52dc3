use std::thread;
use std::time::{Instant, SystemTime};

use usage_core::Timestamp;
use usage_driver::blocking::Clock;

/// A clock that reads the wall clock once, when it is created, and adds monotonic time from then on. It never goes back.
///
/// ```
/// use usage_blocking::{Clock, SystemClock};
///
/// let clock = SystemClock::default();
/// let before = clock.now();
/// assert!(clock.now() >= before);
/// ```
#[derive(Clone, Debug)]
pub struct SystemClock {
    wall: Timestamp,
    started: Instant,
}

impl Default for SystemClock {
    /// Creates a clock that shows the current time.
    fn default() -> Self {
        Self { wall: SystemTime::now().into(), started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall.saturating_add(self.started.elapsed())
    }

    /// Sleeps until `until`, or until the thread is unparked.
    fn sleep_until(&self, until: Timestamp) {
        thread::park_timeout(until.saturating_since(self.now()));
    }
}
