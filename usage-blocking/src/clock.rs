use std::sync::Arc;
use std::task::Wake;
use std::thread::{self, Thread};
use std::time::{Instant, SystemTime};

use usage_core::driver::blocking::Clock;
use usage_core::{Canceller, Timestamp};

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

/// Waits as the clock does, but not for what is cancelled.
pub(crate) fn sleep(clock: &dyn Clock, until: Timestamp, canceller: &Canceller) {
    canceller.wakes(&Arc::new(Sleeper(thread::current())).into());
    if !canceller.is_cancelled() {
        clock.sleep_until(until);
    }
}

struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
