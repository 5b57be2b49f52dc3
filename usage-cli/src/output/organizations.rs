//! The results of several organizations, beside their rows.

use serde::Serialize;
use usage_core::{Gap, Scope};

use crate::problem::Problem;

/// The result of one of several organizations: the scope of its rows, or the reason why there are none.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    organization: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
}

impl Answer {
    /// Creates the answer of an organization whose rows cover `scope`.
    pub(crate) fn of(organization: &str, scope: Scope) -> Self {
        Self { organization: organization.to_owned(), scope: Some(scope), error: None, exit_code: None }
    }

    /// Creates the answer of an organization that has no rows because of `problem`.
    pub(crate) fn missing(organization: &str, problem: &Problem) -> Self {
        let (error, exit_code) = (Some(problem.message().to_owned()), Some(problem.code() as u8));
        Self { organization: organization.to_owned(), scope: None, error, exit_code }
    }

    /// Returns the organization's name.
    pub(crate) fn organization(&self) -> &str {
        &self.organization
    }

    /// Returns why its rows are missing.
    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Returns whether its rows are missing.
    pub(crate) fn is_missing(&self) -> bool {
        self.scope.is_none()
    }
}

/// Returns what the rows of all `answers` cover together; `None` if there are none. An organization that is missing is a
/// gap.
pub(crate) fn joined_scope(answers: &[Answer]) -> Option<Scope> {
    let scope = answers.iter().filter_map(|answer| answer.scope.clone()).reduce(Scope::join)?;
    let missing: Vec<_> =
        answers.iter().filter(|answer| answer.is_missing()).map(|answer| &*answer.organization).collect();
    if missing.is_empty() {
        return Some(scope);
    }
    Some(scope.with_gap(Gap::from(&*format!("organizations are missing: {}", missing.join(", ")))))
}
