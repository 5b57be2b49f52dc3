//! The words for where an execution is and why it moved.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Phase {
    /// The submit may go out.
    ReadySubmit,
    /// The submit is out.
    InFlightSubmit,
    /// The submit has to wait.
    WaitSubmit,
    /// A poll may go out.
    ReadyPoll,
    /// A poll is out.
    InFlightPoll,
    /// The next poll has to wait.
    WaitPoll,
    /// All rows arrived.
    Complete,
    /// It ended without its result.
    Failed,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 8] = [
        Self::ReadySubmit,
        Self::InFlightSubmit,
        Self::WaitSubmit,
        Self::ReadyPoll,
        Self::InFlightPoll,
        Self::WaitPoll,
        Self::Complete,
        Self::Failed,
    ];

    /// Whether nothing comes after it.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Cause {
    /// A request was handed to the driver.
    Sent,
    /// A wait is over.
    Elapsed,
    /// The driver asked for the next step with a request still out, or did not send it: it gave that request up.
    Abandoned,
    /// An access token arrived.
    Authorized,
    /// The login host could not issue a token just now.
    TokenUnavailable,
    /// The service took the query and named its execution.
    Accepted,
    /// The query is not done.
    Pending,
    /// A page arrived, and there are more.
    MorePages,
    /// The last page arrived.
    LastPage,
    /// The service limited the rate (429).
    Throttled,
    /// The service is out of order for the moment (408, 5xx).
    Unavailable,
    /// No whole answer arrived.
    TransportFailed,
    /// The access token was refused (401) for the first time; a fresh one is fetched.
    TokenRefused,
    /// The execution is not known yet (404 shortly after the submit).
    NotFoundYet,
    /// The service ran the query and it failed or was cancelled there.
    QueryFailed,
    /// The service refused the request.
    Rejected,
    /// The credential or the token is not accepted.
    Unauthorized,
    /// The answer cannot be read.
    Undecodable,
    /// The page after the last one was there before: the pages go round in a circle, and reading them ends here.
    RepeatedCursor,
    /// TLS or the proxy refused the connection, and would refuse it again.
    Untrusted,
    /// Too many tries in a row failed.
    TooManyFailures,
    /// The deadline is over, or would be before the next step.
    DeadlinePassed,
    /// The submit may have been sent, and is not sent again.
    AmbiguousSubmit,
    /// The caller cancelled.
    Cancelled,
    /// The request cannot be built.
    Unbuildable,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One step of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transition {
    /// Where it was.
    pub from: Phase,
    /// Where it is.
    pub to: Phase,
    /// Why it moved.
    pub cause: Cause,
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -{}-> {}", self.from, self.cause, self.to)
    }
}

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WaitReason {
    /// The query is not done; the next poll is at the end of the wait.
    Poll,
    /// The last try failed; the next one is at the end of the wait.
    Retry,
    /// The service limits the rate.
    RateLimit,
    /// Another execution of the same session is fetching an access token.
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
