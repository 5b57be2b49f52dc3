//! Failures of the transport.

use std::fmt;

use crate::failures::{DecodeError, excerpt};

/// An exchange that ended without a complete response. Only drivers create it.
///
/// From these facts, and from whether the endpoint is idempotent, the machine decides whether to retry.
///
/// `{}` writes only the kind and whether the request was sent, because the errors whose source this is already contain
/// the rest. `{:#}` writes the whole sentence.
///
/// ```
/// use usage_core::error::{Sent, TransportFailure, TransportKind};
///
/// let failure = TransportFailure::new(TransportKind::Connect, Sent::No, "connection refused");
/// assert_eq!(failure.to_string(), "transport failure Connect, request not sent");
/// assert_eq!(format!("{failure:#}"), "no connection: connection refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportFailure {
    /// The kind of failure.
    pub kind: TransportKind,
    /// Whether the request may have reached the service.
    pub sent: Sent,
    /// Whether a retry would fail in the same way, for example because TLS failed or a proxy refuses the connection.
    pub permanent: bool,
    /// The message of the transport as one line; may be empty.
    pub text: Box<str>,
}

/// The message for a connection that ended within a response.
const CUT_SHORT: &str = "the server closed it before the answer was complete";

impl TransportFailure {
    /// Returns a failure of `kind` with the transport's own message, which may be empty.
    pub fn new(kind: TransportKind, sent: Sent, text: &str) -> Self {
        let permanent = kind == TransportKind::Tls;
        Self { kind, sent, permanent, text: excerpt(text, 300).into() }
    }

    /// Returns the failure of an exchange whose connection closed before the response was complete.
    pub(crate) fn cut_short(error: &DecodeError) -> Self {
        let text = format!("{CUT_SHORT}: {}", error.problem);
        Self::new(TransportKind::Reset, Sent::Maybe, &text)
    }

    /// Returns the failure of an exchange that the driver cancelled.
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

/// Whether the request may have reached the service.
///
/// ```
/// use usage_core::error::{Sent, TransportFailure, TransportKind};
///
/// // No connection, so nothing was sent: even a submit may be repeated.
/// let refused = TransportFailure::new(TransportKind::Connect, Sent::No, "connection refused");
/// // The connection broke after the request was written: the query may be running.
/// let broken = TransportFailure::new(TransportKind::Reset, Sent::Maybe, "connection reset");
/// assert!(refused.sent != broken.sent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// The request did not reach the service. Any request may be sent again.
    No,
    /// The request may have reached the service.
    Maybe,
}

/// The kind of a [`TransportFailure`].
///
/// ```
/// use usage_core::error::TransportKind;
///
/// assert_eq!(TransportKind::Dns.to_string(), "the host name does not resolve");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// The host name does not resolve.
    Dns,
    /// The connection to the service or to the proxy failed; the text names which.
    Connect,
    /// The TLS handshake failed: the certificate is invalid, or the host does not speak TLS. It is not retried.
    Tls,
    /// The response was not complete in time.
    Timeout,
    /// The connection broke, or the response was not HTTP.
    Reset,
    /// The driver cancelled the exchange.
    Abandoned,
    /// Any other failure.
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
