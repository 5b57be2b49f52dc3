//! Plays a scenario with a driver and records the observations.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use usage_core::events::{EventAggregatesQuery, EventDefinitionById, EventDefinitions, EventQuery};
use usage_core::model::{Dimension, Granularity};
use usage_core::platform::{OAuthClients, OrganizationMe, Users};
use usage_core::query::{
    ClientJob, ClientQuery, ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch,
};
use usage_core::{
    Cause, ClientId, Endpoint, Error, Event, Interval, Phase, Snapshot, UsageQuery, UsageTable, WaitReason,
};

use super::driver::Driver;
use super::gate::Gate;
use super::observed::{End, Observed};
use super::scenario::{Operation, Scenario, Script, Work};
use super::world::{START, World};

/// Returns the observations of `scenario` with the driver `D`.
pub(super) fn play<D: Driver>(scenario: &Scenario) -> Observed {
    match scenario.work {
        Work::Organization => run::<D, _>(scenario, &OrganizationQuery::new(day())),
        Work::Client => run::<D, _>(scenario, &ClientQuery::new(some_client(scenario), day())),
        Work::Summary => run::<D, _>(scenario, &ClientSummary::new(some_client(scenario)).with_days(1)),
        Work::Search => run::<D, _>(scenario, &SimpleSearch::new(week())),
        Work::OrganizationJob => {
            let by = [Dimension::OAuthClientId, Dimension::TemplateUri];
            run::<D, _>(
                scenario,
                &OrganizationJob::new(week()).with_granularity(Granularity::Day).with_group_by(by),
            )
        }
        Work::ClientJob => run::<D, _>(scenario, &ClientJob::new(some_client(scenario), day())),
        Work::Call(operation) => call::<D>(scenario, operation),
    }
}

fn day() -> Interval {
    "2026-06-03/2026-06-04".parse().expect("an interval")
}

fn week() -> Interval {
    "2026-06-01/2026-06-08".parse().expect("an interval")
}

/// Returns the first client that the service knows.
fn some_client(scenario: &Scenario) -> ClientId {
    let clients = crate::Simulator::new(scenario.config.clone()).oauth_clients(START);
    clients[0].id.parse().expect("a client id")
}

fn run<D: Driver, Q: UsageQuery + Sync>(scenario: &Scenario, query: &Q) -> Observed {
    let mut seen = Observed::default();
    if let Script::CancelAtEachStep | Script::RestoreAtEachStep | Script::GoOnAtEachStep = scenario.script {
        let mut step = 1;
        while stop_at::<D, Q>(scenario, query, step, &mut seen) {
            step += 1;
        }
        return seen;
    }
    if scenario.script == Script::CancelDuringEachStep {
        let mut step = 1;
        while cancel_at::<D, Q>(scenario, query, step, &mut seen) {
            step += 1;
        }
        return seen;
    }
    let world = World::new(scenario, D::SOCKETS);
    let driver: D = driver(scenario, &world);
    match scenario.script {
        Script::Twice => {
            for _ in 0..2 {
                to_the_end::<D, Q>(driver.start(query.clone()), UsageTable::new(), &mut seen);
            }
        }
        Script::RunAndAttach => {
            let mut handle = driver.start(query.clone());
            let rows = D::next_page(&mut handle).expect("nothing fails").expect("a page");
            seen.end(End::new(rows, None));
            let id = D::execution(&handle).id().cloned().expect("it was submitted");
            let attached = self::driver::<D>(scenario, &world).attach(query.clone(), id);
            to_the_end::<D, Q>(attached, UsageTable::new(), &mut seen);
        }
        Script::AtOnce => at_once(&world, &driver, query, &mut seen),
        Script::DropAndGoOn => {
            let (handle, rows) = dropped::<D, Q>(&world, driver.start(query.clone()), &mut seen);
            to_the_end::<D, Q>(handle, rows, &mut seen);
        }
        Script::DropAndRestore => {
            let (handle, rows) = dropped::<D, Q>(&world, driver.start(query.clone()), &mut seen);
            let restored = restored::<D, Q>(scenario, &world, &D::execution(&handle).snapshot().to_json());
            to_the_end::<D, Q>(restored, rows, &mut seen);
        }
        Script::DropAndRunAnew => {
            drop(dropped::<D, Q>(&world, driver.start(query.clone()), &mut seen));
            to_the_end::<D, Q>(driver.start(query.clone()), UsageTable::new(), &mut seen);
        }
        _ => to_the_end::<D, Q>(driver.start(query.clone()), UsageTable::new(), &mut seen),
    }
    seen.arrivals(&world);
    seen
}

fn driver<D: Driver>(scenario: &Scenario, world: &World) -> D {
    D::new(world.builder(scenario).build().expect("a client"), world)
}

/// Returns a handle of another client in the same world.
fn restored<D: Driver, Q: UsageQuery>(scenario: &Scenario, world: &World, saved: &str) -> D::Handle<Q> {
    let snapshot = Snapshot::from_json(saved).expect("a snapshot");
    driver::<D>(scenario, world).restore(snapshot).expect("an execution that goes on")
}

/// The events that an observer recorded.
type Heard = Arc<Mutex<Vec<Event>>>;

fn heard(events: &Heard) -> Vec<Event> {
    events.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A handle, and the events of its observer.
fn listen<D: Driver, Q: UsageQuery>(handle: D::Handle<Q>) -> (D::Handle<Q>, Heard) {
    let events = Heard::default();
    let hear = Arc::clone(&events);
    let observer = move |_: &_, event| hear.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    (D::observe(handle, Box::new(observer)), events)
}

/// Runs the execution to its end; `rows` arrived before.
fn to_the_end<D: Driver, Q: UsageQuery>(handle: D::Handle<Q>, rows: UsageTable, seen: &mut Observed) {
    let (mut handle, events) = listen::<D, Q>(handle);
    let end = pages::<D, Q>(&mut handle, rows);
    seen.events(&heard(&events));
    seen.end(end);
}

/// Returns the pages that are yet to come.
fn pages<D: Driver, Q: UsageQuery>(handle: &mut D::Handle<Q>, mut rows: UsageTable) -> End {
    loop {
        match D::next_page(handle) {
            Ok(Some(page)) => rows.absorb(page),
            Ok(None) => return End::new(rows, None),
            Err(error) => return End::new(rows, Some(&error)),
        }
    }
}

/// Drops the future when the fault strikes, and returns the rows that arrived before.
fn dropped<D: Driver, Q: UsageQuery>(
    world: &World,
    handle: D::Handle<Q>,
    seen: &mut Observed,
) -> (D::Handle<Q>, UsageTable) {
    let (mut handle, events) = listen::<D, Q>(handle);
    let mut rows = UsageTable::new();
    while let Some(page) = D::next_page_unless(&mut handle, &|| world.struck()) {
        rows.absorb(page.expect("nothing fails before the fault").expect("the fault comes before the end"));
    }
    seen.events(&heard(&events));
    (handle, rows)
}

/// The step at which an observer stops its driver.
struct Stopped;

/// Stops after the step with this number by unwinding out of the observer, then follows the script. Returns whether
/// there was such a step.
fn stop_at<D: Driver, Q: UsageQuery>(
    scenario: &Scenario,
    query: &Q,
    step: usize,
    seen: &mut Observed,
) -> bool {
    let world = World::new(scenario, D::SOCKETS);
    let events = Heard::default();
    let hear = Arc::clone(&events);
    let observer = move |_: &_, event| {
        let count = {
            let mut events = hear.lock().unwrap_or_else(PoisonError::into_inner);
            events.push(event);
            events.len()
        };
        // The step that completes a page also returns it, so the stop comes after both.
        if count == step && !brings_rows(event) {
            resume_unwind(Box::new(Stopped));
        }
    };
    let mut handle = D::observe(driver::<D>(scenario, &world).start(query.clone()), Box::new(observer));
    let mut rows = UsageTable::new();
    loop {
        let page = catch_unwind(AssertUnwindSafe(|| D::next_page(&mut handle)));
        match page {
            // The process dies before it stores the page.
            Ok(Ok(Some(_)))
                if scenario.script == Script::RestoreAtEachStep && heard(&events).len() == step => {}
            Ok(Ok(Some(page))) => rows.absorb(page),
            Ok(Ok(None)) => return false,
            Ok(Err(error)) => panic!("{error}"),
            Err(panic) if panic.is::<Stopped>() => break,
            Err(panic) => resume_unwind(panic),
        }
        if heard(&events).len() == step {
            break;
        }
    }
    if D::execution(&handle).phase().is_final() {
        return false;
    }
    seen.events(&heard(&events));
    let handle = match scenario.script {
        Script::RestoreAtEachStep => {
            restored::<D, Q>(scenario, &world, &D::execution(&handle).snapshot().to_json())
        }
        Script::CancelAtEachStep => {
            let moved = D::cancel(&mut handle).expect("it was not over");
            seen.events(&[Event::Moved(moved)]);
            assert!(D::cancel(&mut handle).is_none(), "it is over once");
            handle
        }
        _ => handle,
    };
    to_the_end::<D, Q>(handle, rows, seen);
    seen.arrivals(&world);
    true
}

/// Cancels after the step with this number, while the execution continues. Returns whether there was such a step before
/// the last.
fn cancel_at<D: Driver, Q: UsageQuery>(
    scenario: &Scenario,
    query: &Q,
    step: usize,
    seen: &mut Observed,
) -> bool {
    let world = World::new(scenario, D::SOCKETS);
    let handle = driver::<D>(scenario, &world).start(query.clone());
    let (events, canceller) = (Heard::default(), D::canceller(&handle));
    let hear = Arc::clone(&events);
    let observer = move |_: &_, event| {
        let mut events = hear.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
        if events.len() == step {
            canceller.cancel();
        }
    };
    let mut handle = D::observe(handle, Box::new(observer));
    let end = pages::<D, Q>(&mut handle, UsageTable::new());
    if D::execution(&handle).phase() == Phase::Complete {
        return false;
    }
    seen.events(&heard(&events));
    seen.end(end);
    seen.arrivals(&world);
    true
}

fn brings_rows(event: Event) -> bool {
    matches!(event, Event::Moved(moved) if matches!(moved.cause, Cause::MorePages | Cause::LastPage))
}

/// Runs two executions. The service does not answer until one of them waits for the token that the other one fetches,
/// and the fetching one continues when the other has ended.
fn at_once<D: Driver, Q: UsageQuery + Sync>(world: &World, driver: &D, query: &Q, seen: &mut Observed) {
    let [over, waits] = [(); 2].map(|()| Arc::new(Gate::default()));
    over.close();
    waits.close();
    let mut runs: Vec<(bool, Vec<Event>, End)> = thread::scope(|scope| {
        let service = world.simulator();
        let threads = [0, 1].map(|_| {
            let (over, waits) = (Arc::clone(&over), Arc::clone(&waits));
            scope.spawn(move || {
                let events = Heard::default();
                let hear = Arc::clone(&events);
                let other_is_over = Arc::clone(&over);
                let observer = move |_: &_, event| {
                    hear.lock().unwrap_or_else(PoisonError::into_inner).push(event);
                    match event {
                        Event::Waiting(_, WaitReason::Token) => waits.open(),
                        event if fetched(&event) => other_is_over.pass(),
                        _ => {}
                    }
                };
                let mut handle = D::observe(driver.start(query.clone()), Box::new(observer));
                let end = pages::<D, Q>(&mut handle, UsageTable::new());
                over.open();
                let events = heard(&events);
                (events.iter().any(fetched), events, end)
            })
        });
        waits.pass();
        drop(service);
        threads.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).into()
    });
    runs.sort_by_key(|(fetched, ..)| !fetched);
    for (_, events, end) in runs {
        seen.events(&events);
        seen.end(end);
    }
}

fn fetched(event: &Event) -> bool {
    matches!(event, Event::Moved(moved) if moved.cause == Cause::Authorized)
}

fn call<D: Driver>(scenario: &Scenario, operation: Operation) -> Observed {
    let world = World::new(scenario, D::SOCKETS);
    let driver: D = driver(scenario, &world);
    let mut seen = Observed::default();
    let response = match operation {
        Operation::Submit => answer(&driver, OrganizationQuery::new(day()), |_| "a submission".into()),
        Operation::Definitions => {
            answer(&driver, EventDefinitions, |listing| format!("{} definitions", listing.entities.len()))
        }
        Operation::Definition => {
            let id = || {
                let listing = driver.call(EventDefinitions)?;
                let id = listing.entities[0].id.as_deref().expect("an id").parse();
                Ok(EventDefinitionById::new(id.expect("an id")))
            };
            id().and_then(|endpoint| answer(&driver, endpoint, |_| "a definition".into()))
        }
        Operation::Events => {
            answer(&driver, EventQuery::new(day()), |page| format!("{} events", page.entities.len()))
        }
        Operation::EventAggregates => answer(&driver, EventAggregatesQuery::new(day()), |aggregates| {
            format!("{} aggregates", aggregates.event_definition_aggregates.len())
        }),
        Operation::Users => {
            let ids: Vec<_> = world.simulator().users().into_iter().map(|user| user.id).take(7).collect();
            let ids = ids.iter().map(|id| id.parse().expect("an id"));
            answer(&driver, Users::by_ids(ids), |listing| format!("{} users", listing.entities.len()))
        }
        Operation::OAuthClients => {
            answer(&driver, OAuthClients::default(), |listing| format!("{} clients", listing.entities.len()))
        }
        Operation::OrganizationMe => {
            answer(&driver, OrganizationMe, |organization| organization.name.clone().unwrap_or_default())
        }
    };
    seen.end(End::of_call(response));
    seen.arrivals(&world);
    seen
}

/// Returns the response in short and in full.
fn answer<D: Driver, E: Endpoint>(
    driver: &D,
    endpoint: E,
    in_short: impl Fn(&E::Response) -> String,
) -> Result<(String, String), Error>
where
    E::Response: std::fmt::Debug,
{
    driver.call(endpoint).map(|response| (in_short(&response), format!("{response:?}")))
}
