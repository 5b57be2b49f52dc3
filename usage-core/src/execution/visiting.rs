//! The execution whose rows are looked at as they arrive and not kept.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use http::Response;
use http::response::Parts;

use crate::decode::{ResponseDecoder, RowVisitor, VisitDecoder};
use crate::endpoint::Endpoint;
use crate::error::{DecodeError, Error, TransportFailure};
use crate::execution::decoder::OpResponse;
use crate::execution::{Execution, Op};
use crate::machine::{Courier, Intake, Machine, Progress, Step, Ticket, respond};
use crate::model::QueryStatus;
use crate::phase::Transition;
use crate::query::UsageQuery;
use crate::session::Session;
use crate::table::{UsageRow, UsageTable};
use crate::time::Timestamp;

/// An [`Execution`] that shows its rows to a [`RowVisitor`] as they arrive, and keeps none.
///
/// Each row is shown once, in the service's order, also when a page breaks off half-way and is fetched again: of its
/// rows, those that were shown are passed over. Should they be others than before, the execution fails as undecodable.
/// A row is shown before it is known whether its page can be read to the end: after an error, what was shown was
/// shown. The visitor may use the client: it is never called while the session is locked. Rows that are read
/// under the lock are shown by [`settle`](Machine::settle).
///
/// ```
/// # use usage_core::auth::{AccessToken, Grant};
/// # use usage_core::query::OrganizationQuery;
/// # use usage_core::{Machine, Next, Policy, Session, Timestamp};
/// use usage_core::{Execution, UsageRow, execution::Visiting};
///
/// # let mut service = [
/// #     r#"{"executionId":"9f32b7cf"}"#,
/// #     r#"{"queryStatus":"Complete","results":[{"requests":40},{"requests":2}]}"#,
/// # ]
/// # .into_iter();
/// # let mut session = Session::new(&"eu-central-1".parse()?, Grant::Manual(AccessToken::parse("a-token")?));
/// # let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let execution = Execution::new(query, Policy::default(), 1, now);
/// let mut requests = 0;
/// let mut visiting = Visiting::new(execution, |row: UsageRow<'_>| requests += row.requests().unwrap_or(0));
/// // a driver drives it
/// # loop {
/// #     match visiting.next(now, &mut session).next {
/// #         Next::Finished => break,
/// #         Next::WaitUntil(until, _) => now = until,
/// #         Next::Send(exchange) => {
/// #             let answer = http::Response::new(service.next().unwrap().as_bytes());
/// #             let _ = visiting.on_response(now, exchange.ticket, answer, &mut session);
/// #         }
/// #     }
/// # }
/// # assert!(visiting.error().is_none());
/// drop(visiting);
/// assert_eq!(requests, 42);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub struct Visiting<Q, V> {
    execution: Execution<Q>,
    /// The decoder of the answer that is arriving has the other end.
    rows: Arc<Mutex<Rows<V>>>,
}

impl<Q: UsageQuery, V: RowVisitor> Visiting<Q, V> {
    /// Shows the rows that `execution` has yet to bring to `visitor`.
    pub fn new(execution: Execution<Q>, visitor: V) -> Self {
        Self { execution, rows: Arc::new(Mutex::new(Rows::new(visitor))) }
    }

    /// The execution: phase, id, counters, snapshot.
    pub fn execution(&self) -> &Execution<Q> {
        &self.execution
    }

    /// The execution, to change or cancel it.
    pub fn execution_mut(&mut self) -> &mut Execution<Q> {
        &mut self.execution
    }
}

impl<Q: UsageQuery, V: RowVisitor + Send> Machine for Visiting<Q, V> {
    type Decoder = VisitingDecoder<Q, V>;
    /// A page is through; its rows are gone.
    type Output = ();

    fn next(&mut self, now: Timestamp, session: &mut Session) -> Step {
        self.settle();
        self.execution.next(now, session)
    }

    fn on_head(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        head: &Parts,
        session: &mut Session,
    ) -> Intake<Self::Decoder> {
        self.execution.observe(now);
        let decoder = || match self.execution.op() {
            Op::Submit => VisitingDecoder(Reads::Submission(Default::default())),
            Op::Poll { .. } => {
                lock(&self.rows).begin();
                VisitingDecoder(Reads::Page(Box::new(Page::new(Arc::clone(&self.rows), Q::PAGED))))
            }
        };
        Courier::on_head(now, ticket, head, decoder, session)
    }

    fn on_end(
        &mut self,
        now: Timestamp,
        intake: Intake<Self::Decoder>,
        session: &mut Session,
    ) -> Progress<()> {
        lock(&self.rows).held |= session.is_shared();
        let Progress { transition, output } = self.execution.take_end(now, intake, session);
        let mut rows = lock(&self.rows);
        rows.held = false;
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

    /// Shows the rows that were read while the session was locked.
    fn settle(&mut self) {
        lock(&self.rows).show_held();
    }

    fn on_response(
        &mut self,
        now: Timestamp,
        ticket: Ticket,
        response: Response<&[u8]>,
        session: &mut Session,
    ) -> Progress<()> {
        lock(&self.rows).held = session.is_shared();
        respond(self, now, ticket, response, session)
    }

    fn cancel(&mut self) -> Option<Transition> {
        self.execution.cancel()
    }

    fn error(&self) -> Option<Error> {
        self.execution.error()
    }
}

impl<Q: fmt::Debug, V> fmt::Debug for Visiting<Q, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visiting").field("execution", &self.execution).finish_non_exhaustive()
    }
}

/// What a [`Visiting`] execution reads an answer with.
pub struct VisitingDecoder<Q: UsageQuery, V>(Reads<Q, V>);

enum Reads<Q: UsageQuery, V> {
    Submission(<Q as Endpoint>::Decoder),
    Page(Box<Page<V>>),
}

impl<Q: UsageQuery, V: RowVisitor + Send> ResponseDecoder for VisitingDecoder<Q, V> {
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

impl<Q: UsageQuery, V> fmt::Debug for VisitingDecoder<Q, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Reads::Submission(_) => "VisitingDecoder::Submission",
            Reads::Page(_) => "VisitingDecoder::Page",
        })
    }
}

/// A page that arrives.
struct Page<V> {
    decoder: VisitDecoder<Shown<V>>,
    rows: Arc<Mutex<Rows<V>>>,
    received: u64,
}

impl<V: RowVisitor + Send> Page<V> {
    fn new(rows: Arc<Mutex<Rows<V>>>, is_paged: bool) -> Self {
        let decoder = VisitDecoder::new(Shown(Arc::clone(&rows)));
        Self { decoder: if is_paged { decoder } else { decoder.single_page() }, rows, received: 0 }
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.received = self.received.saturating_add(chunk.len() as u64);
        self.decoder.push(chunk)?;
        let changed = lock(&self.rows).changed;
        if changed { Err(self.is_another()) } else { Ok(()) }
    }

    fn finish(self) -> Result<OpResponse, DecodeError> {
        let another = self.is_another();
        let (page, _) = self.decoder.finish()?;
        let rows = lock(&self.rows);
        // A query that is not done has no rows, whatever it had before.
        let is_done = page.status.as_ref().is_some_and(QueryStatus::is_done);
        let is_shorter = is_done && rows.read < rows.shown;
        if rows.changed || is_shorter { Err(another) } else { Ok(OpResponse::Page(page)) }
    }

    fn is_another(&self) -> DecodeError {
        let problem =
            "the page has other rows than before it broke off; rows were shown already, so start again";
        DecodeError::new("$", self.received, problem)
    }
}

/// The visitor, and which rows of the current page it has seen.
struct Rows<V> {
    visitor: V,
    /// Whether rows have to wait, because the session is locked; and those that wait.
    held: bool,
    waiting: UsageTable,
    /// How many rows of this page were shown, and what they add up to.
    shown: u64,
    shown_digest: u64,
    /// The same of the attempt that is arriving.
    read: u64,
    digest: Digest,
    /// A row that was shown is another one now.
    changed: bool,
}

impl<V: RowVisitor> Rows<V> {
    fn new(visitor: V) -> Self {
        let waiting = UsageTable::new();
        Self {
            visitor,
            held: false,
            waiting,
            shown: 0,
            shown_digest: 0,
            read: 0,
            digest: digest(),
            changed: false,
        }
    }

    /// The page begins, for the first time or again.
    fn begin(&mut self) {
        self.read = 0;
        self.digest = digest();
    }

    fn end_page(&mut self) {
        self.shown = 0;
    }

    fn take(&mut self, row: UsageRow<'_>) {
        if self.changed {
            return;
        }
        row.hash(&mut self.digest);
        self.read += 1;
        let digest = self.digest.finish();
        if self.read > self.shown {
            self.show(row);
            (self.shown, self.shown_digest) = (self.read, digest);
        } else if self.read == self.shown {
            self.changed = digest != self.shown_digest;
        }
    }
}

impl<V: RowVisitor> Rows<V> {
    fn show(&mut self, row: UsageRow<'_>) {
        if self.held {
            self.waiting.push_row(row);
        } else {
            self.visitor.visit(row);
        }
    }

    fn show_held(&mut self) {
        for row in &std::mem::take(&mut self.waiting) {
            self.visitor.visit(row);
        }
    }
}

type Digest = <FixedState as BuildHasher>::Hasher;

fn digest() -> Digest {
    FixedState::default().build_hasher()
}

/// The end of the rows that a decoder has.
struct Shown<V>(Arc<Mutex<Rows<V>>>);

impl<V: RowVisitor> RowVisitor for Shown<V> {
    fn visit(&mut self, row: UsageRow<'_>) {
        lock(&self.0).take(row);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
