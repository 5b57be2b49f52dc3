use std::time::Duration;

use http::Request;

use crate::auth::FetchId;

/// A request to be sent, once.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// To be given back with the answer or the failure.
    pub ticket: Ticket,
    /// The [`NAME`](crate::Endpoint::NAME) of the endpoint, for traces.
    pub endpoint: &'static str,
    /// The whole request: absolute URI, headers, body. An empty body is none.
    pub request: Request<Vec<u8>>,
    /// How long the exchange may take, from the connection to the last byte.
    pub timeout: Duration,
}

/// Names one exchange. It cannot be copied: an exchange has one answer.
///
/// ```compile_fail
/// fn twice(ticket: usage_core::machine::Ticket) -> (usage_core::machine::Ticket, usage_core::machine::Ticket) {
///     (ticket.clone(), ticket)
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Ticket(pub(super) Purpose);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A request of the machine itself, by its number.
    Operation(u64),
    /// A token for the session.
    Token(FetchId),
}

impl Ticket {
    pub(crate) fn is_for_token(&self) -> bool {
        matches!(self.0, Purpose::Token(_))
    }
}
