//! An execution that changes drivers while a request is in flight.

use std::pin::pin;
use std::time::Duration;

use usage_core::query::SimpleSearch;
use usage_core::retry::Backoff;
use usage_core::{Phase, Policy, Snapshot};
use usage_driver::{ClientBuilder, FromConfig};
use usage_sim::{
    Fault, Match, Operation, Rule, ServeOptions, Server, Simulator, SimulatorConfig, WireFault, serve,
};

use crate::runtime::{run, timeout};
use crate::support::{SECRET, in_memory};

fn client<C: FromConfig>(server: &Server) -> C {
    let (url, delay) = (server.url(), Duration::from_millis(5));
    let poll = Backoff::constant(delay);
    ClientBuilder::<C>::new()
        .api_url(url.parse().unwrap())
        .login_url(url.parse().unwrap())
        .policy(Policy::default().with_first_poll(delay).with_poll(poll).with_retry(poll))
        .client_credentials("7de3af06", String::from(SECRET).into())
        .unwrap()
        .build()
        .unwrap()
}

#[test]
fn an_execution_moves_from_tokio_to_async_std_to_threads() {
    let search = SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap());
    let config =
        SimulatorConfig::default().with_client("7de3af06", SECRET).with_execution_time(Duration::ZERO);
    let server = serve(Simulator::new(config), ServeOptions::default()).unwrap();
    server.simulator().inject(Rule::new(Match::Results, Fault::from(WireFault::Hang)));
    let struck = || server.simulator().journal().iter().any(|entry| entry.fault.is_some());

    // A poll is in flight when the tokio client is dropped.
    let mut on_tokio = client::<usage_tokio::Client>(&server).start(search.clone());
    run(async {
        let mut page = pin!(on_tokio.next_page());
        while !struck() {
            assert!(timeout(Duration::from_millis(5), page.as_mut()).await.is_none());
        }
    });
    assert_eq!(on_tokio.execution().phase(), Phase::InFlightPoll);
    let saved = on_tokio.snapshot().to_json();
    drop(on_tokio);

    // One page arrives on async-std.
    let saved = Snapshot::<SimpleSearch>::from_json(&saved).unwrap();
    let mut on_async_std = client::<usage_async_std::Client>(&server).restore(saved).unwrap();
    let mut rows = async_std::task::block_on(on_async_std.next_page()).unwrap().unwrap();
    on_async_std.acknowledge();
    let saved = on_async_std.snapshot().to_json();
    drop(on_async_std);

    // A thread fetches the others.
    let saved = Snapshot::<SimpleSearch>::from_json(&saved).unwrap();
    let on_a_thread = client::<usage_blocking::Client>(&server).restore(saved).unwrap();
    rows.append(&on_a_thread.finish().unwrap());

    assert_eq!(rows, in_memory(search));
    let submitted = |operation: Option<Operation>| operation.is_some_and(Operation::is_submit);
    assert_eq!(server.simulator().journal().iter().filter(|entry| submitted(entry.operation)).count(), 1);
}
