//! A known step to stop at, for tests that kill the program there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::process::stderr;

/// Blocks at the n-th point that the run reaches, counted from 0; never without a number. Clones share the
/// count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failpoint {
    at: Option<u32>,
    passed: Arc<AtomicU32>,
}

impl Failpoint {
    pub(crate) fn at(at: Option<u32>) -> Self {
        Self { at, passed: Arc::default() }
    }

    /// Counts one point. At the chosen one, the program says so and blocks here until it is killed.
    pub(crate) fn reach(&self, what: &str) {
        let Some(at) = self.at else { return };
        if self.passed.fetch_add(1, Ordering::Relaxed) == at {
            stderr::line(format_args!("halted {what}"));
            loop {
                thread::park();
            }
        }
    }
}
