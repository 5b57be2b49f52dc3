//! State machines without I/O: a machine says what to do next, its driver does that and reports the result.
//!
//! [`Execution`](crate::Execution) and [`Call`](crate::Call) are machines. A driver runs the same loop for both and makes
//! no decisions:
//!
//! ```text
//! loop {
//!     match machine.next(now, session).next {
//!         Next::Finished        => return,
//!         Next::WaitUntil(t, _) => sleep until t,
//!         Next::Send(exchange)  => send exchange.request;
//!                                  on a response: reader = machine.on_head(..); reader.push(chunk) ..; machine.on_end(..)
//!                                  on a failure:  machine.on_failure(..)
//!     }
//! }
//! ```

mod exchange;
#[cfg(feature = "gzip")]
mod gunzip;
mod limits;
mod redeem;
mod request_state;
mod response_reader;

use http::Response;
use http::response::Parts;

pub use exchange::{Exchange, Ticket};
pub use limits::{MAX_TIMEOUT, MIN_SUBMIT_TIME};
pub use response_reader::ResponseReader;

pub(crate) use limits::Limits;
pub(crate) use request_state::{Accepted, Dispatch, RequestState, RetryDecision, TOKEN};

use crate::decode::ResponseDecoder;
use crate::failures::{Failure, TransportFailure};
use crate::ids::ExecutionId;
use crate::phase::{Transition, WaitReason};
use crate::report::Error;
use crate::session::Session;
use crate::time::Timestamp;

/// A state machine that sends requests until it is finished.
///
/// The caller passes the current time to each method. If the clock steps back, the machine moves its timers back by the
/// same amount. All machines of a client share one session. Calling [`next`](Self::next) twice is harmless, except that it
/// abandons a request that is in flight.
///
/// ```
/// use http::Response;
/// use usage_core::{Error, Machine, Next, Session, Timestamp};
///
/// /// Drives any machine over a transport that returns complete responses.
/// fn drive<M: Machine>(
///     machine: &mut M,
///     session: &mut Session,
///     mut clock: impl FnMut() -> Timestamp,
///     mut send: impl FnMut(http::Request<Vec<u8>>) -> Response<Vec<u8>>,
///     mut take: impl FnMut(M::Output),
/// ) -> Option<Error> {
///     loop {
///         match machine.next(clock(), session).next {
///             Next::Finished => return machine.error(),
///             Next::WaitUntil(until, _) => std::thread::sleep(until.saturating_since(clock())),
///             Next::Send(exchange) => {
///                 let response = send(exchange.request);
///                 let (head, body) = response.into_parts();
///                 let response = Response::from_parts(head, &body[..]);
///                 let progress = machine.on_response(clock(), exchange.ticket, response, session);
///                 progress.output.map(&mut take);
///             }
///         }
///     }
/// }
/// ```
pub trait Machine: Send {
    /// The decoder of response bodies.
    type Decoder: ResponseDecoder;
    /// The output of an exchange: the rows of a page, or the response of a call.
    type Output: Send;

    /// Returns what to do now.
    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step;

    /// Handles the head of the response to `ticket`. Push the chunks of the body into the returned reader.
    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> ResponseReader<Self::Decoder>;

    /// Handles the end of a body, or of the part that the reader wanted. If the session is behind a lock, call
    /// [`ResponseReader::ended`] before taking the lock.
    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<Self::Decoder>,
        session: &mut Session,
    ) -> Progress<Self::Output>;

    /// Handles an exchange without a complete response. Pass the ticket, or the reader if the head had arrived and the
    /// response [is no error](ResponseReader::is_error).
    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<Self::Output>;

    /// Handles the end of a token exchange that this machine asked for and that was carried out
    /// [elsewhere](Session::on_response). [`next`](Self::next) does the same. A driver calls this first, so that its
    /// observer sees the token's arrival before the request with the token is sent.
    fn catch_up(&mut self, now: Timestamp, session: &mut Session) -> Option<Transition> {
        let _ = (now, session);
        None
    }

    /// Does what the last input left to do because the session was locked: shows rows to
    /// a visitor. Call it without the lock; [`next`](Self::next) does it at the latest.
    fn settle(&mut self) {}

    /// Marks all output that was returned so far as delivered. [`next`](Self::next) does the same; this is for a machine on
    /// which `next` is not called any more.
    fn delivered(&mut self) {}

    /// Ends the machine as [`Cancelled`](crate::error::Failure::Cancelled), unless it has ended before. The service has no
    /// way to cancel a query: a submitted one keeps running there.
    fn cancel(&mut self) -> Option<Transition>;

    /// Takes back an exchange that [`next`](Self::next) returned and that was not sent.
    fn unsent(&mut self, ticket: Ticket) -> Option<Transition> {
        let _ = ticket;
        None
    }

    /// Returns the id of the execution that it drives, once there is one.
    fn execution_id(&self) -> Option<&ExecutionId> {
        None
    }

    /// Returns why the machine failed; `None` while it is running and when it is complete.
    fn error(&self) -> Option<Error>;

    /// Returns the error of a caller that stops because of `failure`, with the current state of the machine.
    fn stopped_by(&self, failure: Failure) -> Error {
        Error::new(failure, "client")
    }

    /// Handles a complete response.
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

/// Passes a complete response to `machine`.
pub(crate) fn respond<M: Machine + ?Sized>(
    machine: &mut M,
    now: Timestamp,
    ticket: Ticket,
    response: Response<&[u8]>,
    session: &mut Session,
) -> Progress<M::Output> {
    let (head, body) = response.into_parts();
    let mut reader = machine.on_head(now, ticket, &head, session);
    // There is no more, whether the reader wants it or not.
    let _ = reader.push(body);
    machine.on_end(now, reader, session)
}

/// What to do next, and the transitions that asking for it caused.
///
/// ```
/// use usage_core::Phase;
/// # use usage_core::Machine;
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// let step = execution.next(now, &mut session);
/// let phases: Vec<_> = step.transitions.iter().map(|transition| transition.to).collect();
/// assert_eq!(phases, [Phase::InFlightSubmit]);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Step {
    /// What to do next.
    pub next: Next,
    /// The transitions, in order: the end of a wait, a request that is sent.
    pub transitions: Transitions,
}

impl Step {
    /// Returns a step without transitions.
    pub fn new(next: Next) -> Self {
        Self { next, transitions: Transitions::default() }
    }
}

/// What a machine asks its driver to do.
///
/// This enum is exhaustive on purpose: a driver cannot skip a request that it does not know.
///
/// ```
/// use usage_core::{Machine, Next};
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// match execution.next(now, &mut session).next {
///     Next::Send(exchange) => assert_eq!(exchange.endpoint, "usage.query"), // send exchange.request
///     Next::WaitUntil(until, _) => println!("wait until {until}"),
///     Next::Finished => println!("{:?}", execution.error()),
/// }
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub enum Next {
    /// Send this request and report the result.
    Send(Box<Exchange>),
    /// Call [`Machine::next`] again at this time, which lies in the future and not past the deadline.
    WaitUntil(Timestamp, WaitReason),
    /// The machine has ended.
    Finished,
}

/// The result of an input.
///
/// ```
/// use usage_core::{Machine, Next, Phase};
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
/// let response = http::Response::new(&br#"{"executionId":"9f32b7cf"}"#[..]);
/// let progress = execution.on_response(now, exchange.ticket, response, &mut session);
/// assert_eq!(progress.transition.unwrap().from, Phase::InFlightSubmit);
/// assert!(progress.output.is_none()); // rows come with the pages
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Progress<T> {
    /// The transition that the input caused; `None` if the response came too late.
    pub transition: Option<Transition>,
    /// The rows of a page or the response of a call. Each output is returned once.
    pub output: Option<T>,
}

impl<T> Progress<T> {
    pub(crate) fn moved(transition: Transition) -> Self {
        Self { transition: Some(transition), output: None }
    }

    /// Returns the result of an input that changed nothing.
    pub fn nothing() -> Self {
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

    /// Iterates over the transitions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Transition> {
        self.0.iter().flatten()
    }
}

/// What an observer of a machine sees.
///
/// ```
/// use usage_core::{Event, Timestamp, WaitReason};
///
/// fn log(event: Event) -> String {
///     match event {
///         Event::Moved(transition) => transition.to_string(),
///         Event::Waiting(until, why) => format!("waiting for {why} until {until}"),
///         _ => String::new(),
///     }
/// }
///
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// assert_eq!(log(Event::Waiting(now, WaitReason::RateLimit)), "waiting for the rate limit until 2026-07-01T00:00:00Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The machine moved from one phase to another.
    Moved(Transition),
    /// The machine waits until this time.
    Waiting(Timestamp, WaitReason),
}
