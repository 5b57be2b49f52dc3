use std::fmt::Display;

use thiserror::Error;

use crate::failures::excerpt;

/// The caller's input is invalid, and nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// An identifier or cursor.
    #[error("the {what} {:?} {problem}", excerpt(.text, 80))]
    Id {
        /// Which kind.
        what: &'static str,
        /// The text that was refused.
        text: Box<str>,
        /// Why.
        problem: &'static str,
    },
    /// A calendar day.
    #[error("{:?} is no date; write yyyy-MM-dd", excerpt(.text, 80))]
    Date {
        /// The text that was refused.
        text: Box<str>,
    },
    /// A time range.
    #[error("the interval {:?} {problem}; write start/end, for example 2026-07-01/2026-07-31", excerpt(.text, 80))]
    Interval {
        /// The text that was refused.
        text: Box<str>,
        /// Why.
        problem: &'static str,
    },
    /// A region.
    #[error("{:?} is neither an AWS region of Genesys Cloud (eu-central-1) nor a host of one (mypurecloud.de)", excerpt(.text, 80))]
    Region {
        /// The text that was refused.
        text: Box<str>,
    },
    /// A base URL.
    #[error("the URL {:?} {problem}", excerpt(.text, 120))]
    BaseUrl {
        /// The text that was refused, without user info.
        text: Box<str>,
        /// Why.
        problem: &'static str,
    },
    /// A proxy.
    #[error("the proxy {:?} {problem}; write http://host:port or http://user:password@host:port", excerpt(.text, 120))]
    Proxy {
        /// The text that was refused, without user info.
        text: Box<str>,
        /// Why.
        problem: &'static str,
    },
    /// A value that is to become a path segment.
    #[error("{text:?} cannot be a path segment: it would change the path")]
    PathSegment {
        /// The text that was refused.
        text: Box<str>,
    },
    /// A member of a query.
    #[error("{operation} {problem}")]
    Query {
        /// The endpoint's [`NAME`](crate::Endpoint::NAME).
        operation: &'static str,
        /// What is wrong and what is possible.
        problem: Box<str>,
    },
    /// A secret, which is not repeated.
    #[error("the {what} {problem}")]
    Secret {
        /// Which one.
        what: &'static str,
        /// Why.
        problem: &'static str,
    },
    /// A header of the request.
    #[error("the header {name:?} {problem}")]
    Header {
        /// Its name.
        name: Box<str>,
        /// Why.
        problem: &'static str,
    },
    /// The request as a whole.
    #[error("the request cannot be built: {problem}")]
    Request {
        /// Why.
        problem: Box<str>,
    },
    /// The client: region, credentials, TLS.
    #[error("the client cannot be built: {problem}")]
    Client {
        /// Why.
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
