use std::fmt;

use thiserror::Error;

use crate::failures::excerpt;
use crate::open_enum::open_enum;

open_enum! {
    /// Why the login host sends a user back without a code or token (RFC 6749, section 4.1.2.1).
    pub enum AuthorizeErrorCode {
        /// The user, or the organisation's administration, said no.
        AccessDenied = "access_denied",
        /// A parameter is missing, doubled or wrong: often a redirect URI that is not registered.
        InvalidRequest = "invalid_request",
        /// The OAuth client may not use this grant, or is not approved in the organisation.
        UnauthorizedClient = "unauthorized_client",
        /// The OAuth client is not known.
        InvalidClient = "invalid_client",
        /// The login host does not do this response type.
        UnsupportedResponseType = "unsupported_response_type",
        /// The scope is unknown or wrong.
        InvalidScope = "invalid_scope",
        /// The login host failed.
        ServerError = "server_error",
        /// The login host is overloaded or being looked after.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

/// The login host sent the user back without a code or token: `error` and `error_description` of the redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizeError {
    /// What happened.
    pub code: AuthorizeErrorCode,
    /// What happened, in the host's words.
    pub description: Option<Box<str>>,
    /// Whether the right `state` came along. The login host is not known to send it with an error; without it,
    /// anybody may have made this redirect, and a listener may go on to wait for the real one.
    pub state_matched: bool,
}

impl fmt::Display for AuthorizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the login host refused ({})", excerpt(self.code.as_str(), 80))?;
        match &self.description {
            Some(description) => write!(f, ": {}", excerpt(description, 400)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for AuthorizeError {}

/// A redirect that does not log anybody in. It never holds the code, the token or the state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It has none of the parameters of an answer: another request to the same address, for an icon perhaps.
    #[error("the redirect holds no answer of the login host")]
    NoAnswer,
    /// It has more than 64 KiB.
    #[error("the redirect is too long")]
    TooLong,
    /// A parameter comes twice.
    #[error("the redirect has the parameter {0} twice")]
    Duplicate(&'static str),
    /// There is no `state`: it cannot be told which log-in this answers.
    #[error("the redirect has no state")]
    StateMissing,
    /// `state` is that of another log-in, or made up.
    #[error("the redirect's state is not that of this log-in")]
    StateMismatch,
    /// There is no `code` where one is expected, or no `access_token`.
    #[error("the redirect has no {0}")]
    Missing(&'static str),
    /// A parameter cannot be what it should be.
    #[error("the redirect's {parameter} {problem}")]
    Unusable {
        /// Which one.
        parameter: &'static str,
        /// Why.
        problem: &'static str,
    },
    /// The login host refused.
    #[error(transparent)]
    Refused(AuthorizeError),
}
