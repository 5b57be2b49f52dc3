//! The clients in memory against the scenarios that every driver passes.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use usage_core::execution::RestoreError;
use usage_core::{
    Endpoint, Error, Execution, ExecutionId, Snapshot, Timestamp, Transition, UsageQuery, UsageTable,
};
use usage_driver::{Canceller, ClientConfig};
use usage_sim::conformance::{Driver, Observer, World, check};
use usage_sim::in_memory::InMemory;

#[derive(Debug)]
struct InWorld(World);

impl usage_driver::blocking::Clock for InWorld {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep_until(&self, until: Timestamp) {
        self.0.wait_until(until);
    }
}

impl usage_driver::futures::Clock for InWorld {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.0.wait_until(until) })
    }
}

/// Runs a future to its end or until `given_up`, in a busy loop: other threads may have to make progress.
fn run_unless<T>(future: impl Future<Output = T>, given_up: &dyn Fn() -> bool) -> Option<T> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(done) => return Some(done),
            Poll::Pending if given_up() => return None,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    run_unless(future, &|| false).unwrap()
}

/// Implements [`Driver`] for the clients of a module of `usage_driver`; `$run` runs the results of their methods.
macro_rules! under_test {
    ($name:ident, $($module:ident)::+, $run:expr, $($unless:tt)*) => {
        struct $name($($module)::+::Client<InMemory>);

        impl Driver for $name {
            type Client = ClientConfig;
            type Handle<Q: UsageQuery> = $($module)::+::Handle<Q, InMemory>;
            const SOCKETS: bool = false;

            fn new(config: ClientConfig, world: &World) -> Self {
                let client = $($module)::+::Client::with_driver(world.in_memory(), config);
                Self(client.with_clock(InWorld(world.clone())))
            }

            fn start<Q: UsageQuery>(&self, query: Q) -> Self::Handle<Q> {
                self.0.start(query)
            }

            fn attach<Q: UsageQuery>(&self, query: Q, id: ExecutionId) -> Self::Handle<Q> {
                self.0.attach(query, id)
            }

            fn restore<Q: UsageQuery>(&self, snapshot: Snapshot<Q>) -> Result<Self::Handle<Q>, RestoreError> {
                self.0.restore(snapshot)
            }

            fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
                $run(self.0.call(endpoint))
            }

            fn observe<Q: UsageQuery>(handle: Self::Handle<Q>, observer: Observer<Q>) -> Self::Handle<Q> {
                handle.observe(observer)
            }

            fn next_page<Q: UsageQuery>(handle: &mut Self::Handle<Q>) -> Result<Option<UsageTable>, Error> {
                $run(handle.next_page())
            }

            $($unless)*

            fn execution<Q: UsageQuery>(handle: &Self::Handle<Q>) -> &Execution<Q> {
                handle.execution()
            }

            fn canceller<Q: UsageQuery>(handle: &Self::Handle<Q>) -> Canceller {
                handle.canceller()
            }

            fn cancel<Q: UsageQuery>(handle: &mut Self::Handle<Q>) -> Option<Transition> {
                handle.cancel()
            }
        }
    };
}

mod blocking {
    use super::*;

    under_test!(UnderTest, usage_driver::blocking, std::convert::identity,);
    usage_sim::conformance_suite!(UnderTest);
}

mod futures {
    use super::*;

    under_test! {
        UnderTest, usage_driver::futures, block_on,
        fn next_page_unless<Q: UsageQuery>(
            handle: &mut Self::Handle<Q>,
            given_up: &(dyn Fn() -> bool + Sync),
        ) -> Option<Result<Option<UsageTable>, Error>> {
            run_unless(handle.next_page(), given_up)
        }
    }
    usage_sim::conformance_suite!(UnderTest);

    /// `dropped_token_request` is left out of the scenarios with dropped futures: in memory, a token exchange ends
    /// before its future can be dropped.
    #[test]
    fn dropped_futures() {
        for name in [
            "dropped_poll",
            "dropped_in_the_body",
            "dropped_submit",
            "dropped_and_restored",
            "dropped_and_restored_in_the_middle",
        ] {
            check::<UnderTest>(name);
        }
    }
}
