//! What clients of both kinds pass to their driver, and their `Debug` output.

use std::iter;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use futures_util::FutureExt;
use usage_core::Secret;
use usage_core::query::OrganizationQuery;
use usage_driver::{ClientBuilder, FromConfig};
use usage_driver::{Task, blocking, futures};

use crate::stuck::{Still, Stuck};
use crate::support::{policy, query};

/// Longer than any test here takes.
const PATIENCE: Duration = Duration::from_secs(60);

type Blocking = blocking::Client<Stuck>;
type Futures = futures::Client<Stuck>;

fn builder<C: FromConfig>() -> ClientBuilder<C> {
    ClientBuilder::new().policy(policy().with_max_failures(1))
}

fn with_token<C: FromConfig>() -> C {
    builder().access_token("a-token").unwrap().build().unwrap()
}

fn with_secret<C: FromConfig>() -> C {
    builder().client_credentials("id", Secret::new("secret".into())).unwrap().build().unwrap()
}

#[test]
fn variables_are_read_by_the_driver() {
    let (blocking, futures) = (with_token::<Blocking>(), with_token::<Futures>());
    for shown in [format!("{blocking:?}"), format!("{futures:?}")] {
        assert!(shown.contains(Stuck::PROXY), "{shown}");
    }
}

#[test]
fn a_client_returns_its_policy() {
    let wanted = policy().with_max_failures(1);
    assert_eq!((with_token::<Blocking>().policy(), with_token::<Futures>().policy()), (wanted, wanted));
}

#[test]
fn a_log_in_fails_with_its_driver() {
    let blocking = with_secret::<Blocking>().log_in().unwrap_err();
    let futures = with_secret::<Futures>().log_in().now_or_never().unwrap().unwrap_err();
    for error in [blocking, futures] {
        assert!(error.to_string().contains("stuck"), "{error}");
    }
    with_token::<Blocking>().log_in().unwrap();
    with_token::<Futures>().log_in().now_or_never().unwrap().unwrap();
}

#[test]
fn debug_names_the_execution() {
    let (blocking, futures) = (with_token::<Blocking>(), with_token::<Futures>());
    let execution = format!("{:?}", blocking.start(query()).execution());
    let task = Task::new(Still);
    for (shown, wanted) in [
        (format!("{task:?}"), "Task { machine: Still, canceller: Canceller { cancelled: false }, .. }"),
        (format!("{:?}", blocking.start(query())), &format!("Handle {{ execution: {execution}, .. }}")),
        (format!("{:?}", futures.start(query())), &format!("Handle {{ execution: {execution}, .. }}")),
        (format!("{:?}", blocking.start(query()).rows()), "Rows { .. }"),
        (format!("{:?}", futures.start(query()).rows()), "Rows { .. }"),
        (
            format!("{:?}", blocking.run_all(iter::empty::<OrganizationQuery>(), 3)),
            "RunAll { threads: 1, .. }",
        ),
    ] {
        assert_eq!(shown, wanted);
    }
}

#[test]
fn dropping_the_results_cancels_running_executions() {
    struct Left(Sender<()>);
    impl Drop for Left {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    let (taken_in, taken) = channel();
    let (left_in, left): (_, Receiver<()>) = channel();
    let left_in = Left(left_in);
    let queries = iter::repeat_with(move || {
        // The queries are dropped when the last thread has ended.
        let _held = &left_in;
        taken_in.send(()).unwrap();
        query()
    });
    let results = with_token::<Blocking>().run_all(queries, 2);
    for _ in 0..2 {
        taken.recv_timeout(PATIENCE).unwrap();
    }
    drop(results);
    left.recv_timeout(PATIENCE).unwrap();
}
