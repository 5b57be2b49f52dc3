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
}

impl DecodeError {
    /// A problem at `path`, `offset` bytes into the body. For decoders of hand-written endpoints.
    pub fn new(path: impl Into<Box<str>>, offset: u64, problem: impl Into<Box<str>>) -> Self {
        Self { path: path.into(), offset, problem: problem.into() }
    }
}
