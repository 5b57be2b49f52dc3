//! A socket of async-std as hyper wants it.

use std::io::Result;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use usage_driver::written;

/// A connected socket. What is read goes through a buffer of its own: hyper's may hold memory that was never written,
/// which safe code cannot pass on. What cannot be written because the server closed counts as written: the server may
/// have said why.
pub(crate) struct Stream {
    socket: TcpStream,
    scratch: Box<[u8]>,
    /// Whether nothing is read before something is written: a server has nothing to say, and whether a connection that it
    /// closes at once carried the request does not depend on which is quicker.
    speaks_first: bool,
}

impl Stream {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, scratch: vec![0; 16 * 1024].into(), speaks_first: true }
    }

    /// Reads nothing before the next write, as at first. In TLS 1.3 a server may refuse the client's certificate when the handshake is
    /// over for the client; read between two requests, the refusal would be lost on hyper.
    pub(crate) fn speak_first(&mut self) {
        self.speaks_first = true;
    }
}

impl Read for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<Result<()>> {
        let Self { socket, scratch, speaks_first } = self.get_mut();
        if *speaks_first {
            return Poll::Pending;
        }
        let room = buf.remaining().min(scratch.len());
        let length = ready!(Pin::new(socket).poll_read(cx, &mut scratch[..room]))?;
        buf.put_slice(&scratch[..length]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if take(&mut self.speaks_first) {
            // The same task reads and writes.
            cx.waker().wake_by_ref();
        }
        Pin::new(&mut self.socket).poll_write(cx, bytes).map(|result| written(result, bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
