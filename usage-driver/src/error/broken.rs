//! What a transport's own error says about the connection.

use thiserror::Error;
use usage_core::error::{Sent, TransportFailure, TransportKind};

/// For drivers: how an exchange over an established connection broke, where only the transport's own error type tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Broken {
    /// The server closed a kept connection before a byte of the request was written.
    #[error("the server had closed it before the request went out")]
    Unused,
    /// The server closed the connection before the response was complete.
    #[error("the server closed it before the answer was complete")]
    Closed,
    /// The response is not HTTP.
    #[error("the answer is not HTTP")]
    NotHttp,
    /// The head of the response exceeds the transport's limit.
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
