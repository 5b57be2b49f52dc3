//! The clients in memory pass the scenarios that every driver passes, and take no time.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use usage_core::query::{OrganizationQuery, SimpleSearch};
use usage_core::{Policy, Timestamp};
use usage_sim::in_memory::Service;
use usage_sim::{Fault, Match, Organizations, Rule, Simulator, SimulatorConfig, VirtualClock, WireFault};

fn service(config: SimulatorConfig) -> Service {
    Service::new(Simulator::new(config), VirtualClock::default())
}

fn search() -> SimpleSearch {
    SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap())
}

/// Runs a future to its end. In memory, futures do not wait for other threads.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let std::task::Poll::Ready(done) = future.as_mut().poll(&mut cx) {
            return done;
        }
    }
}

#[test]
fn both_clients_use_the_same_service() {
    let rows = service(SimulatorConfig::default()).client().run(search()).unwrap();
    let futures = service(SimulatorConfig::default()).futures_client();
    assert_eq!(block_on(futures.run(search())).unwrap(), rows);
    assert!(rows.len() > 1000);
}

#[test]
fn an_hour_of_polling_takes_an_hour_of_the_clock() {
    let service = service(SimulatorConfig::default().with_execution_time(Duration::from_secs(3600)));
    let patient = Policy::default().with_deadline(Duration::from_secs(7200));
    let began = service.clock().now();
    let query = || OrganizationQuery::new("2026-06-01/2026-06-30".parse().unwrap());
    service.client().with_policy(patient).run(query()).unwrap();
    block_on(service.futures_client().with_policy(patient).run(query())).unwrap();
    let waited = service.clock().now().saturating_since(began);
    assert!(waited >= Duration::from_secs(7200), "{waited:?}");
}

#[test]
fn a_client_sees_the_faults() {
    let service = service(SimulatorConfig::default());
    let faults = [Fault::Status(503), WireFault::CloseMidBody.into(), WireFault::Hang.into()];
    for fault in faults {
        service.simulator().inject(Rule::new(Match::Results, fault));
    }
    service.client().run(search()).unwrap();
    assert_eq!(service.simulator().journal().iter().filter(|entry| entry.fault.is_some()).count(), 3);

    service.simulator().inject(Rule::new(Match::Submit, WireFault::CloseBeforeReply));
    let error = block_on(service.futures_client().run(search())).unwrap_err();
    assert!(error.to_string().contains("may have been"), "{error}");
}

#[test]
fn many_run_at_once_and_each_organization_has_its_rows() {
    let service = Service::new(Organizations::varied(3, 7), VirtualClock::default());
    let client = |index| {
        let client = usage_driver::blocking::Client::with_driver(service.driver(), service.config(index));
        client.with_clock(service.clock().clone())
    };
    let results: Vec<_> = client(0).run_all((0..5).map(|_| search()), 3).collect();
    let own = client(0).run(search()).unwrap();
    assert_eq!(results.len(), 5);
    assert!(results.into_iter().all(|(_, rows)| rows.unwrap() == own));
    assert_ne!(client(2).run(search()).unwrap(), own);
    assert_eq!(service.organization(1).unwrap().journal().len(), 0);
}

#[test]
fn a_client_that_is_built_has_its_own_service() {
    let config = SimulatorConfig::default();
    let secret = usage_core::Secret::new(config.client_secret());
    let builder = usage_driver::blocking::Client::<usage_sim::in_memory::InMemory>::builder();
    let client = builder.client_credentials(&config.client_id(), secret).unwrap().build().unwrap();
    let clock = VirtualClock::new(Timestamp::from_unix_millis(1_783_500_000_000));
    assert!(!client.with_clock(clock).run(search()).unwrap().is_empty());
}
