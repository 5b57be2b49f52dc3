//! What can become of an answer on its way.

use std::time::Duration;

/// What the network does to an answer. The request has been processed by then: a client cannot know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// These bytes come in the answer's place, then the connection closes.
    Garbage(Vec<u8>),
    /// The connection closes without a byte.
    CloseBeforeReply,
    /// The connection closes in the middle of the answer's head.
    CloseMidHead,
    /// The head promises more than the half of the body that comes before the connection closes.
    CloseMidBody,
    /// Half of an answer without a length comes, then the connection is reset.
    ResetMidBody,
    /// The answer comes whole and promises to keep the connection, which closes then.
    CloseAfterReply,
    /// Nothing comes, and the connection stays open until the client closes it or the server stops.
    Hang,
    /// The head and half of the body come, then nothing.
    HangMidBody,
    /// The body comes in chunks of this many bytes (0 is read as 1), without a `Content-Length`.
    Chunked {
        /// How long a chunk is.
        bytes: usize,
    },
    /// The body comes in chunks; after half of it, what should be a chunk's length is none.
    GarbageMidBody,
    /// The head is as long as this, by a header of padding.
    OversizedHead {
        /// The head's length, in bytes.
        bytes: usize,
    },
    /// After the body come blanks, until the client closes the connection.
    EndlessBody,
    /// Interim answers with these statuses (1xx) come before the answer, which is whole.
    Interim(Vec<u16>),
    /// The body's end is marked in another way than by its length.
    Framed(Framing),
    /// Behind the answer, which is whole, come bytes that nobody asked for.
    Followed(Vec<u8>),
    /// The answer comes whole, but slowly.
    Drip {
        /// How long the wait before each write is, in real time.
        interval: Duration,
        /// How many bytes a write has (0 is read as 1).
        bytes: usize,
    },
}

/// Ways to say, or not to say, where a body ends (RFC 9112, 6). The connection closes behind each.
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
    /// Chunks with extensions, and a trailer behind them.
    ChunksWithTrailer,
    /// A length that is smaller than that of the body: by half.
    HalfLength,
    /// The same length twice.
    SameLengthTwice,
    /// Two lengths that differ.
    TwoLengths,
    /// A length that is no number.
    NoNumber,
    /// A length, and chunks: the chunks count.
    LengthAndChunks,
}
