//! Why an execution or a call ended without its result.

use std::fmt;

use crate::failures::{
    ApiError, BuildError, DecodeError, ErrorBody, ObserverError, ResponseError, TransportFailure, excerpt,
};
use crate::phase::WaitReason;
use crate::time::Timestamp;

/// The number of characters shown of an unknown query status.
const STATUS_EXCERPT: usize = 80;

/// Why an execution or a call ended without its result.
///
/// ```
/// use usage_core::error::{Failure, Sent, TransportFailure, TransportKind};
///
/// let broken = TransportFailure::new(TransportKind::Reset, Sent::Maybe, "");
/// let failure = Failure::AmbiguousSubmit(broken);
/// assert_eq!(failure.transport_failure().unwrap().kind, TransportKind::Reset);
/// assert_eq!(
///     failure.to_string(),
///     "the connection broke; the query may have been submitted, and submitting it again could run it twice"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The query failed or was cancelled at the service.
    QueryFailed {
        /// The value of `queryStatus`, verbatim.
        status: Box<str>,
        /// The reason, if the service gives one.
        error: Option<Box<ErrorBody>>,
    },
    /// The service refused the request, and would refuse it again.
    Rejected(Box<ApiError>),
    /// The credential or the token was refused, even after the token was renewed.
    Unauthorized(Unauthorized),
    /// The response cannot be decoded.
    Decode(DecodeError),
    /// The connection failed permanently: the host is not trusted, or the proxy refuses the connection.
    Transport(TransportFailure),
    /// Too many consecutive attempts failed.
    TooManyFailures {
        /// The number of failed attempts.
        failures: u32,
        /// The error of the last attempt.
        last: AttemptError,
    },
    /// The deadline passed, or will pass before the next step is allowed.
    Deadline {
        /// The time at which the next step would have been allowed.
        next_allowed: Timestamp,
        /// The reason for waiting, if the execution waited.
        waiting_for: Option<WaitReason>,
        /// `queryStatus` of the last poll if this crate does not know it; empty if the response had none.
        unknown_status: Option<Box<str>>,
        /// The error of the last failed attempt, if that is why the execution waited.
        last: Option<AttemptError>,
    },
    /// The submit may have reached the service. Sending it again could run the query twice.
    AmbiguousSubmit(TransportFailure),
    /// The caller cancelled the execution or call.
    Cancelled,
    /// An observer returned an error. A resumed execution continues from the same place.
    Observer(ObserverError),
    /// The caller's input is invalid.
    Build(BuildError),
}

/// Why authorization failed.
///
/// ```
/// use usage_core::error::{Failure, Unauthorized};
///
/// let failure = Failure::Unauthorized(Unauthorized::CannotRenew);
/// assert!(failure.to_string().ends_with("nothing can renew it"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Unauthorized {
    /// The service or the login host refused the credential or the token.
    Refused(Box<ApiError>),
    /// The access token cannot be renewed: it is a static token, or came without a refresh token.
    CannotRenew,
}

/// A failed attempt that may succeed when it is repeated.
///
/// ```
/// use usage_core::error::{AttemptError, Failure, Sent, TransportFailure, TransportKind};
///
/// let last = AttemptError::Transport(TransportFailure::new(TransportKind::Timeout, Sent::Maybe, ""));
/// let failure = Failure::TooManyFailures { failures: 5, last };
/// assert_eq!(failure.to_string(), "5 failed tries in a row, the last: no answer in time");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttemptError {
    /// The service returned an error response.
    Api(Box<ApiError>),
    /// No complete response arrived.
    Transport(TransportFailure),
}

impl AttemptError {
    /// Returns whether the host limits the rate.
    pub(crate) fn is_throttled(&self) -> bool {
        matches!(self, Self::Api(error) if error.status == http::StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns the time at which the host allows the next attempt, if it states one.
    pub(crate) fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Api(error) => error.next_try(now),
            Self::Transport(_) => None,
        }
    }
}

impl Failure {
    /// Returns whether attaching to the execution by its id may succeed after this failure.
    pub(crate) fn leaves_execution_alive(&self) -> bool {
        match self {
            Self::Deadline { .. }
            | Self::TooManyFailures { .. }
            | Self::Unauthorized(_)
            | Self::Transport(_)
            | Self::Cancelled
            | Self::Observer(_)
            | Self::Decode(_)
            | Self::Build(_) => true,
            Self::Rejected(error) => error.status == http::StatusCode::FORBIDDEN,
            Self::QueryFailed { .. } | Self::AmbiguousSubmit(_) => false,
        }
    }

    /// Returns the error response behind this failure, if there is one.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Rejected(error)
            | Self::Unauthorized(Unauthorized::Refused(error))
            | Self::TooManyFailures { last: AttemptError::Api(error), .. }
            | Self::Deadline { last: Some(AttemptError::Api(error)), .. } => Some(error),
            _ => None,
        }
    }

    /// Returns the transport failure behind this failure, if there is one.
    pub fn transport_failure(&self) -> Option<&TransportFailure> {
        match self {
            Self::Transport(failure)
            | Self::AmbiguousSubmit(failure)
            | Self::TooManyFailures { last: AttemptError::Transport(failure), .. }
            | Self::Deadline { last: Some(AttemptError::Transport(failure)), .. } => Some(failure),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueryFailed { status, error } => {
                write!(f, "the query ended as {} at the service", excerpt(status, STATUS_EXCERPT))?;
                match error.as_deref().and_then(|error| error.message.as_deref().or(error.code.as_deref())) {
                    Some(message) => write!(f, ": {}", excerpt(message, 300)),
                    None => f.write_str(", which gives no reason"),
                }
            }
            Self::Rejected(error) => write!(f, "{error:#}"),
            Self::Unauthorized(Unauthorized::Refused(error)) => write!(f, "not authorised: {error:#}"),
            Self::Unauthorized(Unauthorized::CannotRenew) => f.write_str(
                "not authorised: the access token was refused or has expired, and nothing can renew it",
            ),
            Self::Decode(error) => error.fmt(f),
            Self::Transport(failure) => write!(f, "{failure:#}"),
            Self::TooManyFailures { failures: 1, last } => write!(f, "the only try failed: {last}"),
            Self::TooManyFailures { failures, last } => {
                write!(f, "{failures} failed tries in a row, the last: {last}")
            }
            Self::Deadline { next_allowed, waiting_for, unknown_status, last } => {
                match waiting_for {
                    None => f.write_str("the deadline passed")?,
                    Some(WaitReason::RateLimit) => {
                        write!(
                            f,
                            "the service limits the rate: it takes the next request at {next_allowed}, after the deadline"
                        )?;
                    }
                    Some(reason) => write!(
                        f,
                        "the deadline passed while waiting for {reason}, with the next step allowed at {next_allowed}"
                    )?,
                }
                match unknown_status.as_deref() {
                    Some("") => f.write_str("; the service reported no query status")?,
                    Some(status) => {
                        write!(
                            f,
                            "; the service reported the unknown status {:?}",
                            excerpt(status, STATUS_EXCERPT)
                        )?;
                    }
                    None => {}
                }
                last.as_ref().map_or(Ok(()), |last| write!(f, "; the last try: {last}"))
            }
            Self::AmbiguousSubmit(failure) => {
                write!(
                    f,
                    "{failure:#}; the query may have been submitted, and submitting it again could run it twice"
                )
            }
            Self::Cancelled => f.write_str("cancelled"),
            Self::Observer(error) => write!(f, "the observer stopped it: {error}"),
            Self::Build(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(error) => write!(f, "{error:#}"),
            Self::Transport(failure) => write!(f, "{failure:#}"),
        }
    }
}

/// The source is the error response or transport failure behind it, or the source of an observer's error.
impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let api = self.api_error().map(|error| error as _);
        api.or_else(|| match self {
            Self::Observer(error) => error.source(),
            failure => failure.transport_failure().map(|failure| failure as _),
        })
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl From<ResponseError> for Failure {
    fn from(error: ResponseError) -> Self {
        match error {
            ResponseError::Api(error) => Self::Rejected(error),
            ResponseError::Decode(error) => Self::Decode(error),
        }
    }
}
