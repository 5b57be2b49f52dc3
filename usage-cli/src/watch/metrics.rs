//! `--metrics-addr`: what was seen last, for a scrape.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use usage_core::Timestamp;
use usage_report::Report;

use crate::http::request::Request;
use crate::http::serve::serve;
use crate::login::redirect_uri::is_of_the_web;
use crate::output::openmetrics;

/// How long a scraper may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is served. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(Arc<Mutex<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    /// The last report's exposition, without its end.
    report: String,
    refreshed_at: Option<Timestamp>,
    up: bool,
}

impl Metrics {
    /// Begins to listen at `address`; returns where that is.
    pub(crate) fn serve(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = TcpListener::bind(address)?;
        let address = socket.local_addr()?;
        let metrics = self.clone();
        // Pages of the web reach such a listener by a name of their own that leads here (DNS rebinding).
        let is_local = address.ip().is_loopback();
        serve(socket, PATIENCE, move |request, stream| {
            let host = request.host.as_deref();
            let is_refused = is_local && host.is_some_and(is_of_the_web);
            metrics.answer(&request, is_refused, stream)
        });
        Ok(address)
    }

    /// Shows `report`, of now.
    pub(crate) fn refreshed(&self, report: &Report, now: Timestamp) -> io::Result<()> {
        let mut text = Vec::new();
        openmetrics::write_report(&mut text, report)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let report = text.strip_suffix("# EOF\n").unwrap_or(&text).to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Shown { report, refreshed_at: Some(now), up: true };
        Ok(())
    }

    /// The last refresh failed; what was shown stays.
    pub(crate) fn failed(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).up = false;
    }

    fn answer(&self, request: &Request, is_refused: bool, mut stream: TcpStream) -> io::Result<()> {
        let (status, kind, body) = match (&*request.method, request.path()) {
            _ if is_refused => (
                "421 Misdirected Request",
                "text/plain",
                "this is served to this machine alone: ask for localhost\n".to_owned(),
            ),
            ("GET" | "HEAD", "/metrics") => ("200 OK", openmetrics::CONTENT_TYPE, self.exposition()),
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

    fn exposition(&self) -> String {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refreshed = shown.refreshed_at.map_or_else(String::new, |at| {
            format!(
                "# TYPE genesys_usage_refreshed_timestamp_seconds gauge\n\
                 # UNIT genesys_usage_refreshed_timestamp_seconds seconds\n\
                 # HELP genesys_usage_refreshed_timestamp_seconds When the service was last asked with success.\n\
                 genesys_usage_refreshed_timestamp_seconds {}\n",
                at.as_unix_millis() / 1000
            )
        });
        format!(
            "{}# TYPE genesys_usage_up gauge\n# HELP genesys_usage_up Whether the last refresh succeeded.\n\
             genesys_usage_up {}\n{refreshed}# EOF\n",
            shown.report,
            u8::from(shown.up)
        )
    }
}
