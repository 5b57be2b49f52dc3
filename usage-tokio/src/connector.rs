//! Connections over tokio's sockets, through a proxy if there is one, with TLS.

use std::sync::Arc;

use futures_util::TryFutureExt;
use http::Uri;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, service_fn};
use usage_core::error::BuildError;
use usage_driver::error::Unresolved;
use usage_driver::not_within;
use usage_driver::{ClientConfig, Proxy, TlsOptions};

use crate::stream::Stream;

/// What makes connections.
pub(crate) type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<Stream>, BoxError>;

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake. Plain HTTP is not
/// refused here: base URLs are plain on loopback only.
pub(crate) fn connector(config: &ClientConfig) -> Result<Connector, BuildError> {
    let (limit, proxy) = (config.connect_timeout, config.proxy.clone());
    let resolver = service_fn(|name: Name| GaiResolver::new().call(name).map_err(Unresolved));
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(limit));
    let through = proxy.clone();
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls(&config.tls)?).https_or_http().enable_http1();
    #[cfg(feature = "http2")]
    let https = https.enable_http2();
    let https = https.wrap_connector(service_fn(move |uri| connect(uri, through.clone(), tcp.clone())));
    Ok(BoxCloneSyncService::new(service_fn(move |uri: Uri| {
        let (connecting, proxy) = (https.clone().call(uri.clone()), proxy.clone());
        async move {
            let connected = tokio::time::timeout(limit, connecting).await;
            let mut connected =
                connected.unwrap_or_else(|_| Err(not_within(limit, &uri, proxy.as_ref()).into()))?;
            if let MaybeHttpsStream::Https(tls) = &mut connected {
                tls.inner_mut().get_mut().0.inner_mut().speak_first();
            }
            Ok(connected)
        }
    })))
}

/// A socket to the host, or to a proxy that tunnels to it.
async fn connect<T>(target: Uri, proxy: Option<Proxy>, mut tcp: T) -> Result<Stream, BoxError>
where
    T: Service<Uri, Response = TokioIo<TcpStream>, Error: Into<BoxError>>,
{
    let tunnelled = proxy.and_then(|proxy| Some((proxy.tunnel(&target)?, proxy)));
    let Some((mut tunnel, proxy)) = tunnelled else {
        return Ok(Stream::new(tcp.call(target).await.map_err(Into::into)?));
    };
    let connected = tcp.call(proxy.uri()).await.map_err(|error| tunnel.unreachable(error));
    let mut socket = connected?.into_inner();
    // If the proxy takes no more, its answer says why.
    let _ = socket.write_all(tunnel.request()).await;
    let mut chunk = [0; 1024];
    loop {
        let length = socket.read(&mut chunk).await.map_err(|error| tunnel.broken(error))?;
        if tunnel.is_open(&chunk[..length])? {
            return Ok(Stream::new(TokioIo::new(socket)));
        }
    }
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
