//! The scenarios that every driver passes.

use std::pin::{Pin, pin};
use std::time::Duration;

use usage_core::execution::RestoreError;
use usage_core::{
    Endpoint, Error, Execution, ExecutionId, Snapshot, Timestamp, Transition, UsageQuery, UsageTable,
};
use usage_driver::Canceller;
use usage_sim::conformance::{Driver, Observer, World};

use crate::driver::{Client, Clock, Handle};
use crate::runtime::{block_on, run, timeout};

usage_sim::conformance_suite!(UnderTest, futures);

struct UnderTest(Client);

#[derive(Debug)]
struct InWorld(World);

impl Clock for InWorld {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.0.wait_until(until) })
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
        block_on(self.0.call(endpoint))
    }

    fn observe<Q: UsageQuery>(handle: Handle<Q>, observer: Observer<Q>) -> Handle<Q> {
        handle.observe(observer)
    }

    fn next_page<Q: UsageQuery>(handle: &mut Handle<Q>) -> Result<Option<UsageTable>, Error> {
        run(handle.next_page())
    }

    fn next_page_unless<Q: UsageQuery>(
        handle: &mut Handle<Q>,
        given_up: &(dyn Fn() -> bool + Sync),
    ) -> Option<Result<Option<UsageTable>, Error>> {
        run(async {
            let mut page = pin!(handle.next_page());
            loop {
                let brought = timeout(Duration::from_millis(5), page.as_mut()).await;
                if brought.is_some() || given_up() {
                    return brought;
                }
            }
        })
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
