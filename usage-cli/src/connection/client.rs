//! The clients of all drivers behind one asynchronous trait.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use usage_core::error::{BuildError, Error};
use usage_core::execution::RestoreError;
use usage_core::{Endpoint, Event, Execution, Policy, Scope, Snapshot, UsageQuery, UsageTable};
use usage_driver::{SessionGuard, futures};

use crate::login::Keeper;
use crate::problem::Problem;
use crate::text::secrets;

/// A client of any driver. The futures of the blocking one are ready when they are first polled.
pub(crate) trait ServiceClient: Clone + Send + 'static {
    /// Locks the session for reading.
    fn session(&self) -> SessionGuard<'_>;

    fn policy(&self) -> Policy;

    fn with_policy(self, policy: Policy) -> Self;

    /// Calls a single endpoint.
    async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error>;

    /// Continues the execution of `snapshot`, hands each page to `page`, and returns the query and what its rows cover.
    async fn read<Q: UsageQuery>(
        &self,
        snapshot: Snapshot<Q>,
        observer: impl FnMut(&Execution<Q>, Event) -> Result<(), Problem> + Send + 'static,
        page: impl FnMut(UsageTable),
    ) -> Result<(Q, Scope), Error>;
}

impl ServiceClient for usage_blocking::Client {
    fn session(&self) -> SessionGuard<'_> {
        self.session()
    }

    fn policy(&self) -> Policy {
        self.policy()
    }

    fn with_policy(self, policy: Policy) -> Self {
        self.with_policy(policy)
    }

    async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        self.call(endpoint)
    }

    async fn read<Q: UsageQuery>(
        &self,
        snapshot: Snapshot<Q>,
        observer: impl FnMut(&Execution<Q>, Event) -> Result<(), Problem> + Send + 'static,
        mut page: impl FnMut(UsageTable),
    ) -> Result<(Q, Scope), Error> {
        let handle = self.restore(snapshot).map_err(|error| unusable(&error))?;
        let mut handle = handle.hold_pages().try_observe(observer);
        while let Some(next) = handle.next_page()? {
            page(next);
        }
        let execution = handle.execution();
        Ok((execution.query().clone(), execution.scope()))
    }
}

impl<D: futures::Driver> ServiceClient for futures::Client<D> {
    fn session(&self) -> SessionGuard<'_> {
        self.session()
    }

    fn policy(&self) -> Policy {
        self.policy()
    }

    fn with_policy(self, policy: Policy) -> Self {
        self.with_policy(policy)
    }

    async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        self.call(endpoint).await
    }

    async fn read<Q: UsageQuery>(
        &self,
        snapshot: Snapshot<Q>,
        observer: impl FnMut(&Execution<Q>, Event) -> Result<(), Problem> + Send + 'static,
        mut page: impl FnMut(UsageTable),
    ) -> Result<(Q, Scope), Error> {
        let handle = self.restore(snapshot).map_err(|error| unusable(&error))?;
        let mut handle = handle.hold_pages().try_observe(observer);
        while let Some(next) = handle.next_page().await? {
            page(next);
        }
        let execution = handle.execution();
        Ok((execution.query().clone(), execution.scope()))
    }
}

/// Returns the error for a snapshot that cannot be continued.
pub(crate) fn unusable(error: &RestoreError) -> BuildError {
    BuildError::Client { problem: error.to_string().into() }
}

/// Stores the token of the session of `client`, which may have been renewed, and hides it in what is printed.
pub(crate) fn keep_token(client: &impl ServiceClient, keeper: Option<&Keeper>) {
    let session = client.session();
    match keeper {
        Some(keeper) => keeper.look(session),
        None => secrets::know_session(&session),
    }
}

/// Runs a future of the blocking driver, which is never pending.
pub(super) fn run_blocking<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
