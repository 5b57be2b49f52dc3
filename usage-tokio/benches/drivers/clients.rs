//! The drivers and the bare HTTP clients that they use, all with the same request.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::rt::Executor;
use hyper_util::client::legacy::{self, connect::Connect};
use hyper_util::rt::TokioExecutor;
use tower_service::Service;
use usage_core::query::{OrganizationQuery, OrganizationQueryResults};
use usage_driver::{ClientBuilder, FromConfig};

use crate::socket::Socket;

/// The time limit of an exchange.
const LIMIT: Duration = Duration::from_secs(30);

/// A client that polls an execution.
pub(crate) trait Contestant {
    fn name(&self) -> &'static str;

    /// Polls `calls` times.
    fn call(&self, calls: u32);
}

/// Returns each bare client and the driver on it, with up to this many calls at a time.
pub(crate) fn pairs(url: &str, at_once: usize) -> [[Box<dyn Contestant>; 2]; 3] {
    [
        [ureq(url, at_once), usage_blocking(url, at_once)],
        [hyper_on_tokio(url, at_once), usage_tokio(url, at_once)],
        [hyper_on_async_std(url, at_once), usage_async_std(url, at_once)],
    ]
}

fn ureq(url: &str, at_once: usize) -> Box<dyn Contestant> {
    // With one limit for everything, each call would resolve the host's name in its own thread.
    let limits = ureq::Agent::config_builder()
        .timeout_connect(Some(LIMIT))
        .timeout_send_request(Some(LIMIT))
        .timeout_recv_response(Some(LIMIT))
        .timeout_recv_body(Some(LIMIT));
    let idle = limits.max_idle_connections(at_once).max_idle_connections_per_host(at_once);
    let agent = idle.build().new_agent();
    let uri = uri(url).to_string();
    contestant("ureq", move |calls| {
        on_threads(calls, at_once, || {
            let request =
                agent.get(&uri).header("authorization", "Bearer a-token").header("user-agent", "bare");
            let request = request.header("accept", "application/json").header("accept-encoding", "gzip");
            let (mut reader, mut body) = (request.call().unwrap().into_body().into_reader(), Vec::new());
            reader.read_to_end(&mut body).unwrap();
        });
    })
}

fn usage_blocking(url: &str, at_once: usize) -> Box<dyn Contestant> {
    let client: usage_blocking::Client = client(url);
    contestant("usage-blocking", move |calls| {
        on_threads(calls, at_once, || drop(client.call(results()).unwrap()));
    })
}

fn hyper_on_tokio(url: &str, at_once: usize) -> Box<dyn Contestant> {
    let (runtime, uri) = (tokio_runtime(), uri(url));
    let client = legacy::Client::builder(TokioExecutor::new()).build_http();
    contestant("hyper-util on tokio", move |calls| {
        let call = || async { tokio::time::timeout(LIMIT, hyper(&client, &uri)).await.unwrap() };
        runtime.block_on(many(calls, at_once, call));
    })
}

fn usage_tokio(url: &str, at_once: usize) -> Box<dyn Contestant> {
    let (runtime, client) = (tokio_runtime(), client::<usage_tokio::Client>(url));
    contestant("usage-tokio", move |calls| {
        let call = || async { drop(client.call(results()).await.unwrap()) };
        runtime.block_on(many(calls, at_once, call));
    })
}

fn hyper_on_async_std(url: &str, at_once: usize) -> Box<dyn Contestant> {
    let (client, uri) = (legacy::Client::builder(AsyncStdTasks).build(Tcp), uri(url));
    contestant("hyper-util on async-std", move |calls| {
        let call = || async { async_std::future::timeout(LIMIT, hyper(&client, &uri)).await.unwrap() };
        async_std::task::block_on(many(calls, at_once, call));
    })
}

fn usage_async_std(url: &str, at_once: usize) -> Box<dyn Contestant> {
    let client: usage_async_std::Client = client(url);
    contestant("usage-async-std", move |calls| {
        let call = || async { drop(client.call(results()).await.unwrap()) };
        async_std::task::block_on(many(calls, at_once, call));
    })
}

struct Called<F>(&'static str, F);

impl<F: Fn(u32)> Contestant for Called<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn call(&self, calls: u32) {
        (self.1)(calls);
    }
}

fn contestant(name: &'static str, call: impl Fn(u32) + 'static) -> Box<dyn Contestant> {
    Box::new(Called(name, call))
}

fn tokio_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Creates a client of a driver with a static token.
fn client<C: FromConfig>(url: &str) -> C {
    let builder = ClientBuilder::new().api_url(url.parse().unwrap()).login_url(url.parse().unwrap());
    builder.access_token("a-token").unwrap().build().unwrap()
}

fn results() -> OrganizationQueryResults {
    let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse().unwrap());
    usage_core::UsageQuery::results(&query, &"9f32b7cf".parse().unwrap(), None)
}

fn uri(url: &str) -> Uri {
    format!("{url}/api/v2/usage/query/9f32b7cf/results").parse().unwrap()
}

async fn hyper<C: Connect + Clone + Send + Sync + 'static>(
    client: &legacy::Client<C, Full<Bytes>>,
    uri: &Uri,
) {
    let request = Request::get(uri.clone())
        .header("authorization", "Bearer a-token")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip")
        .header("user-agent", "bare");
    let response = client.request(request.body(Full::default()).unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
}

/// Sockets of async-std.
#[derive(Clone, Copy)]
struct Tcp;

impl Service<Uri> for Tcp {
    type Response = Socket;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move {
            let socket = async_std::net::TcpStream::connect(uri.authority().unwrap().as_str()).await?;
            socket.set_nodelay(true)?;
            Ok(Socket::new(socket))
        })
    }
}

/// Runs the tasks of connections on async-std.
#[derive(Clone)]
struct AsyncStdTasks;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for AsyncStdTasks {
    fn execute(&self, task: F) {
        drop(async_std::task::spawn(task));
    }
}

async fn many<F: Future<Output = ()>>(calls: u32, at_once: usize, call: impl Fn() -> F) {
    stream::iter(0..calls).map(|_| call()).buffer_unordered(at_once).collect::<()>().await;
}

fn on_threads(calls: u32, at_once: usize, call: impl Fn() + Sync) {
    let each = calls / u32::try_from(at_once).unwrap();
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| (0..each).for_each(|_| call()));
        }
    });
}
