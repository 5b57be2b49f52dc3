//! A proxy between the client and the service that tunnels or refuses.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The time after which a connection without traffic is closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy that listens on loopback until it is dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts a proxy that answers every request with `refusal` and closes the connection, or tunnels if there is none.
    pub(super) fn start(refusal: Option<&'static str>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, stop) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        thread::spawn(move || {
            for socket in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(socket) = socket else { continue };
                thread::spawn(move || serve(socket, refusal));
            }
        });
        Ok(Self { address, stop })
    }

    pub(super) fn url(&self) -> String {
        format!("http://reports:hunter2@{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The thread checks the flag when a connection arrives.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, refusal: Option<&str>) -> Option<()> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    if let Some(refusal) = refusal {
        client.write_all(refusal.as_bytes()).ok()?;
        return client.shutdown(Shutdown::Both).ok();
    }
    let head = String::from_utf8(head).ok()?;
    let mut service = TcpStream::connect(head.split(' ').nth(1)?).ok()?;
    service.set_read_timeout(Some(PATIENCE)).ok()?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, service.try_clone().ok()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut service, &mut client);
    client.shutdown(Shutdown::Write).ok()
}
