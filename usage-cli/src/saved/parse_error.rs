//! Why a file cannot be read, and the position of the error.

use std::fmt::Write;

use crate::problem::Problem;

/// An error in a file, with its position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ParseError {
    /// The value, such as `results[3].requests`, or the column; empty for the file as a whole.
    pub(super) path: String,
    /// The line in the text, starting at 1; 0 if unknown.
    pub(super) line: u64,
    /// The byte offset in the file, starting at 0; `None` if the file was decompressed or transcoded.
    pub(super) byte: Option<u64>,
    pub(super) problem: String,
    /// A hint: what to do about it.
    pub(super) hint: Option<&'static str>,
}

impl ParseError {
    /// Creates an error about the file as a whole.
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), ..Self::default() }
    }

    pub(super) fn at(path: impl Into<String>, line: u64, problem: impl Into<String>) -> Self {
        Self { path: path.into(), line, ..Self::new(problem) }
    }

    pub(super) fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(super) fn in_file(&self, file: &str) -> Problem {
        let mut place = file.to_owned();
        // In a document of one line, the path is enough.
        if self.line > 1 || (self.line == 1 && !self.path.is_empty() && self.byte.is_none()) {
            let _ = write!(place, ", line {}", self.line);
        }
        if !self.path.is_empty() {
            let _ = write!(place, ", {}", self.path);
        }
        // An error at offset 0 concerns the whole file.
        if let Some(byte) = self.byte.filter(|byte| *byte > 0) {
            let _ = write!(place, ", byte {byte}");
        }
        let usual = "it takes results as the service sends them, what scripts and spreadsheets make of them, and the json, \
                     jsonl and csv of this program";
        Problem::usage(format!("cannot read {place}: {}", self.problem)).with_hint(self.hint.unwrap_or(usual))
    }
}

/// An error in a value whose position is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) problem: String,
    pub(super) hint: Option<&'static str>,
}

impl Wrong {
    pub(super) fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub(super) fn at(self, path: impl Into<String>, line: u64) -> ParseError {
        ParseError { hint: self.hint, ..ParseError::at(path, line, self.problem) }
    }
}

impl<T: Into<String>> From<T> for Wrong {
    fn from(problem: T) -> Self {
        Self { problem: problem.into(), hint: None }
    }
}
