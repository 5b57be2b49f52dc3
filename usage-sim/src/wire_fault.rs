//! Faults of the network, which strike an answer on its way.

use std::time::Duration;

/// A fault of the network, which strikes an answer. The request has been processed, which a client cannot know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// These bytes replace the answer, then the connection closes.
    Garbage(Vec<u8>),
    /// The connection closes without a byte.
    CloseBeforeReply,
    /// The connection closes in the middle of the answer's head.
    CloseMidHead,
    /// The connection closes after half of the body that the head announces.
    CloseMidBody,
    /// The connection is reset after half of an answer without a length.
    ResetMidBody,
    /// The connection closes after a complete answer that announces to keep it.
    CloseAfterReply,
    /// There is no answer, and the connection stays open until the client closes it or the server stops.
    Hang,
    /// The head and half of the body come, then nothing.
    HangMidBody,
    /// The body has chunks of this many bytes (0 counts as 1), and no `Content-Length`.
    Chunked {
        /// How long a chunk is.
        bytes: usize,
    },
    /// The body has chunks; after half of it, a chunk's length is invalid.
    GarbageMidBody,
    /// The head is as long as this, by a header of padding.
    OversizedHead {
        /// The head's length, in bytes.
        bytes: usize,
    },
    /// After the body come blanks, until the client closes the connection.
    EndlessBody,
    /// Interim answers with these statuses (1xx) precede the complete answer.
    Interim(Vec<u16>),
    /// The end of the body is marked in this way, instead of by its length.
    Framed(Framing),
    /// Unrequested bytes follow the complete answer.
    Followed(Vec<u8>),
    /// The complete answer arrives slowly.
    Drip {
        /// How long the wait before each write is, in real time.
        interval: Duration,
        /// How many bytes a write has (0 is read as 1).
        bytes: usize,
    },
}

/// Ways to mark the end of a body, valid and invalid ones (RFC 9112, 6). The connection closes after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// The end of the connection is that of the body. With TLS, it is announced (`close_notify`).
    UntilClose,
    /// The same, with half of the body. With TLS, the end is not announced.
    HalfUntilClose,
    /// The same, as HTTP/1.0 does it.
    Http10,
    /// A status line without a reason.
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
    /// A length, and chunks: the chunks count.
    LengthAndChunks,
}
