//! From chunks of a body to typed values: bodies are pushed in pieces of any size.

mod json;
mod page;

pub use json::{JsonDecoder, MAX_JSON_BODY};
pub use page::{MAX_PAGE_BODY, PageDecoder};

use crate::error::DecodeError;

/// Turns the body of a 2xx answer into a value, chunk by chunk.
///
/// Cutting the body elsewhere changes neither the value nor the error. After an error the rest need not be pushed.
pub trait ResponseDecoder: Send {
    /// What the body becomes.
    type Output;

    /// Takes the next chunk.
    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError>;

    /// Takes the end of the body.
    fn finish(self) -> Result<Self::Output, DecodeError>;
}
