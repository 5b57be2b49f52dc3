//! What hyper needs of tokio: tasks, timers and sockets.

use std::error::Error;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt;
use futures_util::future::MapErr;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiFuture, GaiResolver, Name};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tower_service::Service;
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

    async fn connect(host: Uri, limit: Duration) -> Result<TokioIo<TcpStream>, Box<dyn Error + Send + Sync>> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limit));
        Ok(tcp.call(host).await?)
    }
}

/// The resolver of the system, whose errors are told apart from those of connecting.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = Unresolved;
    type Future = MapErr<GaiFuture, fn(io::Error) -> Unresolved>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        self.0.poll_ready(cx).map_err(Unresolved)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.0.call(name).map_err(Unresolved)
    }
}
