use std::fmt;

use crate::failures::{
    ApiError, BuildError, DecodeError, ErrorBody, ObserverError, ResponseError, TransportFailure, excerpt,
};
use crate::phase::WaitReason;
use crate::time::Timestamp;

/// How many characters of a status that the service invented are shown.
const STATUS_EXCERPT: usize = 80;

/// Why an execution or a call ended without its result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The service ran the query and it failed there, or was cancelled there.
    QueryFailed {
        /// `queryStatus`, verbatim.
        status: Box<str>,
        /// Why, if the service says so.
        error: Option<Box<ErrorBody>>,
    },
    /// The service refused the request and would refuse it again.
    Rejected(Box<ApiError>),
    /// The credential or the token is not accepted, also after a fresh token.
    Unauthorized(Unauthorized),
    /// The service's answer cannot be read.
    Decode(DecodeError),
    /// No connection, and another try would fail in the same way: the host cannot be trusted, or the proxy refuses.
    Transport(TransportFailure),
    /// So many tries in a row failed.
    TooManyFailures {
        /// How many.
        failures: u32,
        /// What failed last.
        last: AttemptError,
    },
    /// The deadline is over, or would be before the next step is allowed.
    Deadline {
        /// When the next step would have been allowed.
        next_allowed: Timestamp,
        /// What it was waiting for.
        waiting_for: Option<WaitReason>,
        /// `queryStatus` of the last poll if it is one that this crate does not know, or empty if there was none.
        unknown_status: Option<Box<str>>,
        /// The last try that failed, if that is why it waited.
        last: Option<AttemptError>,
    },
    /// The submit may have reached the service, and it is not safe to send it again: that could run it twice.
    AmbiguousSubmit(TransportFailure),
    /// The caller cancelled.
    Cancelled,
    /// An observer reported an error. The execution itself goes on from there when it is resumed.
    Observer(ObserverError),
    /// The caller's input cannot be used.
    Build(BuildError),
}

/// Why authorization failed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Unauthorized {
    /// The service or the login host said so.
    Refused(Box<ApiError>),
    /// There is nothing to renew the access token with: it was given by hand, or came without a refresh token.
    CannotRenew,
}

/// A try that failed, and that another try may mend.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttemptError {
    /// The service answered with an error.
    Api(Box<ApiError>),
    /// No whole answer arrived.
    Transport(TransportFailure),
}

impl AttemptError {
    /// Whether the host limits the rate.
    pub(crate) fn is_throttled(&self) -> bool {
        matches!(self, Self::Api(error) if error.status == http::StatusCode::TOO_MANY_REQUESTS)
    }

    /// When the host wants to be asked again, if it says so.
    pub(crate) fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Api(error) => error.next_try(now),
            Self::Transport(_) => None,
        }
    }
}

impl Failure {
    /// Whether an execution that ended so may be attached to again by its id, with a prospect of success.
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

    /// The service's answer behind this failure, if there is one.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Rejected(error)
            | Self::Unauthorized(Unauthorized::Refused(error))
            | Self::TooManyFailures { last: AttemptError::Api(error), .. }
            | Self::Deadline { last: Some(AttemptError::Api(error)), .. } => Some(error),
            _ => None,
        }
    }

    /// The transport failure behind this failure, if there is one.
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

/// The source is the service's answer or the transport's failure behind it, or that of an observer's error.
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
