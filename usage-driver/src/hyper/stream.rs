//! A connected socket that speaks first.

use std::io;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::written::written;

/// A connected socket. A write to a connection that the server closed succeeds: the server may have said why it closed.
pub(super) struct Stream<S> {
    socket: S,
    /// Whether nothing is read before something is written. A server has nothing to say first, and whether a connection
    /// that it closes at once carried the request must not depend on which side is quicker.
    speaks_first: bool,
    /// The number of successful reads in a row.
    reads: u8,
}

/// The number of successful reads in a row after which a connection lets other tasks run. hyper reads a head, including
/// interim responses, in one go: a server that never ends it would otherwise occupy a thread of the runtime.
const READS_AT_A_TIME: u8 = 4;

impl<S> Stream<S> {
    pub(super) fn new(socket: S) -> Self {
        Self { socket, speaks_first: true, reads: 0 }
    }

    /// Reads nothing before the next write, as at first. In TLS 1.3 a server may refuse the client's certificate when the
    /// handshake is over for the client; hyper would lose a refusal that is read between two requests.
    pub(super) fn speak_first(&mut self) {
        self.speaks_first = true;
    }
}

impl<S: Read + Unpin> Read for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.speaks_first {
            return Poll::Pending;
        }
        if self.reads == READS_AT_A_TIME {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        self.reads = if read.is_ready() { self.reads + 1 } else { 0 };
        read
    }
}

impl<S: Write + Unpin> Write for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if take(&mut self.speaks_first) {
            // The same task reads and writes.
            cx.waker().wake_by_ref();
        }
        Pin::new(&mut self.socket).poll_write(cx, bytes).map(|result| written(result, bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl<S: Connection> Connection for Stream<S> {
    fn connected(&self) -> Connected {
        self.socket.connected()
    }
}
