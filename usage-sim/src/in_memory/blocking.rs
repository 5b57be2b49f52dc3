//! The loop of blocking clients in memory.

use std::thread;

use usage_core::error::BuildError;
use usage_core::machine::Exchange;
use usage_core::{Error, Machine, Next};
use usage_driver::blocking::{Clock, Driver, wait};
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
                    let Exchange { ticket, request, timeout, .. } = *exchange;
                    let reply = self.respond(clock.now(), request);
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
