//! Many executions at once, and executions that are cancelled from elsewhere.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use usage_core::error::Failure;
use usage_core::query::OrganizationQuery;
use usage_core::{Event, Phase, Policy, Secret, UsageRow, WaitReason};
use usage_sim::{Fault, Match, Rule, ServeOptions, Server, Simulator, SimulatorConfig, WireFault, serve};

use crate::driver::{Client, Handle};
use crate::runtime::{collect, first, run};
use crate::support::{SECRET, query};

/// Runs in real time.
fn service(takes: Duration) -> Server {
    let config = SimulatorConfig::default().with_client("7de3af06", SECRET).with_execution_time(takes);
    serve(Simulator::new(config), ServeOptions::default()).unwrap()
}

fn client(server: &Server, first_poll: Duration) -> Client {
    let url = server.url();
    let policy = Policy::default().with_first_poll(first_poll).with_exchange_timeout(Duration::from_secs(2));
    Client::builder()
        .api_url(url.parse().unwrap())
        .login_url(url.parse().unwrap())
        .policy(policy.with_deadline(Duration::from_secs(10_000)))
        .client_credentials("7de3af06", Secret::new(SECRET.into()))
        .unwrap()
        .build()
        .unwrap()
}

/// Cancels `handle` from another thread as soon as `when` returns true.
fn cancelled(
    handle: Handle<OrganizationQuery>,
    mut when: impl FnMut(Event) -> bool + Send + 'static,
) -> Handle<OrganizationQuery> {
    let canceller = handle.canceller();
    handle.observe(move |_, event| {
        if when(event) {
            let canceller = canceller.clone();
            thread::spawn(move || canceller.cancel());
        }
    })
}

fn waits_for_its_first_poll(event: Event) -> bool {
    matches!(event, Event::Waiting(_, WaitReason::Poll))
}

#[test]
fn a_sleeping_execution_is_cancelled_from_another_thread() {
    let server = service(Duration::ZERO);
    let handle = client(&server, Duration::from_secs(1000)).start(query());
    let mut handle = cancelled(handle, waits_for_its_first_poll);
    let error = run(handle.next_page()).unwrap_err();
    assert!(matches!(error.failure(), Failure::Cancelled) && error.can_resume(), "{error:?}");
    assert_eq!(handle.execution().phase(), Phase::Failed);
    assert!(run(handle.next_page()).is_err());

    // The query continues at the service.
    let client = client(&server, Duration::ZERO);
    let restored = client.restore(handle.snapshot());
    assert!(restored.is_ok_and(|handle| handle.execution().id() == error.execution_id()));
    let attached = client.attach(query(), error.execution_id().unwrap().clone());
    assert!(!run(attached.finish()).unwrap().is_empty());
}

#[test]
fn an_execution_with_a_visitor_is_cancelled_from_another_thread() {
    let server = service(Duration::ZERO);
    let handle = client(&server, Duration::from_secs(1000)).start(query());
    let handle = cancelled(handle, waits_for_its_first_poll);
    let error = run(handle.for_each_row(|_: UsageRow<'_>| {})).unwrap_err();
    assert!(matches!(error.failure(), Failure::Cancelled) && error.can_resume(), "{error:?}");
}

#[test]
fn a_visitor_may_use_the_client() {
    let server = service(Duration::ZERO);
    let client = client(&server, Duration::ZERO);
    let (inner, shown) = (client.clone(), Arc::new(Mutex::new(0)));
    let counted = Arc::clone(&shown);
    let visitor = move |_: UsageRow<'_>| {
        assert!(inner.session().access_token().is_some());
        *counted.lock().unwrap() += 1;
    };
    run(client.start(query()).for_each_row(visitor)).unwrap();
    assert_eq!(*shown.lock().unwrap(), run(client.run(query())).unwrap().len());
}

#[test]
fn an_exchange_is_given_up_when_its_execution_is_cancelled() {
    let server = service(Duration::ZERO);
    server.simulator().inject(Rule::new(Match::Results, Fault::from(WireFault::Hang)).always());
    let handle = client(&server, Duration::ZERO).start(query());
    let handle =
        cancelled(handle, |event| matches!(event, Event::Moved(moved) if moved.to == Phase::InFlightPoll));
    let error = run(handle.finish()).unwrap_err();
    assert!(matches!(error.failure(), Failure::Cancelled) && error.can_resume(), "{error:?}");
}

#[test]
fn an_execution_that_is_cancelled_beforehand_sends_nothing() {
    let server = service(Duration::ZERO);
    let handle = client(&server, Duration::ZERO).start(query());
    handle.canceller().cancel();
    let error = run(handle.finish()).unwrap_err();
    assert!(matches!(error.failure(), Failure::Cancelled) && error.execution_id().is_none(), "{error:?}");
    assert!(server.simulator().journal().is_empty());
}

#[test]
fn a_complete_execution_cannot_be_cancelled() {
    let server = service(Duration::ZERO);
    let mut handle = client(&server, Duration::ZERO).start(query());
    assert!(run(handle.next_page()).unwrap().is_some());
    assert!(run(handle.next_page()).unwrap().is_none());
    handle.canceller().cancel();
    assert!(run(handle.next_page()).unwrap().is_none());
}

fn queries(count: u32) -> impl Iterator<Item = OrganizationQuery> + Send + 'static {
    (1..=count).map(|day| {
        let interval = format!("2026-06-{day:02}/2026-06-{:02}", day + 1);
        OrganizationQuery::new(interval.parse().unwrap())
    })
}

#[test]
fn results_have_their_places_and_the_limit_holds() {
    let server = service(Duration::from_millis(20));
    let client = client(&server, Duration::from_millis(30));
    let alone: Vec<_> = queries(7).map(|query| run(client.run(query)).unwrap()).collect();
    let before = server.simulator().journal().len();

    let results = collect(client.run_all(queries(7), 3));
    let mut places = BTreeSet::new();
    for (place, result) in results {
        assert_eq!(result.unwrap(), alone[place]);
        places.insert(place);
    }
    assert_eq!(places, (0..7).collect());

    // An execution runs from its submit to its last poll.
    let simulator = server.simulator();
    let entries: Vec<_> = simulator.journal().iter().skip(before).collect();
    let mut spans = Vec::new();
    for (start, entry) in entries.iter().enumerate() {
        if let Some(id) = &entry.started {
            let end = entries.iter().rposition(|entry| entry.target.contains(&**id)).unwrap();
            spans.push(start..=end);
        }
    }
    assert_eq!(spans.len(), 7);
    let under_way = |at: usize| spans.iter().filter(|span| span.contains(&at)).count();
    let most = (0..entries.len()).map(under_way).max();
    assert!(most == Some(3) || most == Some(2), "{most:?}");
    assert_eq!(entries.iter().filter(|entry| entry.target == "/oauth/token").count(), 0, "one session");
}

#[test]
fn a_query_is_taken_when_another_has_ended() {
    let server = service(Duration::ZERO);
    let taken = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&taken);
    let queries = queries(20).inspect(move |_| *counted.lock().unwrap() += 1);
    let all = client(&server, Duration::ZERO).run_all(queries, 2);
    assert!(first(all).1.is_ok());
    // The first, those that ran with it, and those that followed.
    assert!(*taken.lock().unwrap() <= 6);
}

#[test]
fn a_failed_execution_does_not_affect_the_others() {
    let server = service(Duration::ZERO);
    server.simulator().inject(Rule::new(Match::Submit, Fault::Status(400)));
    let results = collect(client(&server, Duration::ZERO).run_all(queries(4), 0));
    let failed: Vec<_> = results.iter().map(|(place, result)| (*place, result.is_err())).collect();
    assert_eq!(failed, [(0, true), (1, false), (2, false), (3, false)]);
}
