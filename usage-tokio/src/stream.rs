//! A socket of tokio as hyper wants it.

use std::io;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use usage_driver::written;

/// A connected socket. What cannot be written because the server closed counts as written: the server may have said why.
pub(crate) struct Stream {
    socket: TokioIo<TcpStream>,
    /// Whether nothing is read before something is written: a server has nothing to say, and whether a connection that it
    /// closes at once carried the request does not depend on which is quicker.
    speaks_first: bool,
}

impl Stream {
    pub(crate) fn new(socket: TokioIo<TcpStream>) -> Self {
        Self { socket, speaks_first: true }
    }

    /// Reads nothing before the next write, as at first. In TLS 1.3 a server may refuse the client's certificate when the handshake is
    /// over for the client; read between two requests, the refusal would be lost on hyper.
    pub(crate) fn speak_first(&mut self) {
        self.speaks_first = true;
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.speaks_first {
            return Poll::Pending;
        }
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl Write for Stream {
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

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.socket.connected()
    }
}
