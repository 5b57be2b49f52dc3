use std::fmt;
use std::time::Duration;

use http::Uri;
use thiserror::Error;

use crate::client_builder::Proxy;
use crate::error::{DecodeError, excerpt, not_within};

/// An exchange that brought no whole answer. Drivers make these, and nobody else.
///
/// What is done about it is the machine's decision, from these facts and from whether the endpoint may be repeated.
///
/// `{}` is the kind and whether the request was sent, as it stands behind the errors that quote the rest; `{:#}` is the
/// whole sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportFailure {
    /// What failed.
    pub kind: TransportKind,
    /// Whether the request may have reached the service.
    pub sent: Sent,
    /// Whether another try would fail in the same way: TLS was refused, or a proxy refuses the client or the host.
    pub permanent: bool,
    /// The transport's own words, if it had any; one line.
    pub text: Box<str>,
}

impl TransportFailure {
    /// A failure of `kind`, in the transport's own words (may be empty).
    pub fn new(kind: TransportKind, sent: Sent, text: &str) -> Self {
        let permanent = kind == TransportKind::Tls;
        Self { kind, sent, permanent, text: excerpt(text, 300).into() }
    }

    /// For drivers: the exchange took longer than `limit`, before there was a connection to `target`, through `proxy`
    /// if that carries it, or after.
    pub fn late(limit: Duration, target: &Uri, proxy: Option<&Proxy>, is_connected: bool) -> Self {
        if is_connected {
            return Self::new(TransportKind::Timeout, Sent::Maybe, "");
        }
        let text = not_within(limit, target, proxy).to_string();
        Self::new(TransportKind::Connect, Sent::No, &text)
    }

    /// The driver went away in the middle of an exchange.
    /// An answer that ended with its connection, too early.
    pub(crate) fn cut_short(error: &DecodeError) -> Self {
        let text = format!("{}: {}", Broken::Closed, error.problem);
        Self::new(TransportKind::Reset, Sent::Maybe, &text)
    }

    pub(crate) fn abandoned() -> Self {
        Self::new(TransportKind::Abandoned, Sent::Maybe, "")
    }
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, sent, text, .. } = self;
        match (f.alternate(), sent) {
            (false, Sent::No) => write!(f, "transport failure {kind:?}, request not sent"),
            (false, _) => write!(f, "transport failure {kind:?}, request perhaps sent"),
            (true, _) if text.is_empty() => write!(f, "{kind}"),
            (true, _) => write!(f, "{kind}: {text}"),
        }
    }
}

impl std::error::Error for TransportFailure {}

/// For drivers: what broke an exchange with a connection, where the type that says so is a transport's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Broken {
    /// The server closed a kept connection before a byte of the request was written.
    #[error("the server had closed it before the request went out")]
    Unused,
    /// The server closed the connection, and the answer is not whole.
    #[error("the server closed it before the answer was complete")]
    Closed,
    /// What arrived is no HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// The answer's head is longer than the transport takes.
    #[error("the head of the answer is too long")]
    HeadTooLong,
    /// HTTP/2: the server goes away, and did not process this request (GOAWAY, RFC 9113, 6.8).
    #[error("the server takes no more requests on it and did not process this one (HTTP/2 GOAWAY)")]
    GoneAway,
    /// HTTP/2: the server did not process this request (`REFUSED_STREAM`, RFC 9113, 8.7).
    #[error("the server did not process the request (HTTP/2 REFUSED_STREAM)")]
    Refused,
}

impl From<Broken> for TransportFailure {
    fn from(broken: Broken) -> Self {
        let sent = match broken {
            Broken::Unused | Broken::GoneAway | Broken::Refused => Sent::No,
            Broken::Closed | Broken::NotHttp | Broken::HeadTooLong => Sent::Maybe,
        };
        Self::new(TransportKind::Reset, sent, &broken.to_string())
    }
}

/// Whether the request may have reached the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// Certainly not: it may be sent again, whatever it is.
    No,
    /// Perhaps.
    Maybe,
}

/// What failed in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// The host name does not resolve.
    Dns,
    /// No connection could be made, to the service or to the proxy; the text says to which.
    Connect,
    /// The TLS handshake failed: the certificate is wrong, or the host does not speak TLS. Not repeated.
    Tls,
    /// No whole answer in time.
    Timeout,
    /// The connection broke or the answer was not HTTP.
    Reset,
    /// The driver gave the exchange up.
    Abandoned,
    /// Anything else.
    Other,
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name does not resolve",
            Self::Connect => "no connection",
            Self::Tls => "no trusted TLS connection",
            Self::Timeout => "no answer in time",
            Self::Reset => "the connection broke",
            Self::Abandoned => "the exchange was given up",
            Self::Other => "the exchange failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_words_and_says_more_if_there_is_more() {
        for (kind, words) in [
            (TransportKind::Dns, "the host name does not resolve"),
            (TransportKind::Connect, "no connection"),
            (TransportKind::Tls, "no trusted TLS connection"),
            (TransportKind::Timeout, "no answer in time"),
            (TransportKind::Reset, "the connection broke"),
            (TransportKind::Abandoned, "the exchange was given up"),
            (TransportKind::Other, "the exchange failed"),
        ] {
            let failure = |text| format!("{:#}", TransportFailure::new(kind, Sent::No, text));
            assert_eq!(failure(""), words);
            assert_eq!(failure("os error 7"), format!("{words}: os error 7"));
        }
    }
}
