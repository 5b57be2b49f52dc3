//! The three drivers behind one interface.

use usage_core::{Error, Policy, Secret, UsageQuery, UsageTable};
use usage_driver::{ClientBuilder, FromConfig};
use usage_sim::VirtualClock;

use crate::plan::{Asker, CLIENT, Family, SECRET};

/// The arguments of a driver for one execution.
#[derive(Debug)]
pub(crate) struct Assignment<'a> {
    pub(crate) url: &'a str,
    pub(crate) clock: VirtualClock,
    pub(crate) policy: Policy,
    pub(crate) family: Family,
}

/// The pages of an execution, and the error that ended it, if any.
pub(crate) type Outcome = (Vec<UsageTable>, Option<Error>);

pub(crate) type Driver = fn(&Assignment<'_>) -> Outcome;

pub(crate) const DRIVERS: &[(&str, Driver)] =
    &[("usage-blocking", blocking::run), ("usage-tokio", tokio::run), ("usage-async-std", async_std::run)];

fn client<C: FromConfig>(builder: ClientBuilder<C>, assignment: &Assignment<'_>) -> C {
    let (api, login) = (assignment.url.parse().unwrap(), assignment.url.parse().unwrap());
    let builder = builder.api_url(api).login_url(login).policy(assignment.policy);
    builder.client_credentials(CLIENT, Secret::new(SECRET.to_owned())).unwrap().build().unwrap()
}

mod blocking {
    use usage_blocking::Client;

    use super::*;

    pub(super) fn run(assignment: &Assignment<'_>) -> Outcome {
        assignment.family.be_asked(&Run(assignment))
    }

    struct Run<'a>(&'a Assignment<'a>);

    impl Asker for Run<'_> {
        type Answer = Outcome;

        fn ask<Q: UsageQuery>(&self, query: Q) -> Outcome {
            let client = client(Client::builder(), self.0).with_clock(self.0.clock.clone());
            let (mut handle, mut pages) = (client.start(query), Vec::new());
            loop {
                match handle.next_page() {
                    Ok(Some(page)) => pages.push(page),
                    Ok(None) => return (pages, None),
                    Err(error) => return (pages, Some(error)),
                }
            }
        }
    }
}

/// Implements the interface for the async drivers, which have the same API.
macro_rules! asynchronous {
    ($name:ident, $driver:ident, $block_on:path) => {
        mod $name {
            use $driver::Client;

            use super::*;

            pub(super) fn run(assignment: &Assignment<'_>) -> Outcome {
                assignment.family.be_asked(&Run(assignment))
            }

            struct Run<'a>(&'a Assignment<'a>);

            impl Asker for Run<'_> {
                type Answer = Outcome;

                fn ask<Q: UsageQuery>(&self, query: Q) -> Outcome {
                    let client = client(Client::builder(), self.0).with_clock(self.0.clock.clone());
                    $block_on(async {
                        let (mut handle, mut pages) = (client.start(query), Vec::new());
                        loop {
                            match handle.next_page().await {
                                Ok(Some(page)) => pages.push(page),
                                Ok(None) => return (pages, None),
                                Err(error) => return (pages, Some(error)),
                            }
                        }
                    })
                }
            }
        }
    };
}

fn block_on<F: Future>(future: F) -> F::Output {
    ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

asynchronous!(tokio, usage_tokio, block_on);
asynchronous!(async_std, usage_async_std, ::async_std::task::block_on);
