use std::fmt;

use http::StatusCode;

use crate::error::{ApiError, BuildError, Failure, Trouble};
use crate::ids::ExecutionId;
use crate::phase::Phase;

/// What a driver returns: a [`Failure`], and where it happened.
///
/// `Display` is one lowercase sentence, the cause first, then the endpoint and the execution id, if there is one:
/// nothing that was submitted is lost by reading the message alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Report>);

#[derive(Clone, Debug, PartialEq)]
struct Report {
    failure: Failure,
    endpoint: &'static str,
    phase: Option<Phase>,
    execution_id: Option<ExecutionId>,
    attempts: u32,
}

impl Error {
    pub(crate) fn new(failure: Failure, endpoint: &'static str) -> Self {
        Self(Box::new(Report { failure, endpoint, phase: None, execution_id: None, attempts: 0 }))
    }

    #[must_use]
    pub(crate) fn with_execution(mut self, phase: Phase, id: Option<ExecutionId>) -> Self {
        self.0.phase = Some(phase);
        self.0.execution_id = id;
        self
    }

    #[must_use]
    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Why it ended.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// The [`NAME`](crate::Endpoint::NAME) of the endpoint at which it ended.
    pub fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }

    /// The phase that the execution was in; `None` for a call of a single endpoint.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// The id of the execution, if the service had given one: attach to it to go on.
    pub fn execution_id(&self) -> Option<&ExecutionId> {
        self.0.execution_id.as_ref()
    }

    /// How many requests were sent, token requests included.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The service's answer behind it, if there is one: status, code, correlation id.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.0.failure.api_error()
    }

    /// The deadline passed, or the last try timed out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.failure, Failure::Deadline { .. })
            || self
                .0
                .failure
                .transport_failure()
                .is_some_and(|t| t.kind == crate::error::TransportKind::Timeout)
    }

    /// The credential or the token is not accepted, or lacks a permission (403).
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.0.failure, Failure::Unauthorized(_)) || self.has_status(StatusCode::FORBIDDEN)
    }

    /// The service limited the rate.
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// The service could not be reached, was out of order (5xx), or broke the protocol.
    pub fn is_service_unavailable(&self) -> bool {
        match &self.0.failure {
            Failure::Transport(_)
            | Failure::AmbiguousSubmit(_)
            | Failure::Decode(_)
            | Failure::RepeatedCursor(_)
            | Failure::TooManyFailures { last: Trouble::Transport(_), .. } => true,
            _ => self
                .api_error()
                .is_some_and(|error| error.status.is_server_error() || error.status.is_redirection()),
        }
    }

    /// Whether going on with [`execution_id`](Self::execution_id) may succeed: the execution is not known to be over.
    pub fn can_resume(&self) -> bool {
        self.0.execution_id.is_some() && self.0.failure.leaves_execution_alive()
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.api_error().is_some_and(|error| error.status == status)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {}", self.0.failure, self.0.endpoint)?;
        if let Some(id) = &self.0.execution_id {
            write!(f, ", execution {id}")?;
            if self.can_resume() {
                f.write_str(", can be resumed")?;
            }
        }
        f.write_str(")")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.failure)
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::new(Failure::Build(error), "client")
    }
}
