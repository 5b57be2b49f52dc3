//! Converts failures of the service and the transport to problems with hints.

use http::StatusCode;
use usage_core::error::{ApiError, AttemptError, Error, Failure, TransportKind, Unauthorized};

use crate::problem::{Code, Problem};
use crate::service::{Service, advice};

/// Returns the problem for a single call to `service` that failed. The call needs any one of `permissions`.
pub(crate) fn of_call(error: &Error, service: &Service, permissions: &[&str]) -> Problem {
    described(error, service, permissions)
}

pub(crate) fn described(error: &Error, service: &Service, permissions: &[&str]) -> Problem {
    let problem = Problem::new(code(error), error.failure());
    let refused = error.failure().transport_failure().and_then(advice::about_tls);
    let problem = details(problem, error).with_hints(remedy(error, permissions)).with_hints(refused);
    problem.with_hints(advice::about_answer(error, service))
}

fn code(error: &Error) -> Code {
    match error.failure() {
        // An error page of a proxy says nothing about the credential or the query.
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
        // Transport failures, undecodable responses, repeated pages, an ambiguous submit, and failures that later
        // versions add.
        _ => Code::Unreachable,
    }
}

/// Returns a hint, if one is known.
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
            "check the credential, and that it belongs to the region: --region, GENESYSCLOUD_REGION or the profile".into(),
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

/// Returns whether the service refused the call because a permission is missing. A permission does not help with
/// other reasons for a 403.
pub(crate) fn is_about_permissions(refusal: &ApiError) -> bool {
    refusal.status == StatusCode::FORBIDDEN && refusal.code().is_some_and(|code| code.contains("permission"))
}

/// Suggests `doctor` after a failed connection, where a longer deadline would not help.
pub(crate) fn unreached(error: &Error) -> Option<String> {
    let kind = error.failure().transport_failure()?.kind;
    matches!(kind, TransportKind::Dns | TransportKind::Connect | TransportKind::Tls)
        .then(|| "genesys-usage doctor, with the same options, says what is in the way".into())
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
