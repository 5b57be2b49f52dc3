use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::driver::TokenWait;
use crate::machine::Exchange;
use crate::session::Session;

/// Carries out a token exchange of a session.
type Carrier = dyn Fn(&SharedSession, Box<Exchange>) + Send + Sync;

/// The session of a client: its clones, its executions and its calls share it.
#[derive(Clone)]
pub struct SharedSession {
    session: Arc<Mutex<Session>>,
    carrier: Option<Arc<Carrier>>,
}

impl SharedSession {
    /// Shares `session`.
    pub fn new(mut session: Session) -> Self {
        session.share();
        Self { session: Arc::new(Mutex::new(session)), carrier: None }
    }

    /// The same session, whose token exchanges `carrier` carries out to their end with a
    /// [`TokenExchange`](super::TokenExchange), whatever becomes of the machines that asked for them. The session that
    /// it is called with hands the exchange out.
    #[must_use]
    pub fn carried_by(&self, carrier: impl Fn(&Self, Box<Exchange>) + Send + Sync + 'static) -> Self {
        Self { session: Arc::clone(&self.session), carrier: Some(Arc::new(carrier)) }
    }

    /// The session, as long as the guard lives; every request needs it. Lock poisoning is ignored: the session stays
    /// consistent between calls.
    pub fn lock(&self) -> SessionGuard<'_> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = session.token.ended();
        SessionGuard { session, ended, woken: Woken::default() }
    }

    #[cfg(test)]
    pub(super) fn is_locked(&self) -> bool {
        self.session.try_lock().is_err()
    }

    /// Completes when the token exchange that is out has ended, in whatever way; at once if none is out.
    pub fn token_wait(&self) -> TokenWait {
        let session = self.lock();
        TokenWait::new(self, session.token.is_fetching().then(|| session.token.ended()))
    }

    /// Whoever sees the session from now on knows that `exchange`, if it is for a token, will be carried out.
    pub(super) fn claim(&self, exchange: &Exchange, session: &mut Session) {
        if let (Some(_), Some(fetch)) = (&self.carrier, exchange.ticket.fetch()) {
            session.token.carry(fetch);
        }
    }

    /// `exchange` does not go out.
    pub(super) fn release(&self, exchange: &Exchange) {
        if let Some(fetch) = exchange.ticket.fetch() {
            self.lock().token.give_up(fetch);
        }
    }

    /// Has `exchange` carried out, if it is for a token and can be.
    pub(super) fn carry(&self, exchange: Box<Exchange>) -> Option<Box<Exchange>> {
        match &self.carrier {
            Some(carrier) if exchange.is_for_token() => {
                carrier(&Self { session: Arc::clone(&self.session), carrier: None }, exchange);
                None
            }
            _ => Some(exchange),
        }
    }
}

impl fmt::Debug for SharedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedSession").field(&self.session).finish()
    }
}

/// A locked [`SharedSession`]. When it is released, it wakes those who waited for a token exchange that has ended.
pub struct SessionGuard<'a> {
    session: MutexGuard<'a, Session>,
    /// How many exchanges had ended when it was locked.
    ended: u64,
    // Dropped behind the guard, in this order: a waker is foreign code.
    woken: Woken,
}

impl Deref for SessionGuard<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for SessionGuard<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Drop for SessionGuard<'_> {
    fn drop(&mut self) {
        if self.session.token.ended() != self.ended {
            self.woken = Woken(self.session.waiters.take());
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
