//! Lets the tasks of a connection run one at a time.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

/// Lets the tasks of connections proceed one at a time.
///
/// hyper's HTTP/2 is two tasks a connection. If the server goes away between two steps of the one that sends requests, the
/// request that it is sending fails as if it had come too late, although the server may have processed it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<()>>);

impl Turns {
    /// Returns `task` such that it does not proceed while another one does.
    pub(crate) fn take<F: Future>(&self, task: F) -> impl Future<Output = F::Output> + use<F> {
        let turn = Arc::clone(&self.0);
        async move {
            let mut task = pin!(task);
            poll_fn(|cx| {
                let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                task.as_mut().poll(cx)
            })
            .await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;
    use std::thread;

    use futures_util::future::{BoxFuture, FutureExt, join_all};
    use futures_util::task::noop_waker;

    use super::*;

    #[test]
    fn only_one_task_proceeds_at_a_time() {
        let (turns, busy) = (Turns::default(), Arc::new(AtomicBool::new(false)));
        let task = || {
            let (busy, mut steps) = (Arc::clone(&busy), 0);
            let work = poll_fn(move |_| {
                assert!(!busy.swap(true, Ordering::SeqCst), "another task is at work");
                thread::yield_now();
                busy.store(false, Ordering::SeqCst);
                steps += 1;
                if steps == 50 { Poll::Ready(()) } else { Poll::Pending }
            });
            turns.take(work).boxed()
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                let tasks: Vec<BoxFuture<'_, ()>> = (0..4).map(|_| task()).collect();
                scope.spawn(move || {
                    let mut tasks = join_all(tasks);
                    let waker = noop_waker();
                    while tasks.poll_unpin(&mut std::task::Context::from_waker(&waker)).is_pending() {}
                });
            }
        });
    }
}
