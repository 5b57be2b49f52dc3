//! `--state FILE`: the state of a run in a file, so that `genesys-usage resume FILE` continues it after any end.
//!
//! # Content
//!
//! One line of JSON with mode 0600: a checksum of everything that follows, format and version, the two hosts,
//! transport and output options, how the parts of a long range become one table, the query's family, and for each
//! part of the range the core's snapshot of its execution. No secrets, tokens or rows: `resume` is given the
//! credentials anew. It refuses a file that other accounts may have written (see [`crate::files::trust`]), and one
//! whose checksum does not match.
//!
//! # When it is written
//!
//! The file is created before anything is sent; an existing file is never overwritten. From then on, it is replaced
//! atomically (by renaming a temporary file) at every step that changes its content, and always
//!
//! - before a submit is sent: if the write fails, the submit is not sent, and the program ends;
//! - after the service accepted a submit, with the execution's id. If this write fails, the run continues with a
//!   warning and writes again at the next step.
//!
//! It is removed after the result was written, and when a run ends by itself before anything was submitted.
//!
//! # A kill at any moment
//!
//! - Before a submit: nothing was submitted; `resume` submits.
//! - Between the write before a submit and the one after it: it is unknown whether the service accepted it. `resume`
//!   does not guess: it ends with exit code 5, and submits again with `--resubmit`.
//! - After the submit: `resume` polls the execution and never submits it again.
//! - While pages are read: pages count as delivered when the result is written. Until then, the snapshot points to
//!   the first page of a part, so `resume` reads all pages again, including those of complete parts. Rows are never
//!   stored twice, so none is lost or duplicated, and the table is the same as without the kill. The executions must
//!   still exist; the service does not document how long it keeps them.
//! - While the result is written, or before the state file is removed: `resume` reads everything again and writes the
//!   same result again.
//!
//! An execution that ended without a result, or that the service no longer knows, is marked as over: `resume`
//! requests it once more, `resume --resubmit` submits a new one.
//!
//! One run at a time: a run locks its file, and `resume` with a locked file ends at once with exit code 2. The lock
//! ends with its process.
//!
//! # Versions
//!
//! Later versions of this program read the files of this version. A member that readers may ignore can be added to
//! version 1; any other change needs a new version, which older programs refuse.

mod document;

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use usage_core::{Event, Execution, Phase, Snapshot, UsageQuery};

pub(crate) use document::{Document, Part, Stage};

use crate::files::private_file::{self, Held};
use crate::files::trust::{self, Role};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::run::recovery::Recovery;
use crate::text::quoting::shell_word;

/// The state file of a running query. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Arc<Mutex<Recording>>);

#[derive(Debug)]
struct Recording {
    path: PathBuf,
    /// The lock on the file, held as long as this lives.
    held: Held,
    document: Document,
    /// The content of the file; empty if unknown.
    written: String,
    /// Whether the warning that the file cannot be written was printed.
    warned: bool,
}

impl Recorder {
    /// Creates the file.
    pub(crate) fn create(path: &Path, document: Document) -> Result<Self, Problem> {
        let text = document.to_text()?;
        let held = private_file::create(path, &text).map_err(|error| cannot_create(path, &error))?;
        Ok(Self::of(path, held, document, text))
    }

    /// Checks, before anything is sent, that the file can be created at `path`.
    pub(crate) fn check(path: &Path) -> Result<(), Problem> {
        private_file::prove(path).map_err(|error| cannot_create(path, &error))?;
        // `resume` would refuse a file there.
        trust::check_place(path, Role::State).map_err(|distrust| distrust.problem("", path))
    }

    /// Takes over the file that `document` was read from.
    pub(crate) fn reopen(path: &Path, held: Held, document: Document) -> Self {
        Self::of(path, held, document, String::new())
    }

    fn of(path: &Path, held: Held, document: Document, written: String) -> Self {
        let recording = Recording { path: path.to_owned(), held, document, written, warned: false };
        Self(Arc::new(Mutex::new(recording)))
    }

    /// Stores the state of the execution of the part at `index`. After an error, the run must not continue.
    pub(crate) fn step<Q: UsageQuery>(
        &self,
        index: usize,
        execution: &Execution<Q>,
        event: Event,
    ) -> Result<(), Problem> {
        let Event::Moved(moved) = event else { return Ok(()) };
        let part = Part::of(&execution.snapshot())?;
        let must_be_written = moved.to == Phase::InFlightSubmit;
        let mut recording = self.lock();
        if let Some(kept) = recording.document.parts.get_mut(index) {
            *kept = part;
        }
        match recording.write() {
            Err(problem) if must_be_written => {
                recording.warned = true;
                Err(problem)
            }
            Err(problem) if !recording.warned => {
                recording.warned = true;
                stderr::labelled("warning", WARNING, problem);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Marks the execution of the part at `index` as over: it has no result.
    pub(crate) fn over(&self, index: usize) {
        let mut recording = self.lock();
        if let Some(part) = recording.document.parts.get_mut(index) {
            part.over = true;
        }
        // Without the mark, the service reports again that it is over.
        drop(recording.write());
    }

    /// Replaces the part at `index`, whose result is unusable, with `halves`.
    pub(crate) fn divide<Q: UsageQuery>(&self, index: usize, halves: &[Snapshot<Q>; 2]) {
        let Ok(halves) = halves.iter().map(part).collect::<Result<Vec<_>, _>>() else { return };
        let mut recording = self.lock();
        if index < recording.document.parts.len() {
            recording.document.parts.splice(index..=index, halves);
        }
        // If this write fails, the submit of the first half is not sent.
        drop(recording.write());
    }

    /// Removes the file, because the run is complete.
    pub(crate) fn remove(&self) -> Result<(), Problem> {
        let mut recording = self.lock();
        recording.document.parts.clear();
        private_file::remove(&recording.path).map(drop).map_err(|error| {
            Problem::usage(format!(
                "the result is written, but {} cannot be removed: {error}",
                recording.path.display()
            ))
        })
    }

    /// Stops the run: every later step blocks until the program ends. Removes the file if nothing was submitted.
    pub(crate) fn leave(&self) -> Recovery {
        let mut recording = self.lock();
        let recovery = recording.recovery();
        if recovery == Recovery::Again {
            // If the file stays, the next run refuses to overwrite it.
            drop(private_file::remove(&recording.path));
        } else {
            drop(recording.write());
        }
        mem::forget(recording);
        recovery
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    /// Writes the current content to the file.
    fn write(&mut self) -> Result<(), Problem> {
        let text = self.document.to_text()?;
        if text != self.written {
            self.written.clear();
            self.held =
                private_file::replace(&self.path, &text).map_err(|error| cannot_write(&self.path, &error))?;
            self.written = text;
        }
        Ok(())
    }

    fn recovery(&self) -> Recovery {
        let has = |stage| self.document.parts.iter().any(|part| part.stage == stage);
        if has(Stage::InFlight) {
            Recovery::Resubmit(self.path.clone())
        } else if has(Stage::Submitted) {
            Recovery::Resume(self.path.clone())
        } else {
            Recovery::Again
        }
    }
}

/// Converts `snapshot` to the state of an execution.
pub(crate) fn part<Q: UsageQuery>(snapshot: &Snapshot<Q>) -> Result<Part, Problem> {
    Part::of(snapshot)
}

fn cannot_create(path: &Path, error: &std::io::Error) -> Problem {
    if error.kind() != std::io::ErrorKind::AlreadyExists {
        return cannot_write(path, error);
    }
    let problem = Problem::usage(format!("{} is there already", path.display()));
    match trust::open(path, Role::State) {
        Ok(_) => problem.with_hint(format!(
            "if it holds a run that is not done, continue it: genesys-usage resume {}; or remove it",
            shell_word(path)
        )),
        // `resume` would refuse the file.
        Err(distrust) => problem
            .with_hint(distrust.problem("", path).to_string())
            .with_hint("name another file with --state"),
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Problem {
    Problem::usage(format!("cannot write the state to {}: {error}", path.display()))
}
