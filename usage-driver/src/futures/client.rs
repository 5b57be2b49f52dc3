//! The client whose methods return futures.

use std::sync::Arc;

use usage_core::error::BuildError;
use usage_core::execution::RestoreError;
use usage_core::{
    Call, Endpoint, Error, Execution, ExecutionId, LogIn, Machine, Policy, Snapshot, Timestamp, UsageQuery,
    UsageTable,
};

use crate::builder::{ClientBuilder, ClientConfig, FromConfig};
use crate::futures::{Clock, Driver, Handle, RunAll};
use crate::session::{SessionGuard, SharedSession};
use crate::task::Task;
use crate::token_exchange::TokenExchange;

/// A client: one session (hosts, credential, token, request budget) and one connection pool. Clones share both.
///
/// ```
/// use usage_core::query::OrganizationQuery;
/// use usage_core::{Error, Interval};
/// use usage_driver::futures::{Client, Driver};
///
/// /// Works with every driver that returns futures: a program passes `client.as_generic()`.
/// async fn total<D: Driver>(client: &Client<D>, days: Interval) -> Result<u64, Error> {
///     let rows = client.run(OrganizationQuery::new(days)).await?;
///     Ok(rows.iter().filter_map(|row| row.requests()).sum())
/// }
/// ```
#[derive(Debug)]
pub struct Client<D>(Arc<Parts<D>>);

#[derive(Clone, Debug)]
struct Parts<D> {
    driver: D,
    session: SharedSession,
    policy: Arc<Policy>,
    clock: Arc<dyn Clock>,
}

impl<D: Driver> Parts<D> {
    /// Carries out each token exchange on a task of its own, if the driver can start tasks.
    fn new(driver: D, session: &SharedSession, policy: Arc<Policy>, clock: Arc<dyn Clock>) -> Self {
        let Some(spawn) = D::spawner() else {
            return Self { driver, session: session.clone(), policy, clock };
        };
        let (carrier, time) = (driver.clone(), Arc::clone(&clock));
        let session = session.carried_by(move |session, exchange| {
            let mut token = Task::new(TokenExchange::new(session, exchange));
            let (driver, clock, session) = (carrier.clone(), Arc::clone(&time), session.clone());
            spawn(Box::pin(async move {
                // The session has the result.
                let _ = driver.advance(&*clock, &session, &mut token).await;
            }));
        });
        Self { driver, session, policy, clock }
    }
}

impl<D: Driver> Client<D> {
    /// Returns a builder: give it a credential, and a region or URL.
    pub fn builder() -> ClientBuilder<Self> {
        ClientBuilder::new()
    }

    /// Creates a client with a driver that exists already, for drivers with a state of their own. `config` comes from a
    /// [`ClientBuilder<ClientConfig>`](ClientBuilder); the caller has passed on to the driver what it needs of it.
    pub fn with_driver(driver: D, config: ClientConfig) -> Self {
        let session = SharedSession::new(config.session);
        let clock = Arc::new(D::Clock::default());
        Self(Arc::new(Parts::new(driver, &session, Arc::new(config.policy), clock)))
    }

    /// Returns this client on another clock, for tests that must not wait. Both share one session and one pool.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        let Parts { driver, session, policy, .. } = Arc::unwrap_or_clone(self.0);
        Self(Arc::new(Parts::new(driver, &session, policy, Arc::new(clock))))
    }

    /// Returns this client with another policy. Both share one session and one pool of connections.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self(Arc::new(Parts { policy: Arc::new(policy), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Runs `query` to its end and returns all its rows.
    ///
    /// # Errors
    ///
    /// Returns the failure of the execution. Rows that had arrived are [in the error](Error::rows), and the execution
    /// continues behind them from the [snapshot in it](Error::snapshot).
    pub async fn run<Q: UsageQuery>(&self, query: Q) -> Result<UsageTable, Error> {
        self.start(query).finish().await
    }

    /// Creates an execution of `query` that is driven step by step: page by page, observed, saved, cancelled. Nothing is
    /// sent before the first page is asked for.
    pub fn start<Q: UsageQuery>(&self, query: Q) -> Handle<Q, D> {
        Handle::new(self, Execution::new(query, self.shared_policy(), D::seed(), self.now()))
    }

    /// Continues an execution of `query` that was submitted elsewhere.
    pub fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Handle<Q, D> {
        Handle::new(self, Execution::attach(query, id, self.shared_policy(), D::seed(), self.now()))
    }

    /// Continues an execution that was saved, here or with another driver, with a deadline of its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the snapshot is from a newer version or contradicts itself.
    pub fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Handle<Q, D>, RestoreError> {
        Ok(Handle::new(self, Execution::restore(snapshot, self.shared_policy(), self.now())?))
    }

    /// Continues the execution that was saved, if there is one, and creates one of `query` otherwise: for a program that
    /// may have been killed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`restore`](Self::restore), and [`RestoreError::Query`] if the saved execution is of another
    /// query.
    pub fn start_or_restore<Q: UsageQuery>(
        &self,
        query: Q,
        saved: Option<Snapshot<Q>>,
    ) -> Result<Handle<Q, D>, RestoreError> {
        let (policy, seed, now) = (self.shared_policy(), D::seed(), self.now());
        Ok(Handle::new(self, Execution::start_or_restore(query, saved, policy, seed, now)?))
    }

    /// Runs all `queries`, up to `at_once` of them (at least one) at a time, and yields the result of each as it
    /// becomes available, with its place among the queries. A query is taken when there is room for it. Dropping the
    /// stream gives up the executions that are under way.
    pub fn run_all<Q, I>(&self, queries: I, at_once: usize) -> RunAll
    where
        Q: UsageQuery,
        I: IntoIterator<Item = Q, IntoIter: Send + 'static>,
    {
        RunAll::new(self, queries.into_iter(), at_once)
    }

    /// Calls a single endpoint, with retries.
    ///
    /// # Errors
    ///
    /// Returns the failure of the call, after the retries that the policy allows.
    pub async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        let call = Call::new(endpoint, self.shared_policy(), D::seed(), self.now());
        let response = self.advance(&mut Task::new(call)).await?;
        response.ok_or_else(|| BuildError::client("the call was answered before").into())
    }

    /// Makes sure that the session holds a valid access token, and sends nothing with it. Queries and calls do this by
    /// themselves; see [`LogIn`] for when to do it ahead of them.
    ///
    /// # Errors
    ///
    /// Returns an error if the login host refuses the credential or cannot be reached.
    pub async fn log_in(&self) -> Result<(), Error> {
        let log_in = LogIn::new(self.shared_policy(), D::seed(), self.now());
        self.advance(&mut Task::new(log_in)).await.map(drop)
    }

    /// Locks the session: its token and its request budget. Do not hold the guard across an `await`, since every request
    /// needs it.
    pub fn session(&self) -> SessionGuard<'_> {
        self.0.session.lock()
    }

    /// Returns the policy of new executions and calls.
    pub fn policy(&self) -> Policy {
        *self.0.policy
    }

    pub(super) fn advance<M: Machine>(
        &self,
        task: &mut Task<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send {
        let Parts { driver, clock, session, .. } = &*self.0;
        driver.advance(&**clock, session, task)
    }

    /// Returns the execution as restored from its snapshot.
    pub(super) fn resumed<Q: UsageQuery>(&self, execution: &Execution<Q>) -> Execution<Q> {
        execution.resumed(self.shared_policy(), self.now())
    }

    fn shared_policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.policy)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl<D> Clone for Client<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Driver> FromConfig for Client<D> {
    const USER_AGENT: &'static str = D::USER_AGENT;

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(Self::with_driver(D::new(&config)?, config))
    }

    fn variable(name: &str) -> Option<String> {
        D::variable(name)
    }
}
