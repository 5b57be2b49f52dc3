use std::env;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, BoxStream, StreamExt};
use usage_core::error::BuildError;
use usage_core::execution::RestoreError;
use usage_core::{
    Call, Canceller, ClientBuilder, ClientConfig, Endpoint, Error, Execution, ExecutionId, FromConfig, LogIn,
    Machine, Next, Notice, Policy, Session, Snapshot, UsageQuery, UsageTable,
};

use crate::clock::{Clock, SystemClock};
use crate::exchange::{self, Pool};
use crate::handle::Handle;

/// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
#[derive(Clone, Debug)]
pub struct Client(Arc<Parts>);

#[derive(Clone, Debug)]
struct Parts {
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
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self(Arc::new(Parts { clock: Arc::new(clock), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Runs `query` to its end and returns all its rows.
    pub async fn run<Q: UsageQuery>(&self, query: Q) -> Result<UsageTable, Error> {
        self.start(query).finish().await
    }

    /// An execution of `query` that is driven step by step: page by page, observed, saved, cancelled. Nothing is
    /// sent before the first page is asked for.
    pub fn start<Q: UsageQuery>(&self, query: Q) -> Handle<Q> {
        self.handle(Execution::new(query, self.0.policy, seed(), self.0.clock.now()))
    }

    /// Goes on with an execution of `query` that was submitted elsewhere.
    pub fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Handle<Q> {
        self.handle(Execution::attach(query, id, self.0.policy, seed(), self.0.clock.now()))
    }

    /// Goes on with an execution that was saved, here or on another runtime, with a deadline of its own.
    pub fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Handle<Q>, RestoreError> {
        Ok(self.handle(Execution::restore(snapshot, self.0.policy, self.0.clock.now())?))
    }

    /// Runs all `queries`, up to `at_once` of them (at least one) at a time, and yields the result of each as it is
    /// there, with its place among the queries. A query is taken when there is room for it. Dropping the stream gives
    /// up those that are under way.
    pub fn run_all<Q, I>(
        &self,
        queries: I,
        at_once: usize,
    ) -> BoxStream<'static, (usize, Result<UsageTable, Error>)>
    where
        Q: UsageQuery,
        I: IntoIterator<Item = Q, IntoIter: Send + 'static>,
    {
        let client = self.clone();
        let runs = stream::iter(queries.into_iter().enumerate()).map(move |(place, query)| {
            let run = client.start(query).finish();
            async move { (place, run.await) }
        });
        runs.buffer_unordered(at_once.max(1)).boxed()
    }

    /// Calls a single endpoint.
    pub async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        let mut call = Call::new(endpoint, self.0.policy, seed(), self.0.clock.now());
        let response = self.advance(&mut call, &Canceller::default(), &mut |_, _| {}).await?;
        response.ok_or_else(|| BuildError::Client { problem: "the call was answered before".into() }.into())
    }

    /// Makes sure that the session holds an access token that is good now, and sends nothing with it. Queries and calls
    /// do this by themselves; see [`LogIn`] for when to do it ahead of them.
    pub async fn log_in(&self) -> Result<(), Error> {
        let mut log_in = LogIn::new(self.0.policy, seed(), self.0.clock.now());
        self.advance(&mut log_in, &Canceller::default(), &mut |_, _| {}).await.map(drop)
    }

    fn handle<Q: UsageQuery>(&self, execution: Execution<Q>) -> Handle<Q> {
        Handle::new(self.clone(), execution)
    }

    /// The session, to look at its request budget. Do not keep it across an `await`: every request needs it.
    pub fn session(&self) -> MutexGuard<'_, Session> {
        self.0.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy of new executions and calls.
    pub fn policy(&self) -> Policy {
        self.0.policy
    }

    /// Drives `machine` until it brings something (`Some`), is complete (`None`), or has failed; to be cancelled is to
    /// fail.
    pub(crate) async fn advance<M: Machine>(
        &self,
        machine: &mut M,
        canceller: &Canceller,
        notify: &mut (dyn FnMut(&M, Notice) + Send),
    ) -> Result<Option<M::Output>, Error> {
        loop {
            if canceller.is_cancelled()
                && let Some(moved) = machine.cancel()
            {
                notify(machine, Notice::Moved(moved));
            }
            let step = machine.next(self.0.clock.now(), &mut self.session());
            step.transitions.iter().for_each(|moved| notify(machine, Notice::Moved(*moved)));
            match step.next {
                Next::Finished => return machine.error().map_or(Ok(None), Err),
                Next::WaitUntil(until, why) => {
                    notify(machine, Notice::Waiting(until, why));
                    canceller.unless_cancelled(self.0.clock.sleep_until(until)).await;
                }
                // Cancelled by the observer, just now: it does not go out.
                Next::Send(_) if canceller.is_cancelled() => {}
                Next::Send(exchange) => {
                    let span = exchange.span.clone();
                    let Parts { pool, clock, session, .. } = &*self.0;
                    // On the heap, so that an execution holds none of it while it waits.
                    let work =
                        Box::pin(span.around(exchange::run(pool, &**clock, session, machine, *exchange)));
                    let Some(progress) = canceller.unless_cancelled(work).await else { continue };
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
        Ok(Self(Arc::new(Parts {
            pool: exchange::pool(&config)?,
            session: Arc::new(Mutex::new(config.session)),
            policy: config.policy,
            clock: Arc::new(SystemClock::default()),
        })))
    }

    fn variable(name: &str) -> Option<String> {
        env::var(name).ok()
    }
}

/// Jitter wants no two executions alike; the standard library's hash keys are random enough for that.
fn seed() -> u64 {
    RandomState::new().hash_one(())
}
