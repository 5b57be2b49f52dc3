//! What went wrong, in one line, with what to do about it, and the code to exit with.

use std::fmt::{self, Display};
use std::process::ExitCode;

use http::StatusCode;
use usage_core::error::{ApiError, AttemptError, BuildError, Error, Failure, TransportKind, Unauthorized};
use usage_core::{Endpoint, UsageQuery};

use crate::advice;
use crate::state::Service;
use crate::stderr::{self, ERROR, HINT};
use crate::way_on::WayOn;

/// The program's exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The service refused the query, or it failed there.
    Refused = 1,
    /// Wrong usage or configuration, or the result could not be written.
    Usage = 2,
    /// The credential is not accepted, or lacks a permission.
    Unauthorized = 3,
    /// The deadline passed.
    Deadline = 4,
    /// The service could not be reached or broke the protocol.
    Unreachable = 5,
    /// A threshold of `watch` is crossed.
    Alert = 6,
    /// The rows are written, and the service has more.
    Incomplete = 7,
    /// By a signal.
    Interrupted = 130,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why the program ends without its result.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    message: String,
    hints: Vec<String>,
    /// For `-v`.
    details: Vec<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string(), hints: Vec::new(), details: Vec::new() }
    }

    /// Wrong usage or configuration.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Input that the core refuses.
    pub(crate) fn build(error: BuildError) -> Self {
        Self::usage(error)
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn with_hints(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.hints.extend(hints);
        self
    }

    fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// What it says, without hints.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// Tells it on stderr: the error, the details if `verbosity` is not 0, the hints.
    pub(crate) fn report(&self, verbosity: u8) {
        stderr::labelled("error", ERROR, &self.message);
        if verbosity > 0 {
            self.details.iter().for_each(|detail| stderr::line(format!("  {detail}")));
        }
        self.hints.iter().for_each(|hint| stderr::labelled("hint", HINT, hint));
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// The problem that an execution of `Q` ended with.
pub(crate) fn problem<Q: UsageQuery>(error: &Error, service: &Service, way_on: &WayOn) -> Problem {
    if let Failure::Observer(stopped) = error.failure()
        && let Some(problem) = stopped.get_ref().and_then(|error| error.downcast_ref::<Problem>())
    {
        return problem.clone().with_hints(way_on.after(error));
    }
    let is_results = error.endpoint() == Q::Results::NAME;
    let permissions = if is_results { Q::Results::PERMISSIONS } else { Q::PERMISSIONS };
    let problem = described(error, service, permissions).with_hints(unreached(error));
    problem.with_hints(lost::<Q>(error)).with_hints(way_on.after(error))
}

/// The problem that a single call to `service` ended with; it wants any one of `permissions`.
pub(crate) fn of_call(error: &Error, service: &Service, permissions: &[&str]) -> Problem {
    described(error, service, permissions)
}

fn described(error: &Error, service: &Service, permissions: &[&str]) -> Problem {
    let problem = Problem::new(code(error), error.failure());
    let refused = error.failure().transport_failure().and_then(advice::about_tls);
    let problem = details(problem, error).with_hints(remedy(error, permissions)).with_hints(refused);
    problem.with_hints(advice::about_answer(error, service))
}

/// Whether executions outlast this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// They are the service's.
    Service,
    /// They end with this program, which brought its own service.
    Program,
}

fn code(error: &Error) -> Code {
    match error.failure() {
        // A page of a proxy says nothing about the credential or the query.
        Failure::Rejected(_) | Failure::TooManyFailures { .. } | Failure::Unauthorized(_)
            if advice::foreign(error).is_some() =>
        {
            Code::Unreachable
        }
        Failure::QueryFailed { .. } => Code::Refused,
        Failure::Build(_) => Code::Usage,
        Failure::Unauthorized(_) => Code::Unauthorized,
        Failure::Deadline { .. } => Code::Deadline,
        Failure::Cancelled => Code::Interrupted,
        Failure::Rejected(refusal) | Failure::TooManyFailures { last: AttemptError::Api(refusal), .. } => {
            match refusal.status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Code::Unauthorized,
                StatusCode::REQUEST_TIMEOUT => Code::Unreachable,
                status if status.is_client_error() => Code::Refused,
                _ => Code::Unreachable,
            }
        }
        // Transport, undecodable answers, pages that repeat, an ambiguous submit, and what later versions add.
        _ => Code::Unreachable,
    }
}

/// What may help.
fn remedy(error: &Error, permissions: &[&str]) -> Option<String> {
    let status = error.api_error().map(|refusal| refusal.status);
    match (error.failure(), status) {
        (Failure::Rejected(refusal), Some(StatusCode::FORBIDDEN)) if is_about_permissions(refusal) => {
            Some(format!(
                "the role of the OAuth client or user needs any one of these permissions: {}",
                permissions.join(", ")
            ))
        }
        (Failure::Rejected(_), Some(status)) if status.is_redirection() => {
            Some("redirects are not followed: is the region or the URL right?".into())
        }
        (Failure::Unauthorized(Unauthorized::CannotRenew), _) => Some("get a fresh access token".into()),
        (Failure::Unauthorized(_), _) if advice::foreign(error).is_none() => Some(
            "check the credential, and that --region (or GENESYSCLOUD_REGION) is where it belongs".into(),
        ),
        (Failure::Deadline { next_allowed, waiting_for: Some(_), .. }, _) if error.is_rate_limited() => {
            Some(format!("the service takes requests again at {next_allowed}"))
        }
        (Failure::Deadline { .. }, _) if unreached(error).is_none() => {
            Some("--deadline allows more time".into())
        }
        _ => None,
    }
}

/// Whether the service refused for want of a permission. Other reasons for a 403 are not mended by one.
pub(crate) fn is_about_permissions(refusal: &ApiError) -> bool {
    refusal.status == StatusCode::FORBIDDEN && refusal.code().is_some_and(|code| code.contains("permission"))
}

/// Who may help if there was no connection. More time would not.
pub(crate) fn unreached(error: &Error) -> Option<String> {
    let kind = error.failure().transport_failure()?.kind;
    matches!(kind, TransportKind::Dns | TransportKind::Connect | TransportKind::Tls)
        .then(|| "genesys-usage doctor, with the same options, says what is in the way".into())
}

/// What may help if the service has not found what `Q` is about.
fn lost<Q: UsageQuery>(error: &Error) -> Option<String> {
    let status = error.api_error().map(|refusal| refusal.status);
    if !matches!(error.failure(), Failure::Rejected(_)) || status != Some(StatusCode::NOT_FOUND) {
        return None;
    }
    if error.endpoint() == Q::Results::NAME {
        return Some(
            "an execution is found only by the command and in the organisation that submitted it, and not for ever"
                .into(),
        );
    }
    let is_of_client = error.endpoint() == Q::NAME && Q::NAME.contains("client");
    is_of_client.then(|| "genesys-usage query --last 7d --group-by client lists the clients' ids".into())
}

fn details(mut problem: Problem, error: &Error) -> Problem {
    problem = problem.with_detail(format!("endpoint: {}", error.endpoint()));
    problem = problem.with_detail(format!("requests sent, those for tokens included: {}", error.attempts()));
    if let Some(refusal) = error.api_error() {
        problem = problem.with_detail(format!("status: {}", refusal.status));
        if let Some(code) = refusal.code() {
            problem = problem.with_detail(format!("code: {code}"));
        }
        if let Some(id) = &refusal.correlation_id {
            problem = problem.with_detail(format!("correlation id: {id}"));
        }
    }
    if let Some(failure) = error.failure().transport_failure() {
        problem = problem.with_detail(format!("transport: {:?}, sent: {:?}", failure.kind, failure.sent));
    }
    problem
}
