//! What hyper wants of a runtime: tasks and timers.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_io::Timer;
use async_std::task;
use hyper::rt;
use usage_driver::futures::Turns;

/// Runs the tasks of connections: where submits are among them, one at a time.
#[derive(Clone, Debug)]
pub(crate) struct Spawner(pub(crate) Option<Turns>);

impl<F: Future<Output = ()> + Send + 'static> rt::Executor<F> for Spawner {
    fn execute(&self, task: F) {
        // Without its handle it runs on.
        drop(match &self.0 {
            Some(turns) => task::spawn(turns.take(task)),
            None => task::spawn(task),
        });
    }
}

/// The timer of the connection pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolTimer;

impl rt::Timer for PoolTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(Timer::after(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(Timer::at(deadline)))
    }
}

struct Sleep(Timer);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

impl rt::Sleep for Sleep {}
