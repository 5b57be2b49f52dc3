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
pub use timeout::{exchange_limit, timeout, wait};
pub use turns::Turns;

use usage_core::error::BuildError;
use usage_core::{Error, Machine, Timestamp};

use crate::builder::ClientConfig;
use crate::session::SharedSession;
use crate::task::Task;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts a task of its own.
pub type Spawn = fn(BoxFuture<'static, ()>);

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

    /// How it starts a task, which goes on when the future that started it is dropped; `None` if it cannot.
    ///
    /// Token exchanges belong to the session: each is carried out on a task of its own, so that its answer is kept
    /// whatever becomes of the execution that asked for it. A driver that starts no tasks gets them in its loop, where
    /// they are given up with the execution.
    fn spawner() -> Option<Spawn> {
        None
    }

    /// Drives a machine until it brings something (`Some`), is complete (`None`), or has failed; to be cancelled is to
    /// fail. The future may be dropped at any moment.
    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send;
}

/// What a client reads the time from and waits on. Replace it to run without waiting, in tests.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Is ready when [`now`](Self::now) has reached `until`.
    fn sleep_until(&self, until: Timestamp) -> BoxFuture<'_, ()>;
}
