//! Rows that arrived are never lost: an error contains them, and the execution continues after them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use usage_core::error::Failure;
use usage_core::query::SimpleSearch;
use usage_core::{Error, Event, Execution, Policy, Secret, Snapshot, UsageRow, UsageTable};
use usage_sim::{Fault, Match, Operation, Rule, ServeOptions, Server, Simulator, SimulatorConfig, serve};

use crate::driver::Client;
use crate::runtime::{collect, run};
use crate::support::SECRET;

/// A service with three pages, in real time and without waits.
struct World {
    server: Server,
    client: Client,
}

fn world() -> World {
    let config =
        SimulatorConfig::default().with_client("7de3af06", SECRET).with_execution_time(Duration::ZERO);
    let server = serve(Simulator::new(config), ServeOptions::default()).unwrap();
    let url = server.url();
    let client = Client::builder()
        .api_url(url.parse().unwrap())
        .login_url(url.parse().unwrap())
        .policy(Policy::default().with_first_poll(Duration::ZERO))
        .client_credentials("7de3af06", Secret::new(SECRET.into()))
        .unwrap()
        .build()
        .unwrap();
    World { server, client }
}

fn search() -> SimpleSearch {
    SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap())
}

impl World {
    /// Refuses the page at `index` once.
    fn refuse(&self, index: u32) {
        self.server.simulator().inject(Rule::new(Match::Results, Fault::Status(400)).skip(index));
    }

    fn submits(&self) -> usize {
        let submitted = |operation: Option<Operation>| operation.is_some_and(Operation::is_submit);
        self.server.simulator().journal().iter().filter(|entry| submitted(entry.operation)).count()
    }

    /// Returns all rows, fetched by one execution without a fault.
    fn all(&self) -> UsageTable {
        run(self.client.run(search())).unwrap()
    }
}

/// Returns the rows in `error` and those that follow them.
fn completed(client: &Client, mut error: Error) -> UsageTable {
    let mut rows = error.take_rows();
    let snapshot = error.snapshot::<SimpleSearch>().unwrap();
    rows.absorb(run(client.restore(snapshot).unwrap().finish()).unwrap());
    rows
}

#[test]
fn an_error_contains_the_rows_so_far_and_the_rest_can_be_fetched() {
    let world = world();
    let all = world.all();
    for (page, rows) in [(0, 0), (1, 1000), (2, 2000)] {
        world.refuse(page);
        let error = run(world.client.run(search())).unwrap_err();
        assert_eq!(error.rows().map(UsageTable::len), Some(rows));
        assert_eq!(completed(&world.client, error), all);

        world.refuse(page);
        let mut results = collect(world.client.run_all([search()], 1));
        let error = results.remove(0).1.unwrap_err();
        assert_eq!(error.rows().map(UsageTable::len), Some(rows));
        assert_eq!(completed(&world.client, error), all);
    }
    assert_eq!(world.submits(), 7, "a resumed query is not submitted again");
}

#[test]
fn cancelling_and_the_deadline_return_the_rows_so_far() {
    let world = world();
    let all = world.all();
    let handle = world.client.start(search());
    let canceller = handle.canceller();
    let handle = handle.observe(move |execution, _| {
        if execution.pages() == 2 {
            canceller.cancel();
        }
    });
    let error = run(handle.finish()).unwrap_err();
    assert_eq!((error.failure(), error.rows().map(UsageTable::len)), (&Failure::Cancelled, Some(2000)));
    assert_eq!(completed(&world.client, error), all);

    let limited = Fault::RateLimited { retry_after: Some("3600".into()) };
    world.server.simulator().inject(Rule::new(Match::Results, limited).skip(1));
    let error = run(world.client.run(search())).unwrap_err();
    assert!(error.is_rate_limited() && error.is_timeout() && error.next_allowed().is_some(), "{error:?}");
    assert_eq!(error.rows().map(UsageTable::len), Some(1000));
}

#[test]
fn a_handle_continues_after_an_error() {
    let world = world();
    let all = world.all();
    for page in 0..3 {
        world.refuse(page);
        let mut handle = world.client.start(search());
        let mut rows = UsageTable::new();
        loop {
            match run(handle.next_page()) {
                Ok(Some(page)) => rows.absorb(page),
                Ok(None) => break,
                Err(_) => {
                    assert!(run(handle.next_page()).is_err(), "an error stays until it is resumed");
                    handle.resume();
                }
            }
        }
        assert_eq!(rows, all);
    }
    let mut handle = world.client.start(search());
    handle.canceller().cancel();
    assert!(run(handle.next_page()).is_err());
    handle.resume();
    assert_eq!(run(handle.finish()).unwrap(), all);
}

#[test]
fn visited_rows_are_not_shown_again_after_an_error() {
    let world = world();
    let all: Vec<_> = world.all().iter().map(|row| row.requests()).collect();
    for page in 0..3 {
        world.refuse(page);
        let mut shown = Vec::new();
        let visitor = |row: UsageRow<'_>| shown.push(row.requests());
        let error = run(world.client.start(search()).for_each_row(visitor)).unwrap_err();
        let rest = world.client.restore(error.snapshot::<SimpleSearch>().unwrap()).unwrap();
        let visitor = |row: UsageRow<'_>| shown.push(row.requests());
        run(rest.for_each_row(visitor)).unwrap();
        assert_eq!(shown, all);
    }
}

/// The snapshots that an observer saved, one for each event.
type Saved = Arc<Mutex<Vec<String>>>;

fn saving<Q: usage_core::UsageQuery>(saved: &Saved) -> impl FnMut(&Execution<Q>, Event) + Send + 'static {
    let saved = Arc::clone(saved);
    move |execution, _| saved.lock().unwrap().push(execution.snapshot().to_json())
}

#[test]
fn no_row_is_lost_if_an_observer_saves_every_step() {
    let world = world();
    let all = world.all();
    // All pages are collected at the end: what was saved before continues at the first page.
    let saved = Saved::default();
    let rows = run(world.client.start(search()).observe(saving(&saved)).finish()).unwrap();
    assert_eq!(rows, all);
    let in_the_end = std::mem::take(&mut *saved.lock().unwrap());
    let after_the_submit = |json: &String| json.contains("\"op\":\"poll\"");
    for json in in_the_end.iter().filter(|json| after_the_submit(json)) {
        let handle = world.client.restore(Snapshot::<SimpleSearch>::from_json(json).unwrap()).unwrap();
        assert_eq!(run(handle.finish()).unwrap(), all, "{json}");
    }
    // Each page is stored by its number: what was saved before continues at the page that was not stored.
    let mut handle = world.client.start(search()).observe(saving(&saved));
    let mut stored = BTreeMap::new();
    let mut seen = 0;
    loop {
        let page = run(handle.next_page()).unwrap();
        for json in saved.lock().unwrap()[seen..].iter().filter(|json| after_the_submit(json)) {
            let mut pages = stored.clone();
            let snapshot = Snapshot::<SimpleSearch>::from_json(json).unwrap();
            let mut restored = world.client.restore(snapshot).unwrap();
            while let Some(page) = run(restored.next_page()).unwrap() {
                pages.insert(restored.execution().pages(), page);
            }
            let rows: UsageTable = pages.into_values().flatten().collect();
            assert_eq!(rows, all, "{json}");
        }
        seen = saved.lock().unwrap().len();
        let Some(page) = page else { break };
        stored.insert(handle.execution().pages(), page);
    }
}

#[test]
fn a_restored_complete_execution_has_no_more_rows() {
    let world = world();
    let mut handle = world.client.start(search());
    while run(handle.next_page()).unwrap().is_some() {}
    let saved = handle.snapshot();
    assert!(saved.is_complete());
    let mut again = world.client.start_or_restore(search(), Some(saved)).unwrap();
    assert!(run(again.next_page()).unwrap().is_none());
    assert_eq!((again.execution().pages(), world.submits()), (3, 1));
}

/// Returns an observer that fails at its event with this number.
fn failing_at<Q: usage_core::UsageQuery>(
    at: usize,
) -> impl FnMut(&Execution<Q>, Event) -> Result<(), std::io::Error> + Send + 'static {
    let mut events = 0;
    move |_, _| {
        events += 1;
        if events == at { Err(std::io::Error::other("the disk is full")) } else { Ok(()) }
    }
}

/// Returns the pages until an error, stored by their number.
fn until_an_error(
    handle: &mut crate::driver::Handle<SimpleSearch>,
    stored: &mut BTreeMap<u32, UsageTable>,
) -> Result<(), Error> {
    while let Some(page) = run(handle.next_page())? {
        stored.insert(handle.execution().pages(), page);
    }
    Ok(())
}

#[test]
fn an_observers_error_stops_the_run_before_the_next_request() {
    let world = world();
    let all = world.all();
    let mut submits = 1;
    for at in 1.. {
        let mut stored = BTreeMap::new();
        let mut handle = world.client.start(search()).try_observe(failing_at(at));
        let Err(error) = until_an_error(&mut handle, &mut stored) else { break };
        let Failure::Observer(cause) = error.failure() else { panic!("{error:?}") };
        assert!(cause.get_ref().unwrap().is::<std::io::Error>());
        assert!(
            error.to_string().starts_with("the observer stopped it: the disk is full (at usage."),
            "{error}"
        );
        let sent = world.server.simulator().journal().len();
        assert!(run(handle.next_page()).is_err());
        assert_eq!(world.server.simulator().journal().len(), sent, "nothing goes out");

        // It continues where it stopped, here and from its snapshot, and submits once.
        let saved = Snapshot::<SimpleSearch>::from_json(&handle.snapshot().to_json()).unwrap();
        assert!(!saved.is_submit_in_doubt(), "{at}");
        let submitted = saved.execution_id().is_some();
        let mut pages = stored.clone();
        until_an_error(&mut world.client.restore(saved).unwrap(), &mut pages).unwrap();
        assert_eq!(pages.into_values().flatten().collect::<UsageTable>(), all, "{at}");
        handle.resume();
        until_an_error(&mut handle, &mut stored).unwrap();
        assert_eq!(stored.into_values().flatten().collect::<UsageTable>(), all, "{at}");
        submits += if submitted { 1 } else { 2 };
        assert_eq!(world.submits(), submits, "{at}");
    }
    assert!(submits > 10, "it stops at many steps");
}

#[test]
fn a_page_is_returned_again_if_the_observer_panicked() {
    let world = world();
    let all = world.all();
    for page in 1..=3 {
        let mut has_panicked = false;
        let handle = world.client.start(search()).observe(move |execution, event| {
            let is_page =
                matches!(event, Event::Moved(_)) && execution.snapshot().pages() + 1 == execution.pages();
            if is_page && execution.pages() == page && !has_panicked {
                has_panicked = true;
                std::panic::resume_unwind(Box::new("stopped"));
            }
        });
        let (mut handle, mut stored) = (handle, BTreeMap::new());
        let run = std::panic::AssertUnwindSafe(|| until_an_error(&mut handle, &mut stored));
        assert!(std::panic::catch_unwind(run).is_err());
        let error = until_an_error(&mut handle, &mut stored).unwrap_err();
        assert!(error.to_string().starts_with("the observer stopped it: it panicked"), "{error}");
        handle.resume();
        until_an_error(&mut handle, &mut stored).unwrap();
        assert_eq!(stored.into_values().flatten().collect::<UsageTable>(), all, "{page}");
    }
}

#[test]
fn a_query_is_not_submitted_if_its_observer_cancels_before() {
    let world = world();
    let handle = world.client.start(search());
    let canceller = handle.canceller();
    let mut handle = handle.observe(move |execution, _| {
        if execution.phase() == usage_core::Phase::InFlightSubmit {
            canceller.cancel();
        }
    });
    assert!(matches!(run(handle.next_page()).unwrap_err().failure(), Failure::Cancelled));
    assert!(!handle.snapshot().is_submit_in_doubt());
    assert_eq!(world.submits(), 0);
    handle.resume();
    assert!(run(handle.next_page()).unwrap().is_some());
}
