//! `--metrics-addr`: serves the metrics of the last look.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use usage_core::Timestamp;

use crate::http::request::Request;
use crate::http::serve::serve;
use crate::login::redirect_uri::is_of_the_web;
use crate::output::openmetrics::{self, Exposition};
use crate::watch::look::Looks;

/// The time that a scraper has for its request and for reading the response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The metrics that are served. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(Arc<Mutex<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    /// The metrics of each organization; without a name, of the only one that was asked.
    organizations: BTreeMap<Option<String>, OfOrganization>,
    /// When a look at all of them last succeeded.
    last_success: Option<Timestamp>,
    is_up: bool,
}

#[derive(Debug, Default)]
struct OfOrganization {
    /// The metrics of the last look that succeeded.
    exposition: Exposition,
    last_success: Option<Timestamp>,
    is_up: bool,
}

impl Metrics {
    /// Starts a server at `address`, and returns its address.
    ///
    /// # Errors
    ///
    /// Returns the error of binding the socket.
    pub(crate) fn serve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = TcpListener::bind(address)?;
        let address = socket.local_addr()?;
        let metrics = self.clone();
        // DNS rebinding: a web page can reach a loopback listener by a host name of its own.
        let is_local = address.ip().is_loopback();
        serve(socket, TIMEOUT, move |request, stream| {
            let host = request.host.as_deref();
            let is_refused = is_local && host.is_some_and(is_of_the_web);
            metrics.answer(&request, is_refused, stream)
        });
        Ok(address)
    }

    /// Replaces the metrics by those of `looks`, made at `now`. Those of an organization whose look failed stay.
    pub(crate) fn refreshed(&self, looks: &Looks, clients: usize, now: Timestamp) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.organizations.retain(|name, _| {
            looks.lacks(name.as_deref()) || looks.looks.iter().any(|look| look.organization == *name)
        });
        for look in &looks.looks {
            let mut exposition = Exposition::default();
            exposition.add_report(&look.report, look.organization.as_deref(), clients);
            let of_look = OfOrganization { exposition, last_success: Some(now), is_up: true };
            shown.organizations.insert(look.organization.clone(), of_look);
        }
        for (name, _) in &looks.failed {
            shown.organizations.entry(Some(name.clone())).or_default().is_up = false;
        }
        shown.is_up = looks.failed.is_empty();
        if shown.is_up {
            shown.last_success = Some(now);
        }
    }

    /// Marks the last look as failed. The metrics of the look before stay.
    pub(crate) fn failed(&self) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.is_up = false;
        shown.organizations.values_mut().for_each(|of_look| of_look.is_up = false);
    }

    fn answer(&self, request: &Request, is_refused: bool, mut stream: TcpStream) -> io::Result<()> {
        let (status, kind, body) = match (&*request.method, request.path()) {
            _ if is_refused => (
                "421 Misdirected Request",
                "text/plain",
                "this is served to this machine alone: ask for localhost\n".to_owned(),
            ),
            ("GET" | "HEAD", "/metrics") => ("200 OK", openmetrics::CONTENT_TYPE, self.exposition()?),
            ("GET" | "HEAD", _) => ("404 Not Found", "text/plain", "see /metrics\n".to_owned()),
            _ => ("405 Method Not Allowed", "text/plain", "GET /metrics\n".to_owned()),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        if request.method != "HEAD" {
            stream.write_all(body.as_bytes())?;
        }
        stream.flush()
    }

    fn exposition(&self) -> io::Result<String> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = |at: Option<Timestamp>| at.map(|at| at.as_unix_millis() / 1000);
        let mut exposition = Exposition::default();
        for (name, of_look) in &shown.organizations {
            exposition.append(&of_look.exposition);
            if let Some(name) = name {
                exposition.add_health_of(name, of_look.is_up, seconds(of_look.last_success));
            }
        }
        exposition.add_health(shown.is_up, seconds(shown.last_success));
        let mut text = Vec::new();
        exposition.write(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
