//! An execution that passes its rows to a visitor instead of keeping them.

use std::fmt;
use std::sync::{Arc, Mutex};

use http::Response;
use http::response::Parts;

use crate::decode::{ResponseDecoder, RowVisitor, StreamingDecoder};
use crate::endpoint::Endpoint;
use crate::execution::decoder::OpResponse;
use crate::execution::shown::{Attempt, OTHER_ROWS, Rows, Shown, lock};
use crate::execution::{Execution, Op};
use crate::failures::{DecodeError, Failure, TransportFailure};
use crate::ids::ExecutionId;
use crate::machine::{Machine, Progress, RequestState, ResponseReader, Step, Ticket, respond};
use crate::model::QueryStatus;
use crate::phase::Transition;
use crate::query::UsageQuery;
use crate::report::Error;
use crate::session::Session;
use crate::time::Timestamp;

/// An [`Execution`] that shows its rows to a [`RowVisitor`] as they arrive, and keeps none.
///
/// Each row is shown once, in the service's order. If a page is cut off and fetched again, the rows that were shown are
/// skipped; if they differ from the earlier ones, the execution fails as undecodable. Late responses show nothing. The
/// visitor may use the client: it is never called while the session is locked. Rows that are decoded under the lock are
/// shown by [`settle`](Machine::settle).
///
/// A row is delivered when the visitor has seen it. A snapshot contains how many rows of a page were shown; a restored
/// execution continues with the rest of the page, whether it shows or keeps rows. Save the snapshot together with the
/// results of the visitor.
///
/// Rows of a pending query are not shown. Rows of a finished one are shown before it is known whether the rest of the page
/// can be decoded. Rows that precede the status of their query are kept until the status arrives.
///
/// ```
/// # use usage_core::auth::{AccessToken, Grant};
/// # use usage_core::query::OrganizationQuery;
/// # use usage_core::{Machine, Next, Policy, Session, Timestamp};
/// use usage_core::{Execution, UsageRow, execution::StreamingExecution};
///
/// # let mut service = [
/// #     r#"{"executionId":"9f32b7cf"}"#,
/// #     r#"{"queryStatus":"Complete","results":[{"requests":40},{"requests":2}]}"#,
/// # ]
/// # .into_iter();
/// # let mut session = Session::new(&"eu-central-1".parse()?, Grant::StaticToken(AccessToken::parse("a-token")?));
/// # let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let execution = Execution::new(query, Policy::default(), 1, now);
/// let mut requests = 0;
/// let mut streaming = StreamingExecution::new(execution, |row: UsageRow<'_>| requests += row.requests().unwrap_or(0));
/// // A driver runs it.
/// # loop {
/// #     match streaming.next(now, &mut session).next {
/// #         Next::Finished => break,
/// #         Next::WaitUntil(until, _) => now = until,
/// #         Next::Send(exchange) => {
/// #             let answer = http::Response::new(service.next().unwrap().as_bytes());
/// #             let _ = streaming.on_response(now, exchange.ticket, answer, &mut session);
/// #         }
/// #     }
/// # }
/// # assert!(streaming.error().is_none());
/// drop(streaming);
/// assert_eq!(requests, 42);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub struct StreamingExecution<Q, V> {
    execution: Execution<Q>,
    /// Shared with the decoder of the response in flight.
    rows: Arc<Mutex<Rows<V>>>,
}

impl<Q: UsageQuery, V: RowVisitor> StreamingExecution<Q, V> {
    /// Creates an execution that shows the further rows of `execution` to `visitor`.
    pub fn new(mut execution: Execution<Q>, visitor: V) -> Self {
        let rows = Rows::new(visitor, execution.show_rows());
        Self { execution, rows: Arc::new(Mutex::new(rows)) }
    }

    /// Returns the execution, with its phase, id, counters and snapshot.
    pub fn execution(&self) -> &Execution<Q> {
        &self.execution
    }

    /// Returns the execution, to change or cancel it.
    pub fn execution_mut(&mut self) -> &mut Execution<Q> {
        &mut self.execution
    }
}

impl<Q: UsageQuery, V: RowVisitor + Send> Machine for StreamingExecution<Q, V> {
    type Decoder = StreamingOpDecoder<Q, V>;
    /// The end of a page, whose rows the visitor has seen.
    type Output = ();

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        self.settle();
        lock(&self.rows).give_up();
        self.execution.next(now, session)
    }

    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> ResponseReader<Self::Decoder> {
        self.execution.observe(now);
        let is_awaited = self.execution.request_state.awaits(&ticket);
        let decoder = || match self.execution.op() {
            Op::Submit => StreamingOpDecoder(Reads::Submission(Default::default())),
            Op::Poll { .. } => {
                let attempt = if is_awaited { lock(&self.rows).begin() } else { Attempt::TOO_LATE };
                let page = Page::new(Arc::clone(&self.rows), attempt, Q::PAGED);
                StreamingOpDecoder(Reads::Page(Box::new(page)))
            }
        };
        RequestState::on_head(now, ticket, head, decoder, session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        reader: ResponseReader<Self::Decoder>,
        session: &mut Session,
    ) -> Progress<()> {
        lock(&self.rows).hold(session.is_shared());
        let Progress { transition, output } = self.execution.take_end(now, reader, session);
        let mut rows = lock(&self.rows);
        rows.hold(false);
        if output.is_some() {
            rows.end_page();
        }
        Progress { transition, output: output.map(drop) }
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        ticket: impl Into<Ticket>,
        failure: TransportFailure,
        session: &mut Session,
    ) -> Progress<()> {
        let Progress { transition, .. } = self.execution.on_failure(now, ticket, failure, session);
        Progress { transition, output: None }
    }

    fn catch_up(&mut self, now: Timestamp, session: &mut Session) -> Option<Transition> {
        self.execution.catch_up(now, session)
    }

    /// Shows the rows that were read while the session was locked.
    fn settle(&mut self) {
        lock(&self.rows).show_held();
    }

    fn delivered(&mut self) {
        self.execution.delivered();
    }

    fn on_response(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        response: Response<&[u8]>,
        session: &mut Session,
    ) -> Progress<()> {
        lock(&self.rows).hold(session.is_shared());
        respond(self, now, ticket, response, session)
    }

    fn cancel(&mut self) -> Option<Transition> {
        lock(&self.rows).give_up();
        self.execution.cancel()
    }

    fn unsent(&mut self, ticket: Ticket) -> Option<Transition> {
        self.execution.unsent(ticket)
    }

    fn execution_id(&self) -> Option<&ExecutionId> {
        self.execution.id()
    }

    fn error(&self) -> Option<Error> {
        self.execution.error()
    }

    fn stopped_by(&self, failure: Failure) -> Error {
        self.execution.stopped_by(failure)
    }
}

impl<Q: fmt::Debug, V> fmt::Debug for StreamingExecution<Q, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingExecution").field("execution", &self.execution).finish_non_exhaustive()
    }
}

/// The decoder of a [`StreamingExecution`].
pub struct StreamingOpDecoder<Q: UsageQuery, V>(Reads<Q, V>);

enum Reads<Q: UsageQuery, V> {
    Submission(<Q as Endpoint>::Decoder),
    Page(Box<Page<V>>),
}

impl<Q: UsageQuery, V: RowVisitor + Send> ResponseDecoder for StreamingOpDecoder<Q, V> {
    type Output = OpResponse;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        match &mut self.0 {
            Reads::Submission(decoder) => decoder.push(chunk),
            Reads::Page(page) => page.push(chunk),
        }
    }

    fn finish(self) -> Result<OpResponse, DecodeError> {
        match self.0 {
            Reads::Submission(decoder) => decoder.finish().map(OpResponse::Submission),
            Reads::Page(page) => page.finish(),
        }
    }
}

impl<Q: UsageQuery, V> fmt::Debug for StreamingOpDecoder<Q, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reads::Submission(_) => "StreamingOpDecoder::Submission",
            Reads::Page(_) => "StreamingOpDecoder::Page",
        })
    }
}

/// The decoder of a page.
struct Page<V> {
    decoder: StreamingDecoder<Shown<V>>,
    rows: Arc<Mutex<Rows<V>>>,
    attempt: Attempt,
    received: u64,
}

impl<V: RowVisitor + Send> Page<V> {
    fn new(rows: Arc<Mutex<Rows<V>>>, attempt: Attempt, is_paged: bool) -> Self {
        let decoder = StreamingDecoder::new(Shown { rows: Arc::clone(&rows), attempt });
        Self { decoder: if is_paged { decoder } else { decoder.single_page() }, rows, attempt, received: 0 }
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.received = self.received.saturating_add(chunk.len() as u64);
        self.decoder.push(chunk)?;
        let mut rows = lock(&self.rows);
        if let Some(status) = self.decoder.status() {
            rows.decide(self.attempt, status.is_done());
        }
        let changed = rows.changed;
        drop(rows);
        if changed { Err(self.is_another()) } else { Ok(()) }
    }

    fn finish(self) -> Result<OpResponse, DecodeError> {
        let another = self.is_another();
        let (page, _) = self.decoder.finish()?;
        let mut rows = lock(&self.rows);
        // The rows of a pending query do not count.
        let is_done = page.status.as_ref().is_some_and(QueryStatus::is_done);
        rows.decide(self.attempt, is_done);
        let is_shorter = is_done && rows.is_shorter();
        if rows.changed || is_shorter { Err(another) } else { Ok(OpResponse::Page(page)) }
    }

    fn is_another(&self) -> DecodeError {
        DecodeError::new("$", self.received, OTHER_ROWS)
    }
}
