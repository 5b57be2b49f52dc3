//! Many executions at once, each on a thread.

#![expect(clippy::disallowed_methods, reason = "drivers start threads")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use usage_core::error::BuildError;
use usage_core::query::OrganizationQuery;
use usage_core::{Error, Machine, Secret};
use usage_driver::blocking::{self, MAX_THREADS};
use usage_driver::{ClientBuilder, ClientConfig};
use usage_driver::{SharedSession, Task};

use crate::stuck::Still;
use crate::support::query;

/// A driver whose executions end at once, without rows.
#[derive(Clone, Debug)]
struct Idle;

impl blocking::Driver for Idle {
    type Clock = Still;
    const USER_AGENT: &'static str = "idle/1.0";

    fn new(_: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self)
    }

    fn variable(_: &str) -> Option<String> {
        None
    }

    fn seed() -> u64 {
        1
    }

    fn spawn(work: impl FnOnce() + Send + 'static) {
        thread::spawn(work);
    }

    fn advance<M: Machine>(
        &self,
        _: &dyn blocking::Clock,
        _: &SharedSession,
        _: &mut Task<M>,
    ) -> Result<Option<M::Output>, Error> {
        Ok(None)
    }
}

fn client() -> blocking::Client<Idle> {
    let builder = ClientBuilder::new().client_credentials("id", Secret::new("secret".into()));
    builder.unwrap().build().unwrap()
}

/// Returns the number of results, or the text of the panic.
fn run(
    queries: impl Iterator<Item = OrganizationQuery> + Send + 'static,
    at_once: usize,
) -> Result<usize, String> {
    let results = catch_unwind(AssertUnwindSafe(|| client().run_all(queries, at_once).count()));
    results.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

fn failing_at(place: usize) -> impl Iterator<Item = OrganizationQuery> + Send {
    (0..20).map(move |n| {
        assert!(n != place, "query {n} cannot be made");
        query()
    })
}

#[test]
fn a_panic_of_the_iterator_reaches_the_caller() {
    for place in [0, 2, 19] {
        for at_once in [1, 3, 100, usize::MAX] {
            let panic = run(failing_at(place), at_once).unwrap_err();
            assert_eq!(panic, format!("query {place} cannot be made"), "{at_once} at once");
        }
    }
}

#[test]
fn any_number_may_run_at_once() {
    for at_once in [0, 1, 7, MAX_THREADS + 1, usize::MAX] {
        assert_eq!(run(failing_at(99), at_once), Ok(20), "{at_once} at once");
        // An iterator that does not know its length.
        let mut left = 20;
        let unknown = std::iter::from_fn(move || {
            left -= 1;
            (left >= 0).then(query)
        });
        assert_eq!(run(unknown, at_once), Ok(20), "{at_once} at once");
    }
}

#[test]
fn threads_are_started_as_there_are_queries() {
    let mut results = client().run_all((0..3).map(|_| query()), usize::MAX);
    assert_eq!(results.by_ref().count(), 3);
    let printed = format!("{results:?}");
    let threads: usize = printed.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse().ok()).unwrap();
    assert!((1..=4).contains(&threads), "{printed}");
}
