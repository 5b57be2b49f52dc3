//! The poll machine against a model: requests answered well, badly, late or never, clocks that step, and an execution
//! that is saved and restored at any moment. Whatever happens, a query that was acknowledged is not submitted again,
//! and each page's rows are handed out once and in order.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::machine::{Exchange, Ticket};
use usage_core::query::SimpleSearch;
use usage_core::{Execution, ExecutionId, Machine, Next, Phase, Session, Snapshot, Timestamp};

use crate::support::{ACCEPTED, RUNNING, START, TOKEN, credentials, policy};

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// The driver asks what to do; a request that is still out is lost.
    Next,
    /// The request that is out gets the answer that it asked for.
    Answer,
    /// It gets a poll's "not done" instead, where that makes sense.
    NotDone,
    /// It gets this status, with a `Retry-After` or without.
    Refuse(u16, Option<u8>),
    /// It breaks on the way.
    Break(TransportKind, Sent),
    /// A request that was lost long ago gets its answer.
    LateAnswer,
    /// Time passes.
    Pass(u32),
    /// The clock steps back.
    StepBack(u32),
    /// The process dies and another one goes on from what was saved.
    Reborn,
    Cancel,
}

fn event() -> impl Strategy<Value = Event> {
    let statuses = prop::sample::select(vec![302u16, 400, 401, 403, 404, 408, 429, 500, 503]);
    let kinds =
        prop::sample::select(vec![TransportKind::Connect, TransportKind::Timeout, TransportKind::Reset]);
    let sent = prop::sample::select(vec![Sent::No, Sent::Maybe]);
    prop_oneof![
        12 => Just(Event::Next),
        12 => Just(Event::Answer),
        3 => Just(Event::NotDone),
        2 => (statuses, prop::option::of(any::<u8>())).prop_map(|(status, after)| Event::Refuse(status, after)),
        2 => (kinds, sent).prop_map(|(kind, sent)| Event::Break(kind, sent)),
        2 => Just(Event::LateAnswer),
        8 => (0u32..10_000).prop_map(Event::Pass),
        1 => (0u32..10_000_000).prop_map(Event::StepBack),
        2 => Just(Event::Reborn),
        1 => Just(Event::Cancel),
    ]
}

/// The model holds what must be true of any run, not how the machine does it.
#[derive(Clone, Debug, Default)]
struct Truth {
    acknowledged: Option<ExecutionId>,
    /// Pages whose rows were handed out: 0, 1, 2 in this order.
    pages: u64,
    ended: Option<Phase>,
}

impl ReferenceStateMachine for Truth {
    type State = Self;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self::default()).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Event> {
        event().boxed()
    }

    fn apply(state: Self, _: &Event) -> Self {
        state
    }
}

struct World {
    execution: Execution<SimpleSearch>,
    session: Session,
    now: Timestamp,
    out: Option<Exchange>,
    lost: Vec<Ticket>,
    truth: Truth,
}

const PAGES: u64 = 3;

impl World {
    /// The answer that a service without trouble gives.
    fn good_answer(request: &Request<Vec<u8>>) -> String {
        match request.uri().query() {
            _ if request.uri().path() == "/oauth/token" => TOKEN.to_owned(),
            None => ACCEPTED.to_owned(),
            Some(query) => {
                let page: u64 = query.strip_prefix("after=").map_or(0, |rest| rest[..1].parse().unwrap());
                let cursors = format!(r#","cursors":{{"after":"{}"}}"#, page + 1);
                let cursors = if page + 1 < PAGES { &*cursors } else { "" };
                format!(r#"{{"queryStatus":"Complete","results":[{{"requests":{page}}}]{cursors}}}"#)
            }
        }
    }

    fn next(&mut self) {
        let was = self.execution.phase();
        let step = self.execution.next(self.now, &mut self.session);
        match step.next {
            Next::Send(exchange) => {
                assert!(!was.is_final());
                let is_submit = exchange.request.uri().path() == "/api/v2/usage/simplesearch";
                assert!(
                    !is_submit || self.truth.acknowledged.is_none(),
                    "submitted again after it was acknowledged"
                );
                self.lost.extend(self.out.replace(*exchange).map(|exchange| exchange.ticket));
            }
            Next::WaitUntil(until, _) => {
                assert!(until > self.now, "a wait that is over at once");
                assert!(until <= self.execution.deadline(), "a wait past the deadline");
            }
            Next::Finished => assert!(self.execution.phase().is_final()),
        }
    }

    fn answer(&mut self, status: u16, retry_after: Option<u8>, body: impl Fn(&Request<Vec<u8>>) -> String) {
        let Some(exchange) = self.out.take() else { return };
        let body = body(&exchange.request);
        let mut answer = Response::new(body.as_bytes());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        if let Some(seconds) = retry_after {
            answer.headers_mut().insert("retry-after", u16::from(seconds).into());
        }
        let was = self.execution.phase();
        let progress = self.execution.on_response(self.now, exchange.ticket, answer, &mut self.session);
        if let Some(transition) = progress.transition {
            assert_eq!((transition.from, transition.to), (was, self.execution.phase()));
        }
        if let Some(rows) = progress.output {
            assert_eq!(rows.row(0).unwrap().requests(), Some(self.truth.pages), "a page lost or doubled");
            self.truth.pages += 1;
        }
    }
}

struct Machines;

impl StateMachineTest for Machines {
    type SystemUnderTest = World;
    type Reference = Truth;

    fn init_test(_: &Truth) -> World {
        let search = SimpleSearch::new("2026-06/2026-06".parse().unwrap());
        World {
            execution: Execution::new(search, policy(), 1, START),
            session: credentials(),
            now: START,
            out: None,
            lost: Vec::new(),
            truth: Truth::default(),
        }
    }

    fn apply(mut world: World, _: &Truth, event: Event) -> World {
        match event {
            Event::Next => world.next(),
            Event::Answer => world.answer(200, None, World::good_answer),
            Event::NotDone => world.answer(200, None, |request| match request.uri().query() {
                Some(_) => RUNNING.to_owned(),
                None => World::good_answer(request),
            }),
            Event::Refuse(status, retry_after) => world.answer(status, retry_after, |_| String::new()),
            Event::Break(kind, sent) => {
                if let Some(exchange) = world.out.take() {
                    let failure = TransportFailure::new(kind, sent, "");
                    let progress =
                        world.execution.on_failure(world.now, exchange.ticket, failure, &mut world.session);
                    assert!(progress.output.is_none());
                }
            }
            Event::LateAnswer => {
                if let Some(ticket) = world.lost.pop() {
                    let was = world.execution.phase();
                    let late = Response::new(ACCEPTED.as_bytes());
                    let progress = world.execution.on_response(world.now, ticket, late, &mut world.session);
                    assert!(
                        progress.transition.is_none() && progress.output.is_none(),
                        "a late answer counted"
                    );
                    assert_eq!(world.execution.phase(), was);
                }
            }
            Event::Pass(millis) => world.now = world.now.saturating_add(Duration::from_millis(millis.into())),
            Event::StepBack(millis) => {
                world.now = world.now.saturating_sub(Duration::from_millis(millis.into()));
            }
            Event::Reborn => {
                let saved = world.execution.snapshot().to_json();
                let snapshot = Snapshot::<SimpleSearch>::from_json(&saved).unwrap();
                assert_eq!(snapshot.execution_id(), world.execution.id());
                // A new process knows no tickets of the old one, and no token.
                if let Ok(execution) = Execution::restore(snapshot, policy(), world.now) {
                    world.execution = execution;
                    world.session = credentials();
                    (world.out, world.truth.ended) = (None, None);
                    world.lost.clear();
                }
            }
            Event::Cancel => {
                let cancelled = world.execution.cancel();
                assert!(cancelled.is_some() || world.truth.ended.is_some());
            }
        }
        if world.truth.acknowledged.is_none() {
            world.truth.acknowledged = world.execution.id().cloned();
        }
        let phase = world.execution.phase();
        world.truth.ended = world.truth.ended.or(phase.is_final().then_some(phase));
        world
    }

    fn check_invariants(world: &World, _: &Truth) {
        let (execution, truth) = (&world.execution, &world.truth);
        assert_eq!(execution.id(), truth.acknowledged.as_ref(), "the execution's id changed or got lost");
        assert!(truth.ended.is_none_or(|ended| ended == execution.phase()), "it went on after its end");
        assert_eq!(execution.phase() == Phase::Failed, execution.error().is_some());
        assert!(execution.phase() != Phase::Complete || truth.pages == PAGES, "complete without all pages");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_submitted_twice(sequential 1..60 => Machines);
}
