//! The wakers of executions that wait for a token.

use std::collections::BTreeMap;
use std::task::Waker;

/// The wakers of tasks and threads that wait for a token exchange.
#[derive(Default)]
pub(super) struct Waiters {
    wakers: BTreeMap<u64, Waker>,
    registered: u64,
}

impl Waiters {
    /// Registers `waker` under `key`, which is assigned at the first call, and returns the waker that it replaces.
    pub(super) fn register(&mut self, key: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let key = *key.get_or_insert_with(|| {
            self.registered += 1;
            self.registered
        });
        self.wakers.insert(key, waker)
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<Waker> {
        self.wakers.remove(&key)
    }

    /// Takes all wakers, so that the caller wakes them outside the lock.
    pub(super) fn take(&mut self) -> BTreeMap<u64, Waker> {
        std::mem::take(&mut self.wakers)
    }
}
