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

/// A driver: what a [`Client`] connects, waits and loops with.
pub trait Driver: Clone + fmt::Debug + Send + Sync + 'static {
    /// What its clients read the time from, if they get no other clock.
    type Clock: Clock + Default + 'static;

    /// The `User-Agent`: crate and version.
    const USER_AGENT: &'static str;

    /// Connections by this configuration; nothing is sent.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if a setting cannot be used.
    fn new(config: &ClientConfig) -> Result<Self, BuildError>;

    /// A variable of the environment.
    fn variable(name: &str) -> Option<String>;

    /// A number that is another one each time, for jitter.
    fn seed() -> u64;

    /// Does `work` on a thread of its own.
    fn spawn(work: impl FnOnce() + Send + 'static);

    /// Drives a machine until it brings something (`Some`), is complete (`None`), or has failed; to be cancelled is to
    /// fail.
    ///
    /// # Errors
    ///
    /// [`Error`] that ended the machine.
    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> Result<Option<M::Output>, Error>;
}

/// What a client reads the time from and waits on. Replace it to run without waiting, in tests.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Returns when [`now`](Self::now) has reached `until`, or earlier: whoever called looks at the clock again. A
    /// [`Canceller`](crate::Canceller) unparks the thread that sleeps here.
    fn sleep_until(&self, until: Timestamp);
}
