//! A request to be sent, with its limits.

use std::fmt;
use std::time::Duration;

use http::Request;

use crate::auth::FetchId;
use crate::trace::Span;

/// A request that is sent once.
///
/// `Debug` shows neither the values of query parameters and headers nor the body, which may contain a refresh token.
///
/// ```
/// use usage_core::Next;
/// # use usage_core::Machine;
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
/// assert_eq!(exchange.request.method(), "POST");
/// assert!(exchange.needs_fresh_connection && exchange.connect_within <= exchange.timeout);
/// assert!(!format!("{exchange:?}").contains("a-token"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[non_exhaustive]
pub struct Exchange {
    /// The ticket, which goes back to the machine with the response or the failure.
    pub ticket: Ticket,
    /// The [`NAME`](crate::Endpoint::NAME) of the endpoint, for traces.
    pub endpoint: &'static str,
    /// The complete request: absolute URI, headers, body. An empty body means no body.
    pub request: Request<Vec<u8>>,
    /// Time limit of the exchange, from connecting to the last byte of the body.
    pub timeout: Duration,
    /// Time limit of connecting, as a part of [`timeout`](Self::timeout). Without a connection within this time, the
    /// request is not sent. It is shorter than `timeout` for a submit shortly before the deadline, which must not be sent
    /// twice and needs time for its response.
    pub connect_within: Duration,
    /// Whether the request needs a new connection. The server may have closed a pooled one without notice, which leaves
    /// unknown whether a request arrived; submits and token requests must not be sent twice.
    pub needs_fresh_connection: bool,
    /// Tracing span of this request.
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
    /// Returns whether this is a token exchange. Its response belongs to the session, even if the machine that asked for it
    /// is gone: see [`Session::on_response`](crate::Session::on_response).
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

/// Identifies one exchange. It is not `Clone`: an exchange has one response.
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
    /// A request of the machine, with the number of requests before it.
    Operation(u32),
    /// A token request of the session.
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
