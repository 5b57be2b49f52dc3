//! The loop of async clients in memory.

use std::future::{pending, poll_fn};
use std::task::{Context, Poll, Waker};

use usage_core::error::BuildError;
use usage_core::machine::Exchange;
use usage_core::{Error, Machine, Next};
use usage_driver::futures::{Clock, Driver, Spawn, wait};
use usage_driver::{ClientConfig, SharedSession, Task};

use crate::clock::VirtualClock;
use crate::in_memory::{InMemory, Sending, arrive};

impl Driver for InMemory {
    type Clock = VirtualClock;
    const USER_AGENT: &'static str = Self::USER_AGENT;

    /// Creates a driver of a simulated service with the default configuration.
    fn new(_: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self::default())
    }

    fn variable(_: &str) -> Option<String> {
        None
    }

    /// Returns a constant, because tests are deterministic.
    fn seed() -> u64 {
        1
    }

    /// Runs token exchanges, the only tasks, to their end: in memory they never wait.
    fn spawner() -> Option<Spawn> {
        Some(|mut work| {
            let mut cx = Context::from_waker(Waker::noop());
            while work.as_mut().poll(&mut cx).is_pending() {}
        })
    }

    async fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> Result<Option<M::Output>, Error> {
        loop {
            match task.next(clock.now(), session) {
                Next::Finished => return task.outcome(),
                Next::WaitUntil(until, why) => {
                    let wait = wait(clock, session, task, until, why, |_| pending::<()>());
                    task.canceller.run_until_cancelled(wait).await;
                }
                Next::Send(exchange) => {
                    let Exchange { ticket, request, timeout, .. } = *exchange;
                    let reply = self.respond(clock.now(), request);
                    // The request is in flight: the caller may drop the future or cancel here.
                    let Some(()) = task.canceller.run_until_cancelled(yield_now()).await else { continue };
                    let sending = Sending { ticket, timeout };
                    let progress = arrive(&mut task.machine, (&|| clock.now(), session), sending, reply);
                    if let Some(output) = task.take(progress) {
                        return Ok(Some(output));
                    }
                }
            }
        }
    }
}

/// Lets other tasks run.
fn yield_now() -> impl Future<Output = ()> + Send + Unpin {
    let mut yielded = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}
