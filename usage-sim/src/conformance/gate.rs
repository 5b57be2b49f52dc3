//! A gate at which executions wait until it opens.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The real time after which a scenario counts as stuck.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Blocks executions that pass it while it is closed, so that one of two can be kept at a certain step.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
}

impl Gate {
    pub(super) fn close(&self) {
        self.change(|state| state.closed = true);
    }

    pub(super) fn open(&self) {
        self.change(|state| state.closed = false);
    }

    /// Waits until it is open.
    pub(super) fn pass(&self) {
        self.wait_while(|state| state.closed);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| condition(state));
        let timed_out = waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
        assert!(!timed_out, "the state did not change within {PATIENCE:?}");
    }
}
