//! Clients that block.

mod client;
mod handle;
mod interface;
mod pages;
mod receive;
mod rows;
mod run_all;
#[cfg(feature = "rustls")]
mod stream;
mod wait;

use std::fmt;

pub use client::Client;
pub use handle::Handle;
pub use pages::Pages;
pub use receive::receive;
pub use rows::Rows;
pub use run_all::{MAX_THREADS, RunAll};
#[cfg(feature = "rustls")]
pub use stream::Stream;
pub use wait::wait;

use usage_core::error::BuildError;
use usage_core::{Error, Machine, Timestamp};

use crate::builder::ClientConfig;
use crate::session::SharedSession;
use crate::task::Task;

/// A driver, with which a [`Client`] connects, waits and drives its executions.
pub trait Driver: Clone + fmt::Debug + Send + Sync + 'static {
    /// The clock of clients that are given no other one.
    type Clock: Clock + Default + 'static;

    /// The `User-Agent` header: crate and version.
    const USER_AGENT: &'static str;

    /// Creates a driver with this configuration. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting cannot be used.
    fn new(config: &ClientConfig) -> Result<Self, BuildError>;

    /// Returns a variable of the environment, or `None` if the driver reads none.
    fn variable(name: &str) -> Option<String>;

    /// Returns a seed for jitter, a different one each time.
    fn seed() -> u64;

    /// Runs `work` on a thread of its own.
    fn spawn(work: impl FnOnce() + Send + 'static);

    /// Drives a machine until it has output (`Some`), is complete (`None`), or has failed. A cancelled machine has failed.
    ///
    /// # Errors
    ///
    /// Returns the failure of the machine.
    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> Result<Option<M::Output>, Error>;
}

/// A clock, from which a client reads the time and on which it waits. Tests replace it to run without waiting.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// use usage_core::Timestamp;
/// use usage_driver::blocking::Clock;
///
/// #[derive(Debug)]
/// struct TestClock(AtomicU64);
///
/// impl Clock for TestClock {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_unix_millis(self.0.load(Relaxed))
///     }
///
///     fn sleep_until(&self, until: Timestamp) {
///         self.0.store(until.as_unix_millis(), Relaxed); // waiting moves the clock
///     }
/// }
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Blocks until [`now`](Self::now) has reached `until`. It may return earlier: the caller reads the clock again. A
    /// [`Canceller`](crate::Canceller) unparks the thread that sleeps here.
    fn sleep_until(&self, until: Timestamp);
}
