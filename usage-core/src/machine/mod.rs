//! What a driver drives: a machine says what to do next, the driver does it and says how it went.
//!
//! [`Execution`](crate::Execution) and [`Call`](crate::Call) are machines. A driver's loop is the same for both and
//! decides nothing:
//!
//! ```text
//! loop {
//!     match machine.next(now, session).next {
//!         Next::Finished        => return,
//!         Next::WaitUntil(t, _) => sleep until t,
//!         Next::Send(exchange)  => send exchange.request;
//!                                  on an answer:  intake = machine.on_head(..); intake.push(chunk) ..; machine.on_end(..)
//!                                  on a failure:  machine.on_failure(..)
//!     }
//! }
//! ```

mod exchange;
#[cfg(feature = "gzip")]
mod gunzip;
mod redeem;
mod request_state;
mod response_reader;

use http::Response;
use http::response::Parts;

pub use exchange::{Exchange, Ticket};
pub use request_state::{MAX_TIMEOUT, MIN_SUBMIT_TIME};
pub use response_reader::ResponseReader;

pub(crate) use request_state::{Accepted, Dispatch, Limits, RequestState, RetryDecision, TOKEN};

use crate::decode::ResponseDecoder;
use crate::error::{Error, Failure, TransportFailure};
use crate::phase::{Transition, WaitReason};
use crate::session::Session;
use crate::time::Timestamp;

/// Something that sends requests until it is finished, driven from outside.
///
/// Time enters with each input and may step back; the machine shifts its own timers then. The session is the one
/// that all machines of a client share. Asking [`next`](Self::next) twice is harmless, except that a request which
/// is still out counts as given up.
pub trait Machine: Send {
    /// What reads the body of an answer.
    type Decoder: ResponseDecoder;
    /// What an exchange may bring: the rows of a page, the response of a call.
    type Output: Send;

    /// What to do now.
    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step;

    /// The head of the answer to `ticket` arrived. Push the body's chunks into what is returned.
    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> ResponseReader<Self::Decoder>;

    /// The body is at its end, or the intake wanted no more of it. With a session that others wait for, let the intake
    /// [decode its rest](ResponseReader::ended) before taking the lock.
    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<Self::Decoder>,
        session: &mut Session,
    ) -> Progress<Self::Output>;

    /// No whole answer arrived. Give the ticket back, or the intake if there was a head already.
    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<Self::Output>;

    /// Takes notice of the end of a token exchange that was carried out [elsewhere](Session::on_response), if it asked for
    /// one. [`next`](Self::next) does it too; a driver asks for it first, so that its observer hears of the token before
    /// the request that carries it is out.
    fn catch_up(&mut self, now: Timestamp, session: &mut Session) -> Option<Transition> {
        let _ = (now, session);
        None
    }

    /// Does what the last input left to do because the session was locked: shows rows to
    /// a visitor. Call it without the lock; [`next`](Self::next) does it at the latest.
    fn settle(&mut self) {}

    /// The caller of a machine that is not asked what is [next](Self::next) any more asks for more output: what was handed
    /// out is delivered. [`next`](Self::next) implies it.
    fn delivered(&mut self) {}

    /// Ends it here, as [`Cancelled`](crate::error::Failure::Cancelled), unless it had ended before. What was submitted
    /// runs on at the service, which knows no cancelling.
    fn cancel(&mut self) -> Option<Transition>;

    /// The exchange of `ticket` was handed out and will not be sent: as if it had not been handed out.
    fn unsent(&mut self, ticket: Ticket) -> Option<Transition> {
        let _ = ticket;
        None
    }

    /// Why it ended without its result; `None` while it goes on and when it is complete.
    fn error(&self) -> Option<Error>;

    /// The error of a caller that does not go on because of `failure`, with where the machine stands.
    fn stopped_by(&self, failure: Failure) -> Error {
        Error::new(failure, "client")
    }

    /// A whole answer arrived at once.
    fn on_response(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        response: Response<&[u8]>,
        session: &mut Session,
    ) -> Progress<Self::Output> {
        respond(self, now, ticket, response, session)
    }
}

/// Hands a whole answer to `machine`.
pub(crate) fn respond<M: Machine + ?Sized>(
    machine: &mut M,
    now: Timestamp,
    ticket: Ticket,
    response: Response<&[u8]>,
    session: &mut Session,
) -> Progress<M::Output> {
    let (head, body) = response.into_parts();
    let mut reader = machine.on_head(now, ticket, &head, session);
    // Whether it wants more is of no use here: there is no more.
    let _ = reader.push(body);
    machine.on_end(now, reader, session)
}

/// What to do, and what moved by asking.
#[derive(Debug)]
#[must_use]
pub struct Step {
    /// What to do.
    pub next: Next,
    /// What moved, in order: a wait that was over, a request that went out.
    pub transitions: Transitions,
}

/// What a machine wants from its driver.
#[derive(Debug)]
#[must_use]
pub enum Next {
    /// Send this and report what came of it.
    Send(Box<Exchange>),
    /// Ask again at this moment, which lies in the future and not past the deadline.
    WaitUntil(Timestamp, WaitReason),
    /// Nothing more will happen.
    Finished,
}

/// What an exchange brought.
#[derive(Debug)]
#[must_use]
pub struct Progress<T> {
    /// What moved; nothing if the answer came too late.
    pub transition: Option<Transition>,
    /// The rows of a page or the response of a call: handed out here, once.
    pub output: Option<T>,
}

impl<T> Progress<T> {
    pub(crate) fn moved(transition: Transition) -> Self {
        Self { transition: Some(transition), output: None }
    }

    pub(crate) fn nothing() -> Self {
        Self { transition: None, output: None }
    }
}

/// At most two transitions, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transitions([Option<Transition>; 2]);

impl Transitions {
    pub(crate) fn add(&mut self, transition: Transition) {
        debug_assert!(self.0[1].is_none(), "a step makes at most two transitions");
        let free = usize::from(self.0[0].is_some());
        self.0[free] = Some(transition);
    }

    /// The transitions, first to last.
    pub fn iter(&self) -> impl Iterator<Item = &Transition> {
        self.0.iter().flatten()
    }
}

/// What an observer of a driven machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It moved.
    Moved(Transition),
    /// It waits until this moment.
    Waiting(Timestamp, WaitReason),
}
