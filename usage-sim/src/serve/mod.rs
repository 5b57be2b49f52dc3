//! The simulator on a loopback port.
//!
//! One thread accepts, one thread serves each connection. Stopping shuts every socket down and waits for the threads.

mod connection;
mod framing;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http1;
#[cfg(any(test, feature = "fuzzing"))]
mod pieces;
mod refusing;
mod stop;
#[cfg(feature = "tls")]
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::clock::Clock;
use crate::organizations::Organizations;
use crate::simulator::Simulator;
use connection::Service;
pub use refusing::Refusing;
use stop::Stop;
#[cfg(feature = "tls")]
pub use tls::{Certificate, Tls};

/// Connections served at a time. The first request of one more is answered 503.
pub const MAX_CONNECTIONS: usize = 256;

/// Connections that are turned away at a time; one more is closed at once.
const MAX_TURNED_AWAY: usize = 64;

/// How a simulator is served.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServeOptions {
    clock: Clock,
    port: u16,
    idle_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl ServeOptions {
    /// Where the time comes from (default: the machine's clock).
    #[must_use]
    pub fn with_clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// The port on 127.0.0.1 (default 0: any that is free).
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long, in real time, a connection may be silent before it is closed (default 60 s; zero is read as 1 ms).
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Speaks TLS with this certificate (default: plain HTTP).
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            clock: Clock::default(),
            port: 0,
            idle_timeout: Duration::from_secs(60),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// Serves one [`Simulator`], or several [`Organizations`], on a loopback port until the [`Server`] is shut down or
/// dropped.
///
/// # Errors
///
/// The error of the operating system if the port is taken or a thread cannot be started.
///
/// ```
/// use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};
///
/// let server = serve(Simulator::new(SimulatorConfig::default()), ServeOptions::default())?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// assert!(server.simulator().journal().is_empty());
/// server.shutdown();
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve(organizations: impl Into<Organizations>, options: ServeOptions) -> io::Result<Server> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared {
        organizations: organizations.into(),
        clock: options.clock,
        idle_timeout: options.idle_timeout,
        stop: Stop::default(),
        sockets: Mutex::default(),
        #[cfg(feature = "tls")]
        tls: options.tls,
    });
    let for_thread = Arc::clone(&shared);
    let accepting =
        thread::Builder::new().name("usage-sim".into()).spawn(move || accept(&for_thread, &listener))?;
    Ok(Server { address, shared, accepting: Some(accepting) })
}

/// A served simulator. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Where it listens: `http://127.0.0.1:<port>`, `https` with TLS, without a slash at the end. It is API host and
    /// login host in one.
    pub fn url(&self) -> String {
        #[cfg(feature = "tls")]
        if self.shared.tls.is_some() {
            return format!("https://{}", self.address);
        }
        format!("http://{}", self.address)
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the simulator, to script faults and to read the journal. Of several organizations it is the first. No
    /// request for it is answered while the guard lives.
    pub fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.shared.organizations.first()
    }

    /// Returns the organization with this index, as [`simulator`](Self::simulator) returns the first.
    pub fn organization(&self, index: usize) -> Option<MutexGuard<'_, Simulator>> {
        self.shared.organizations.get(index)
    }

    /// Returns the organizations that are served.
    pub fn organizations(&self) -> &Organizations {
        &self.shared.organizations
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.sockets().len()
    }

    /// The time that its requests see.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Closes its connections and waits for its threads.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.set();
        // Whoever waits in accept() is woken by a connection.
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(5));
        if let (Ok(_), Some(accepting)) = (woken, self.accepting.take()) {
            let _ = accepting.join();
        }
    }
}

/// What the threads of one server share.
#[derive(Debug)]
struct Shared {
    organizations: Organizations,
    clock: Clock,
    idle_timeout: Duration,
    stop: Stop,
    /// The open connections, so that stopping can shut them down.
    sockets: Mutex<BTreeMap<u64, TcpStream>>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Shared {
    fn sockets(&self) -> MutexGuard<'_, BTreeMap<u64, TcpStream>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for number in 0.. {
        let accepted = listener.accept();
        if shared.stop.is_set() {
            break;
        }
        threads.retain(|thread| !thread.is_finished());
        match accepted {
            Ok((socket, _)) if threads.len() < MAX_CONNECTIONS => {
                threads.extend(spawn(shared, number, socket, Service::Full));
            }
            Ok((socket, _)) if threads.len() < MAX_CONNECTIONS + MAX_TURNED_AWAY => {
                threads.extend(spawn(shared, number, socket, Service::TurnAway));
            }
            Ok(_) => {}
            // Out of file descriptors, for example: that passes.
            Err(_) => {
                shared.stop.wait(Duration::from_millis(10));
            }
        }
    }
    for socket in shared.sockets().values() {
        let _ = socket.shutdown(Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// A thread that serves `socket`; none, and the socket is closed, if the machine has no more to give.
fn spawn(shared: &Arc<Shared>, number: u64, socket: TcpStream, service: Service) -> Option<JoinHandle<()>> {
    shared.sockets().insert(number, socket.try_clone().ok()?);
    let for_thread = Arc::clone(shared);
    let spawned = thread::Builder::new().name(format!("usage-sim {number}")).spawn(move || {
        connection::run(&for_thread, socket, service);
        for_thread.sockets().remove(&number);
    });
    if spawned.is_err() {
        shared.sockets().remove(&number);
    }
    spawned.ok()
}
