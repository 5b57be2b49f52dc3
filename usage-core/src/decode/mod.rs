//! Decoders from the chunks of a body, of any size, to typed values.
//!
//! Small documents are collected and decoded with `serde_json` ([`JsonDecoder`]). A results page is decoded as it arrives
//! ([`PageDecoder`], [`StreamingDecoder`]), in steps that each have a file:
//!
//! ```text
//! bytes --utf8--> text --grammar (string, number)--> events --outline (shape)--> members --row--> rows
//!                  text --layout (memo)-----------------------------------------> members
//! ```
//!
//! The second line is a shortcut for rows with the layout of an earlier row: usually all rows but the first.

#![expect(clippy::inline_always, reason = "measured: reading a row is one loop without calls")]

mod day;
mod document;
mod events;
mod grammar;
mod input;
mod json;
mod layout;
mod literal;
mod memo;
mod number;
mod outline;
mod page;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod reference;
mod results_page;
mod row;
mod shape;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod utf8;

pub use events::{JsonEvent, JsonNumber, JsonReader, JsonScalar, JsonSink, MemberName};
pub use grammar::MAX_PAGE_NESTING;
pub(crate) use json::parse_json;
pub use json::{JsonDecoder, ListingDecoder, MAX_JSON_BODY, MAX_LISTING_BODY};
pub use outline::MAX_PAGE_ROWS;
pub use page::{MAX_PAGE_BODY, PageDecoder, SinglePageDecoder, StreamingDecoder};
pub use results_page::{QueryStatus, ResultsPage};
pub use row::RowVisitor;
pub use skip::SkipDecoder;
pub use string::MAX_PAGE_STRING;

use crate::failures::DecodeError;

/// Decodes the body of a 2xx response into a value, chunk by chunk.
///
/// Neither the value nor the error depends on where the body is cut. After an error, the rest need not be pushed.
pub trait ResponseDecoder: Send {
    /// The decoded value.
    type Output: Send;

    /// Takes the next chunk.
    ///
    /// # Errors
    ///
    /// Returns an error if the body so far is not a document of this kind, or exceeds a limit.
    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError>;

    /// Takes the end of the body, and returns the value.
    ///
    /// # Errors
    ///
    /// Returns an error if the document is not complete.
    fn finish(self) -> Result<Self::Output, DecodeError>;
}
