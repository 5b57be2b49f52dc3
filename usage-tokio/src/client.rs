use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use usage_core::error::BuildError;
use usage_core::execution::RestoreError;
use usage_core::{
    Call, ClientBuilder, ClientConfig, Endpoint, Error, Execution, ExecutionId, FromConfig, LogIn, Machine,
    Next, Notice, Policy, Session, Snapshot, UsageQuery, UsageTable,
};

use crate::clock::{Clock, SystemClock};
use crate::exchange::{self, Pool};
use crate::handle::Handle;

/// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
#[derive(Clone, Debug)]
pub struct Client {
    session: Arc<Mutex<Session>>,
    policy: Policy,
    pool: Pool,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// Builds a client.
    pub fn builder() -> ClientBuilder<Self> {
        ClientBuilder::new()
    }

    /// The same client on another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Runs `query` to its end and returns all its rows.
    pub async fn run<Q: UsageQuery>(&self, query: Q) -> Result<UsageTable, Error> {
        self.start(query).finish().await
    }

    /// An execution of `query` that is driven step by step: page by page, observed, saved, cancelled. Nothing is
    /// sent before the first page is asked for.
    pub fn start<Q: UsageQuery>(&self, query: Q) -> Handle<Q> {
        self.handle(Execution::new(query, self.policy, seed(), self.clock.now()))
    }

    /// Goes on with an execution of `query` that was submitted elsewhere.
    pub fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Handle<Q> {
        self.handle(Execution::attach(query, id, self.policy, seed(), self.clock.now()))
    }

    /// Goes on with an execution that was saved, here or on another runtime, with a deadline of its own.
    pub fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Handle<Q>, RestoreError> {
        Ok(self.handle(Execution::restore(snapshot, self.policy, self.clock.now())?))
    }

    /// Calls a single endpoint.
    pub async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        let mut call = Call::new(endpoint, self.policy, seed(), self.clock.now());
        let response = self.advance(&mut call, &mut |_, _| {}).await?;
        response.ok_or_else(|| BuildError::Client { problem: "the call was answered before".into() }.into())
    }

    /// Makes sure that the session holds an access token that is good now, and sends nothing with it. Queries and calls
    /// do this by themselves; see [`LogIn`] for when to do it ahead of them.
    pub async fn log_in(&self) -> Result<(), Error> {
        let mut log_in = LogIn::new(self.policy, seed(), self.clock.now());
        self.advance(&mut log_in, &mut |_, _| {}).await.map(drop)
    }

    fn handle<Q: UsageQuery>(&self, execution: Execution<Q>) -> Handle<Q> {
        Handle::new(self.clone(), execution)
    }

    /// The session, to look at its request budget. Do not keep it across an `await`: every request needs it.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy of new executions and calls.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Drives `machine` until it brings something (`Some`), is complete (`None`), or has failed.
    pub(crate) async fn advance<M: Machine>(
        &self,
        machine: &mut M,
        notify: &mut (dyn FnMut(&M, Notice) + Send),
    ) -> Result<Option<M::Output>, Error> {
        loop {
            let step = machine.next(self.clock.now(), &mut self.session());
            step.transitions.iter().for_each(|moved| notify(machine, Notice::Moved(*moved)));
            match step.next {
                Next::Finished => return machine.error().map_or(Ok(None), Err),
                Next::WaitUntil(until, why) => {
                    notify(machine, Notice::Waiting(until, why));
                    self.clock.sleep_until(until).await;
                }
                Next::Send(exchange) => {
                    let progress =
                        exchange::run(&self.pool, &*self.clock, &self.session, machine, *exchange).await;
                    if let Some(moved) = progress.transition {
                        notify(machine, Notice::Moved(moved));
                    }
                    if progress.output.is_some() {
                        return Ok(progress.output);
                    }
                }
            }
        }
    }
}

impl FromConfig for Client {
    const USER_AGENT: &'static str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(Self {
            pool: exchange::pool(config.connect_timeout)?,
            session: Arc::new(Mutex::new(config.session)),
            policy: config.policy,
            clock: Arc::new(SystemClock::new()),
        })
    }
}

/// Jitter wants no two executions alike; the standard library's hash keys are random enough for that.
fn seed() -> u64 {
    RandomState::new().hash_one(())
}
