//! A loopback listener that waits for the browser to return.
//!
//! It listens on every address that the redirect URI's host may resolve to: browsers try `::1` first for `localhost`,
//! and a program that listened there would receive the code. Requests that name another host are refused. A request
//! that is not the response to this log-in gets a page that says so, and none of its content is shown.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use usage_core::Secret;

use crate::http::request::Request;
use crate::http::serve::serve;
use crate::login::page::Page;
use crate::login::redirect_uri::RedirectUri;

/// How long a browser may take to send one request, and to read the response.
const PATIENCE: Duration = Duration::from_secs(10);

/// Maximum number of attempts to find a port that is free on all addresses.
const MAX_TRIES: usize = 20;

/// The sockets that the browser is sent to.
#[derive(Debug)]
pub(crate) struct Listener {
    visits: Receiver<Visit>,
    uri: RedirectUri,
}

/// A request to the redirect URI that has not been answered yet.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The redirect's parameters: path and query, or the form that the page of the implicit grant sends.
    pub(crate) redirect: Secret<String>,
    stream: TcpStream,
}

impl Listener {
    /// Starts listening at `uri`. With `fragment`, a request without a query gets the page that sends the fragment,
    /// because browsers do not send it themselves.
    ///
    /// # Errors
    ///
    /// Returns the address that cannot be bound, and the cause.
    pub(crate) fn bind(uri: &RedirectUri, fragment: bool) -> Result<Self, (SocketAddr, io::Error)> {
        let sockets = bound(uri)?;
        let port = sockets.first().and_then(|socket| socket.local_addr().ok());
        let uri = uri.clone().with_port(port.map_or(uri.port(), |address| address.port()));
        let (sender, visits) = mpsc::channel();
        for socket in sockets {
            let (sender, uri) = (sender.clone(), uri.clone());
            serve(socket, PATIENCE, move |request, mut stream| match reply(request, &uri, fragment) {
                Reply::Page { page, has_body } => page.write(&mut stream, has_body),
                Reply::Visit(redirect) => {
                    sender.send(Visit { redirect, stream }).map_err(|_| ErrorKind::BrokenPipe.into())
                }
            });
        }
        Ok(Self { visits, uri })
    }

    /// Returns the redirect URI with the port that is bound.
    pub(crate) fn uri(&self) -> &RedirectUri {
        &self.uri
    }

    /// Returns the next request to the redirect URI, or `None` if none arrives before `deadline`.
    pub(crate) fn next(&self, deadline: Instant) -> Option<Visit> {
        // A broken socket ends the channel: nothing more arrives.
        self.visits.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    /// Answers every request to the redirect URI with `page` until `deadline`: other tabs, and reloads.
    pub(crate) fn linger(&self, page: Page, deadline: Instant) {
        while let Some(visit) = self.next(deadline) {
            visit.answer(page);
        }
    }
}

impl Visit {
    /// Shows `page` in the browser. A connection that was closed is not an error.
    pub(crate) fn answer(mut self, page: Page) {
        drop(page.write(&mut self.stream, true));
    }
}

/// Returns sockets on one port at all addresses of `uri` that this machine has.
fn bound(uri: &RedirectUri) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut tries = 0;
    loop {
        tries += 1;
        match bound_once(uri) {
            Err((_, error))
                if error.kind() == ErrorKind::AddrInUse && uri.port() == 0 && tries < MAX_TRIES => {}
            bound => return bound,
        }
    }
}

fn bound_once(uri: &RedirectUri) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for ip in uri.addresses() {
        let chosen = sockets.first().and_then(|socket| socket.local_addr().ok());
        let address = SocketAddr::new(ip, chosen.map_or(uri.port(), |address| address.port()));
        match TcpListener::bind(address) {
            Ok(socket) => sockets.push(socket),
            // The machine has no such address, so no program can listen there.
            Err(error) if is_absent(ip, &error) => missing = Some((address, error)),
            Err(error) => return Err((address, error)),
        }
    }
    match missing {
        Some(missing) if sockets.is_empty() => Err(missing),
        _ => Ok(sockets),
    }
}

/// Returns whether `error` says that this machine lacks the address, such as a machine without IPv6.
fn is_absent(ip: IpAddr, error: &io::Error) -> bool {
    let is_family_unknown = ip.is_ipv6() && error.kind() == ErrorKind::Unsupported;
    #[cfg(unix)]
    let is_family_unknown =
        is_family_unknown || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
    error.kind() == ErrorKind::AddrNotAvailable || is_family_unknown
}

enum Reply {
    Page { page: Page, has_body: bool },
    Visit(Secret<String>),
}

fn reply(request: Request, uri: &RedirectUri, fragment: bool) -> Reply {
    let page = |page| Reply::Page { page, has_body: request.method != "HEAD" };
    if !request.host.as_deref().is_some_and(|host| uri.is_named_by(host)) {
        return page(Page::another_host());
    }
    if request.path() != uri.path() {
        return page(Page::not_found());
    }
    let has_query = request.target.split_once('?').is_some_and(|(_, query)| !query.is_empty());
    match &*request.method {
        // Link previews send HEAD. They must not use up the code.
        "HEAD" => page(Page::waiting()),
        "GET" if fragment && !has_query => page(Page::fragment()),
        "GET" => Reply::Visit(Secret::new(request.target)),
        "POST" if fragment => Reply::Visit(Secret::new(request.body)),
        _ => page(Page::not_found()),
    }
}

impl Page {
    fn write(self, to: &mut impl Write, has_body: bool) -> io::Result<()> {
        let response = self.response();
        let head = response.find("\r\n\r\n").map_or(response.len(), |end| end + 4);
        to.write_all(if has_body { response.as_bytes() } else { &response.as_bytes()[..head] })?;
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn a_port_that_is_taken_at_one_address_is_refused() {
        let Ok(taken) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
            // A machine without IPv6 has one address.
            assert_eq!(bound(&RedirectUri::of_port(0)).unwrap().len(), 1);
            return;
        };
        let port = taken.local_addr().unwrap().port();
        let (address, error) = bound(&RedirectUri::of_port(port)).unwrap_err();
        assert_eq!((address.ip(), error.kind()), (Ipv6Addr::LOCALHOST.into(), ErrorKind::AddrInUse));
        drop(taken);
        let sockets = bound(&RedirectUri::of_port(0)).unwrap();
        let addresses: Vec<_> = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        assert_eq!(addresses[0].ip(), Ipv4Addr::LOCALHOST);
        assert_eq!(addresses[1], (Ipv6Addr::LOCALHOST, addresses[0].port()).into());
    }
}
