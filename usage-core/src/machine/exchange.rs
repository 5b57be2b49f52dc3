use std::fmt;
use std::time::Duration;

use http::Request;

use crate::auth::FetchId;
use crate::trace::Span;

/// A request to be sent, once.
///
/// Its `Debug` shows neither the values of the query and of the headers nor the body, which may be a form with a
/// refresh token.
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
    /// How long the connection may take, of the [`timeout`](Self::timeout). It is shorter than that for what must not be sent
    /// twice shortly before the deadline: sent over a connection that came late, it would have too little time for its
    /// answer. Without a connection within this time, the request is not sent.
    pub connect_within: Duration,
    /// Whether it goes out on a connection that carried nothing before. A kept connection may have been closed by the
    /// server without notice; what must not be sent twice, a submit or a token request, is not risked on one.
    pub needs_fresh_connection: bool,
    /// To be carried out within.
    pub span: Span,
}

impl Exchange {
    pub(super) fn new(
        ticket: Ticket,
        endpoint: &'static str,
        request: Request<Vec<u8>>,
        timeout: Duration,
    ) -> Self {
        Self {
            ticket,
            endpoint,
            request,
            timeout,
            connect_within: timeout,
            needs_fresh_connection: false,
            span: Span::default(),
        }
    }
}

impl Exchange {
    /// Whether it is the session's own: an exchange for a token, whose answer counts whatever becomes of the machine
    /// that asked for it. [`Session::on_response`](crate::Session::on_response) takes that too.
    pub fn is_for_token(&self) -> bool {
        self.ticket.is_for_token()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.request.headers().keys().map(http::HeaderName::as_str).collect();
        f.debug_struct("Exchange")
            .field("ticket", &self.ticket)
            .field("endpoint", &self.endpoint)
            .field("method", self.request.method())
            .field("uri", &without_query_values(self.request.uri()))
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.request.body().len()))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// `https://host/path?after=…&pageSize=…`
fn without_query_values(uri: &http::Uri) -> String {
    let text = uri.to_string();
    let Some((before, query)) = text.split_once('?') else { return text };
    let names: Vec<_> = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair.to_owned(), |(name, _)| format!("{name}=…")))
        .collect();
    format!("{before}?{}", names.join("&"))
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
    /// A request of the machine itself, by the number of requests before it.
    Operation(u32),
    /// A token for the session.
    Token(FetchId),
}

impl Ticket {
    pub(crate) fn is_for_token(&self) -> bool {
        self.fetch().is_some()
    }

    /// Returns the token exchange that it belongs to; `None` if it belongs to a request of the machine itself.
    pub fn fetch(&self) -> Option<FetchId> {
        if let Purpose::Token(fetch) = self.0 { Some(fetch) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_neither_query_values_nor_headers_nor_the_body() {
        let request = Request::post("https://a.example/p?after=hunter2&flag&pageSize=100")
            .header("authorization", "Bearer hunter2")
            .body(b"hunter2".to_vec())
            .unwrap();
        let ticket = Ticket(Purpose::Operation(7));
        let exchange = Exchange::new(ticket, "x", request, Duration::from_secs(1));
        assert_eq!(
            format!("{exchange:?}"),
            "Exchange { ticket: Ticket(Operation(7)), endpoint: \"x\", method: POST, \
             uri: \"https://a.example/p?after=…&flag&pageSize=…\", headers: [\"authorization\"], \
             body: 7 bytes, timeout: 1s, .. }"
        );
    }
}
