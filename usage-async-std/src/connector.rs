//! Connections over async-std's sockets, through a proxy if there is one, with TLS.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_std::net::{TcpStream, ToSocketAddrs};
use futures_util::TryFutureExt;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use thiserror::Error;
use tower_service::Service;
use usage_core::error::BuildError;
use usage_core::{ClientConfig, Proxy};

use crate::runtime;
use crate::stream::Stream;
use crate::tls;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The host name does not resolve.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) struct Unresolved(io::Error);

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    https: HttpsConnector<Route>,
    timeout: Duration,
}

impl Connector {
    /// Plain HTTP is not refused here: base URLs are plain on loopback only.
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        let tcp = Tcp { timeout: config.connect_timeout };
        let https = HttpsConnectorBuilder::new().with_tls_config(tls::config(&config.tls)?).https_or_http();
        #[cfg(feature = "http2")]
        let https = https.enable_all_versions();
        #[cfg(not(feature = "http2"))]
        let https = https.enable_http1();
        let https = https.wrap_connector(Route { tcp, proxy: config.proxy.clone() });
        Ok(Self { https, timeout: config.connect_timeout })
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, timeout) = (self.https.call(uri), self.timeout);
        Box::pin(async move {
            let connected = runtime::timeout(timeout, connecting).await;
            connected.unwrap_or_else(|| Err(format!("not within {timeout:?}").into()))
        })
    }
}

/// A socket to the host, or to a proxy that tunnels to it.
#[derive(Clone, Debug)]
struct Route {
    tcp: Tcp,
    proxy: Option<Proxy>,
}

impl Service<Uri> for Route {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxy.as_ref().filter(|proxy| proxy.carries(&uri)) else {
            return self.tcp.call(uri);
        };
        let tunnel = Tunnel::new(proxy.uri(), self.tcp);
        let mut tunnel = match proxy.authorization() {
            Some(authorization) => tunnel.with_auth(authorization),
            None => tunnel,
        };
        Box::pin(tunnel.call(uri).err_into())
    }
}

/// Connects to the first address of a host that answers.
#[derive(Clone, Copy, Debug)]
struct Tcp {
    timeout: Duration,
}

impl Service<Uri> for Tcp {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<Result<Stream, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let timeout = self.timeout;
        Box::pin(async move {
            let addresses = resolve(&uri).await.map_err(Unresolved)?;
            let socket = connect(&addresses, timeout).await?;
            socket.set_nodelay(true)?;
            Ok(Stream::new(socket))
        })
    }
}

async fn resolve(uri: &Uri) -> io::Result<Vec<SocketAddr>> {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let default_port = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let addresses = (host, uri.port_u16().unwrap_or(default_port)).to_socket_addrs().await?;
    Ok(addresses.collect())
}

/// Each address has an equal share of the time. The first error is the one that is told.
async fn connect(addresses: &[SocketAddr], timeout: Duration) -> io::Result<TcpStream> {
    let share = timeout / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut first = None;
    for address in addresses {
        match runtime::timeout(share, TcpStream::connect(address)).await {
            Some(Ok(socket)) => return Ok(socket),
            Some(Err(error)) => first.get_or_insert(error),
            None => first.get_or_insert_with(|| io::ErrorKind::TimedOut.into()),
        };
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}
