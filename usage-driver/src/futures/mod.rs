//! Clients that return futures. They are all `Send`.

mod client;
mod first_connected;
mod handle;
mod interface;
mod pages;
mod receive;
mod rows;
mod run_all;
mod timeout;
#[cfg(feature = "hyper")]
mod turns;

use std::fmt;
use std::pin::Pin;

pub use client::Client;
pub use first_connected::first_connected;
pub use handle::Handle;
pub use pages::Pages;
pub use receive::receive;
pub use rows::Rows;
pub use run_all::RunAll;
#[cfg(feature = "hyper")]
pub(crate) use timeout::exchange_limit;
pub use timeout::{timeout, wait};
#[cfg(feature = "hyper")]
pub(crate) use turns::Turns;

use usage_core::error::BuildError;
use usage_core::{Error, Machine, Timestamp};

use crate::builder::ClientConfig;
use crate::session::SharedSession;
use crate::task::Task;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts a future as a task of its own.
pub type Spawn = fn(BoxFuture<'static, ()>);

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

    /// Returns the function that starts a task, which continues when the future that started it is dropped; `None` if the
    /// driver cannot start tasks.
    ///
    /// Token exchanges belong to the session: each is carried out on a task of its own, so that its response is
    /// kept even if the execution that asked for it is dropped. A driver that starts no tasks gets them in its loop, where
    /// they are given up with the execution.
    fn spawner() -> Option<Spawn> {
        None
    }

    /// Drives a machine until it has output (`Some`), is complete (`None`), or has failed. A cancelled machine has
    /// failed. The future may be dropped at any moment.
    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send;
}

/// A clock, from which a client reads the time and on which it waits. Tests replace it to run without waiting.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// use usage_core::Timestamp;
/// use usage_driver::futures::{BoxFuture, Clock};
///
/// #[derive(Debug)]
/// struct TestClock(AtomicU64);
///
/// impl Clock for TestClock {
///     fn now(&self) -> Timestamp {
///         Timestamp::from_unix_millis(self.0.load(Relaxed))
///     }
///
///     fn sleep_until(&self, until: Timestamp) -> BoxFuture<'_, ()> {
///         self.0.store(until.as_unix_millis(), Relaxed); // waiting moves the clock
///         Box::pin(std::future::ready(()))
///     }
/// }
/// ```
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Completes when [`now`](Self::now) has reached `until`.
    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'_, ()>;
}
