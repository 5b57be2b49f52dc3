//! Writes renewed tokens back to the log-in's file.

use std::sync::{Arc, Mutex, PoisonError};

use usage_driver::SessionGuard;

use crate::login::{Login, Store};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::text::secrets;

/// Keeps the stored log-in up to date while a command uses it. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    store: Store,
    login: Arc<Mutex<Login>>,
}

impl Keeper {
    pub(crate) fn new(store: Store, login: Login) -> Self {
        Self { store, login: Arc::new(Mutex::new(login)) }
    }

    /// Writes the token of `session` to the file if it is new. A failed write is a warning: the command continues
    /// with the token.
    pub(crate) fn look(&self, session: SessionGuard<'_>) {
        secrets::know_session(&session);
        let mut login = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = login.take(&session);
        // Release the session before writing: every request needs it, and files are slow.
        drop(session);
        if is_new && let Err(problem) = self.write(&login) {
            stderr::labelled("warning", WARNING, problem);
        }
    }

    fn write(&self, login: &Login) -> Result<(), Problem> {
        let lock = self.store.lock()?;
        // Write only over the same log-in: the user may have logged out, or logged in as another client.
        match self.store.read() {
            Ok(Some(kept)) if kept.client_id == login.client_id && kept.api_url == login.api_url => {
                self.store.write(login, &lock)
            }
            Ok(_) => Ok(()),
            Err(problem) => Err(problem),
        }
    }
}
