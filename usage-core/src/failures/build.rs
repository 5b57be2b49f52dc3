//! Errors of invalid input: nothing was sent.

use std::fmt::Display;

use thiserror::Error;

use crate::failures::excerpt;

/// Invalid input of the caller. No request was sent.
///
/// ```
/// use usage_core::Interval;
/// use usage_core::error::BuildError;
///
/// let error = "2026-07-31/2026-07-01".parse::<Interval>().unwrap_err();
/// assert!(matches!(error, BuildError::Interval { .. }));
/// assert!(error.to_string().ends_with("write start/end, for example 2026-07-01/2026-07-31"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An invalid identifier or cursor.
    #[error("the {what} {:?} {problem}", excerpt(.text, 80))]
    Id {
        /// The kind of identifier.
        what: &'static str,
        /// The refused text.
        text: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An invalid calendar day.
    #[error("{:?} is no date; write yyyy-MM-dd", excerpt(.text, 80))]
    Date {
        /// The refused text.
        text: Box<str>,
    },
    /// An invalid time range.
    #[error("the interval {:?} {problem}; write start/end, for example 2026-07-01/2026-07-31", excerpt(.text, 80))]
    Interval {
        /// The refused text.
        text: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An unknown region.
    #[error("{:?} is neither an AWS region of Genesys Cloud (eu-central-1) nor a host of one (mypurecloud.de)", excerpt(.text, 80))]
    Region {
        /// The refused text.
        text: Box<str>,
    },
    /// An invalid base URL.
    #[error("the URL {:?} {problem}", excerpt(.text, 120))]
    BaseUrl {
        /// The refused text, without user info.
        text: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An invalid proxy URL.
    #[error("the proxy {:?} {problem}; write http://host:port or http://user:password@host:port", excerpt(.text, 120))]
    Proxy {
        /// The refused text, without user info.
        text: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A value that cannot become a path segment.
    #[error("{text:?} cannot be a path segment: it would change the path")]
    PathSegment {
        /// The refused text.
        text: Box<str>,
    },
    /// An invalid query.
    #[error("{operation} {problem}")]
    Query {
        /// The endpoint's [`NAME`](crate::Endpoint::NAME).
        operation: &'static str,
        /// What is wrong with it, and what is allowed instead.
        problem: Box<str>,
    },
    /// An invalid secret. Its text is not kept.
    #[error("the {what} {problem}")]
    Secret {
        /// The kind of secret.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An invalid request header.
    #[error("the header {name:?} {problem}")]
    Header {
        /// The name of the header.
        name: Box<str>,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A request that cannot be built.
    #[error("the request cannot be built: {problem}")]
    Request {
        /// The reason.
        problem: Box<str>,
    },
    /// A client that cannot be built: its region, credentials or TLS settings.
    #[error("the client cannot be built: {problem}")]
    Client {
        /// The reason.
        problem: Box<str>,
    },
}

impl BuildError {
    /// Returns the error of a client that cannot be built because of `problem`. For drivers.
    pub fn client(problem: impl Display) -> Self {
        Self::Client { problem: problem.to_string().into() }
    }

    /// Returns the name of the invalid input, for errors whose source is this one.
    pub(crate) fn subject(&self) -> String {
        let named = |what: &str, text: &str| format!("the {what} {:?}", excerpt(text, 80));
        match self {
            Self::Id { what, text, .. } => named(what, text),
            Self::Date { text } => named("date", text),
            Self::Interval { text, .. } => named("interval", text),
            Self::Region { text } => named("region", text),
            Self::BaseUrl { text, .. } => named("URL", text),
            Self::Proxy { text, .. } => named("proxy", text),
            Self::PathSegment { text } => named("path segment", text),
            Self::Query { operation, .. } => format!("the query of {operation}"),
            Self::Secret { what, .. } => format!("the {what}"),
            Self::Header { name, .. } => named("header", name),
            Self::Request { .. } => "the request".to_owned(),
            Self::Client { .. } => "the client's configuration".to_owned(),
        }
    }
}
