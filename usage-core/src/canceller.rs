use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Cancels what somebody else drives, from any task or thread. Clones cancel the same.
///
/// A driver's handle gives it out, and ends as [`Failure::Cancelled`](crate::error::Failure::Cancelled) once it is
/// used. It has no effect on what is over already.
#[derive(Clone, Default)]
pub struct Canceller(Arc<Flag>);

#[derive(Default)]
struct Flag {
    raised: AtomicBool,
    /// Who drives, and may be asleep.
    driver: Mutex<Option<Waker>>,
}

impl Canceller {
    /// Cancels, and wakes the driver if it sleeps.
    pub fn cancel(&self) {
        self.0.raised.store(true, Ordering::SeqCst);
        let driver = self.driver().take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Whether it was used.
    pub fn is_cancelled(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    /// For drivers: has `driver` woken when it is cancelled. Look whether it [is](Self::is_cancelled) after this.
    pub fn wakes(&self, driver: &Waker) {
        match &mut *self.driver() {
            Some(registered) => registered.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
    }

    /// For drivers: what `work` brings; `None` as soon as it is cancelled, unless `work` is done by then.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            self.wakes(cx.waker());
            if self.is_cancelled() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    fn driver(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.driver.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_sleeping_driver_is_woken_once_and_stops() {
        let (canceller, woken) = (Canceller::default(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut work = pin!(canceller.unless_cancelled(pending::<()>()));
        assert!(work.as_mut().poll(&mut cx).is_pending());
        assert!(work.as_mut().poll(&mut cx).is_pending());
        let other = canceller.clone();
        other.cancel();
        other.cancel();
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(work.as_mut().poll(&mut cx), Poll::Ready(None));
    }

    #[test]
    fn what_is_done_is_done() {
        let canceller = Canceller::default();
        canceller.cancel();
        let mut cx = Context::from_waker(Waker::noop());
        let work = pin!(canceller.unless_cancelled(ready(7)));
        assert_eq!(work.poll(&mut cx), Poll::Ready(Some(7)));
    }
}
