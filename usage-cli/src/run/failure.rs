//! Failures of executions, as problems with hints.

use http::StatusCode;
use usage_core::error::{Error, Failure};
use usage_core::{Endpoint, UsageQuery};

use crate::problem::Problem;
use crate::run::recovery::Recovery;
use crate::service::Service;
use crate::service::failure::{described, unreached};

/// The problem that an execution of `Q` ended with.
pub(crate) fn problem<Q: UsageQuery>(error: &Error, service: &Service, recovery: &Recovery) -> Problem {
    if let Failure::Observer(stopped) = error.failure()
        && let Some(problem) = stopped.get_ref().and_then(|error| error.downcast_ref::<Problem>())
    {
        return problem.clone().with_hints(recovery.after(error));
    }
    let is_results = error.endpoint() == Q::Results::NAME;
    let permissions = if is_results { Q::Results::PERMISSIONS } else { Q::PERMISSIONS };
    let problem = described(error, service, permissions).with_hints(unreached(error));
    problem.with_hints(lost::<Q>(error)).with_hints(recovery.after(error))
}

/// What may help if the service has not found what `Q` is about.
fn lost<Q: UsageQuery>(error: &Error) -> Option<String> {
    let status = error.api_error().map(|refusal| refusal.status);
    if !matches!(error.failure(), Failure::Rejected(_)) || status != Some(StatusCode::NOT_FOUND) {
        return None;
    }
    if error.endpoint() == Q::Results::NAME {
        return Some(
            "an execution is found only by the command and in the organization that submitted it, and not for ever"
                .into(),
        );
    }
    let is_of_client = error.endpoint() == Q::NAME && Q::NAME.contains("client");
    is_of_client.then(|| "genesys-usage query --last 7d --group-by client lists the clients' ids".into())
}
