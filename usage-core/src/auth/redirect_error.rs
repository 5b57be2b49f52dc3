//! Errors of a redirect, the login host's and others.

use std::fmt;

use thiserror::Error;

use crate::failures::excerpt;
use crate::open_enum::open_enum;

open_enum! {
    /// The reason why the login host returned neither code nor token (RFC 6749, section 4.1.2.1).
    ///
    /// ```
    /// use usage_core::auth::AuthorizeErrorCode;
    ///
    /// assert_eq!(AuthorizeErrorCode::from("access_denied"), AuthorizeErrorCode::AccessDenied);
    /// assert_eq!(AuthorizeErrorCode::from("org.not.approved").as_str(), "org.not.approved");
    /// ```
    pub enum AuthorizeErrorCode {
        /// The user or an administrator of the organization denied access.
        AccessDenied = "access_denied",
        /// A parameter is missing, repeated or invalid. Often the redirect URI is not registered.
        InvalidRequest = "invalid_request",
        /// The OAuth client may not use this grant, or is not approved in the organization.
        UnauthorizedClient = "unauthorized_client",
        /// The OAuth client is unknown.
        InvalidClient = "invalid_client",
        /// The login host does not support this response type.
        UnsupportedResponseType = "unsupported_response_type",
        /// The scope is unknown or invalid.
        InvalidScope = "invalid_scope",
        /// The login host failed.
        ServerError = "server_error",
        /// The login host is overloaded or under maintenance.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

/// A refusal by the login host: `error` and `error_description` of the redirect.
///
/// ```
/// use usage_core::auth::{AuthorizeErrorCode, LoginState, Redirect, RedirectError};
///
/// let state = LoginState::parse("0123456789abcdef")?;
/// let redirect = "/callback?error=access_denied&state=0123456789abcdef";
/// let Err(RedirectError::Refused(error)) = Redirect::parse(redirect, &state) else { panic!() };
/// assert_eq!(error.code, AuthorizeErrorCode::AccessDenied);
/// assert!(error.state_matched);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizeError {
    /// The reason.
    pub code: AuthorizeErrorCode,
    /// The description of the login host.
    pub description: Option<Box<str>>,
    /// Whether the redirect had the right `state`. The login host is not known to send it with an error. Without it,
    /// anyone may have made this redirect, and a listener may keep waiting for the real one.
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

/// A redirect that does not complete the log-in. The error never contains the code, the token or the state.
///
/// ```
/// use usage_core::auth::{LoginState, Redirect, RedirectError};
///
/// let state = LoginState::parse("0123456789abcdef")?;
/// // A browser asks a listener for an icon, too. Keep waiting.
/// assert_eq!(Redirect::parse("/favicon.ico", &state).unwrap_err(), RedirectError::NoAnswer);
/// assert_eq!(Redirect::parse("/?code=c&state=x", &state).unwrap_err(), RedirectError::StateMismatch);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// The redirect has no parameter of the login host. It may be another request to the same address, for example for
    /// an icon.
    #[error("the redirect holds no answer of the login host")]
    NoAnswer,
    /// The redirect is longer than 64 KiB.
    #[error("the redirect is too long")]
    TooLong,
    /// A parameter is repeated.
    #[error("the redirect has the parameter {0} twice")]
    Duplicate(&'static str),
    /// The redirect has no `state`, so it cannot be assigned to a log-in.
    #[error("the redirect has no state")]
    StateMissing,
    /// The `state` is not the state of this log-in.
    #[error("the redirect's state is not that of this log-in")]
    StateMismatch,
    /// A required parameter is missing: `code` or `access_token`.
    #[error("the redirect has no {0}")]
    Missing(&'static str),
    /// The value of a parameter is invalid.
    #[error("the redirect's {parameter} {problem}")]
    Unusable {
        /// The name of the parameter.
        parameter: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The login host refused the log-in.
    #[error(transparent)]
    Refused(AuthorizeError),
}
