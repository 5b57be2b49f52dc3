//! What hyper needs of tokio: tasks, timers and sockets.

use std::time::Duration;

use futures_util::TryFutureExt;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tower::{BoxError, Service, service_fn};
use usage_driver::error::Unresolved;
use usage_driver::hyper;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Runtime;

impl hyper::Runtime for Runtime {
    type Socket = TokioIo<TcpStream>;
    type Timer = TokioTimer;

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    async fn connect(host: Uri, limit: Duration) -> Result<TokioIo<TcpStream>, BoxError> {
        let resolver = service_fn(|name: Name| GaiResolver::new().call(name).map_err(Unresolved));
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limit));
        Ok(tcp.call(host).await?)
    }
}
