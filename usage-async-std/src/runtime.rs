//! What hyper needs of async-std: tasks, timers and sockets.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_io::Timer;
use async_std::net::{TcpStream, ToSocketAddrs};
use async_std::task;
use http::Uri;
use hyper::rt;
use usage_core::uri::port_of;
use usage_driver::error::Unresolved;
use usage_driver::futures::{first_connected, timeout};
use usage_driver::hyper as driver;

use crate::socket::Socket;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Runtime;

impl driver::Runtime for Runtime {
    type Socket = Socket;
    type Timer = PoolTimer;

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        // Without its handle it runs on.
        drop(task::spawn(task));
    }

    async fn connect(host: Uri, limit: Duration) -> Result<Socket, Box<dyn Error + Send + Sync>> {
        let name = host.host().unwrap_or_default().trim_matches(['[', ']']);
        let found = (name, port_of(&host)).to_socket_addrs().await.map_err(Unresolved)?;
        let connect = |address, share| async move {
            let connected = timeout(Timer::after(share), TcpStream::connect(address)).await;
            connected.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
        };
        let socket = first_connected(&found.collect::<Vec<_>>(), limit, connect).await?;
        socket.set_nodelay(true)?;
        Ok(Socket::new(socket))
    }
}

/// The timer of the connection pool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PoolTimer;

impl rt::Timer for PoolTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(Timer::after(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(Timer::at(deadline)))
    }
}

struct Sleep(Timer);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

impl rt::Sleep for Sleep {}
