//! Waits on this machine for the browser to come back.
//!
//! It listens on 127.0.0.1 alone. Browsers open connections in advance and ask for icons, and anybody on this machine may
//! knock: each connection has a thread, a few seconds and a bounded request, and what is not the answer to this log-in
//! is told so and forgotten.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::Secret;

use crate::http_request::Request;
use crate::login::page::Page;

/// The path of the redirect URI.
pub(crate) const PATH: &str = "/callback";

/// How long a browser may take over one request, and over reading the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections at a time.
const MAX_CONNECTIONS: usize = 16;

/// A socket that the browser is sent to.
#[derive(Debug)]
pub(crate) struct Listener {
    visits: Receiver<Visit>,
    port: u16,
}

/// A request to the redirect URI, to be answered.
#[derive(Debug)]
pub(crate) struct Visit {
    /// What came with it: path and query, or the form that the page of the implicit grant sends.
    pub(crate) redirect: Secret<String>,
    stream: TcpStream,
}

impl Listener {
    /// Begins to listen on `port`, or on any with 0. With `fragment`, a request without a query gets the page that sends
    /// the fragment, which browsers keep to themselves.
    pub(crate) fn bind(port: u16, fragment: bool) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = socket.local_addr()?.port();
        let (sender, visits) = mpsc::channel();
        thread::spawn(move || accept(&socket, &sender, fragment));
        Ok(Self { visits, port })
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next request to the redirect URI; `None` if none comes until `deadline`.
    pub(crate) fn next(&self, deadline: Instant) -> Option<Visit> {
        // A socket that broke is one on which nothing comes any more.
        self.visits.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }
}

impl Visit {
    /// Shows `page` in the browser. That it has gone is no problem.
    pub(crate) fn answer(mut self, page: Page) {
        drop(page.write(&mut self.stream));
    }
}

fn accept(socket: &TcpListener, visits: &Sender<Visit>, fragment: bool) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in socket.incoming() {
        let Ok(stream) = stream else { continue };
        if open.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (visits, open) = (visits.clone(), Arc::clone(&open));
        thread::spawn(move || {
            // A browser that cannot be read has nothing to say.
            drop(serve(stream, &visits, fragment));
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

fn serve(mut stream: TcpStream, visits: &Sender<Visit>, fragment: bool) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = Request::read(&mut stream, Instant::now() + PATIENCE)?;
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let redirect = match &*request.method {
        "GET" if path == PATH && query.is_empty() && fragment => return Page::fragment().write(&mut stream),
        "GET" if path == PATH => request.target,
        "POST" if path == PATH && fragment => request.body,
        _ => return Page::not_found().write(&mut stream),
    };
    let visit = Visit { redirect: Secret::new(redirect), stream };
    visits.send(visit).map_err(|_| ErrorKind::BrokenPipe.into())
}

impl Page {
    fn write(self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(self.response().as_bytes())?;
        to.flush()
    }
}
