//! Connections over async-std's sockets, through a proxy if there is one, with TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_io::Timer;
use async_std::io::{ReadExt, WriteExt};
use async_std::net::{TcpStream, ToSocketAddrs};
use http::Uri;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use rustls::crypto::ring;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, service_fn};
use usage_core::error::BuildError;
use usage_core::uri::port_of;
use usage_driver::error::Unresolved;
use usage_driver::futures::{first_connected, timeout};
use usage_driver::not_within;
use usage_driver::{ClientConfig, Proxy, TlsOptions};

use crate::stream::Stream;

/// What makes connections.
pub(crate) type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<Stream>, BoxError>;

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake. Plain HTTP is not
/// refused here: base URLs are plain on loopback only.
pub(crate) fn connector(config: &ClientConfig) -> Result<Connector, BuildError> {
    let (limit, proxy) = (config.connect_timeout, config.proxy.clone());
    let through = proxy.clone();
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls(&config.tls)?).https_or_http().enable_http1();
    #[cfg(feature = "http2")]
    let https = https.enable_http2();
    let https = https.wrap_connector(service_fn(move |uri| Box::pin(connect(uri, through.clone(), limit))));
    Ok(BoxCloneSyncService::new(service_fn(move |uri: Uri| {
        let (connecting, proxy) = (https.clone().call(uri.clone()), proxy.clone());
        async move {
            let connected = timeout(Timer::after(limit), connecting).await;
            let mut connected =
                connected.unwrap_or_else(|| Err(not_within(limit, &uri, proxy.as_ref()).into()))?;
            if let MaybeHttpsStream::Https(tls) = &mut connected {
                tls.inner_mut().get_mut().0.inner_mut().speak_first();
            }
            Ok(connected)
        }
    })))
}

/// A socket to the host, or to a proxy that tunnels to it.
async fn connect(target: Uri, proxy: Option<Proxy>, limit: Duration) -> Result<Stream, BoxError> {
    let tunnelled = proxy.and_then(|proxy| Some((proxy.tunnel(&target)?, proxy)));
    let Some((mut tunnel, proxy)) = tunnelled else { return Ok(Stream::new(socket(&target, limit).await?)) };
    let mut socket = socket(&proxy.uri(), limit).await.map_err(|error| tunnel.unreachable(error))?;
    // If the proxy takes no more, its answer says why.
    let _ = socket.write_all(tunnel.request()).await;
    let mut chunk = [0; 1024];
    loop {
        let length = socket.read(&mut chunk).await.map_err(|error| tunnel.broken(error))?;
        if tunnel.is_open(&chunk[..length])? {
            return Ok(Stream::new(socket));
        }
    }
}

async fn socket(host: &Uri, limit: Duration) -> Result<TcpStream, BoxError> {
    let name = host.host().unwrap_or_default().trim_matches(['[', ']']);
    let found = (name, port_of(host)).to_socket_addrs().await.map_err(Unresolved)?;
    let connect = |address, share| async move {
        let connected = timeout(Timer::after(share), TcpStream::connect(address)).await;
        connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    };
    let socket = first_connected(&found.collect::<Vec<_>>(), limit, connect).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn tls(options: &TlsOptions) -> Result<rustls::ClientConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    #[cfg(feature = "platform-verifier")]
    let config =
        options.client_config_with(provider, rustls_platform_verifier::Verifier::new_with_extra_roots);
    #[cfg(not(feature = "platform-verifier"))]
    let config = options.client_config(provider, None);
    config
}
