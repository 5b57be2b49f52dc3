//! The error of an execution or a call: its failure, and how far it got.

use std::fmt;

use http::StatusCode;

use crate::failures::{ApiError, AttemptError, BuildError, Failure};
use crate::ids::ExecutionId;
use crate::phase::{Phase, WaitReason};
use crate::retry_after::RetryAfter;
use crate::table::UsageTable;
use crate::time::Timestamp;

/// The error of an execution or a call: a [`Failure`], and where it happened.
///
/// `Display` writes one lowercase sentence: the cause, then the endpoint, then the execution id if there is one, so that
/// a submitted query can be found from the message alone. The sources do not repeat the message. They are the
/// [`ApiError`] or the [`TransportFailure`](crate::error::TransportFailure) behind the failure. For invalid input,
/// the source is the [`BuildError`], which contains the reason.
///
/// If `Client::run` or `Handle::finish` fails, the error contains the [rows](Self::rows) that had arrived, and a
/// [snapshot](Self::snapshot) from which the execution continues behind them.
///
/// ```
/// use usage_core::Machine;
/// use usage_core::error::Failure;
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// execution.cancel();
/// let error = execution.error().unwrap();
/// assert_eq!(*error.failure(), Failure::Cancelled);
/// assert_eq!(error.endpoint(), "usage.query");
/// assert!(error.execution_id().is_none()); // it was not submitted
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Error(Box<Report>);

#[derive(Clone, PartialEq)]
struct Report {
    failure: Failure,
    endpoint: &'static str,
    phase: Option<Phase>,
    execution_id: Option<ExecutionId>,
    attempts: u32,
    rows: Option<Box<UsageTable>>,
    /// As JSON: an error has no type of query.
    snapshot: Option<Box<str>>,
}

impl Error {
    pub(crate) fn new(failure: Failure, endpoint: &'static str) -> Self {
        Self(Box::new(Report {
            failure,
            endpoint,
            phase: None,
            execution_id: None,
            attempts: 0,
            rows: None,
            snapshot: None,
        }))
    }

    #[must_use]
    pub(crate) fn with_snapshot_json(mut self, snapshot: String) -> Self {
        self.0.snapshot = Some(snapshot.into());
        self
    }

    pub(crate) fn snapshot_json(&self) -> Option<&str> {
        self.0.snapshot.as_deref()
    }

    /// Adds the rows that arrived before the error.
    #[must_use]
    pub(crate) fn with_rows(mut self, rows: UsageTable) -> Self {
        self.0.rows = Some(Box::new(rows));
        self
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

    /// Returns the reason of the failure.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// Returns the [`NAME`](crate::Endpoint::NAME) of the endpoint that failed.
    pub fn endpoint(&self) -> &'static str {
        self.0.endpoint
    }

    /// Returns the phase of the execution when it failed; `None` for a call of a single endpoint.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// Returns the id of the execution, if the service had assigned one. Attach to it to continue.
    pub fn execution_id(&self) -> Option<&ExecutionId> {
        self.0.execution_id.as_ref()
    }

    /// Returns the number of requests that were sent, including token requests.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the rows that had arrived when `run` or `finish` failed; `None` for errors of other functions.
    pub fn rows(&self) -> Option<&UsageTable> {
        self.0.rows.as_deref()
    }

    /// Takes the [rows](Self::rows) out of the error. Returns an empty table if there are none.
    pub fn take_rows(&mut self) -> UsageTable {
        self.0.rows.take().map_or_else(UsageTable::new, |rows| *rows)
    }

    /// Returns the `Retry-After` of the response that caused this error, if it had one.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.api_error()?.retry_after
    }

    /// Returns the time of the next allowed step, by the client's clock, if the deadline came first.
    pub fn next_allowed(&self) -> Option<Timestamp> {
        match self.0.failure {
            Failure::Deadline { next_allowed, .. } => Some(next_allowed),
            _ => None,
        }
    }

    /// Returns the error response of the service (status, code, correlation id), if there was one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.0.failure.api_error()
    }

    /// Returns whether the deadline passed or the last attempt timed out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.failure, Failure::Deadline { .. })
            || self
                .0
                .failure
                .transport_failure()
                .is_some_and(|t| t.kind == crate::failures::TransportKind::Timeout)
    }

    /// Returns whether the credential or the token was refused, or lacks a permission (403).
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.0.failure, Failure::Unauthorized(_)) || self.has_status(StatusCode::FORBIDDEN)
    }

    /// Returns whether a rate limit is the cause: the service answered 429, or the session's requests would have to wait
    /// until after the deadline. [`next_allowed`](Self::next_allowed) returns the end of that wait.
    pub fn is_rate_limited(&self) -> bool {
        self.has_status(StatusCode::TOO_MANY_REQUESTS)
            || matches!(self.0.failure, Failure::Deadline { waiting_for: Some(WaitReason::RateLimit), .. })
    }

    /// Returns whether the service could not be reached, failed (5xx) or violated the protocol.
    pub fn is_service_unavailable(&self) -> bool {
        match &self.0.failure {
            Failure::Transport(_)
            | Failure::AmbiguousSubmit(_)
            | Failure::Decode(_)
            | Failure::TooManyFailures { last: AttemptError::Transport(_), .. } => true,
            _ => self
                .api_error()
                .is_some_and(|error| error.status.is_server_error() || error.status.is_redirection()),
        }
    }

    /// Returns whether the execution with [`execution_id`](Self::execution_id) can be resumed: it is not known to have
    /// ended.
    pub fn can_resume(&self) -> bool {
        self.0.execution_id.is_some() && self.0.failure.leaves_execution_alive()
    }

    fn has_status(&self, status: StatusCode) -> bool {
        self.api_error().is_some_and(|error| error.status == status)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.failure {
            // The source says why.
            Failure::Build(error) => write!(f, "{} cannot be used", error.subject())?,
            failure => write!(f, "{failure}")?,
        }
        write!(f, " (at {}", self.0.endpoint)?;
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
        match &self.0.failure {
            Failure::Build(error) => Some(error),
            failure => std::error::Error::source(failure),
        }
    }
}

/// Without the rows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { failure, endpoint, phase, execution_id, attempts, rows, snapshot } = &*self.0;
        f.debug_struct("Error")
            .field("failure", failure)
            .field("endpoint", endpoint)
            .field("phase", phase)
            .field("execution_id", execution_id)
            .field("attempts", attempts)
            .field("rows", &rows.as_deref().map(UsageTable::len))
            .field("snapshot", snapshot)
            .finish()
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::new(Failure::Build(error), "client")
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::failures::{DecodeError, Sent, TransportFailure, TransportKind, Unauthorized};

    fn api(status: u16) -> ApiError {
        ApiError::from_response(status.try_into().unwrap(), &http::HeaderMap::new(), b"")
    }

    fn transport(kind: TransportKind) -> TransportFailure {
        TransportFailure::new(kind, Sent::Maybe, "in its words")
    }

    fn deadline(last: Option<AttemptError>) -> Failure {
        Failure::Deadline {
            next_allowed: Timestamp::UNIX_EPOCH,
            waiting_for: Some(WaitReason::Poll),
            unknown_status: None,
            last,
        }
    }

    fn too_many(failures: u32, last: AttemptError) -> Failure {
        Failure::TooManyFailures { failures, last }
    }

    /// No source says again what was said before, and the data is among them.
    fn assert_says_it_once(error: &Error) {
        let mut said = error.to_string();
        let mut cause = error.source();
        let mut has_data = false;
        while let Some(source) = cause {
            let text = source.to_string();
            assert!(!said.contains(&text), "{said}: {text}");
            said = format!("{said}: {text}");
            has_data |=
                source.is::<ApiError>() || source.is::<TransportFailure>() || source.is::<BuildError>();
            cause = source.source();
        }
        let failure = error.failure();
        let wanted = error.api_error().is_some()
            || failure.transport_failure().is_some()
            || matches!(failure, Failure::Build(_));
        assert_eq!(has_data, wanted, "{said}");
        assert!(said.matches("in its words").count() <= 1, "{said}");
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
                too_many(1, AttemptError::Api(api(429).into())),
                "the only try failed: the service answered 429",
                "lr",
            ),
            (
                too_many(5, AttemptError::Api(api(503).into())),
                "5 failed tries in a row, the last: the service",
                "sr",
            ),
            (
                too_many(5, AttemptError::Transport(transport(TransportKind::Timeout))),
                "5 failed tries in a row, the last: no answer in time: in its words",
                "tsr",
            ),
            (deadline(None), "the deadline passed while waiting for", "tr"),
            (
                deadline(Some(AttemptError::Api(api(429).into()))),
                "the deadline passed while waiting for",
                "tlr",
            ),
            (
                deadline(Some(AttemptError::Api(api(503).into()))),
                "the deadline passed while waiting for",
                "tsr",
            ),
            (
                deadline(Some(AttemptError::Transport(transport(TransportKind::Dns)))),
                "the deadline passed while waiting for",
                "tr",
            ),
            (
                Failure::AmbiguousSubmit(transport(TransportKind::Reset)),
                "the connection broke: in its words; the query may have been submitted",
                "s",
            ),
            (Failure::Cancelled, "cancelled", "r"),
            (BuildError::Region { text: "x".into() }.into(), "the region \"x\" cannot be used", "r"),
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
            assert_says_it_once(&error);
            assert!(!Error::new(error.failure().clone(), "x").can_resume(), "without an id");
        }
    }

    #[test]
    fn a_session_that_is_blocked_is_rate_limited_and_says_until_when() {
        let next_allowed = Timestamp::from_unix_millis(1_783_500_000_000);
        let waiting_for = Some(WaitReason::RateLimit);
        let failure = Failure::Deadline { next_allowed, waiting_for, unknown_status: None, last: None };
        let error = Error::new(failure, "usage.query");
        assert!(error.is_rate_limited() && !error.is_service_unavailable());
        assert_eq!((error.next_allowed(), error.retry_after()), (Some(next_allowed), None));
        let text = format!(
            "the service limits the rate: it takes the next request at {next_allowed}, after the deadline"
        );
        assert_eq!(error.to_string(), format!("{text} (at usage.query)"));

        let mut headers = http::HeaderMap::new();
        headers.insert("retry-after", 7.into());
        let refusal = ApiError::from_response(StatusCode::TOO_MANY_REQUESTS, &headers, b"");
        let error = Error::new(too_many(5, AttemptError::Api(refusal.into())), "usage.query");
        let seven = RetryAfter::Delay(std::time::Duration::from_secs(7));
        assert_eq!((error.retry_after(), error.next_allowed()), (Some(seven), None));
    }

    #[test]
    fn rows_are_given_back_once_and_not_printed() {
        let record = crate::table::UsageRecord { client_name: Some("visible".into()), ..Default::default() };
        let mut error = Error::new(Failure::Cancelled, "x").with_rows([record].into_iter().collect());
        assert_eq!(error.rows().map(UsageTable::len), Some(1));
        let shown = format!("{error:?}");
        assert!(shown.contains("rows: Some(1)") && !shown.contains("visible"), "{shown}");
        assert_eq!((error.take_rows().len(), error.take_rows().len(), error.rows()), (1, 0, None));
    }

    #[test]
    fn bad_input_is_an_error_of_the_client() {
        let error = Error::from(BuildError::Date { text: "x".into() });
        assert_eq!(error.to_string(), "the date \"x\" cannot be used (at client)");
        assert_eq!(error.source().unwrap().to_string(), "\"x\" is no date; write yyyy-MM-dd");
        assert_eq!((error.phase(), error.execution_id(), error.attempts()), (None, None, 0));
    }
}
