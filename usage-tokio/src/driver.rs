use std::env;
use std::hash::{BuildHasher, RandomState};

use usage_core::error::BuildError;
use usage_core::{Error, Machine, Next};
use usage_driver::ClientConfig;
use usage_driver::futures::{Clock, Driver, Spawn, wait};
use usage_driver::{SharedSession, Task};

use crate::clock::SystemClock;
use crate::exchange::{self, Pool};

/// What a client on tokio connects, waits and loops with.
#[derive(Clone, Debug)]
pub struct Tokio {
    pool: Pool,
}

impl Driver for Tokio {
    type Clock = SystemClock;
    const USER_AGENT: &'static str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

    fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self { pool: Pool::new(config)? })
    }

    fn variable(name: &str) -> Option<String> {
        env::var(name).ok()
    }

    /// The standard library's hash keys are random enough for jitter.
    fn seed() -> u64 {
        RandomState::new().hash_one(())
    }

    fn spawner() -> Option<Spawn> {
        Some(|work| drop(tokio::spawn(work)))
    }

    // An async function would keep its arguments twice, as long as an execution waits.
    #[expect(clippy::manual_async_fn, reason = "it is smaller")]
    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send {
        async move {
            loop {
                match task.next(clock.now(), session) {
                    Next::Finished => return task.outcome(),
                    Next::WaitUntil(until, why) => {
                        let wait = wait(clock, session, task, until, why, tokio::time::sleep);
                        task.canceller.run_until_cancelled(wait).await;
                    }
                    Next::Send(exchange) => {
                        let (span, machine) = (exchange.span.clone(), &mut task.machine);
                        // On the heap, so that an execution holds none of it while it waits.
                        let work = exchange::run(&self.pool, clock, session, machine, *exchange);
                        let work = Box::pin(span.around(work));
                        let Some(progress) = task.canceller.run_until_cancelled(work).await else { continue };
                        if let Some(output) = task.take(progress) {
                            return Ok(Some(output));
                        }
                    }
                }
            }
        }
    }
}
