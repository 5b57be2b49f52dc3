use std::sync::{Arc, Mutex};
use std::time::Duration;

use usage_core::error::Failure;
use usage_core::query::{OrganizationQuery, SimpleSearch};
use usage_core::{Cause, Notice, Phase, Policy, Snapshot};
use usage_sim::{Match, Rule, WireFault};

use crate::runtime::{run, timeout};
use crate::support::{Service, in_memory, query};

fn hang(on: Match) -> Service {
    Service::with(Rule::new(on, WireFault::Hang))
}

#[test]
fn a_dropped_future_loses_nothing() {
    use Cause::{Abandoned, Accepted, Authorized, Elapsed, LastPage, Pending, Sent};

    let service = hang(Match::Results);
    let causes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&causes);
    let mut handle = service.client().start(query()).observe(move |_, notice| {
        if let Notice::Moved(moved) = notice {
            seen.lock().unwrap().push(moved.cause);
        }
    });
    run(async {
        assert!(service.drop_when_struck(handle.next_page()).await);
        assert_eq!(handle.execution().phase(), Phase::InFlightPoll);
        assert_eq!(handle.finish().await.unwrap(), in_memory(query()));
    });
    let wanted =
        [Authorized, Sent, Accepted, Elapsed, Sent, Abandoned, Sent, Pending, Elapsed, Sent, LastPage];
    assert_eq!(*causes.lock().unwrap(), wanted);
    assert_eq!(service.polls(), 3);
}

#[test]
fn a_dropped_submit_is_ambiguous() {
    let service = hang(Match::Submit);
    let mut handle = service.client().start(query());
    run(async {
        assert!(service.drop_when_struck(handle.next_page()).await);
        let error = handle.next_page().await.unwrap_err();
        assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error:?}");
    });
}

#[test]
fn a_dropped_token_request_is_sent_again() {
    let service = hang(Match::Token);
    let client = service.client();
    run(async {
        assert!(service.drop_when_struck(client.run(query())).await);
        // Whoever comes next waits until the fetch is forgotten, and fetches then.
        assert_eq!(client.run(query()).await.unwrap(), in_memory(query()));
    });
}

#[test]
fn a_row_whose_future_is_dropped_comes_later() {
    let drip = WireFault::Drip { interval: Duration::from_millis(5), bytes: 200 };
    let service = Service::with(Rule::new(Match::Results, drip).always());
    let mut rows = service.client().start(query()).rows();
    let mut dropped = 0;
    let streamed = run(async {
        let mut streamed = Vec::new();
        loop {
            match timeout(Duration::from_millis(3), rows.next()).await {
                Some(Some(record)) => streamed.push(record.unwrap()),
                Some(None) => return streamed,
                None => dropped += 1,
            }
        }
    });
    assert!(dropped > 0);
    assert_eq!(streamed, in_memory(query()).into_iter().collect::<Vec<_>>());
    assert_eq!(service.polls(), 2, "the request went on while nobody asked");
}

#[test]
fn a_snapshot_of_mid_flight_goes_on_elsewhere() {
    let service = hang(Match::Results);
    let mut handle = service.client().start(query());
    run(async {
        assert!(service.drop_when_struck(handle.next_page()).await);
        let saved = handle.snapshot().to_json();
        let id = handle.execution().id().cloned();
        drop(handle);

        let client = service.client();
        let snapshot = Snapshot::<OrganizationQuery>::from_json(&saved).unwrap();
        let handle = client.restore(snapshot).unwrap();
        assert!(id.is_some() && handle.execution().id() == id.as_ref());
        assert_eq!(handle.finish().await.unwrap(), in_memory(query()));
    });
    assert_eq!(service.journal(|entry| entry.started.is_some()).len(), 1);
}

#[test]
fn a_snapshot_between_pages_goes_on_with_the_next() {
    let search = SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap());
    let service = Service::start();
    let mut handle = service.client().start(search.clone());
    let rows = run(async {
        let mut rows = handle.next_page().await.unwrap().unwrap();
        let restored = service.client().restore(handle.snapshot()).unwrap();
        rows.append(&restored.finish().await.unwrap());
        rows
    });
    assert_eq!(rows, in_memory(search));
}

#[test]
fn cancelling_ends_it() {
    let service = hang(Match::Results);
    let mut handle = service.client().start(query());
    run(async {
        assert!(service.drop_when_struck(handle.next_page()).await);
        let moved = handle.cancel().unwrap();
        assert_eq!(
            (moved.from, moved.to, moved.cause),
            (Phase::InFlightPoll, Phase::Failed, Cause::Cancelled)
        );
        assert_eq!(handle.cancel(), None);
        let error = handle.next_page().await.unwrap_err();
        assert!(matches!(error.failure(), Failure::Cancelled) && error.can_resume());

        // The query runs on at the service.
        let attached = service.client().attach(query(), error.execution_id().unwrap().clone());
        assert_eq!(attached.finish().await.unwrap(), in_memory(query()));
    });
}

#[test]
fn the_deadline_is_known_before_it_is_waited_for() {
    let service = Service::start();
    let client = service.client_with(Policy::default().with_deadline(Duration::from_secs(1)));
    let error = run(client.run(query())).unwrap_err();
    assert!(error.is_timeout() && error.can_resume(), "{error:?}");
    assert_eq!(service.polls(), 0);
}
