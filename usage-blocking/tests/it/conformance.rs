//! The scenarios that every driver passes.

use usage_blocking::{Client, Clock, Handle};
use usage_core::execution::RestoreError;
use usage_core::{
    Endpoint, Error, Execution, ExecutionId, Snapshot, Timestamp, Transition, UsageQuery, UsageTable,
};
use usage_driver::Canceller;
use usage_sim::conformance::{Driver, Observer, World};

usage_sim::conformance_suite!(UnderTest);

struct UnderTest(Client);

#[derive(Debug)]
struct InWorld(World);

impl Clock for InWorld {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep_until(&self, until: Timestamp) {
        self.0.wait_until(until);
    }
}

impl Driver for UnderTest {
    type Client = Client;
    type Handle<Q: UsageQuery> = Handle<Q>;

    fn new(client: Client, world: &World) -> Self {
        Self(client.with_clock(InWorld(world.clone())))
    }

    fn start<Q: UsageQuery>(&self, query: Q) -> Handle<Q> {
        self.0.start(query)
    }

    fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Handle<Q> {
        self.0.attach(query, id)
    }

    fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Handle<Q>, RestoreError> {
        self.0.restore(snapshot)
    }

    fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        self.0.call(endpoint)
    }

    fn observe<Q: UsageQuery>(handle: Handle<Q>, observer: Observer<Q>) -> Handle<Q> {
        handle.observe(observer)
    }

    fn next_page<Q: UsageQuery>(handle: &mut Handle<Q>) -> Result<Option<UsageTable>, Error> {
        handle.next_page()
    }

    fn execution<Q: UsageQuery>(handle: &Handle<Q>) -> &Execution<Q> {
        handle.execution()
    }

    fn canceller<Q: UsageQuery>(handle: &Handle<Q>) -> Canceller {
        handle.canceller()
    }

    fn cancel<Q: UsageQuery>(handle: &mut Handle<Q>) -> Option<Transition> {
        handle.cancel()
    }
}
