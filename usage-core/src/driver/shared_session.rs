use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::session::Session;

/// The session of a client: its clones, its executions and its calls share it.
#[derive(Clone, Debug)]
pub struct SharedSession(pub(super) Arc<Mutex<Session>>);

impl SharedSession {
    /// Shares `session`.
    pub fn new(mut session: Session) -> Self {
        session.share();
        Self(Arc::new(Mutex::new(session)))
    }

    /// The session, as long as the guard lives; every request needs it. A panic of another that had it is no reason to
    /// stop: each input leaves it whole.
    pub fn lock(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
