use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::session::SharedSession;

/// A wait for the token exchange that is out: complete when that has ended, in whatever way.
///
/// A thread waits with a waker that unparks it. The wait has no limit of its own, since an exchange has one; a driver
/// that wants to be sure sets its limit on top, and tells [`overdue`](Self::overdue).
#[must_use = "futures do nothing unless they are polled"]
pub struct TokenWait {
    session: SharedSession,
    /// How many exchanges had ended when this one was out; absent if none was.
    ended: Option<u64>,
    key: Option<u64>,
}

impl TokenWait {
    pub(crate) fn new(session: &SharedSession, ended: Option<u64>) -> Self {
        Self { session: session.clone(), ended, key: None }
    }

    /// The exchange has not ended within `waited`. If that is twice its timeout, it counts as given up, and another one
    /// may begin.
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
        // Wakers are foreign code: they are cloned and dropped without the lock.
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
