use thiserror::Error;

/// An answer that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unreadable answer at {path} (byte {offset}): {problem}")]
#[non_exhaustive]
pub struct DecodeError {
    /// Where in the document: `results[17].requests`, `$` for the whole.
    pub path: Box<str>,
    /// How many bytes of the body precede the problem.
    pub offset: u64,
    /// What is wrong there.
    pub problem: Box<str>,
    /// Whether the body ends before the document does. A connection that broke may be why.
    pub(crate) ends_early: bool,
}

impl DecodeError {
    /// A problem at `path`, `offset` bytes into the body. For decoders of hand-written endpoints.
    pub fn new(path: impl Into<Box<str>>, offset: u64, problem: impl Into<Box<str>>) -> Self {
        Self { path: path.into(), offset, problem: problem.into(), ends_early: false }
    }

    /// The body ends before the document does.
    #[must_use]
    pub(crate) fn at_end(self) -> Self {
        Self { ends_early: true, ..self }
    }
}
