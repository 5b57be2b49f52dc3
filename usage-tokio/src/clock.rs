use std::time::{Instant, SystemTime};

use futures_util::future::BoxFuture;
use usage_core::Timestamp;
use usage_driver::futures::Clock;

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

    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(until.saturating_since(self.now())))
    }
}
