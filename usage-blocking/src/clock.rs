use std::thread;
use std::time::{Instant, SystemTime};

use usage_core::Timestamp;
use usage_driver::blocking::Clock;

/// The wall clock, read once; from then on time only goes forward.
#[derive(Clone, Debug)]
pub struct SystemClock {
    wall: Timestamp,
    started: Instant,
}

impl Default for SystemClock {
    /// A clock that shows the wall's time now.
    fn default() -> Self {
        Self { wall: SystemTime::now().into(), started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall.saturating_add(self.started.elapsed())
    }

    /// Until then, or until the thread is unparked.
    fn sleep_until(&self, until: Timestamp) {
        thread::park_timeout(until.saturating_since(self.now()));
    }
}
