//! A socket of async-std as hyper wants it.

use std::io::Result;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

/// A connected socket. It reads through a buffer of its own: hyper's may hold uninitialised memory, which safe code cannot
/// pass on.
pub(crate) struct Socket {
    socket: TcpStream,
    scratch: Box<[u8]>,
}

impl Socket {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, scratch: vec![0; 16 * 1024].into() }
    }
}

impl Read for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<Result<()>> {
        let Self { socket, scratch } = self.get_mut();
        let room = buf.remaining().min(scratch.len());
        let length = ready!(Pin::new(socket).poll_read(cx, &mut scratch[..room]))?;
        buf.put_slice(&scratch[..length]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
