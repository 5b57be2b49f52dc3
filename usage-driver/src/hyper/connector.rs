//! Connections through a proxy if there is one, with TLS.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBuf, Timer, Write};
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use tower_service::Service;

use crate::builder::ClientConfig;
use crate::connect::not_within;
use crate::futures::{BoxFuture, timeout};
use crate::hyper::Runtime;
use crate::hyper::refusal::Remembering;
use crate::hyper::stream::Stream;
use crate::proxy::Proxy;

/// Makes connections of type `C`. It is one pointer, because hyper clones it twice for each request.
pub(super) struct Connector<C>(Arc<Connect<C>>);

type Connect<C> = dyn Fn(Uri) -> Connecting<C> + Send + Sync;

type Connecting<C> = BoxFuture<'static, Result<C, BoxError>>;

type BoxError = Box<dyn Error + Send + Sync>;

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake. Plain HTTP is not
/// refused here: base URLs are plain on loopback only.
pub(super) fn connector<R: Runtime>(
    config: &ClientConfig,
    tls: rustls::ClientConfig,
) -> Connector<Remembering<R::Socket>> {
    let (limit, proxy) = (config.connect_timeout, config.proxy.clone());
    let through = proxy.clone();
    let sockets = Connector::new(move |uri| Box::pin(connect::<R>(uri, through.clone(), limit)));
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    #[cfg(feature = "http2")]
    let https = https.enable_http2();
    let https = https.wrap_connector(sockets);
    Connector::new(move |uri| {
        let (connecting, proxy) = (https.clone().call(uri.clone()), proxy.clone());
        Box::pin(async move {
            let connected = timeout(R::Timer::default().sleep(limit), connecting).await;
            let mut connected =
                connected.unwrap_or_else(|| Err(not_within(limit, &uri, proxy.as_ref()).into()))?;
            if let MaybeHttpsStream::Https(tls) = &mut connected {
                tls.inner_mut().get_mut().0.inner_mut().speak_first();
            }
            Ok(Remembering::new(connected))
        })
    })
}

impl<C> Connector<C> {
    fn new(connect: impl Fn(Uri) -> Connecting<C> + Send + Sync + 'static) -> Self {
        Self(Arc::new(connect))
    }
}

impl<C> Clone for Connector<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Service<Uri> for Connector<C> {
    type Response = C;
    type Error = BoxError;
    type Future = Connecting<C>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting<C> {
        self.0(uri)
    }
}

/// Connects to the target, or to a proxy that tunnels to it.
async fn connect<R: Runtime>(
    target: Uri,
    proxy: Option<Proxy>,
    limit: Duration,
) -> Result<Stream<R::Socket>, BoxError> {
    let tunnelled = proxy.and_then(|proxy| Some((proxy.tunnel(&target)?, proxy)));
    let Some((mut tunnel, proxy)) = tunnelled else {
        return Ok(Stream::new(R::connect(target, limit).await?));
    };
    let connected = R::connect(proxy.uri(), limit).await.map_err(|error| tunnel.unreachable(error));
    let mut stream = Stream::new(connected?);
    // If the proxy does not take the whole request, its response says why.
    let _ = write_all(&mut stream, tunnel.request()).await;
    let mut chunk = [0; 1024];
    loop {
        let length = read(&mut stream, &mut chunk).await.map_err(|error| tunnel.broken(error))?;
        if tunnel.is_open(&chunk[..length])? {
            stream.speak_first();
            return Ok(stream);
        }
    }
}

async fn write_all(socket: &mut (impl Write + Unpin), mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = poll_fn(|cx| Pin::new(&mut *socket).poll_write(cx, bytes)).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
    }
    poll_fn(|cx| Pin::new(&mut *socket).poll_flush(cx)).await
}

async fn read(socket: &mut (impl Read + Unpin), chunk: &mut [u8]) -> io::Result<usize> {
    let mut buffer = ReadBuf::new(chunk);
    poll_fn(|cx| Pin::new(&mut *socket).poll_read(cx, buffer.unfilled())).await?;
    Ok(buffer.filled().len())
}
