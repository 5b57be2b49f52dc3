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

/// The session of a client: its clones, its executions and its calls share it.
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

    /// The same session, whose token exchanges `carrier` carries out to their end with a
    /// [`TokenExchange`](crate::TokenExchange), whatever becomes of the machines that asked for them. The session that
    /// it is called with hands the exchange out.
    #[must_use]
    pub fn carried_by(&self, carrier: impl Fn(&Self, Box<Exchange>) + Send + Sync + 'static) -> Self {
        Self { inner: Arc::clone(&self.inner), carrier: Some(Arc::new(carrier)) }
    }

    /// The session, as long as the guard lives; every request needs it. Lock poisoning is ignored: the session stays
    /// consistent between calls.
    pub fn lock(&self) -> SessionGuard<'_> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = inner.session.ended_token_fetches();
        SessionGuard { inner, ended, woken: Woken::default() }
    }

    #[cfg(test)]
    pub(crate) fn is_locked(&self) -> bool {
        self.inner.try_lock().is_err()
    }

    /// Completes when the token exchange that is out has ended, in whatever way; at once if none is out.
    pub fn token_wait(&self) -> TokenWait {
        let session = self.lock();
        TokenWait::new(self, session.is_fetching_token().then(|| session.ended_token_fetches()))
    }

    /// Whoever sees the session from now on knows that `exchange`, if it is for a token, will be carried out.
    pub(crate) fn claim(&self, exchange: &Exchange, session: &mut Session) {
        if let (Some(_), Some(fetch)) = (&self.carrier, exchange.ticket.fetch()) {
            session.carry_token_fetch(fetch);
        }
    }

    /// `exchange` does not go out.
    pub(crate) fn release(&self, exchange: &Exchange) {
        if let Some(fetch) = exchange.ticket.fetch() {
            self.lock().give_up_token_fetch(fetch);
        }
    }

    /// Has `exchange` carried out, if it is for a token and can be.
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

/// A locked [`SharedSession`]. When it is released, it wakes those who waited for a token exchange that has ended.
pub struct SessionGuard<'a> {
    inner: MutexGuard<'a, Inner>,
    /// How many exchanges had ended when it was locked.
    ended: u64,
    // Dropped behind the guard, in this order: a waker is foreign code.
    woken: Woken,
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
            self.woken = Woken(self.inner.waiters.take());
        }
    }
}

impl fmt::Debug for SessionGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Wakes all when it is dropped.
#[derive(Default)]
struct Woken(BTreeMap<u64, Waker>);

impl Drop for Woken {
    fn drop(&mut self) {
        std::mem::take(&mut self.0).into_values().for_each(Waker::wake);
    }
}
