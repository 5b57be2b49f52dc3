//! How a stopped run can be resumed.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use usage_core::ExecutionId;
use usage_core::error::Error;

use crate::text::quoting::{shell_word, value_word};

/// How to resume a run that stopped before its result was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// By the id of its execution, if it has one.
    Attach,
    /// By its state file.
    Resume(PathBuf),
    /// By its state file, but it is unknown whether the service accepted the last submit.
    Resubmit(PathBuf),
    /// The same command again: it has several executions and no state file.
    Parts,
    /// The same command again: nothing was submitted.
    Again,
    /// The same command again: the executions ended with this program, which brought its own service.
    Program,
}

impl Recovery {
    /// What to say after an end that was no fault of the execution `id`.
    pub(crate) fn hint(&self, id: Option<&ExecutionId>) -> Option<String> {
        match (self, id) {
            (Self::Attach, Some(id)) => Some(attach(id)),
            (Self::Resume(file), _) => Some(format!("to go on where it stopped: {}", resume(file))),
            (Self::Resubmit(file), _) => Some(resubmit(file)),
            (Self::Parts, Some(id)) => Some(format!(
                "the execution was {id}, one of several; with --state FILE such a run can be resumed"
            )),
            _ => None,
        }
    }

    /// What to say after `error`.
    pub(crate) fn after(&self, error: &Error) -> Option<String> {
        match (self, error.execution_id()) {
            (Self::Resume(file), Some(id)) if !error.can_resume() => Some(format!(
                "the execution was {id}; it is over, and {} --resubmit submits a new one in its place",
                resume(file)
            )),
            (_, Some(id)) if !error.can_resume() => Some(format!(
                "the execution was {id}; it is over, and the command without --attach submits a new one"
            )),
            (Self::Program, Some(id)) => Some(format!("the execution was {id}; it ended with the simulator")),
            (_, id) => self.hint(id),
        }
    }
}

/// Says how to resume a run whose last submit may have arrived.
pub(crate) fn resubmit(file: &Path) -> String {
    format!(
        "{} --resubmit submits it again; at worst the service runs the query twice, which costs no data",
        resume(file)
    )
}

/// Says how to resume the execution `id`.
fn attach(id: impl Display) -> String {
    let option = value_word("--attach", &id.to_string());
    format!("to go on where it stopped, repeat the command with {option}")
}

fn resume(file: &Path) -> String {
    format!("genesys-usage resume {}", shell_word(file))
}
