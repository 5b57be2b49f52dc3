//! A connection over any socket, with tunnel and TLS.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;

use crate::error::ProxyError;
use crate::proxy::{Proxy, Tunnel};
use crate::written::written;

type BoxError = Box<dyn StdError + Send + Sync>;

/// For drivers: a connection over any socket, through a tunnel if there is a proxy, with TLS if the target's scheme is
/// `https`.
///
/// A write to a connection that the other side has closed counts as done, see [`written`].
pub struct Stream<S: Read + Write>(Layers<S>);

enum Layers<S: Read + Write> {
    Plain(Socket<S>),
    Tls(Box<StreamOwned<ClientConnection, Socket<S>>>),
}

impl<S: Read + Write> Stream<S> {
    /// Connects to `target`, or to `proxy` if that carries it, with `connect`, then opens the tunnel and performs the TLS
    /// handshake.
    ///
    /// # Errors
    ///
    /// Returns an error if the proxy refuses, if the TLS handshake fails, or if the socket fails.
    pub fn open(
        target: &Uri,
        proxy: Option<&Proxy>,
        tls: &Arc<ClientConfig>,
        connect: impl FnOnce(&Uri) -> Result<S, BoxError>,
    ) -> Result<Self, BoxError> {
        let mut socket = match proxy.and_then(|proxy| Some((proxy.tunnel(target)?, proxy))) {
            None => Socket(connect(target)?),
            Some((tunnel, proxy)) => {
                let socket = connect(&proxy.uri()).map_err(|error| tunnel.unreachable(error))?;
                through(tunnel, Socket(socket))?
            }
        };
        if target.scheme() != Some(&Scheme::HTTPS) {
            return Ok(Self(Layers::Plain(socket)));
        }
        let host = target.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let mut tls = ClientConnection::new(Arc::clone(tls), ServerName::try_from(host)?.to_owned())?;
        tls.complete_io(&mut socket)?;
        Ok(Self(Layers::Tls(StreamOwned::new(tls, socket).into())))
    }

    /// Returns whether the connection has TLS.
    pub fn is_tls(&self) -> bool {
        matches!(self.0, Layers::Tls(_))
    }

    /// Returns the socket.
    pub fn socket(&mut self) -> &mut S {
        match &mut self.0 {
            Layers::Plain(socket) => &mut socket.0,
            Layers::Tls(tls) => &mut tls.sock.0,
        }
    }
}

impl<S: Read + Write> fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("is_tls", &self.is_tls()).finish_non_exhaustive()
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Layers::Plain(socket) => socket.read(buffer),
            Layers::Tls(tls) => tls.read(buffer),
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Layers::Plain(socket) => socket.write(bytes),
            Layers::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Layers::Plain(socket) => socket.flush(),
            Layers::Tls(tls) => tls.flush(),
        }
    }
}

fn through<S: Read + Write>(mut tunnel: Tunnel, mut proxy: Socket<S>) -> Result<Socket<S>, ProxyError> {
    let asked = proxy.write_all(tunnel.request()).and_then(|()| proxy.flush());
    asked.map_err(|error| tunnel.broken(error))?;
    let mut chunk = [0; 1024];
    loop {
        let length = proxy.read(&mut chunk).map_err(|error| tunnel.broken(error))?;
        if tunnel.is_open(&chunk[..length])? {
            return Ok(proxy);
        }
    }
}

/// A socket that retries interrupted reads, and whose writes succeed after the other side has closed.
struct Socket<S>(S);

impl<S: Read> Read for Socket<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl<S: Write> Write for Socket<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        written(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        written(self.0.flush().map(|()| 0), 0).map(drop)
    }
}
