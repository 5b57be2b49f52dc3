//! What the drivers need that share one session among tasks or threads.

use std::time::Duration;

use crate::auth::FetchId;
use crate::session::Session;

impl Session {
    /// Declares that the session is behind a lock that others wait for: machines then call no foreign code while they
    /// hold it, and leave that to [`Machine::settle`](crate::Machine::settle).
    pub fn share(&mut self) {
        self.shared = true;
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Returns whether a token exchange is out.
    pub fn is_fetching_token(&self) -> bool {
        self.token.is_fetching()
    }

    /// Returns the number of token exchanges that have ended so far, in whatever way. A caller that waits for one waits
    /// for this number to change.
    pub fn ended_token_fetches(&self) -> u64 {
        self.token.ended()
    }

    /// Marks the exchange `fetch` as carried out to its end, whatever becomes of the machine that asked for it.
    pub fn carry_token_fetch(&mut self, fetch: FetchId) {
        self.token.carry(fetch);
    }

    /// Ends the exchange `fetch` without a result, if it is still out: it was not sent, or the task that carried it out
    /// is gone.
    pub fn give_up_token_fetch(&mut self, fetch: FetchId) {
        self.token.give_up(fetch);
    }

    /// Reports that a caller waited for `waited` in vain since [`ended_token_fetches`](Self::ended_token_fetches)
    /// returned `ended`. An exchange that takes twice its timeout counts as given up.
    pub fn token_fetch_overdue(&mut self, ended: u64, waited: Duration) {
        self.token.waited(ended, waited);
    }
}
