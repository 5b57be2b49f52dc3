use std::time::{Instant, SystemTime};

use async_io::Timer;
use futures_util::future::{BoxFuture, FutureExt};
use usage_core::Timestamp;
use usage_driver::futures::Clock;

/// A clock that reads the wall clock once, when it is created, and adds monotonic time from then on. It never goes back.
///
/// ```
/// use usage_async_std::{Clock, SystemClock};
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

    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(Timer::after(until.saturating_since(self.now())).map(drop))
    }
}
