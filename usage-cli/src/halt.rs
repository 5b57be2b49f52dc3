//! A stop at a known step, for tests that kill the program there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::stderr;

/// Where to stop: at the n-th point that the run comes to, counted from 0; nowhere without a number. Clones count
/// together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Halt {
    at: Option<u32>,
    passed: Arc<AtomicU32>,
}

impl Halt {
    pub(crate) fn at(at: Option<u32>) -> Self {
        Self { at, passed: Arc::default() }
    }

    /// One point. If it is the one, the program says so and stays here until it is killed.
    pub(crate) fn point(&self, what: &str) {
        let Some(at) = self.at else { return };
        if self.passed.fetch_add(1, Ordering::Relaxed) == at {
            stderr::line(format_args!("halted {what}"));
            loop {
                thread::park();
            }
        }
    }
}
