//! The reference: the machine driven against the simulator without sockets.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use usage_core::error::{BuildError, TransportFailure};
use usage_core::execution::RestoreError;
use usage_core::machine::{Exchange, Progress, Step, Ticket};
use usage_core::{
    Call, Endpoint, Error, Event, Execution, ExecutionId, Machine, Next, Snapshot, Transition, UsageQuery,
    UsageTable, WaitReason,
};
use usage_driver::{Canceller, ClientConfig, FromConfig};
use usage_driver::{SessionGuard, SharedSession, TokenExchange};

use super::driver::{Driver, Observer};
use super::world::World;
use crate::in_memory::{Sending, arrive};
use crate::reply::Reply;

/// The driver with which all others are compared. It passes the machine's requests to the simulator, and turns wire
/// faults into the failures that a client would see.
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
            let step = self.next_step(machine);
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
                    if let Some(fetch) = exchange.ticket.fetch() {
                        self.session().give_up_token_fetch(fetch);
                    }
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

    /// Returns the machine's next step. A token exchange is marked as carried out before another execution can see it.
    fn next_step<M: Machine>(&self, machine: &mut M) -> Step {
        let mut session = self.session();
        let step = machine.next(self.world.now(), &mut session);
        if let Next::Send(exchange) = &step.next
            && let Some(fetch) = exchange.ticket.fetch()
        {
            session.carry_token_fetch(fetch);
        }
        step
    }

    /// Waits in real time, because the exchanges of drivers take real time.
    fn wait_for_token(&self) {
        while self.session().is_fetching_token() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Carries a token exchange to its end, even if its machine is given up meanwhile.
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

    /// Returns the progress of an exchange, or `None` if it was given up while the request was in flight.
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
        arrive(machine, (&now, &self.config.session), Sending { ticket, timeout }, reply)
    }

    fn session(&self) -> SessionGuard<'_> {
        self.config.session.lock()
    }
}
