//! Why the program ends without its result, and the code to exit with.

use std::fmt::{self, Display};
use std::process::ExitCode;

use usage_core::error::BuildError;

/// The program's exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The service refused the query, or it failed there.
    Refused = 1,
    /// Wrong usage or configuration, or the result could not be written.
    Usage = 2,
    /// The credential is not accepted, or lacks a permission.
    Unauthorized = 3,
    /// The deadline passed.
    Deadline = 4,
    /// The service could not be reached or broke the protocol.
    Unreachable = 5,
    /// A threshold of `watch` is crossed.
    Alert = 6,
    /// The rows are written, and the service has more.
    Incomplete = 7,
    /// Some of several organizations failed.
    Partial = 8,
    /// Ended by a signal.
    Interrupted = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why the program ends without its result.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    message: String,
    hints: Vec<String>,
    /// For `-v`.
    details: Vec<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string(), hints: Vec::new(), details: Vec::new() }
    }

    /// Wrong usage or configuration.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Input that the core refuses.
    pub(crate) fn build(error: BuildError) -> Self {
        Self::usage(error)
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn with_hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Returns the message, without hints.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the hints: what to do about it.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Returns the details, one line each.
    pub(crate) fn details(&self) -> &[String] {
        &self.details
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
