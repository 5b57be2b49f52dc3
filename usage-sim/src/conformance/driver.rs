//! The driver under test.

use usage_core::execution::RestoreError;
use usage_core::{
    Endpoint, Error, Event, Execution, ExecutionId, Snapshot, Transition, UsageQuery, UsageTable,
};
use usage_driver::{Canceller, FromConfig};

use super::World;

/// The observer of an execution, called at every transition and every wait.
pub type Observer<Q> = Box<dyn FnMut(&Execution<Q>, Event) + Send>;

/// A driver under test, as the scenarios use it.
///
/// Its functions are synchronous: the driver of an asynchronous client blocks on its futures, also on several threads
/// at once.
pub trait Driver: Send + Sync + Sized {
    /// The client that its builder builds.
    type Client: FromConfig;
    /// An execution that is being driven.
    type Handle<Q: UsageQuery>: Send;
    /// Whether the driver reaches the service over sockets.
    const SOCKETS: bool = true;

    /// Creates a driver whose client reads the time and waits [in `world`](World::wait_until).
    fn new(client: Self::Client, world: &World) -> Self;

    /// Creates an execution of `query`, without sending anything.
    fn start<Q: UsageQuery>(&self, query: Q) -> Self::Handle<Q>;

    /// Continues an execution of `query` that was submitted elsewhere.
    fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Self::Handle<Q>;

    /// Resumes an execution that was saved.
    ///
    /// # Errors
    ///
    /// Returns an error if the snapshot cannot be restored.
    fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Self::Handle<Q>, RestoreError>;

    /// Calls a single endpoint.
    ///
    /// # Errors
    ///
    /// Returns the error of the call.
    fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error>;

    /// Sets the observer, which is called at every step of `handle` from now on.
    fn observe<Q: UsageQuery>(handle: Self::Handle<Q>, observer: Observer<Q>) -> Self::Handle<Q>;

    /// Drives the execution to its next page and returns it, or `None` after the last page.
    ///
    /// # Errors
    ///
    /// Returns the error of the execution.
    fn next_page<Q: UsageQuery>(handle: &mut Self::Handle<Q>) -> Result<Option<UsageTable>, Error>;

    /// Like [`next_page`](Self::next_page), but drops the future as soon as `given_up` returns true; then returns
    /// `None`.
    ///
    /// Only the suite for drivers with futures calls this.
    fn next_page_unless<Q: UsageQuery>(
        handle: &mut Self::Handle<Q>,
        given_up: &(dyn Fn() -> bool + Sync),
    ) -> Option<Result<Option<UsageTable>, Error>> {
        let _ = given_up;
        Some(Self::next_page(handle))
    }

    /// Returns the execution.
    fn execution<Q: UsageQuery>(handle: &Self::Handle<Q>) -> &Execution<Q>;

    /// Returns a canceller for the execution while it is being driven.
    fn canceller<Q: UsageQuery>(handle: &Self::Handle<Q>) -> Canceller;

    /// Cancels the execution.
    fn cancel<Q: UsageQuery>(handle: &mut Self::Handle<Q>) -> Option<Transition>;
}
