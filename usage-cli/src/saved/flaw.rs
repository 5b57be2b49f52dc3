//! Why a file cannot be read, and where.

use usage_core::error::DecodeError;

use crate::exit::Problem;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// Which value, such as `results[3].requests`; empty for the file as a whole.
    pub(super) path: String,
    /// Where in the file, from 0.
    pub(super) byte: usize,
    pub(super) problem: String,
}

impl Flaw {
    pub(super) fn new(byte: usize, problem: impl Into<String>) -> Self {
        Self { path: String::new(), byte, problem: problem.into() }
    }

    /// Of the value at `path`.
    pub(super) fn at(path: impl Into<String>, byte: usize, problem: impl Into<String>) -> Self {
        Self { path: path.into(), byte, problem: problem.into() }
    }

    /// What a part of the text that begins at `start` has.
    pub(super) fn of_page(error: &DecodeError, start: usize) -> Self {
        let offset = usize::try_from(error.offset).unwrap_or(usize::MAX);
        let path = if &*error.path == "$" { "" } else { &*error.path };
        Self::at(path, start.saturating_add(offset), &*error.problem)
    }

    /// `error`, which serde_json has with a text that begins at `start`.
    pub(super) fn of_json(error: &serde_json::Error, text: &str, start: usize) -> Self {
        let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let byte = start + (line + error.column().saturating_sub(1)).min(text.len());
        let said = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self::new(byte, said.strip_suffix(&place).unwrap_or(&said))
    }

    /// The same, of a value inside the one at `path`.
    pub(super) fn inside(mut self, path: &str) -> Self {
        let between =
            if path.is_empty() || self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{path}{between}{}", self.path);
        self
    }

    pub(super) fn in_file(&self, file: &str) -> Problem {
        let path = if self.path.is_empty() { String::new() } else { format!(", {}", self.path) };
        // What is wrong from the start is wrong with all of it.
        let byte = if self.byte == 0 { String::new() } else { format!(", byte {}", self.byte) };
        Problem::usage(format!("cannot read {file}{path}{byte}: {}", self.problem)).with_hint(
            "it takes results as the service sends them, and the json, jsonl and csv of this program",
        )
    }
}
