//! Ctrl-C: ends the program, and prints how to resume the run.

use std::mem;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use crate::problem::{Code, Problem};
use crate::process::stderr;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;

/// The watch for signals.
#[derive(Debug)]
pub(crate) struct Interrupt {
    /// While it is locked, no signal ends the program.
    gate: Arc<Mutex<()>>,
}

impl Interrupt {
    /// Installs the handler: a signal ends the program and prints the execution's id and how to resume it.
    pub(crate) fn watch(
        progress: Progress,
        recovery: impl Fn() -> Recovery + Send + 'static,
    ) -> Result<Self, Problem> {
        let gate = Arc::new(Mutex::new(()));
        let handler_gate = Arc::clone(&gate);
        let handler = move || {
            let _gate = handler_gate.lock().unwrap_or_else(PoisonError::into_inner);
            progress.finish();
            let hint = recovery().hint(progress.execution_id().as_ref());
            stderr::problem(&Problem::new(Code::Interrupted, "interrupted").with_hints(hint), 0);
            process::exit(Code::Interrupted as i32);
        };
        ctrlc::set_handler(handler)
            .map_err(|error| Problem::usage(format!("cannot listen for signals: {error}")))?;
        Ok(Self { gate })
    }

    /// Does `work`, the last thing that the program does, to its end, whatever signal comes: no half-written file, no
    /// temporary one left behind, and no word of an interruption once it is done.
    pub(crate) fn held_off_for_good<T>(self, work: impl FnOnce() -> T) -> T {
        mem::forget(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        work()
    }
}
