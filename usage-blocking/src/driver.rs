use std::hash::{BuildHasher, RandomState};
use std::{env, thread};

use usage_core::error::BuildError;
use usage_core::{Error, Machine, Next};
use usage_driver::ClientConfig;
use usage_driver::blocking::{Clock, Driver, wait};
use usage_driver::{SharedSession, Task};

use crate::clock::SystemClock;
use crate::exchange::{self, Pool};

/// The driver of [`Client`](crate::Client): sends requests with ureq, and waits on the calling thread.
///
/// Code that is generic over the driver names it:
///
/// ```
/// use usage_blocking::{Blocking, core::Secret};
/// use usage_driver::{ClientBuilder, blocking};
///
/// let secret = Secret::new("from a safe place".to_owned());
/// let builder = ClientBuilder::<blocking::Client<Blocking>>::new();
/// let client = builder.client_credentials("7de3af06", secret)?.build()?;
/// # Ok::<(), usage_blocking::core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Blocking {
    pool: Pool,
}

impl Driver for Blocking {
    type Clock = SystemClock;
    const USER_AGENT: &'static str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

    fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self { pool: Pool::new(config, Self::USER_AGENT)? })
    }

    fn variable(name: &str) -> Option<String> {
        env::var(name).ok()
    }

    /// The standard library's hash keys are random enough for jitter.
    fn seed() -> u64 {
        RandomState::new().hash_one(())
    }

    fn spawn(work: impl FnOnce() + Send + 'static) {
        thread::spawn(work);
    }

    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> Result<Option<M::Output>, Error> {
        loop {
            match task.next(clock.now(), session) {
                Next::Finished => return task.outcome(),
                Next::WaitUntil(until, why) => wait(clock, session, task, until, why),
                Next::Send(exchange) => {
                    let (span, machine) = (exchange.span.clone(), &mut task.machine);
                    let work = || exchange::run(&self.pool, clock, session, machine, *exchange);
                    let progress = span.inside(work);
                    if let Some(output) = task.take(progress) {
                        return Ok(Some(output));
                    }
                }
            }
        }
    }
}
