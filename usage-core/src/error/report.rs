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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{DecodeError, Sent, TransportFailure, TransportKind, Unauthorized};
    use crate::phase::WaitReason;
    use crate::time::Timestamp;

    fn api(status: u16) -> ApiError {
        ApiError::from_response(status.try_into().unwrap(), &http::HeaderMap::new(), b"")
    }

    fn transport(kind: TransportKind) -> TransportFailure {
        TransportFailure::new(kind, Sent::Maybe, "in its words")
    }

    fn deadline(last: Option<Trouble>) -> Failure {
        Failure::Deadline {
            next_allowed: Timestamp::UNIX_EPOCH,
            waiting_for: Some(WaitReason::Poll),
            unknown_status: None,
            last,
        }
    }

    fn too_many(failures: u32, last: Trouble) -> Failure {
        Failure::TooManyFailures { failures, last }
    }

    /// Each failure, its beginning, and which questions it answers with yes: `t`imeout, `u`nauthorised, rate
    /// `l`imited, `s`ervice unavailable, can be `r`esumed.
    #[test]
    fn each_failure_has_its_words_and_its_kind() {
        let query_failed = Failure::QueryFailed { status: "Failed".into(), error: None };
        for (failure, words, answers) in [
            (query_failed, "the query ended as Failed at the service, which gives no reason", ""),
            (Failure::Rejected(api(403).into()), "the service answered 403 Forbidden", "ur"),
            (Failure::Rejected(api(404).into()), "the service answered 404 Not Found", ""),
            (Failure::Rejected(api(302).into()), "the service answered 302 Found", "s"),
            (Failure::Rejected(api(500).into()), "the service answered 500 Internal Server Error", "s"),
            (
                Failure::Unauthorized(Unauthorized::Refused(api(401).into())),
                "not authorised: the service answered 401",
                "ur",
            ),
            (
                Failure::Unauthorized(Unauthorized::CannotRenew),
                "not authorised: the access token was refused",
                "ur",
            ),
            (Failure::Decode(DecodeError::new("$", 0, "it is odd")), "", "sr"),
            (
                Failure::Transport(transport(TransportKind::Tls)),
                "no trusted TLS connection: in its words",
                "sr",
            ),
            (Failure::Transport(transport(TransportKind::Timeout)), "no answer in time: in its words", "tsr"),
            (
                too_many(1, Trouble::Api(api(429).into())),
                "the only try failed: the service answered 429",
                "lr",
            ),
            (
                too_many(5, Trouble::Api(api(503).into())),
                "5 failed tries in a row, the last: the service",
                "sr",
            ),
            (
                too_many(5, Trouble::Transport(transport(TransportKind::Timeout))),
                "5 failed tries in a row, the last: no answer in time: in its words",
                "tsr",
            ),
            (deadline(None), "the deadline passed while waiting for", "tr"),
            (deadline(Some(Trouble::Api(api(429).into()))), "the deadline passed while waiting for", "tlr"),
            (deadline(Some(Trouble::Api(api(503).into()))), "the deadline passed while waiting for", "tsr"),
            (
                deadline(Some(Trouble::Transport(transport(TransportKind::Dns)))),
                "the deadline passed while waiting for",
                "tr",
            ),
            (
                Failure::AmbiguousSubmit(transport(TransportKind::Reset)),
                "the connection broke: in its words; the query may have been submitted",
                "s",
            ),
            (Failure::Cancelled, "cancelled", "r"),
            (BuildError::Region { text: "x".into() }.into(), "\"x\" is neither", "r"),
        ] {
            let id = "e-1".parse().ok();
            let error = Error::new(failure, "usage.query").with_execution(Phase::Failed, id).with_attempts(7);
            let text = error.to_string();
            assert!(text.starts_with(words), "{text}");
            let resumed = if error.can_resume() { ", can be resumed" } else { "" };
            assert!(text.ends_with(&format!(" (at usage.query, execution e-1{resumed})")), "{text}");
            let questions = [
                (error.is_timeout(), 't'),
                (error.is_unauthorized(), 'u'),
                (error.is_rate_limited(), 'l'),
                (error.is_service_unavailable(), 's'),
                (error.can_resume(), 'r'),
            ];
            let yes: String =
                questions.into_iter().filter(|(yes, _)| *yes).map(|(_, letter)| letter).collect();
            assert_eq!(yes, answers, "{text}");
            assert_eq!(
                (error.phase(), error.attempts(), error.endpoint()),
                (Some(Phase::Failed), 7, "usage.query")
            );
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(source, error.failure().to_string());
            assert!(!Error::new(error.failure().clone(), "x").can_resume(), "without an id");
        }
    }

    #[test]
    fn bad_input_is_an_error_of_the_client() {
        let error = Error::from(BuildError::Date { text: "x".into() });
        assert_eq!(error.to_string(), "\"x\" is no date; write yyyy-MM-dd (at client)");
        assert_eq!((error.phase(), error.execution_id(), error.attempts()), (None, None, 0));
    }
}
