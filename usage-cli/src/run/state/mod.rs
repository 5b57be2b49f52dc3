//! `--state FILE`: how far a run got, kept in a file, so that `genesys-usage resume FILE` goes on after any end.
//!
//! # What is in it
//!
//! One line of JSON, readable by nobody else (mode 0600): a checksum of all that follows, format and version, the two hosts, transport and output
//! options, how the parts of a long range become one table, the query's family, and for each part of the range the
//! snapshot of its execution as the core saves it. No secret, no token, no row. Credentials are given to `resume`
//! anew. `resume` refuses a file that other accounts may have written (see [`crate::files::trust`]), and one whose checksum is
//! another one.
//!
//! # When it is written
//!
//! It is made before anything is sent; a file that is there already is not touched. From then on it is replaced,
//! whole (a temporary file beside it that is renamed), at every step that changes what is in it, and always
//!
//! - before a submit goes out: if that cannot be written, the submit does not go out, and the program ends;
//! - after the service took a submit, with the execution's id. If this cannot be written, the run goes on, says so, and
//!   writes again at the next step.
//!
//! It is removed after the result was written, and when a run ends by itself before anything was submitted.
//!
//! # What a kill at any moment leads to
//!
//! - Before a submit: nothing was submitted; `resume` submits.
//! - Between the writing before a submit and the one after it: it is unknown whether the service accepted it. `resume`
//!   does not guess: it ends with exit code 5, and submits again with `--resubmit`.
//! - After the submit: `resume` polls the execution and never submits it again.
//! - While pages are read: pages count as delivered when the result is written. Until then the snapshot points at the
//!   first page of a part, so `resume` reads all pages again, those of the parts that were complete as well. No row is kept in two places, none is lost or doubled, and the table is the one of a run that was not
//!   killed. It needs the executions to be there still; the service does not say for how long they are.
//! - While the result is written or before the state file is removed: `resume` reads everything again and writes the
//!   same result again.
//!
//! An execution that ended without a result at the service, or that the service does not know any more, is marked as
//! over: `resume` asks for it once more, `resume --resubmit` submits a new one in its place.
//!
//! One run at a time: a run holds its file by a lock, and `resume` of a file that is held ends at once with exit code 2.
//! A lock ends with its process, however that ends.
//!
//! # Versions
//!
//! A later version of this program reads the files of this one. A member that a reader may ignore can be added to
//! version 1; anything else is another version, which older programs refuse.

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

/// The state file of a run that is under way. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Arc<Mutex<Recording>>);

#[derive(Debug)]
struct Recording {
    path: PathBuf,
    /// It is ours as long as this lives.
    held: Held,
    document: Document,
    /// What is in the file; empty if that is not known.
    written: String,
    /// Whether it was said that the file cannot be written.
    warned: bool,
}

impl Recorder {
    /// Makes the file.
    pub(crate) fn create(path: &Path, document: Document) -> Result<Self, Problem> {
        let text = document.to_text()?;
        let held = private_file::create(path, &text).map_err(|error| cannot_create(path, &error))?;
        Ok(Self::of(path, held, document, text))
    }

    /// Shows that the file at `path` can be made, before anything is sent.
    pub(crate) fn check(path: &Path) -> Result<(), Problem> {
        private_file::prove(path).map_err(|error| cannot_create(path, &error))?;
        // `resume` would refuse it there.
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

    /// Keeps the state of the execution of the part at `index`. After an error the run must not continue.
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

    /// Marks the execution of the part at `index` as over: it will give no result any more.
    pub(crate) fn over(&self, index: usize) {
        let mut recording = self.lock();
        if let Some(part) = recording.document.parts.get_mut(index) {
            part.over = true;
        }
        // Without the mark, the service says again that it is over.
        drop(recording.write());
    }

    /// Puts `halves` in the place of the part at `index`, which ran and is of no use.
    pub(crate) fn divide<Q: UsageQuery>(&self, index: usize, halves: &[Snapshot<Q>; 2]) {
        let Ok(halves) = halves.iter().map(part).collect::<Result<Vec<_>, _>>() else { return };
        let mut recording = self.lock();
        if index < recording.document.parts.len() {
            recording.document.parts.splice(index..=index, halves);
        }
        // If this cannot be written, the submit of the first half does not go out.
        drop(recording.write());
    }

    /// The run is done.
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

    /// Marks the run as stopped: every later step blocks until the program has ended.
    /// A file that nothing depends on is removed.
    pub(crate) fn leave(&self) -> Recovery {
        let mut recording = self.lock();
        let recovery = recording.recovery();
        if recovery == Recovery::Again {
            // If it stays, it is in the way of the next run, which says so.
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
    /// Brings the file up to date.
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

/// What `snapshot` stands at.
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
            "if it holds a run that is not done, go on with it: genesys-usage resume {}; or remove it",
            shell_word(path)
        )),
        // `resume` would refuse it.
        Err(distrust) => problem
            .with_hint(distrust.problem("", path).to_string())
            .with_hint("name another file with --state"),
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Problem {
    Problem::usage(format!("cannot write the state to {}: {error}", path.display()))
}
