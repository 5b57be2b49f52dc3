//! Cancels executions from elsewhere.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Poll, Waker};

/// Cancels an execution from any task or thread. Clones cancel the same execution.
///
/// The handle of an execution returns it. A cancelled execution ends as
/// [`Failure::Cancelled`](usage_core::error::Failure::Cancelled). Cancelling an execution that has ended does nothing.
///
/// ```
/// use usage_driver::Canceller;
///
/// let canceller = Canceller::default();
/// let elsewhere = canceller.clone();
/// std::thread::spawn(move || elsewhere.cancel()).join().unwrap();
/// assert!(canceller.is_cancelled());
/// ```
#[derive(Default)]
pub struct Canceller(
    /// Allocated by the first clone or use: an execution that cannot be cancelled waits without it.
    OnceLock<Arc<Flag>>,
);

#[derive(Default)]
struct Flag {
    raised: AtomicBool,
    /// The waker of the task or thread that drives the execution.
    driver: Mutex<Option<Waker>>,
}

impl Flag {
    fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    fn wakes(&self, driver: &Waker) {
        match &mut *self.driver.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(registered) => registered.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
    }
}

impl Canceller {
    /// Cancels, and wakes the driver if it sleeps.
    pub fn cancel(&self) {
        let flag = self.flag();
        flag.raised.store(true, Ordering::SeqCst);
        let driver = flag.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Returns whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.get().is_some_and(|flag| flag.is_raised())
    }

    /// For drivers: registers `driver` to be woken by [`cancel`](Self::cancel). Call [`is_cancelled`](Self::is_cancelled)
    /// after this, not before.
    pub fn wakes(&self, driver: &Waker) {
        self.flag().wakes(driver);
    }

    /// For drivers: returns the output of `work`, or `None` as soon as the execution is cancelled.
    ///
    /// The future is little larger than `work`, which is boxed or pinned elsewhere, because waiting executions hold it.
    pub fn run_until_cancelled<T>(
        &mut self,
        mut work: impl Future<Output = T> + Unpin,
    ) -> impl Future<Output = Option<T>> {
        poll_fn(move |cx| {
            if let Poll::Ready(done) = Pin::new(&mut work).poll(cx) {
                return Poll::Ready(Some(done));
            }
            // `&mut self`: no clone can be made meanwhile, and each earlier one has allocated the flag.
            let Some(flag) = self.0.get() else { return Poll::Pending };
            flag.wakes(cx.waker());
            if flag.is_raised() { Poll::Ready(None) } else { Poll::Pending }
        })
    }

    fn flag(&self) -> &Arc<Flag> {
        self.0.get_or_init(Arc::default)
    }
}

impl Clone for Canceller {
    fn clone(&self) -> Self {
        Self(Arc::clone(self.flag()).into())
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").field("cancelled", &self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;
    use std::task::{Context, Wake};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn cancelling_wakes_a_sleeping_driver_once() {
        let (mut canceller, woken) = (Canceller::default(), Arc::new(Woken::default()));
        let other = canceller.clone();
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut work = pin!(canceller.run_until_cancelled(pending::<()>()));
        assert!(work.as_mut().poll(&mut cx).is_pending());
        assert!(work.as_mut().poll(&mut cx).is_pending());
        other.cancel();
        other.cancel();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(work.as_mut().poll(&mut cx), Poll::Ready(None));
    }

    #[test]
    fn completed_work_is_returned_although_cancelled() {
        let mut canceller = Canceller::default();
        canceller.cancel();
        let mut cx = Context::from_waker(Waker::noop());
        let work = pin!(canceller.run_until_cancelled(ready(7)));
        assert_eq!(work.poll(&mut cx), Poll::Ready(Some(7)));
    }
}
