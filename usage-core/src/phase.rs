//! The phases of an execution, and the causes of its transitions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The phase of an execution.
///
/// ```
/// use usage_core::Phase;
///
/// assert!(Phase::Complete.is_final() && Phase::Failed.is_final());
/// assert!(!Phase::WaitPoll.is_final());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Phase {
    /// The submit is ready to be sent.
    ReadySubmit,
    /// The submit was sent, and its response is awaited.
    InFlightSubmit,
    /// The submit is delayed.
    WaitSubmit,
    /// A poll is ready to be sent.
    ReadyPoll,
    /// A poll was sent, and its response is awaited.
    InFlightPoll,
    /// The next poll is delayed.
    WaitPoll,
    /// All rows arrived.
    Complete,
    /// The execution ended without its result.
    Failed,
}

impl Phase {
    /// Every phase.
    pub const ALL: &[Self] = &[
        Self::ReadySubmit,
        Self::InFlightSubmit,
        Self::WaitSubmit,
        Self::ReadyPoll,
        Self::InFlightPoll,
        Self::WaitPoll,
        Self::Complete,
        Self::Failed,
    ];

    /// Returns whether no other phase follows.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Failed)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why an execution moved from one phase to another.
///
/// ```
/// use usage_core::{Cause, Phase, Transition};
///
/// let transition = Transition::new(Phase::ReadySubmit, Phase::InFlightSubmit, Cause::Sent);
/// assert_eq!(transition.to_string(), "ReadySubmit -Sent-> InFlightSubmit");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Cause {
    /// A request was passed to the driver.
    Sent,
    /// A wait ended.
    Elapsed,
    /// The driver abandoned a request: it asked for the next step without reporting a result, or did not send it.
    Abandoned,
    /// An access token arrived.
    Authorized,
    /// The login host could not issue a token at the moment.
    TokenUnavailable,
    /// The service accepted the query and returned the execution's id.
    Accepted,
    /// The query is still running.
    Pending,
    /// A page arrived, and more follow.
    MorePages,
    /// The last page arrived.
    LastPage,
    /// The service throttled the request (429).
    Throttled,
    /// The service failed temporarily (408, 5xx).
    Unavailable,
    /// No complete response arrived.
    TransportFailed,
    /// The service refused the access token (401) for the first time; the client fetches a new one.
    TokenRefused,
    /// The service does not know the execution yet (404 shortly after the submit).
    NotFoundYet,
    /// The query failed or was cancelled at the service.
    QueryFailed,
    /// The service rejected the request.
    Rejected,
    /// The service did not accept the credential or the token.
    Unauthorized,
    /// The response cannot be decoded.
    Undecodable,
    /// The cursor of the next page was seen before. Following it would never end, so this page is the last.
    RepeatedCursor,
    /// TLS or the proxy refused the connection permanently.
    Untrusted,
    /// Too many consecutive attempts failed.
    TooManyFailures,
    /// The deadline passed, or would pass before the next step.
    DeadlinePassed,
    /// The submit may have arrived and is not repeated.
    AmbiguousSubmit,
    /// The caller cancelled the execution.
    Cancelled,
    /// The request could not be built.
    Unbuildable,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A move of an execution from one phase to another.
///
/// ```
/// use usage_core::execution::table::is_legal;
/// use usage_core::{Cause, Phase, Transition};
///
/// assert!(is_legal(Transition::new(Phase::ReadySubmit, Phase::InFlightSubmit, Cause::Sent)));
/// assert!(!is_legal(Transition::new(Phase::Complete, Phase::ReadyPoll, Cause::Sent)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transition {
    /// The phase before.
    pub from: Phase,
    /// The phase after.
    pub to: Phase,
    /// The cause of the transition.
    pub cause: Cause,
}

impl Transition {
    /// Returns the transition from `from` to `to` because of `cause`.
    pub const fn new(from: Phase, to: Phase, cause: Cause) -> Self {
        Self { from, to, cause }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -{}-> {}", self.from, self.cause, self.to)
    }
}

/// The reason for a wait.
///
/// ```
/// use usage_core::WaitReason;
///
/// assert_eq!(WaitReason::RateLimit.to_string(), "the rate limit");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WaitReason {
    /// The query is running; the next poll follows the wait.
    Poll,
    /// The last attempt failed; the next one follows the wait.
    Retry,
    /// The service limits the request rate.
    RateLimit,
    /// A token exchange of the session is in flight. A caller that drives several machines by hand may ask this one again as
    /// soon as the exchange has ended.
    Token,
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Poll => "the query's result",
            Self::Retry => "another try",
            Self::RateLimit => "the rate limit",
            Self::Token => "an access token",
        })
    }
}
