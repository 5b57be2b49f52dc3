use std::fmt;

use thiserror::Error;

use crate::error::excerpt;

/// An exchange that brought no whole answer. Drivers make these, and nobody else.
///
/// What is done about it is the machine's decision, from these two facts and from whether the endpoint may be
/// repeated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}{}", detail(.text))]
#[non_exhaustive]
pub struct TransportFailure {
    /// What failed.
    pub kind: TransportKind,
    /// Whether the request may have reached the service.
    pub sent: Sent,
    /// The transport's own words, if it had any; one line.
    pub text: Box<str>,
}

impl TransportFailure {
    /// A failure of `kind`, in the transport's own words (may be empty).
    pub fn new(kind: TransportKind, sent: Sent, text: &str) -> Self {
        Self { kind, sent, text: excerpt(text, 300).into() }
    }

    /// The driver went away in the middle of an exchange.
    pub(crate) fn abandoned() -> Self {
        Self::new(TransportKind::Abandoned, Sent::Maybe, "")
    }
}

fn detail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
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
    /// No connection could be made.
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
            let failure = |text| TransportFailure::new(kind, Sent::No, text).to_string();
            assert_eq!(failure(""), words);
            assert_eq!(failure("os error 7"), format!("{words}: os error 7"));
        }
    }
}
