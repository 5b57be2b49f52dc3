//! Errors of responses that cannot be decoded.

use std::fmt;

use thiserror::Error;

use crate::failures::ForeignAnswer;

/// A response body that cannot be decoded.
///
/// ```
/// use usage_core::decode::{PageDecoder, ResponseDecoder};
///
/// let mut decoder = PageDecoder::default();
/// let body = br#"{"queryStatus":"Complete","results":[{"requests":"many"}]}"#;
/// let error = decoder.push(body).and_then(|()| decoder.finish()).unwrap_err();
/// assert_eq!(&*error.path, "results[0].requests");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unreadable answer at {path} (byte {offset}): {problem}{}", Beside(.foreign.as_deref()))]
#[non_exhaustive]
pub struct DecodeError {
    /// The place in the document, for example `results[17].requests`; `$` is the whole document.
    pub path: Box<str>,
    /// The offset of the problem in the body, in bytes.
    pub offset: u64,
    /// What is wrong there.
    pub problem: Box<str>,
    /// Whether the body ends before the document does, for example because the connection broke.
    pub(crate) ends_early: bool,
    /// See [`foreign`](Self::foreign).
    pub(crate) foreign: Option<Box<ForeignAnswer>>,
}

/// Displays the foreign response in parentheses.
struct Beside<'a>(Option<&'a ForeignAnswer>);

impl fmt::Display for Beside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |foreign| write!(f, " ({foreign})"))
    }
}

impl DecodeError {
    /// Returns the error of a problem at `path`, `offset` bytes into the body. For decoders of custom endpoints.
    pub fn new(path: impl Into<Box<str>>, offset: u64, problem: impl Into<Box<str>>) -> Self {
        Self { path: path.into(), offset, problem: problem.into(), ends_early: false, foreign: None }
    }

    /// Returns the response that was received, if its body is empty or not JSON and so does not come from the service.
    pub fn foreign(&self) -> Option<&ForeignAnswer> {
        self.foreign.as_deref()
    }

    /// Marks the body as ending before the document does.
    #[must_use]
    pub(crate) fn at_end(self) -> Self {
        Self { ends_early: true, ..self }
    }
}
