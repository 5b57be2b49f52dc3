//! Errors of proxies.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use thiserror::Error;

use crate::error::causes;

type BoxError = Box<dyn StdError + Send + Sync>;

/// For drivers: the error of a connection to a proxy, or of the tunnel through it. Its text names the proxy, without
/// credentials.
#[derive(Debug, Error)]
#[error("the proxy {proxy} {problem}")]
pub struct ProxyError {
    /// `host:port`.
    proxy: Box<str>,
    #[source]
    problem: ProxyProblem,
}

#[derive(Debug, Error)]
pub(crate) enum ProxyProblem {
    #[error("cannot be reached: {}", first_cause(.0))]
    Unreachable(#[source] BoxError),
    #[error("broke the connection off: {0}")]
    Broken(io::Error),
    #[error("closed the connection instead of answering")]
    Closed,
    #[error("does not answer as an HTTP proxy")]
    NotHttp,
    #[error("answers with a head of more than {0} bytes")]
    TooLong(usize),
    #[error("refused to connect to {target} (status {}){}", .status.as_u16(), advice(*.status, *.with_credentials))]
    Refused { status: StatusCode, target: Box<str>, with_credentials: bool },
}

impl ProxyError {
    pub(crate) fn new(proxy: &str, problem: ProxyProblem) -> Self {
        Self { proxy: proxy.into(), problem }
    }

    /// Returns whether the proxy would refuse again: its status is 4xx, but not 408, 425 or 429.
    pub(crate) fn is_permanent(&self) -> bool {
        let ProxyProblem::Refused { status, .. } = &self.problem else { return false };
        let passes = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
        status.is_client_error() && !passes.contains(status)
    }
}

fn first_cause(error: &BoxError) -> String {
    causes(&**error).last().map(ToString::to_string).unwrap_or_default()
}

fn advice(status: StatusCode, with_credentials: bool) -> &'static str {
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED if with_credentials => {
            "; check the user and the password in its URL"
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED => {
            "; it wants a user and a password in its URL"
        }
        StatusCode::FORBIDDEN => "; its rules do not allow this host",
        _ => "",
    }
}
