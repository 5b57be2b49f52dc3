//! Connections over ureq's sockets, through a proxy if there is one, with TLS.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector as Connect, LazyBuffers, NextTimeout, TcpConnector, TransportAdapter,
};
use usage_core::error::BuildError;
use usage_driver::address_of;
use usage_driver::blocking::Stream;
use usage_driver::error::Unresolved;
use usage_driver::not_within;
use usage_driver::{ClientConfig, Proxy, TlsOptions};

use crate::transport::Connection;

/// Connects within a time that includes the name's resolution, the proxy and the TLS handshake. It fails with
/// [`Error::Other`], of which ureq itself makes none.
#[derive(Debug)]
pub(crate) struct Connector {
    limit: Duration,
    proxy: Option<Proxy>,
    tls: Arc<rustls::ClientConfig>,
}

impl Connector {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        let tls = Arc::new(tls(&config.tls)?);
        Ok(Self { limit: config.connect_timeout, proxy: config.proxy.clone(), tls })
    }
}

impl Connect for Connector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Connection>, Error> {
        let (started, target, proxy) = (Instant::now(), details.uri, self.proxy.as_ref());
        let limit = self.limit.min(*details.timeout.after);
        let left = || limit.saturating_sub(started.elapsed());
        let stream = Stream::open(target, proxy, &self.tls, |host| socket(host, details, left));
        let stream = stream.map_err(|error| {
            Error::Other(if left().is_zero() { not_within(limit, target, proxy).into() } else { error })
        })?;
        let (input, output) = (details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Connection { stream, buffers: LazyBuffers::new(input, output) }))
    }
}

/// A socket to `host` whose reads and writes end in the time that is `left`, until another limit is set.
fn socket(
    host: &Uri,
    details: &ConnectionDetails<'_>,
    left: impl Fn() -> Duration,
) -> Result<TransportAdapter, Box<dyn StdError + Send + Sync>> {
    let timeout = || NextTimeout { after: left().into(), ..details.timeout };
    let mut addrs = details.resolver.empty();
    if let Some(address) = address_of(host) {
        addrs.push(address);
    } else {
        let found = DefaultResolver::default().resolve(host, details.config, timeout());
        addrs = found.map_err(|error| Unresolved(error.into_io()))?;
    }
    let details = ConnectionDetails {
        uri: host,
        addrs,
        timeout: timeout(),
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
        ..*details
    };
    let connected = TcpConnector::default().connect(&details, None::<()>).map_err(Error::into_io)?;
    let transport = Box::new(connected.ok_or(Error::ConnectionFailed)?);
    let mut socket = TransportAdapter::new(transport as _, Arc::clone(&details.current_time));
    socket.set_timeout(timeout());
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

/// ureq resolves before each request, even where a connection is kept or a proxy resolves: the [`Connector`] does it when
/// it connects.
#[derive(Debug)]
pub(crate) struct Unneeded;

impl Resolver for Unneeded {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}
