//! The session that a client's executions share.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use usage_core::Session;
use usage_core::machine::Exchange;

use crate::session::TokenWait;
use crate::session::waiters::Waiters;

/// Carries out a token exchange of a session.
type Carrier = dyn Fn(&SharedSession, Box<Exchange>) + Send + Sync;

/// The session of a client, shared by its clones, executions and calls.
///
/// ```
/// use usage_core::Session;
/// use usage_core::auth::{AccessToken, Grant};
/// use usage_driver::SharedSession;
///
/// let session = Session::new(&"eu-central-1".parse()?, Grant::StaticToken(AccessToken::parse("a-token")?));
/// let shared = SharedSession::new(session);
/// let clone = shared.clone();
/// assert!(clone.lock().access_token().is_some());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct SharedSession {
    inner: Arc<Mutex<Inner>>,
    carrier: Option<Arc<Carrier>>,
}

struct Inner {
    session: Session,
    waiters: Waiters,
}

impl SharedSession {
    /// Shares `session`.
    pub fn new(mut session: Session) -> Self {
        session.share();
        let inner = Inner { session, waiters: Waiters::default() };
        Self { inner: Arc::new(Mutex::new(inner)), carrier: None }
    }

    /// Returns the same session with a `carrier`, which carries out each token exchange to its end as a
    /// [`TokenExchange`](crate::TokenExchange), even if the machine that asked for it is dropped.
    ///
    /// The carrier is called with the session, without carrier, to which the exchange belongs.
    #[must_use]
    pub fn carried_by(&self, carrier: impl Fn(&Self, Box<Exchange>) + Send + Sync + 'static) -> Self {
        Self { inner: Arc::clone(&self.inner), carrier: Some(Arc::new(carrier)) }
    }

    /// Locks the session. Drop the guard soon, since every request needs the lock.
    ///
    /// Lock poisoning is ignored: the session stays consistent between calls.
    pub fn lock(&self) -> SessionGuard<'_> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = inner.session.ended_token_fetches();
        SessionGuard { inner, ended, woken: None }
    }

    #[cfg(test)]
    pub(crate) fn is_locked(&self) -> bool {
        self.inner.try_lock().is_err()
    }

    /// Returns a future that completes when the token exchange in flight has ended, successfully or not; at once if none is
    /// in flight.
    pub fn token_wait(&self) -> TokenWait {
        let session = self.lock();
        TokenWait::new(self, session.is_fetching_token().then(|| session.ended_token_fetches()))
    }

    /// Marks `exchange`, if it is for a token, as one that a carrier will carry out.
    pub(crate) fn claim(&self, exchange: &Exchange, session: &mut Session) {
        if let (Some(_), Some(fetch)) = (&self.carrier, exchange.ticket.fetch()) {
            session.carry_token_fetch(fetch);
        }
    }

    /// Gives up `exchange`, which is not sent.
    pub(crate) fn release(&self, exchange: &Exchange) {
        if let Some(fetch) = exchange.ticket.fetch() {
            self.lock().give_up_token_fetch(fetch);
        }
    }

    /// Passes `exchange` to the carrier if it is for a token; returns it otherwise.
    pub(crate) fn carry(&self, exchange: Box<Exchange>) -> Option<Box<Exchange>> {
        match &self.carrier {
            Some(carrier) if exchange.is_for_token() => {
                carrier(&Self { inner: Arc::clone(&self.inner), carrier: None }, exchange);
                None
            }
            _ => Some(exchange),
        }
    }
}

impl fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedSession").field(&self.inner).finish()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.session.fmt(f)
    }
}

/// A locked [`SharedSession`]. When the guard is dropped, it wakes all waits for a token exchange that has ended.
pub struct SessionGuard<'a> {
    inner: MutexGuard<'a, Inner>,
    /// The number of token exchanges that had ended when the session was locked.
    ended: u64,
    // Dropped after the guard: a waker is foreign code, and must not run under the lock.
    woken: Option<Woken>,
}

impl SessionGuard<'_> {
    pub(super) fn waiters(&mut self) -> &mut Waiters {
        &mut self.inner.waiters
    }
}

impl Deref for SessionGuard<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.inner.session
    }
}

impl DerefMut for SessionGuard<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.inner.session
    }
}

impl Drop for SessionGuard<'_> {
    fn drop(&mut self) {
        if self.inner.session.ended_token_fetches() != self.ended {
            self.woken = Some(Woken(self.inner.waiters.take()));
        }
    }
}

impl fmt::Debug for SessionGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Wakes all wakers when it is dropped.
struct Woken(BTreeMap<u64, Waker>);

impl Drop for Woken {
    fn drop(&mut self) {
        std::mem::take(&mut self.0).into_values().for_each(Waker::wake);
    }
}
