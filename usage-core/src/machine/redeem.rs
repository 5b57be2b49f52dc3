//! A token exchange belongs to the session, which takes its result even if the machine that asked for it is gone.

use http::Response;
use http::response::Parts;

use crate::auth::TokenResponse;
use crate::decode::SkipDecoder;
use crate::failures::TransportFailure;
use crate::machine::{RequestState, ResponseReader, Ticket};
use crate::session::Session;
use crate::time::Timestamp;
use crate::trace;

impl Session {
    /// Handles the response to a [token exchange](crate::machine::Exchange::is_for_token), in place of the machine that
    /// asked for it. The ticket of any other exchange is ignored.
    ///
    /// This is for drivers whose token exchanges outlive machines; [`Machine::on_end`](crate::Machine::on_end) of the
    /// machine does the same. Afterwards, call [`Machine::next`](crate::Machine::next) on all machines that wait for a
    /// token.
    ///
    /// ```
    /// use usage_core::auth::Grant;
    /// use usage_core::query::OrganizationQuery;
    /// use usage_core::{Execution, Machine, Next, Policy, Region, Secret, Session, Timestamp};
    ///
    /// let grant = Grant::client_credentials("7de3af06", Secret::new("from a safe place".to_owned()))?;
    /// let mut session = Session::new(&Region::default(), grant);
    /// let now = Timestamp::from_unix_millis(1_782_864_000_000);
    /// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
    /// let mut execution = Execution::new(query, Policy::default(), 1, now);
    /// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
    /// assert!(exchange.is_for_token());
    ///
    /// drop(execution);
    /// let answer = http::Response::new(&br#"{"access_token":"a-token","expires_in":86399}"#[..]);
    /// session.on_response(now, exchange.ticket, &answer);
    /// assert!(session.access_token().is_some());
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a ticket is redeemed once")]
    pub fn on_response(&mut self, now: Timestamp, ticket: Ticket, response: &Response<&[u8]>) {
        if let Some(fetch) = ticket.fetch() {
            self.end_fetch(now, fetch, TokenResponse::from_response(response));
        }
    }

    /// Takes the head of the answer to a token exchange. Push the body's chunks into the reader that is returned, and
    /// pass that to [`on_end`](Self::on_end), or to [`on_failure`](Self::on_failure) if the body breaks off.
    pub fn on_head(&mut self, now: Timestamp, ticket: Ticket, head: &Parts) -> ResponseReader<SkipDecoder> {
        RequestState::on_head(now, ticket, head, SkipDecoder::default, self)
    }

    /// Takes the answer to a token exchange whose body was pushed into `reader`.
    pub fn on_end(&mut self, now: Timestamp, reader: ResponseReader<SkipDecoder>) {
        if let (Some(fetch), Some(answer)) = (reader.ticket.fetch(), reader.into_token()) {
            self.end_fetch(now, fetch, answer);
        }
    }

    /// Handles the failure of a token exchange, in place of the machine that asked for it.
    pub fn on_failure(&mut self, now: Timestamp, ticket: impl Into<Ticket>, failure: TransportFailure) {
        if let Some(fetch) = ticket.into().fetch() {
            trace::failed(&failure);
            self.break_fetch(now, fetch, failure);
        }
    }
}
