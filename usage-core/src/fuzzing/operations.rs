//! Operations on two executions of one query that get the same responses: correct, wrong, late or none, with clocks that
//! step. One is kept and takes each response whole; the other takes it in pieces, and is saved and restored at any moment.
//! The model test draws the operations; the fuzzer encodes them in bytes.

use std::ops::ControlFlow;
use std::time::Duration;

use http::{Request, Response, StatusCode, Uri};

use crate::auth::Grant;
use crate::failures::{Sent, TransportFailure, TransportKind};
use crate::machine::{Exchange, Machine, Next, Progress, Ticket};
use crate::query::SimpleSearch;
use crate::{
    Execution, ExecutionId, Interval, Phase, Policy, Region, Secret, Session, Snapshot, Timestamp,
    Transition, UsageTable,
};

const START: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);
const PAGES: u64 = 3;

/// What happens next.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The driver asks for the next step. A request in flight is lost.
    Next,
    /// The request in flight gets a successful response.
    Answer,
    /// A poll in flight gets the response of a running query.
    NotDone,
    /// The request in flight gets this status, with or without `Retry-After`.
    Refuse(u16, Option<u8>),
    /// The connection of the request in flight breaks.
    Break(TransportKind, Sent),
    /// A request that was lost earlier gets its response.
    LateAnswer,
    /// Time passes, in milliseconds.
    Pass(u32),
    /// The clock steps back, in milliseconds.
    StepBack(u32),
    /// The process of the second execution dies, and another one continues from its snapshot.
    Reborn,
    /// Both are cancelled.
    Cancel,
}

/// The statuses of [`Operation::Refuse`].
pub const REFUSALS: [u16; 9] = [302, 400, 401, 403, 404, 408, 429, 500, 503];

/// Whatever happens, a query that was acknowledged is not submitted again, and each page's rows are handed out once and
/// in order.
pub fn operations(data: &[u8]) {
    let mut twins = Twins::default();
    let mut bytes = data.iter().copied();
    while let Some(operation) = read(&mut bytes) {
        twins.apply(&operation);
    }
}

/// Decodes the next operation.
fn read(bytes: &mut impl Iterator<Item = u8>) -> Option<Operation> {
    let kind = bytes.next()?;
    let mut byte = || bytes.next().unwrap_or_default();
    Some(match kind % 16 {
        0..=3 => Operation::Next,
        4..=6 => Operation::Answer,
        7 => Operation::NotDone,
        8 => {
            let (status, retry_after) = (byte(), byte());
            let status = REFUSALS[usize::from(status) % REFUSALS.len()];
            Operation::Refuse(status, (retry_after > 0).then_some(retry_after))
        }
        9 => {
            let kinds =
                [TransportKind::Connect, TransportKind::Timeout, TransportKind::Reset, TransportKind::Tls];
            let byte = byte();
            let sent = if byte > 127 { Sent::Maybe } else { Sent::No };
            Operation::Break(kinds[usize::from(byte) % kinds.len()], sent)
        }
        10 => Operation::LateAnswer,
        11 | 12 => Operation::Pass(u32::from(byte()) * 50),
        13 => Operation::StepBack(u32::from(byte()) * 50_000),
        14 => Operation::Reborn,
        _ => Operation::Cancel,
    })
}

/// Two executions that get the same responses.
#[derive(Debug)]
pub struct Twins {
    now: Timestamp,
    kept: World,
    saved: World,
    /// Whether the second was restored: a wait ends with that, and from then on it goes its own way.
    parted: bool,
}

impl Default for Twins {
    fn default() -> Self {
        Self { now: START, kept: World::new(false), saved: World::new(true), parted: false }
    }
}

impl Twins {
    /// Applies `operation` to both, checks the invariants of each, and compares both as long as neither was restored.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Pass(millis) => {
                self.now = self.now.saturating_add(Duration::from_millis((*millis).into()));
            }
            Operation::StepBack(millis) => {
                self.now = self.now.saturating_sub(Duration::from_millis((*millis).into()));
            }
            Operation::Reborn => self.parted |= self.saved.reborn(self.now),
            _ => {
                let (kept, saved) =
                    (self.kept.apply(operation, self.now), self.saved.apply(operation, self.now));
                assert!(self.parted || kept == saved, "one did {kept:?}, the other {saved:?}");
            }
        }
        self.kept.check();
        self.saved.check();
    }
}

/// The state from which the invariants of any run are checked.
#[derive(Clone, Debug, Default)]
struct Truth {
    acknowledged: Option<ExecutionId>,
    /// Pages whose rows were handed out: 0, 1, 2 in this order.
    pages: u64,
    ended: Option<Phase>,
}

/// The actions of an execution.
#[derive(Debug, Default, PartialEq)]
struct Deed {
    moved: Vec<Transition>,
    sends: Option<Uri>,
    waits: Option<Timestamp>,
    rows: Option<UsageTable>,
}

impl From<Progress<UsageTable>> for Deed {
    fn from(progress: Progress<UsageTable>) -> Self {
        Self { moved: Vec::from_iter(progress.transition), rows: progress.output, ..Self::default() }
    }
}

#[derive(Debug)]
struct World {
    execution: Execution<SimpleSearch>,
    session: Session,
    out: Option<Exchange>,
    lost: Vec<Ticket>,
    truth: Truth,
    in_pieces: bool,
}

impl World {
    fn new(in_pieces: bool) -> Self {
        let interval = Interval::last_days(30, START);
        Self {
            execution: Execution::new(SimpleSearch::new(interval), policy(), 1, START),
            session: session(),
            out: None,
            lost: Vec::new(),
            truth: Truth::default(),
            in_pieces,
        }
    }

    /// Applies `operation`.
    fn apply(&mut self, operation: &Operation, now: Timestamp) -> Deed {
        match *operation {
            Operation::Next => self.next(now),
            Operation::Answer => self.answer(now, 200, None, good_answer),
            Operation::NotDone => self.answer(now, 200, None, |request| match request.uri().query() {
                Some(_) => r#"{"queryStatus":"Running"}"#.to_owned(),
                None => good_answer(request),
            }),
            Operation::Refuse(status, retry_after) => {
                self.answer(now, status, retry_after, |_| String::new())
            }
            Operation::Break(kind, sent) => self.broken(now, TransportFailure::new(kind, sent, "")),
            Operation::LateAnswer => self.late_answer(now),
            Operation::Cancel => {
                let cancelled = self.execution.cancel();
                assert!(cancelled.is_some() || self.truth.ended.is_some());
                Deed { moved: Vec::from_iter(cancelled), ..Deed::default() }
            }
            Operation::Pass(_) | Operation::StepBack(_) | Operation::Reborn => Deed::default(),
        }
    }

    fn next(&mut self, now: Timestamp) -> Deed {
        let was = self.execution.phase();
        let step = self.execution.next(now, &mut self.session);
        let mut deed = Deed { moved: step.transitions.iter().copied().collect(), ..Deed::default() };
        match step.next {
            Next::Send(exchange) => {
                assert!(!was.is_final());
                let is_submit = exchange.request.uri().path() == "/api/v2/usage/simplesearch";
                assert!(
                    !is_submit || self.truth.acknowledged.is_none(),
                    "submitted again after it was acknowledged"
                );
                deed.sends = Some(exchange.request.uri().clone());
                self.lost.extend(self.out.replace(*exchange).map(|exchange| exchange.ticket));
            }
            Next::WaitUntil(until, _) => {
                assert!(until > now, "a wait that is over at once");
                assert!(until <= self.execution.deadline(), "a wait past the deadline");
                deed.waits = Some(until);
            }
            Next::Finished => assert!(self.execution.phase().is_final()),
        }
        deed
    }

    fn answer(
        &mut self,
        now: Timestamp,
        status: u16,
        retry_after: Option<u8>,
        body: impl Fn(&Request<Vec<u8>>) -> String,
    ) -> Deed {
        let Some(exchange) = self.out.take() else { return Deed::default() };
        let body = body(&exchange.request);
        let mut answer = Response::new(body.as_bytes());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        if let Some(seconds) = retry_after {
            answer.headers_mut().insert("retry-after", u16::from(seconds).into());
        }
        let was = self.execution.phase();
        let progress = self.deliver(now, exchange.ticket, answer);
        if let Some(transition) = progress.transition {
            assert_eq!((transition.from, transition.to), (was, self.execution.phase()));
        }
        if let Some(rows) = &progress.output {
            let requests = rows.row(0).and_then(|row| row.requests());
            assert_eq!(requests, Some(self.truth.pages), "a page lost or doubled");
            self.truth.pages += 1;
        }
        progress.into()
    }

    fn deliver(&mut self, now: Timestamp, ticket: Ticket, answer: Response<&[u8]>) -> Progress<UsageTable> {
        if !self.in_pieces {
            return self.execution.on_response(now, ticket, answer, &mut self.session);
        }
        let (head, body) = answer.into_parts();
        let mut reader = self.execution.on_head(now, ticket, &head, &mut self.session);
        for chunk in body.chunks(7) {
            if let ControlFlow::Break(()) = reader.push(chunk) {
                break;
            }
        }
        self.execution.on_end(now, reader, &mut self.session)
    }

    fn broken(&mut self, now: Timestamp, failure: TransportFailure) -> Deed {
        let Some(exchange) = self.out.take() else { return Deed::default() };
        let progress = self.execution.on_failure(now, exchange.ticket, failure, &mut self.session);
        assert!(progress.output.is_none());
        progress.into()
    }

    fn late_answer(&mut self, now: Timestamp) -> Deed {
        let Some(ticket) = self.lost.pop() else { return Deed::default() };
        let was = self.execution.phase();
        let progress = self.deliver(now, ticket, Response::new(ACCEPTED.as_bytes()));
        assert!(progress.transition.is_none() && progress.output.is_none(), "a late answer counted");
        assert_eq!(self.execution.phase(), was);
        Deed::default()
    }

    /// Starts a new process, which has neither tickets nor token of the old one. Returns whether there was a snapshot.
    fn reborn(&mut self, now: Timestamp) -> bool {
        let json = self.execution.snapshot().to_json();
        let snapshot =
            Snapshot::<SimpleSearch>::from_json(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        assert_eq!(snapshot.execution_id(), self.execution.id());
        // A page that was handed out and not acknowledged is lost with the process, and is repeated.
        self.truth.pages = snapshot.pages().into();
        let Ok(execution) = Execution::restore(snapshot, policy(), now) else { return false };
        self.execution = execution;
        self.session = session();
        (self.out, self.truth.ended) = (None, None);
        self.lost.clear();
        true
    }

    /// Checks the invariants.
    fn check(&mut self) {
        let (execution, truth) = (&self.execution, &mut self.truth);
        truth.acknowledged = truth.acknowledged.take().or_else(|| execution.id().cloned());
        let phase = execution.phase();
        assert_eq!(execution.id(), truth.acknowledged.as_ref(), "the execution's id changed or got lost");
        assert!(truth.ended.is_none_or(|ended| ended == phase), "it went on after its end");
        assert_eq!(phase == Phase::Failed, execution.error().is_some());
        assert!(phase != Phase::Complete || truth.pages == PAGES, "complete without all pages");
        truth.ended = truth.ended.or(phase.is_final().then_some(phase));
    }
}

const ACCEPTED: &str = r#"{"executionId":"e-1","resultsUri":"/api/v2/usage/simplesearch/e-1/results"}"#;

/// Returns the response of a service without faults.
fn good_answer(request: &Request<Vec<u8>>) -> String {
    match request.uri().query() {
        _ if request.uri().path() == "/oauth/token" => {
            r#"{"access_token":"t-1","token_type":"bearer","expires_in":86400}"#.to_owned()
        }
        None => ACCEPTED.to_owned(),
        Some(query) => {
            let after =
                query.split_once("after=").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit));
            let page: u64 = after.map_or(0, |digits| digits.collect::<String>().parse().unwrap_or(0));
            let cursors = format!(r#","cursors":{{"after":"{}"}}"#, page + 1);
            let cursors = if page + 1 < PAGES { &*cursors } else { "" };
            format!(r#"{{"queryStatus":"Complete","results":[{{"requests":{page}}}]{cursors}}}"#)
        }
    }
}

fn policy() -> Policy {
    Policy::default().with_jitter(0.0)
}

fn session() -> Session {
    let grant = Grant::client_credentials("id", Secret::new("client-secret".to_owned()));
    Session::new(&Region::default(), grant.unwrap_or_else(|error| panic!("{error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(operations: impl IntoIterator<Item = Operation>) -> Twins {
        let mut twins = Twins::default();
        operations.into_iter().for_each(|operation| twins.apply(&operation));
        twins
    }

    #[test]
    fn undisturbed_both_complete() {
        use Operation::{Answer, Next, Pass};
        // Token, submit, wait, three pages.
        let twins =
            after([Next, Answer, Next, Answer, Pass(10_000), Next, Answer, Next, Answer, Next, Answer]);
        assert_eq!(twins.kept.execution.phase(), Phase::Complete);
        assert_eq!(twins.saved.execution.phase(), Phase::Complete);
    }

    #[test]
    fn a_submit_that_was_out_when_the_process_died_is_ambiguous() {
        use Operation::{Answer, Next, Reborn};
        let twins = after([Next, Answer, Next, Reborn, Next]);
        let failure = twins.saved.execution.error().map(|error| error.failure().clone());
        assert!(matches!(failure, Some(crate::failures::Failure::AmbiguousSubmit(_))), "{failure:?}");
    }
}
