//! The fields of a form or of a query string. A repeated field is an error.

use http::StatusCode;

use crate::reply::OAuthProblem;

/// The form fields of a request to the login host. `Debug` omits them, since some are secrets.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(form: &[u8]) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    /// Returns the value of `name`, if present; an error if it occurs twice. An empty value counts as absent.
    pub(super) fn value(&self, name: &str) -> Result<Option<&str>, OAuthProblem> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = values.next();
        if values.next().is_some() {
            return Err(invalid_request("a parameter is repeated"));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// Returns the value of `name`, or an error with the description `missing`.
    pub(super) fn needed(&self, name: &str, missing: &'static str) -> Result<&str, OAuthProblem> {
        self.value(name)?.ok_or_else(|| invalid_request(missing))
    }
}

pub(super) fn invalid_request(description: &'static str) -> OAuthProblem {
    OAuthProblem::new(StatusCode::BAD_REQUEST, "invalid_request", description)
}

pub(super) fn invalid_grant(description: &'static str) -> OAuthProblem {
    OAuthProblem::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
}
