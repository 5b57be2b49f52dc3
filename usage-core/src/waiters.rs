use std::collections::BTreeMap;
use std::task::Waker;

/// The tasks and threads that wait for something of a session.
#[derive(Default)]
pub(crate) struct Waiters {
    wakers: BTreeMap<u64, Waker>,
    registered: u64,
}

impl Waiters {
    /// Has `waker` woken. The waiter keeps its key in `key`; what it registered before is returned.
    pub(crate) fn register(&mut self, key: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let key = *key.get_or_insert_with(|| {
            self.registered += 1;
            self.registered
        });
        self.wakers.insert(key, waker)
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<Waker> {
        self.wakers.remove(&key)
    }

    /// All that wait, to be woken without the session's lock.
    pub(crate) fn take(&mut self) -> BTreeMap<u64, Waker> {
        std::mem::take(&mut self.wakers)
    }
}
