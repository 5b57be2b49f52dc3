//! Connections over tokio's sockets, through a proxy if there is one, with TLS.

use std::sync::Arc;

use futures_util::TryFutureExt;
use http::Uri;
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use tokio::net::TcpStream;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, service_fn};
use usage_core::error::{BuildError, Unresolved};
use usage_core::{ClientConfig, TlsOptions};

/// What makes connections.
pub(crate) type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake. Plain HTTP is not
/// refused here: base URLs are plain on loopback only.
pub(crate) fn connector(config: &ClientConfig) -> Result<Connector, BuildError> {
    let (timeout, proxy) = (config.connect_timeout, config.proxy.clone());
    let resolver = service_fn(|name: Name| GaiResolver::new().call(name).map_err(Unresolved));
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(timeout));
    // A socket to the host, or to a proxy that tunnels to it.
    let route = service_fn(move |uri: Uri| {
        let (mut tcp, proxy) = (tcp.clone(), proxy.clone());
        async move {
            let tunnelled = proxy.and_then(|proxy| Some((proxy.tunnel_to(&uri)?, proxy)));
            let Some((end, proxy)) = tunnelled else { return Ok::<_, BoxError>(tcp.call(uri).await?) };
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
            let connected = tokio::time::timeout(timeout, connecting).await;
            connected.unwrap_or_else(|_| Err(format!("not within {timeout:?}").into()))
        }
    })))
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
