//! Connections over tokio's sockets, through a proxy if there is one, with TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tower_service::Service;
use usage_core::error::BuildError;
use usage_core::{ClientConfig, Proxy};

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
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(config.connect_timeout));
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
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = BoxFuture<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, timeout) = (self.https.call(uri), self.timeout);
        Box::pin(async move {
            let connected = tokio::time::timeout(timeout, connecting).await;
            connected.unwrap_or_else(|_| Err(format!("not within {timeout:?}").into()))
        })
    }
}

/// A socket to the host, or to a proxy that tunnels to it.
#[derive(Clone, Debug)]
struct Route {
    tcp: HttpConnector<Resolver>,
    proxy: Option<Proxy>,
}

impl Service<Uri> for Route {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Some(proxy) = self.proxy.as_ref().filter(|proxy| proxy.carries(&uri)) else {
            return Box::pin(self.tcp.call(uri).err_into());
        };
        let tunnel = Tunnel::new(proxy.uri(), self.tcp.clone());
        let mut tunnel = match proxy.authorization() {
            Some(authorization) => tunnel.with_auth(authorization),
            None => tunnel,
        };
        Box::pin(tunnel.call(uri).err_into())
    }
}

/// The system's resolver; its errors can be told from those of connecting.
#[derive(Clone, Debug)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Unresolved;
    type Future = BoxFuture<Result<GaiAddrs, Unresolved>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        self.0.poll_ready(cx).map_err(Unresolved)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(self.0.call(name).map_err(Unresolved))
    }
}
