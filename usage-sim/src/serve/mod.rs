//! The simulator on a loopback port.
//!
//! One thread accepts connections, and one thread serves each. Stopping shuts down every socket and joins the threads.

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

/// Maximum number of connections served at a time. The first request of a further one fails with 503.
pub const MAX_CONNECTIONS: usize = 256;

/// Maximum number of connections refused with a 503 at a time. A further one is closed at once.
const MAX_TURNED_AWAY: usize = 64;

/// Options of [`serve`]: clock, port, TLS, timeouts.
///
/// ```
/// use std::time::Duration;
/// use usage_sim::{ServeOptions, Simulator, SimulatorConfig, VirtualClock, serve};
///
/// let options = ServeOptions::default()
///     .with_clock(VirtualClock::default())
///     .with_idle_timeout(Duration::from_secs(5));
/// let server = serve(Simulator::new(SimulatorConfig::default()), options)?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), std::io::Error>(())
/// ```
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
    /// Sets the clock (default: the machine's).
    #[must_use]
    pub fn with_clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Sets the port on 127.0.0.1 (default 0: any free port).
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the real time after which a silent connection is closed (default 60 s, at least 1 ms).
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Serves TLS with this certificate (default: plain HTTP).
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

/// Serves one [`Simulator`] or several [`Organizations`] on a loopback port, until the [`Server`] is shut down or
/// dropped.
///
/// # Errors
///
/// Returns the error of the operating system if the port is taken or a thread cannot be started.
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
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
/// use usage_sim::{ServeOptions, Simulator, SimulatorConfig, serve};
///
/// let server = serve(Simulator::new(SimulatorConfig::default()), ServeOptions::default())?;
/// let mut connection = TcpStream::connect(server.address())?;
/// connection.write_all(b"GET /nowhere HTTP/1.0\r\n\r\n")?;
/// let mut response = String::new();
/// connection.read_to_string(&mut response)?;
/// assert!(response.contains(" 404 "));
/// assert_eq!(server.simulator().journal().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Returns the URL of the server without a trailing slash: `http://127.0.0.1:<port>`, with TLS `https`. It is both
    /// API host and login host.
    pub fn url(&self) -> String {
        #[cfg(feature = "tls")]
        if self.shared.tls.is_some() {
            return format!("https://{}", self.address);
        }
        format!("http://{}", self.address)
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Locks the simulator (the first of several), to inject faults and to read the journal. Its requests wait while
    /// the guard lives.
    pub fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.shared.organizations.first()
    }

    /// Locks the organization with this index, as [`simulator`](Self::simulator) locks the first.
    pub fn organization(&self, index: usize) -> Option<MutexGuard<'_, Simulator>> {
        self.shared.organizations.get(index)
    }

    /// Returns the organizations that are served.
    pub fn organizations(&self) -> &Organizations {
        &self.shared.organizations
    }

    /// Returns the number of open connections.
    pub fn connections(&self) -> usize {
        self.shared.sockets().len()
    }

    /// Returns the clock of the server.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Closes all connections and waits for the threads.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.set();
        // A connection wakes the thread that blocks in accept().
        let woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(5));
        if let (Ok(_), Some(accepting)) = (woken, self.accepting.take()) {
            let _ = accepting.join();
        }
    }
}

/// State shared by the threads of a server.
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
            // A temporary failure, for example too many open files.
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

/// Starts a thread that serves `socket`. If none can be started, the socket is closed.
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
