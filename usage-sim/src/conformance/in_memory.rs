//! The reference: the machine against the simulator, without a socket.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use usage_core::error::{BuildError, Sent, TransportFailure, TransportKind};
use usage_core::execution::RestoreError;
use usage_core::machine::{Exchange, Progress, Ticket};
use usage_core::{
    Call, Endpoint, Error, Event, Execution, ExecutionId, Machine, Next, Snapshot, Transition, UsageQuery,
    UsageTable, WaitReason,
};
use usage_driver::{Canceller, ClientConfig, FromConfig};
use usage_driver::{SessionGuard, SharedSession, TokenExchange};

use super::driver::{Driver, Observer};
use super::world::World;
use crate::reply::Reply;
use crate::wire_fault::{Framing, WireFault};

/// About the longest head that a client takes.
const MAX_HEAD: usize = 64 * 1024;

/// How much of a body that does not end is handed on before it counts as one that takes too long.
const ENOUGH: usize = 64 * 1024 * 1024;

/// The driver that all others are compared with: it hands the machine's requests to the simulator, and turns wire
/// faults into what a client would see of them.
#[derive(Clone, Debug)]
pub struct InMemory {
    config: Arc<Configured>,
    world: World,
}

/// The client that its builder builds.
#[derive(Debug)]
pub struct Configured {
    session: SharedSession,
    policy: usage_core::Policy,
}

impl FromConfig for Configured {
    const USER_AGENT: &'static str = "in-memory";

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(Self { session: SharedSession::new(config.session), policy: config.policy })
    }
}

/// An execution in memory.
pub struct Handle<Q> {
    driver: InMemory,
    execution: Execution<Q>,
    observer: Option<Observer<Q>>,
    canceller: Canceller,
}

impl<Q: std::fmt::Debug> std::fmt::Debug for Handle<Q> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("execution", &self.execution).finish_non_exhaustive()
    }
}

impl Driver for InMemory {
    type Client = Configured;
    type Handle<Q: UsageQuery> = Handle<Q>;
    const SOCKETS: bool = false;

    fn new(client: Configured, world: &World) -> Self {
        Self { config: Arc::new(client), world: world.clone() }
    }

    fn start<Q: UsageQuery>(&self, query: Q) -> Handle<Q> {
        let execution = Execution::new(query, self.config.policy, 1, self.world.now());
        self.handle(execution)
    }

    fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Handle<Q> {
        let execution = Execution::attach(query, id, self.config.policy, 1, self.world.now());
        self.handle(execution)
    }

    fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Handle<Q>, RestoreError> {
        let execution = Execution::restore(snapshot, self.config.policy, self.world.now())?;
        Ok(self.handle(execution))
    }

    fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        let mut call = Call::new(endpoint, self.config.policy, 1, self.world.now());
        let answer = self.advance(&mut call, &Canceller::default(), &mut |_, _| {}, &|| false);
        Ok(answer.expect("nobody gave up")?.expect("a call brings its answer"))
    }

    fn observe<Q: UsageQuery>(mut handle: Handle<Q>, observer: Observer<Q>) -> Handle<Q> {
        handle.observer = Some(observer);
        handle
    }

    fn next_page<Q: UsageQuery>(handle: &mut Handle<Q>) -> Result<Option<UsageTable>, Error> {
        Self::next_page_unless(handle, &|| false).expect("nobody gave up")
    }

    fn next_page_unless<Q: UsageQuery>(
        handle: &mut Handle<Q>,
        given_up: &(dyn Fn() -> bool + Sync),
    ) -> Option<Result<Option<UsageTable>, Error>> {
        let Handle { driver, execution, observer, canceller } = handle;
        let mut notify = |execution: &Execution<Q>, event| {
            if let Some(observer) = observer {
                observer(execution, event);
            }
        };
        driver.advance(execution, canceller, &mut notify, given_up)
    }

    fn execution<Q: UsageQuery>(handle: &Handle<Q>) -> &Execution<Q> {
        &handle.execution
    }

    fn canceller<Q: UsageQuery>(handle: &Handle<Q>) -> Canceller {
        handle.canceller.clone()
    }

    fn cancel<Q: UsageQuery>(handle: &mut Handle<Q>) -> Option<Transition> {
        handle.execution.cancel()
    }
}

impl InMemory {
    fn handle<Q>(&self, execution: Execution<Q>) -> Handle<Q> {
        Handle { driver: self.clone(), execution, observer: None, canceller: Canceller::default() }
    }

    fn advance<M: Machine>(
        &self,
        machine: &mut M,
        canceller: &Canceller,
        notify: &mut dyn FnMut(&M, Event),
        given_up: &dyn Fn() -> bool,
    ) -> Option<Result<Option<M::Output>, Error>> {
        loop {
            if canceller.is_cancelled()
                && let Some(moved) = machine.cancel()
            {
                notify(machine, Event::Moved(moved));
            }
            let moved = machine.catch_up(self.world.now(), &mut self.session());
            if let Some(moved) = moved {
                notify(machine, Event::Moved(moved));
                continue;
            }
            let step = machine.next(self.world.now(), &mut self.session());
            step.transitions.iter().for_each(|moved| notify(machine, Event::Moved(*moved)));
            match step.next {
                Next::Finished => return Some(machine.error().map_or(Ok(None), Err)),
                Next::WaitUntil(until, why) => {
                    notify(machine, Event::Waiting(until, why));
                    if why == WaitReason::Token {
                        self.wait_for_token();
                    } else {
                        self.world.wait_until(until);
                    }
                }
                Next::Send(exchange) if canceller.is_cancelled() => {
                    if let Some(moved) = machine.unsent(exchange.ticket) {
                        notify(machine, Event::Moved(moved));
                    }
                }
                Next::Send(exchange) if exchange.is_for_token() => self.token_exchange(exchange, given_up)?,
                Next::Send(exchange) => {
                    let progress = self.exchange(machine, *exchange, given_up)?;
                    if let Some(moved) = progress.transition {
                        notify(machine, Event::Moved(moved));
                    }
                    if progress.output.is_some() {
                        return Some(Ok(progress.output));
                    }
                }
            }
        }
    }

    /// The exchanges of drivers take real time, and so does the wait for one.
    fn wait_for_token(&self) {
        while self.session().is_fetching_token() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// A token exchange is carried to its end, whether its machine has been given up meanwhile or not.
    fn token_exchange(&self, exchange: Box<Exchange>, given_up: &dyn Fn() -> bool) -> Option<()> {
        let mut token = TokenExchange::new(&self.config.session, exchange);
        let Next::Send(exchange) = token.next(self.world.now(), &mut self.session()).next else {
            return Some(());
        };
        let Exchange { ticket, request, timeout, .. } = *exchange;
        let reply = self.world.handle(request);
        if !given_up() {
            let _ = self.answer(&mut token, ticket, timeout, reply);
            return Some(());
        }
        let driver = self.clone();
        thread::spawn(move || {
            thread::sleep(timeout);
            let _ = driver.answer(&mut token, ticket, timeout, reply);
        });
        None
    }

    /// Returns the progress of an exchange; `None` if it was given up while the request was in flight.
    fn exchange<M: Machine>(
        &self,
        machine: &mut M,
        exchange: Exchange,
        given_up: &dyn Fn() -> bool,
    ) -> Option<Progress<M::Output>> {
        let Exchange { ticket, request, timeout, .. } = exchange;
        let reply = self.world.handle(request);
        (!given_up()).then(|| self.answer(machine, ticket, timeout, reply))
    }

    fn answer<M: Machine>(
        &self,
        machine: &mut M,
        ticket: Ticket,
        timeout: Duration,
        reply: Result<Reply, TransportFailure>,
    ) -> Progress<M::Output> {
        let now = || self.world.now();
        let Reply { response, fault } = match reply {
            Ok(reply) => reply,
            Err(failure) => return machine.on_failure(now(), ticket, failure, &mut self.session()),
        };
        let (mut head, body) = response.into_parts();
        // As the listener does.
        head.headers.insert(http::header::CONTENT_LENGTH, body.len().into());
        let outcome = Outcome::of(fault.as_ref(), &body, timeout);
        if let Outcome::NoHead(failure) = outcome {
            return machine.on_failure(now(), ticket, failure, &mut self.session());
        }
        let mut reader = machine.on_head(now(), ticket, &head, &mut self.session());
        let failure = match outcome {
            Outcome::Whole | Outcome::NoHead(_) => {
                // Whether it wants more is of no use: there is no more.
                let _ = reader.push(if has_no_body(head.status) { &[] } else { &body });
                None
            }
            Outcome::HalfIsAll => {
                let _ = reader.push(&body[..body.len() / 2]);
                None
            }
            Outcome::Half(failure) => reader.push(&body[..body.len() / 2]).is_continue().then_some(failure),
            Outcome::Endless => {
                let mut flow = reader.push(&body);
                let blanks = [b' '; 16 * 1024];
                for _ in 0..ENOUGH / blanks.len() {
                    if flow.is_continue() {
                        flow = reader.push(&blanks);
                    }
                }
                flow.is_continue().then(late)
            }
        };
        match failure {
            None => machine.on_end(now(), reader.ended(), &mut self.session()),
            Some(failure) => machine.on_failure(now(), reader, failure, &mut self.session()),
        }
    }

    fn session(&self) -> SessionGuard<'_> {
        self.config.session.lock()
    }
}

/// The part of an answer that arrives.
enum Outcome {
    Whole,
    /// No valid head.
    NoHead(TransportFailure),
    /// The head and half of the body.
    Half(TransportFailure),
    /// The head, and half of the body as if that were all.
    HalfIsAll,
    /// All of it, and blanks.
    Endless,
}

impl Outcome {
    fn of(fault: Option<&WireFault>, body: &[u8], timeout: Duration) -> Self {
        match fault {
            None
            | Some(
                WireFault::CloseAfterReply
                | WireFault::Chunked { .. }
                | WireFault::Interim(_)
                | WireFault::Followed(_),
            ) => Self::Whole,
            Some(WireFault::Framed(framing)) => match framing {
                Framing::HalfLength => Self::HalfIsAll,
                Framing::HalfUntilClose | Framing::ChunksWithoutEnd => Self::Half(broken()),
                Framing::TwoLengths | Framing::NoNumber => Self::NoHead(broken()),
                _ => Self::Whole,
            },
            Some(WireFault::OversizedHead { bytes }) if *bytes < MAX_HEAD => Self::Whole,
            Some(
                WireFault::Garbage(_)
                | WireFault::CloseBeforeReply
                | WireFault::CloseMidHead
                | WireFault::OversizedHead { .. },
            ) => Self::NoHead(broken()),
            Some(WireFault::CloseMidBody | WireFault::GarbageMidBody | WireFault::ResetMidBody) => {
                Self::Half(broken())
            }
            Some(WireFault::Hang) => Self::NoHead(late()),
            Some(WireFault::HangMidBody) => Self::Half(late()),
            Some(WireFault::EndlessBody) => Self::Endless,
            Some(WireFault::Drip { interval, bytes }) => {
                let writes = u32::try_from(body.len() / (*bytes).max(1)).unwrap_or(u32::MAX);
                if interval.saturating_mul(writes) > timeout { Self::NoHead(late()) } else { Self::Whole }
            }
        }
    }
}

fn broken() -> TransportFailure {
    TransportFailure::new(TransportKind::Reset, Sent::Maybe, "")
}

fn late() -> TransportFailure {
    TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "")
}

fn has_no_body(status: http::StatusCode) -> bool {
    status == http::StatusCode::NO_CONTENT
}
