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
/// Nothing here is asynchronous: the driver of an asynchronous client blocks on its futures, of several threads at a
/// time.
pub trait Driver: Send + Sync + Sized {
    /// The client that its builder builds.
    type Client: FromConfig;
    /// An execution that is being driven.
    type Handle<Q: UsageQuery>: Send;
    /// Whether it reaches the service over sockets, or in memory.
    const SOCKETS: bool = true;

    /// Lets `client` read the time and wait [in `world`](World::wait_until).
    fn new(client: Self::Client, world: &World) -> Self;

    /// An execution of `query`; nothing is sent yet.
    fn start<Q: UsageQuery>(&self, query: Q) -> Self::Handle<Q>;

    /// Continues an execution of `query` that was submitted elsewhere.
    fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Self::Handle<Q>;

    /// Resumes an execution that was saved.
    ///
    /// # Errors
    ///
    /// [`RestoreError`] if the snapshot cannot be restored.
    fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Self::Handle<Q>, RestoreError>;

    /// Calls a single endpoint.
    ///
    /// # Errors
    ///
    /// [`Error`] of the call.
    fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error>;

    /// Calls `observer` at every step of `handle` from now on.
    fn observe<Q: UsageQuery>(handle: Self::Handle<Q>, observer: Observer<Q>) -> Self::Handle<Q>;

    /// Drives the execution to its next page, and returns it; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`Error`] of the execution.
    fn next_page<Q: UsageQuery>(handle: &mut Self::Handle<Q>) -> Result<Option<UsageTable>, Error>;

    /// Like [`next_page`](Self::next_page), but drops the future as soon as `given_up`, and gives nothing back then.
    ///
    /// Only the suite for drivers with futures asks for this.
    fn next_page_unless<Q: UsageQuery>(
        handle: &mut Self::Handle<Q>,
        given_up: &(dyn Fn() -> bool + Sync),
    ) -> Option<Result<Option<UsageTable>, Error>> {
        let _ = given_up;
        Some(Self::next_page(handle))
    }

    /// The execution.
    fn execution<Q: UsageQuery>(handle: &Self::Handle<Q>) -> &Execution<Q>;

    /// Returns what cancels the execution while it is being driven.
    fn canceller<Q: UsageQuery>(handle: &Self::Handle<Q>) -> Canceller;

    /// Ends the execution here.
    fn cancel<Q: UsageQuery>(handle: &mut Self::Handle<Q>) -> Option<Transition>;
}
