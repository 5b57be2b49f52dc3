//! Faults of the network, which strike a response on its way.

use std::time::Duration;

/// A fault of the network, which strikes a response. The request has been processed, which a client cannot know.
///
/// ```
/// use std::time::Duration;
/// use usage_sim::{Fault, Match, Rule, WireFault};
///
/// let cut = Rule::new(Match::Results, WireFault::CloseMidBody);
/// let slow = WireFault::Drip { interval: Duration::from_millis(5), bytes: 100 };
/// let slow = Rule::new(Match::Submit, Fault::from(slow)).always();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// Replaces the response by these bytes, then closes the connection.
    Garbage(Vec<u8>),
    /// Closes the connection without sending a byte.
    CloseBeforeReply,
    /// Closes the connection in the middle of the head.
    CloseMidHead,
    /// Closes the connection after half of the body that the head announces.
    CloseMidBody,
    /// Resets the connection after half of a response without a length.
    ResetMidBody,
    /// Closes the connection after a complete response that announced to keep it open.
    CloseAfterReply,
    /// Sends nothing, and keeps the connection open until the client closes it or the server stops.
    Hang,
    /// Sends the head and half of the body, then nothing.
    HangMidBody,
    /// Sends the body in chunks of this many bytes (0 counts as 1), without `Content-Length`.
    Chunked {
        /// The length of a chunk.
        bytes: usize,
    },
    /// Sends the body in chunks; after half of it, a chunk's length is invalid.
    GarbageMidBody,
    /// Pads the head with a header.
    OversizedHead {
        /// The head's length, in bytes.
        bytes: usize,
    },
    /// Sends blanks after the body, until the client closes the connection.
    EndlessBody,
    /// Sends interim responses with these statuses (1xx) before the complete response.
    Interim(Vec<u16>),
    /// Marks the end of the body in this way, instead of by its length.
    Framed(Framing),
    /// Sends unrequested bytes after the complete response.
    Followed(Vec<u8>),
    /// Sends the complete response slowly.
    Drip {
        /// The wait before each write, in real time.
        interval: Duration,
        /// The number of bytes of a write (0 counts as 1).
        bytes: usize,
    },
}

/// Ways to mark the end of a body, valid and invalid ones (RFC 9112, section 6). The connection closes after each.
///
/// ```
/// use usage_sim::{Framing, Match, Rule, WireFault};
///
/// let old = Rule::new(Match::Any, WireFault::Framed(Framing::Http10)).always();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// The connection ends with the body. With TLS, its end is announced (`close_notify`).
    UntilClose,
    /// The same with half of the body. With TLS, the end is not announced.
    HalfUntilClose,
    /// The same with HTTP/1.0.
    Http10,
    /// A status line without a reason phrase.
    NoReason,
    /// Chunks without the last, empty one.
    ChunksWithoutEnd,
    /// Chunks with extensions, followed by a trailer.
    ChunksWithTrailer,
    /// A length that is half of the body's.
    HalfLength,
    /// The same length twice.
    SameLengthTwice,
    /// Two lengths that differ.
    TwoLengths,
    /// A length that is not a number.
    NoNumber,
    /// A length, and chunks. The chunks are valid.
    LengthAndChunks,
}
