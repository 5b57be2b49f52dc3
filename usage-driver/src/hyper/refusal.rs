use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, Connection};
use usage_core::error::{TransportFailure, TransportKind};

use crate::error::{Reached, classify};
use crate::hyper::stream::Stream;

/// A connection that remembers why TLS refused it. In TLS 1.3 a server may refuse the client's certificate when the
/// handshake is over for the client, and HTTP/2 keeps only the text of the error.
pub(super) struct Remembering<S> {
    stream: MaybeHttpsStream<Stream<S>>,
    refusal: Refusal,
}

/// Why TLS refused a connection.
#[derive(Clone, Default)]
struct Refusal(Arc<OnceLock<TransportFailure>>);

/// Returns why TLS refused the connection of a request, if it did.
pub(super) fn refusal_of(connection: &CaptureConnection) -> Option<TransportFailure> {
    let mut extras = http::Extensions::new();
    connection.connection_metadata().as_ref()?.get_extras(&mut extras);
    extras.get::<Refusal>()?.0.get().cloned()
}

impl<S> Remembering<S> {
    pub(super) fn new(stream: MaybeHttpsStream<Stream<S>>) -> Self {
        Self { stream, refusal: Refusal::default() }
    }
}

impl<S: Read + Write + Unpin> Read for Remembering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Poll::Ready(Err(error)) = &read {
            let failure = classify(error, Reached::Service);
            if failure.kind == TransportKind::Tls {
                let _ = self.refusal.0.set(failure);
            }
        }
        read
    }
}

impl<S: Read + Write + Unpin> Write for Remembering<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }
}

impl<S: Connection + Read + Write + Unpin> Connection for Remembering<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.refusal.clone())
    }
}
