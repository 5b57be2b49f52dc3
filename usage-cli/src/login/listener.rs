//! Waits on this machine for the browser to come back.
//!
//! It listens at every address that the redirect URI's host may stand for: of `localhost`, browsers try `::1` first, and
//! a program that listened there would receive the code. Requests that name another host are refused; what is not the
//! answer to this log-in gets a page that says so, and nothing of it is shown.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use usage_core::Secret;

use crate::http::request::Request;
use crate::http::serve::serve;
use crate::login::page::Page;
use crate::login::redirect_uri::RedirectUri;

/// How long a browser may take over one request, and over reading the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often any port is tried that is free at one address and taken at the other.
const MAX_TRIES: usize = 20;

/// The sockets that the browser is sent to.
#[derive(Debug)]
pub(crate) struct Listener {
    visits: Receiver<Visit>,
    uri: RedirectUri,
}

/// A request to the redirect URI, to be answered.
#[derive(Debug)]
pub(crate) struct Visit {
    /// What came with it: path and query, or the form that the page of the implicit grant sends.
    pub(crate) redirect: Secret<String>,
    stream: TcpStream,
}

impl Listener {
    /// Begins to listen at `uri`. With `fragment`, a request without a query gets the page that sends the fragment, which
    /// browsers keep to themselves.
    ///
    /// # Errors
    ///
    /// Returns the address that cannot be listened at, and why.
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

    /// Where it listens, with the port.
    pub(crate) fn uri(&self) -> &RedirectUri {
        &self.uri
    }

    /// The next request to the redirect URI; `None` if none comes until `deadline`.
    pub(crate) fn next(&self, deadline: Instant) -> Option<Visit> {
        // On a socket that broke nothing comes any more.
        self.visits.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }

    /// Answers every request to the redirect URI with `page` until `deadline`: those of other tabs, and reloads.
    pub(crate) fn linger(&self, page: Page, deadline: Instant) {
        while let Some(visit) = self.next(deadline) {
            visit.answer(page);
        }
    }
}

impl Visit {
    /// Shows `page` in the browser, which may have gone.
    pub(crate) fn answer(mut self, page: Page) {
        drop(page.write(&mut self.stream, true));
    }
}

/// Sockets at all addresses of `uri` that this machine has, on one port.
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

/// Whether `error` says that this machine does not have the address, as one without IPv6.
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
        // Programs that look at a link in advance ask without wanting the body: the code is for the browser.
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
            // Without IPv6, one address is all there is.
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
