//! A token exchange on a task of its own.

use http::response::Parts;
use usage_core::auth::FetchId;
use usage_core::decode::SkipDecoder;
use usage_core::error::TransportFailure;
use usage_core::machine::{Exchange, Progress, ResponseReader, Step, Ticket};
use usage_core::{Error, Machine, Next, Session, Timestamp, Transition};

use crate::session::SharedSession;

/// A token exchange that is carried out for a session, apart from the machine that asked for it.
///
/// It is a [`Machine`] of one exchange. The result goes to the session, which wakes all executions that wait for a token.
/// If it is dropped before its end, the exchange counts as given up and another one may begin at once.
#[derive(Debug)]
pub struct TokenExchange {
    session: SharedSession,
    exchange: Option<Box<Exchange>>,
    /// Absent once it has ended.
    fetch: Option<FetchId>,
}

impl TokenExchange {
    /// Takes responsibility for `exchange`, a [token exchange](Exchange::is_for_token) of `session`.
    pub fn new(session: &SharedSession, exchange: Box<Exchange>) -> Self {
        let fetch = exchange.ticket.fetch();
        if let Some(fetch) = fetch {
            session.lock().carry_token_fetch(fetch);
        }
        Self { session: session.clone(), exchange: Some(exchange), fetch }
    }
}

impl Machine for TokenExchange {
    /// Never used: responses of the login host have a decoder of their own.
    type Decoder = SkipDecoder;
    /// Nothing: the token is in the session.
    type Output = ();

    fn next(&mut self, _: Timestamp, _: &mut Session) -> Step {
        Step::new(self.exchange.take().map_or(Next::Finished, Next::Send))
    }

    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> ResponseReader<Self::Decoder> {
        session.on_head(now, ticket, head)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<Self::Decoder>,
        session: &mut Session,
    ) -> Progress<()> {
        if self.fetch.take().is_some() {
            session.on_end(now, reader);
        }
        Progress::nothing()
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<()> {
        if self.fetch.take().is_some() {
            session.on_failure(now, ticket, failure);
        }
        Progress::nothing()
    }

    /// Does nothing: a token exchange is carried to its end.
    fn cancel(&mut self) -> Option<Transition> {
        None
    }

    fn error(&self) -> Option<Error> {
        None
    }
}

impl Drop for TokenExchange {
    fn drop(&mut self) {
        if let Some(fetch) = self.fetch {
            self.session.lock().give_up_token_fetch(fetch);
        }
    }
}
