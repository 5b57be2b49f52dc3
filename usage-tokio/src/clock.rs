use std::fmt;
use std::pin::Pin;
use std::time::{Instant, SystemTime};

use usage_core::Timestamp;

/// What a client reads the time from and waits on. Replace it to run without waiting, in tests.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Is ready when [`now`](Self::now) has reached `until`.
    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

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

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            while self.now() < until {
                tokio::time::sleep(until.saturating_since(self.now())).await;
            }
        })
    }
}
