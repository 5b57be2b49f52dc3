//! The wait for a token exchange.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::session::SharedSession;

/// A future that completes when the token exchange in flight has ended, successfully or not.
///
/// A thread polls it with a waker that unparks the thread. The wait has no time limit of its own, since an exchange has
/// one. A driver adds a limit as a safeguard, and calls [`overdue`](Self::overdue) when that has passed.
#[must_use = "futures do nothing unless they are polled"]
pub struct TokenWait {
    session: SharedSession,
    /// The number of exchanges that had ended when the wait began; absent if none was in flight.
    ended: Option<u64>,
    key: Option<u64>,
}

impl TokenWait {
    pub(crate) fn new(session: &SharedSession, ended: Option<u64>) -> Self {
        Self { session: session.clone(), ended, key: None }
    }

    /// Reports that the exchange has not ended within `waited`. If that is at least twice its timeout, the exchange counts
    /// as given up, and another one may begin.
    pub fn overdue(&self, waited: Duration) {
        if let Some(ended) = self.ended {
            self.session.lock().token_fetch_overdue(ended, waited);
        }
    }
}

impl Future for TokenWait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { session, ended, key } = &mut *self;
        // Wakers are foreign code: they are cloned and dropped outside the lock.
        let waker = cx.waker().clone();
        let mut session = session.lock();
        if *ended != Some(session.ended_token_fetches()) {
            return Poll::Ready(());
        }
        let earlier = session.waiters().register(key, waker);
        drop(session);
        drop(earlier);
        Poll::Pending
    }
}

impl Drop for TokenWait {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let waker = self.session.lock().waiters().remove(key);
            drop(waker);
        }
    }
}

impl fmt::Debug for TokenWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenWait").finish_non_exhaustive()
    }
}
