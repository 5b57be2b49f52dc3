//! Connections over async-std's sockets, through a proxy if there is one, with TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_io::Timer;
use async_std::net::{TcpStream, ToSocketAddrs};
use http::Uri;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use rustls::crypto::ring;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, service_fn};
use usage_core::driver::futures::before;
use usage_core::driver::port_of;
use usage_core::error::{BuildError, Unresolved};
use usage_core::{ClientConfig, TlsOptions};

use crate::stream::Stream;

/// What makes connections.
pub(crate) type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<Stream>, BoxError>;

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake. Plain HTTP is not
/// refused here: base URLs are plain on loopback only.
pub(crate) fn connector(config: &ClientConfig) -> Result<Connector, BuildError> {
    let (limit, proxy) = (config.connect_timeout, config.proxy.clone());
    let mut tcp = service_fn(move |uri| Box::pin(connect(uri, limit)));
    // A socket to the host, or to a proxy that tunnels to it.
    let route = service_fn(move |uri: Uri| {
        let proxy = proxy.clone();
        async move {
            let tunnelled = proxy.and_then(|proxy| Some((proxy.tunnel_to(&uri)?, proxy)));
            let Some((end, proxy)) = tunnelled else { return tcp.call(uri).await };
            Ok(Tunnel::new(proxy.uri(), tcp).with_headers(proxy.headers()).call(end).await?)
        }
    });
    let https = HttpsConnectorBuilder::new().with_tls_config(tls(&config.tls)?);
    let https = https.https_or_http().enable_http1();
    #[cfg(feature = "http2")]
    let https = https.enable_http2();
    let https = https.wrap_connector(route);
    Ok(BoxCloneSyncService::new(service_fn(move |uri| {
        let connecting = https.clone().call(uri);
        async move {
            let connected = before(Timer::after(limit), connecting).await;
            connected.unwrap_or_else(|| Err(format!("not within {limit:?}").into()))
        }
    })))
}

/// Connects to the first address of a host that answers. Each has an equal share of the time. The first error is the one
/// that is told.
async fn connect(uri: Uri, limit: Duration) -> Result<Stream, BoxError> {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let addresses = (host, port_of(&uri)).to_socket_addrs().await.map_err(Unresolved)?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut first = None;
    for address in addresses {
        let connected = before(Timer::after(share), TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                return Ok(Stream::new(socket));
            }
            Err(error) => first.get_or_insert(error),
        };
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()).into())
}

fn tls(options: &TlsOptions) -> Result<rustls::ClientConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    #[cfg(feature = "platform-verifier")]
    if options.roots == usage_core::Roots::Platform {
        let extra = options.extra_roots.iter().cloned();
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider));
        return options.client_config(provider, Some(Arc::new(verifier.map_err(BuildError::client)?)));
    }
    options.client_config(provider, None)
}
