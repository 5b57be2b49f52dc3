//! What a transport's error means: what failed, and whether the request may have been sent.

mod broken;
mod proxy;
#[cfg(feature = "rustls")]
mod refusal;

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use thiserror::Error;
use usage_core::error::{Sent, TransportFailure, TransportKind};

pub use broken::Broken;
pub use proxy::ProxyError;

pub(crate) use proxy::ProxyProblem;

/// Returns `error` and its sources, down to the first cause.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |error| cause(*error))
}

/// Returns the next cause. An I/O error hides the error that it wraps: its `source` is that of the wrapped one.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Returns the first `T` among the [causes] of `error`.
pub(crate) fn find_cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// For drivers: the error of a host name that does not resolve. It wraps errors of a resolver, which are ordinary I/O
/// errors.
///
/// ```
/// use std::io::{Error, ErrorKind};
/// use usage_core::error::{Sent, TransportKind};
/// use usage_driver::error::{Reached, Unresolved, classify};
///
/// let error = Unresolved(Error::new(ErrorKind::NotFound, "no such host"));
/// let failure = classify(&error, Reached::NoConnection);
/// assert_eq!((failure.kind, failure.sent), (TransportKind::Dns, Sent::No));
/// ```
#[derive(Debug, Error)]
#[error(transparent)]
pub struct Unresolved(pub io::Error);

/// For drivers: how far an exchange got, as far as the transport can tell.
///
/// ```
/// use std::io::ErrorKind;
/// use usage_core::error::{Sent, TransportKind};
/// use usage_driver::error::{Reached, classify};
///
/// let error = std::io::Error::from(ErrorKind::ConnectionReset);
/// let failure = classify(&error, Reached::NoConnection);
/// assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No));
/// let failure = classify(&error, Reached::Service);
/// assert_eq!((failure.kind, failure.sent), (TransportKind::Reset, Sent::Maybe));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reached {
    /// The connection, including TLS, was not established.
    NoConnection,
    /// The connection was established, and nothing was written to it.
    Connection,
    /// The service may have received the request.
    Service,
}

const CLOSED_EARLY: &str = "the server closed it while it was being made";

/// Returns the failure that `error` means for an exchange with or without a connection. `broken` is the
/// meaning of the transport's own error type.
#[cfg(any(test, feature = "hyper"))]
pub(crate) fn classify_broken(
    error: &(dyn StdError + 'static),
    is_connected: bool,
    broken: Option<Broken>,
) -> TransportFailure {
    let reached = if is_connected { Reached::Service } else { Reached::NoConnection };
    match broken {
        Some(Broken::Unused | Broken::Closed) if !is_connected && !is_refused_by_tls(error, reached) => {
            TransportFailure::new(TransportKind::Connect, Sent::No, CLOSED_EARLY)
        }
        // A refusal of TLS may be reported as any error.
        Some(broken) if is_connected && !is_refused_by_tls(error, reached) => broken.into(),
        _ => classify(error, reached),
    }
}

/// For drivers: returns the failure of an exchange that got as far as `reached`, by the causes of `error`. Its text is
/// this crate's, the same for all transports, or else that of the first cause.
pub fn classify(error: &(dyn StdError + 'static), reached: Reached) -> TransportFailure {
    if let Some(broken) = find_cause::<Broken>(error) {
        return (*broken).into();
    }
    let (kind, sent) = match reached {
        _ if find_cause::<Unresolved>(error).is_some() => (TransportKind::Dns, Sent::No),
        _ if is_refused_by_tls(error, reached) => (TransportKind::Tls, Sent::No),
        Reached::NoConnection => (TransportKind::Connect, Sent::No),
        Reached::Connection => (TransportKind::Reset, Sent::No),
        Reached::Service => (TransportKind::Reset, Sent::Maybe),
    };
    let failure = |text: &str| TransportFailure::new(kind, sent, text);
    if let Some(error) = find_cause::<ProxyError>(error) {
        let mut failure = failure(&error.to_string());
        failure.permanent = error.is_permanent();
        return failure;
    }
    let cause = causes(error).last().unwrap_or(error).to_string();
    match reached {
        _ if matches!(kind, TransportKind::Tls | TransportKind::Dns) => failure(&cause),
        Reached::Connection => failure(&Broken::Unused.to_string()),
        Reached::NoConnection if is_early_end(error) => failure(CLOSED_EARLY),
        Reached::Service if is_early_end(error) => failure(&Broken::Closed.to_string()),
        Reached::Service if is_garbled(error) => failure(&Broken::NotHttp.to_string()),
        _ => failure(&cause),
    }
}

/// Returns whether the connection ended before the response did; with TLS, also if its end was not announced.
fn is_early_end(error: &(dyn StdError + 'static)) -> bool {
    let io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    io.map(io::Error::kind).any(|kind| kind == io::ErrorKind::UnexpectedEof)
}

/// Returns whether the response violates HTTP, which the decoder of a transport reports as an I/O error.
fn is_garbled(error: &(dyn StdError + 'static)) -> bool {
    let is_rule = |kind| matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
    let mut io = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    !is_of_tls(error) && io.any(|error| is_rule(error.kind()) && error.raw_os_error().is_none())
}

#[cfg_attr(not(feature = "rustls"), expect(unused_variables, reason = "there is no TLS to have errors"))]
fn is_of_tls(error: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "rustls")]
    let is_of_tls = find_cause::<rustls::Error>(error).is_some();
    #[cfg(not(feature = "rustls"))]
    let is_of_tls = false;
    is_of_tls
}

/// TLS that breaks before there is a connection was refused, by whatever error.
#[cfg_attr(not(feature = "rustls"), expect(unused_variables, reason = "it is TLS's error or none"))]
fn is_refused_by_tls(error: &(dyn StdError + 'static), reached: Reached) -> bool {
    #[cfg(feature = "rustls")]
    let is_refused =
        find_cause(error).is_some_and(|error| reached == Reached::NoConnection || refusal::is_refusal(error));
    #[cfg(not(feature = "rustls"))]
    let is_refused = false;
    is_refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    /// As drivers get them: wrapped, and wrapped again.
    fn wrapped(error: impl StdError + Send + Sync + 'static) -> io::Error {
        io::Error::other(Outer(io::Error::other(error)))
    }

    fn failure(error: &io::Error, reached: Reached) -> (TransportKind, Sent, String) {
        let TransportFailure { kind, sent, text, .. } = classify(error, reached);
        (kind, sent, text.into())
    }

    #[test]
    fn causes_include_what_an_io_error_wraps() {
        let root = io::Error::other("root");
        let wrapped = io::Error::other(Outer(io::Error::other(Outer(root))));
        let found: Vec<_> = causes(&wrapped).map(ToString::to_string).collect();
        // An I/O error prints as what it wraps.
        assert_eq!(found, ["outer", "outer", "outer", "outer", "root", "root"]);
        let found: Vec<_> =
            causes(&io::Error::from(io::ErrorKind::TimedOut)).map(ToString::to_string).collect();
        assert_eq!(found, ["timed out"]);
    }

    #[test]
    fn a_failure_says_whether_the_request_may_have_arrived() {
        let refused = || wrapped(io::Error::new(io::ErrorKind::ConnectionRefused, "refused"));
        let unused = "the server had closed it before the request went out";
        for (reached, kind, sent, text) in [
            (Reached::NoConnection, TransportKind::Connect, Sent::No, "refused"),
            (Reached::Connection, TransportKind::Reset, Sent::No, unused),
            (Reached::Service, TransportKind::Reset, Sent::Maybe, "refused"),
        ] {
            assert_eq!(failure(&refused(), reached), (kind, sent, text.into()));
            let unresolved = wrapped(Unresolved(io::Error::other("no such name")));
            let expected = (TransportKind::Dns, Sent::No, "no such name".into());
            assert_eq!(failure(&unresolved, reached), expected);
        }
    }

    #[test]
    fn an_early_end_is_described_in_our_own_words() {
        let lib = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/";
        for error in [
            io::Error::from(io::ErrorKind::UnexpectedEof),
            io::Error::new(io::ErrorKind::UnexpectedEof, lib),
            wrapped(io::Error::new(io::ErrorKind::UnexpectedEof, lib)),
        ] {
            for (reached, kind, sent, text) in [
                (
                    Reached::NoConnection,
                    TransportKind::Connect,
                    Sent::No,
                    "the server closed it while it was being made",
                ),
                (
                    Reached::Connection,
                    TransportKind::Reset,
                    Sent::No,
                    "the server had closed it before the request went out",
                ),
                (
                    Reached::Service,
                    TransportKind::Reset,
                    Sent::Maybe,
                    "the server closed it before the answer was complete",
                ),
            ] {
                assert_eq!(failure(&error, reached), (kind, sent, text.into()));
            }
        }
    }

    #[test]
    fn a_connection_that_closes_early_is_described_in_our_own_words() {
        let error = wrapped(io::Error::other("connection closed before message completed"));
        for broken in [Broken::Unused, Broken::Closed] {
            let failure = classify_broken(&error, false, Some(broken));
            let shown = (failure.kind, failure.sent, &*failure.text);
            assert_eq!(shown, (TransportKind::Connect, Sent::No, CLOSED_EARLY));
            assert_eq!(classify_broken(&error, true, Some(broken)), broken.into());
        }
    }

    #[test]
    fn invalid_http_is_described_in_our_own_words() {
        let invalid = |kind| wrapped(io::Error::new(kind, "Invalid chunk size line: missing size digit"));
        for kind in [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData] {
            let wanted = (TransportKind::Reset, Sent::Maybe, "the answer is not HTTP".into());
            assert_eq!(failure(&invalid(kind), Reached::Service), wanted);
        }
    }

    #[cfg(feature = "rustls")]
    #[test]
    fn tls_is_refused_in_the_handshake_only() {
        use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

        let kind_and_sent = |error: &Error, reached| {
            let (kind, sent, text) = failure(&wrapped(error.clone()), reached);
            assert_eq!(text == error.to_string(), kind == TransportKind::Tls || reached == Reached::Service);
            (kind, sent)
        };
        let refused = (TransportKind::Tls, Sent::No);
        for error in [
            Error::AlertReceived(AlertDescription::CertificateRequired),
            Error::InvalidCertificate(CertificateError::Expired),
        ] {
            assert_eq!(kind_and_sent(&error, Reached::NoConnection), refused);
            assert_eq!(kind_and_sent(&error, Reached::Service), refused);
        }
        for error in [
            Error::DecryptError,
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            Error::AlertReceived(AlertDescription::InternalError),
        ] {
            assert_eq!(kind_and_sent(&error, Reached::NoConnection), refused);
            assert_eq!(kind_and_sent(&error, Reached::Connection), (TransportKind::Reset, Sent::No));
            assert_eq!(kind_and_sent(&error, Reached::Service), (TransportKind::Reset, Sent::Maybe));
        }
    }
}
