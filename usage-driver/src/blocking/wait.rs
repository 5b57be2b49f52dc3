//! Waits of a driver's loop, which a canceller ends.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use usage_core::{Timestamp, WaitReason};

use crate::blocking::Clock;
use crate::canceller::Canceller;
use crate::session::{SharedSession, TokenWait};
use crate::task::Task;

/// For drivers: waits as [`Next::WaitUntil`](usage_core::Next::WaitUntil) asks: until `until` by `clock`, or until the
/// token exchange in flight has ended. Cancelling the task ends the wait.
pub fn wait<M>(
    clock: &dyn Clock,
    session: &SharedSession,
    task: &Task<M>,
    until: Timestamp,
    why: WaitReason,
) {
    if why == WaitReason::Token {
        let limit = until.saturating_since(clock.now());
        return wait_for_token(task.token_wait(session), limit, &task.canceller);
    }
    task.canceller.wakes(&Arc::new(Sleeper(thread::current())).into());
    if !task.canceller.is_cancelled() {
        clock.sleep_until(until);
    }
}

fn wait_for_token(mut wait: TokenWait, limit: Duration, canceller: &Canceller) {
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(Arc::clone(&alarm));
    canceller.wakes(&waker);
    let is_over = Pin::new(&mut wait).poll(&mut Context::from_waker(&waker)).is_ready();
    if !is_over && !canceller.is_cancelled() && !alarm.rings_within(limit) {
        wait.overdue(limit);
    }
}

/// A thread that sleeps on a [`Clock`].
struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A waker for a thread that blocks on a condition variable.
#[derive(Default)]
struct Alarm {
    rings: Mutex<bool>,
    rang: Condvar,
}

impl Alarm {
    fn rings_within(&self, limit: Duration) -> bool {
        let rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        *self.rang.wait_timeout_while(rings, limit, |rings| !*rings).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        *self.rings.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rang.notify_all();
    }
}
