//! A page is delivered when the next one is asked for. Whenever the process is killed, no row is lost, and pages that are
//! stored by their number are stored once.

use std::collections::BTreeMap;

use http::{Request, Response};
use proptest::prelude::*;
use usage_core::execution::StreamingExecution;
use usage_core::query::{OrganizationJob, SimpleSearch};
use usage_core::{Cause, Event, Execution, Machine, Next, Phase, Snapshot, UsageQuery, UsageRow};
use usage_driver::{SharedSession, Task};

use crate::support::{ACCEPTED, START, policy, static_token};

/// How the pages of a query family are requested and written.
trait Paged: UsageQuery {
    fn asked() -> Self;
    fn accepted() -> &'static str;
    /// Returns the page at `index`, with rows of these counts.
    fn page(index: usize, rows: &[u64], is_last: bool) -> String;
}

impl Paged for SimpleSearch {
    fn asked() -> Self {
        Self::new("2026-06/2026-06".parse().unwrap())
    }

    fn accepted() -> &'static str {
        ACCEPTED
    }

    fn page(index: usize, rows: &[u64], is_last: bool) -> String {
        let rows: Vec<_> = rows.iter().map(|n| format!(r#"{{"requests":{n}}}"#)).collect();
        let after = if is_last { String::new() } else { (index + 1).to_string() };
        let rows = rows.join(",");
        format!(r#"{{"queryStatus":"Complete","results":[{rows}],"cursors":{{"after":"{after}"}}}}"#)
    }
}

impl Paged for OrganizationJob {
    fn asked() -> Self {
        Self::new("2026-06/2026-06".parse().unwrap())
    }

    fn accepted() -> &'static str {
        r#"{"id":"e-1"}"#
    }

    fn page(index: usize, rows: &[u64], is_last: bool) -> String {
        let rows: Vec<_> = rows.iter().map(|n| format!(r#"{{"requestCount":{n}}}"#)).collect();
        let next = if is_last { String::new() } else { format!(r#","nextUri":"/x?after={}""#, index + 1) };
        format!(r#"{{"queryStatus":"Succeeded","entities":[{}]{next}}}"#, rows.join(","))
    }
}

/// A service with these pages.
fn answer<Q: Paged>(request: &Request<Vec<u8>>, pages: &[Vec<u64>]) -> String {
    if request.method() == "POST" {
        return Q::accepted().to_owned();
    }
    let after =
        request.uri().query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("after=")));
    let index: usize = after.map_or(0, |after| after.parse().unwrap());
    Q::page(index, &pages[index], index + 1 == pages.len())
}

/// When a program saves the snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Saves {
    /// When a page arrived, as an observer does.
    OnArrival,
    /// When a page is stored.
    WhenStored,
    /// When a page is stored, after it acknowledged it.
    WhenAcknowledged,
}

/// What the processes have stored.
#[derive(Default)]
struct Disk {
    pages: BTreeMap<u32, Vec<u64>>,
    saved: Option<String>,
}

/// Counts down to the step at which the process is killed.
struct Killer(usize);

impl Killer {
    fn strikes(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 == 0
    }
}

/// Runs a program that stores the pages of a query. Returns `None` if it was killed.
fn live<Q: Paged>(disk: &mut Disk, pages: &[Vec<u64>], saves: Saves, killer: &mut Killer) -> Option<()> {
    let last = disk.saved.as_ref().map(|json| Snapshot::from_json(json).unwrap());
    let mut execution = Execution::start_or_restore(Q::asked(), last, policy(), 1, START).unwrap();
    let (mut session, mut now) = (static_token(), START);
    loop {
        if killer.strikes() {
            return None;
        }
        let exchange = match execution.next(now, &mut session).next {
            Next::Finished => break,
            Next::WaitUntil(until, _) => {
                now = until;
                continue;
            }
            Next::Send(exchange) => exchange,
        };
        if killer.strikes() {
            return None;
        }
        let body = answer::<Q>(&exchange.request, pages);
        let progress =
            execution.on_response(now, exchange.ticket, Response::new(body.as_bytes()), &mut session);
        if saves == Saves::OnArrival {
            disk.saved = Some(execution.snapshot().to_json());
        }
        if killer.strikes() {
            return None;
        }
        let Some(page) = progress.output else { continue };
        let rows = page.iter().map(|row| row.requests().unwrap()).collect();
        assert_eq!(execution.snapshot().pages() + 1, execution.pages());
        disk.pages.insert(execution.pages(), rows);
        if killer.strikes() {
            return None;
        }
        if saves == Saves::WhenAcknowledged {
            execution.acknowledge();
        }
        disk.saved = Some(execution.snapshot().to_json());
    }
    assert_eq!((execution.phase(), execution.error()), (Phase::Complete, None));
    disk.saved = Some(execution.snapshot().to_json());
    Some(())
}

/// Kills a program repeatedly, each time a bit later, until it completes. Everything must then be stored exactly once.
fn survives<Q: Paged>(pages: &[Vec<u64>], saves: Saves, kills: &[usize]) {
    let mut disk = Disk::default();
    for kill in kills {
        let _ = live::<Q>(&mut disk, pages, saves, &mut Killer(*kill));
    }
    let mut lives = 0;
    while live::<Q>(&mut disk, pages, saves, &mut Killer(usize::MAX)).is_none() {
        lives += 1;
        assert!(lives < 3, "it does not end");
    }
    let stored: Vec<_> = disk.pages.values().cloned().collect();
    assert_eq!(stored, pages, "{saves:?} killed at {kills:?}");
    // Once complete, running the program again sends nothing and changes nothing.
    live::<Q>(&mut disk, &[], saves, &mut Killer(usize::MAX)).unwrap();
    assert_eq!(disk.pages.into_values().collect::<Vec<_>>(), pages);
}

const SAVES: [Saves; 3] = [Saves::OnArrival, Saves::WhenStored, Saves::WhenAcknowledged];

#[test]
fn no_page_is_lost_or_stored_twice_if_the_process_is_killed_at_any_step() {
    for pages in [
        &[vec![1]][..],
        &[vec![]],
        &[vec![1, 2], vec![3]],
        &[vec![], vec![1], vec![]],
        &[vec![1], vec![], vec![2], vec![3]],
    ] {
        for saves in SAVES {
            for kill in 1..30 {
                survives::<SimpleSearch>(pages, saves, &[kill]);
                survives::<OrganizationJob>(pages, saves, &[kill]);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_page_is_lost_or_stored_twice_if_the_process_is_killed_many_times(
        pages in prop::collection::vec(prop::collection::vec(0u64..9, 0..4), 1..6),
        saves in prop::sample::select(&SAVES[..]),
        kills in prop::collection::vec(1usize..25, 0..8),
    ) {
        survives::<SimpleSearch>(&pages, saves, &kills);
    }
}

/// Returns an execution of a search after the first of `pages` has arrived.
fn arrived(pages: &[Vec<u64>]) -> Execution<SimpleSearch> {
    let mut execution = Execution::attach(SimpleSearch::asked(), "e-1".parse().unwrap(), policy(), 1, START);
    step(&mut execution, pages);
    execution
}

/// Asks for the next step and answers the request. Returns the request, or `None` if the execution is finished.
fn step(execution: &mut Execution<SimpleSearch>, pages: &[Vec<u64>]) -> Option<String> {
    let mut session = static_token();
    let Next::Send(exchange) = execution.next(START, &mut session).next else { return None };
    let body = answer::<SimpleSearch>(&exchange.request, pages);
    let _ = execution.on_response(START, exchange.ticket, Response::new(body.as_bytes()), &mut session);
    Some(exchange.request.uri().query().unwrap().to_owned())
}

fn reborn(execution: &Execution<SimpleSearch>) -> Execution<SimpleSearch> {
    Execution::restore(Snapshot::from_json(&execution.snapshot().to_json()).unwrap(), policy(), START)
        .unwrap()
}

const FIRST: &str = "pageSize=1000";
const SECOND: &str = "after=1&pageSize=1000";

#[test]
fn a_snapshot_points_at_the_page_until_the_next_is_asked_for() {
    let pages = [vec![1], vec![2]];
    let mut execution = arrived(&pages);
    assert_eq!(step(&mut reborn(&execution), &pages).as_deref(), Some(FIRST));
    // After cancelling, the page that was handed out is still not delivered.
    let mut cancelled = execution.clone();
    let _ = cancelled.cancel();
    assert_eq!(step(&mut reborn(&cancelled), &pages).as_deref(), Some(FIRST));

    assert_eq!(step(&mut execution, &pages).as_deref(), Some(SECOND));
    assert_eq!((execution.phase(), execution.snapshot().is_complete()), (Phase::Complete, false));
    assert_eq!(step(&mut reborn(&execution), &pages).as_deref(), Some(SECOND));
    assert!(execution.cancel().is_none());

    assert_eq!(step(&mut execution, &pages), None);
    assert!(execution.snapshot().is_complete());
    let mut restored = reborn(&execution);
    assert_eq!((restored.phase(), restored.pages(), step(&mut restored, &pages)), (Phase::Complete, 2, None));
    assert_eq!(restored.error(), None);
    assert_eq!(restored.snapshot(), execution.snapshot());
}

#[test]
fn a_page_is_delivered_when_the_next_is_asked_for_although_the_observer_stopped_the_run() {
    let pages = [vec![1], vec![2]];
    for holds in [false, true] {
        let session = SharedSession::new(static_token());
        let mut task =
            Task::new(Execution::attach(SimpleSearch::asked(), "e-1".parse().unwrap(), policy(), 1, START));
        task.machine.hold_pages(holds);
        task.try_observe(|_, event| match event {
            Event::Moved(moved) if moved.cause == Cause::MorePages => Err("the disk is full"),
            _ => Ok(()),
        });
        let Next::Send(exchange) = task.next(START, &session) else { panic!() };
        let body = answer::<SimpleSearch>(&exchange.request, &pages);
        let body = Response::new(body.as_bytes());
        let progress = task.machine.on_response(START, exchange.ticket, body, &mut session.lock());
        assert!(task.take(progress).is_some());
        assert_eq!(step(&mut reborn(&task.machine), &pages).as_deref(), Some(FIRST));
        assert!(matches!(task.next(START, &session), Next::Finished));
        let next = if holds { FIRST } else { SECOND };
        assert_eq!(step(&mut reborn(&task.machine), &pages).as_deref(), Some(next));
        let snapshot = task.outcome().unwrap_err().snapshot::<SimpleSearch>();
        assert_eq!(snapshot.unwrap(), task.machine.snapshot());
    }
}

#[test]
fn held_pages_are_delivered_together() {
    let pages = [vec![1], vec![2], vec![3]];
    let mut execution = Execution::attach(SimpleSearch::asked(), "e-1".parse().unwrap(), policy(), 1, START);
    execution.hold_pages(true);
    while step(&mut execution, &pages).is_some() {
        assert_eq!(execution.snapshot().pages(), 0);
        assert_eq!(step(&mut reborn(&execution), &pages).as_deref(), Some(FIRST));
    }
    assert!(!execution.snapshot().is_complete());
    // The restored execution fetches all pages again: the cursors after the first do not count as repeated.
    let mut restored = reborn(&execution);
    while step(&mut restored, &pages).is_some() {}
    assert_eq!((restored.pages(), restored.repeated_cursor()), (3, None));
    execution.acknowledge();
    assert!(execution.snapshot().is_complete());
}

#[test]
fn a_snapshot_of_another_query_is_not_mistaken_for_it() {
    let saved = arrived(&[vec![1]]).snapshot();
    let other = SimpleSearch::new("2026-05/2026-05".parse().unwrap());
    let error = Execution::start_or_restore(other, Some(saved.clone()), policy(), 1, START).unwrap_err();
    assert_eq!(error, usage_core::execution::RestoreError::Query);
    assert_eq!(saved.into_query(), SimpleSearch::asked());
}

/// Shows rows until `stop` bytes of the first page have arrived. Returns the rows, and the snapshot at that moment.
fn shown_until(stop: usize, page: &str) -> (Vec<u64>, String) {
    let mut shown = Vec::new();
    let execution = Execution::attach(SimpleSearch::asked(), "e-1".parse().unwrap(), policy(), 1, START);
    let mut streaming =
        StreamingExecution::new(execution, |row: UsageRow<'_>| shown.push(row.requests().unwrap()));
    let mut session = static_token();
    let Next::Send(exchange) = streaming.next(START, &mut session).next else { panic!() };
    let (head, ()) = Response::new(()).into_parts();
    let mut reader = streaming.on_head(START, exchange.ticket, &head, &mut session);
    for byte in page.as_bytes()[..stop].chunks(5) {
        let _ = reader.push(byte);
    }
    if stop == page.len() {
        let _ = streaming.on_end(START, reader, &mut session);
    }
    let saved = streaming.execution().snapshot().to_json();
    drop(streaming);
    (shown, saved)
}

#[test]
fn rows_that_were_shown_before_a_restore_are_not_shown_again() {
    let counts: Vec<u64> = (1..400).collect();
    for (head, tail) in [(r#""queryStatus":"Complete","#, ""), ("", r#","queryStatus":"Complete""#)] {
        let rows: Vec<_> = counts.iter().map(|n| format!(r#"{{"requests":{n}}}"#)).collect();
        let page = format!(r#"{{{head}"results":[{}]{tail}}}"#, rows.join(","));
        for stop in (0..page.len()).step_by(97).chain([page.len()]) {
            let (mut shown, saved) = shown_until(stop, &page);
            let saved = || Snapshot::<SimpleSearch>::from_json(&saved).unwrap();
            let mut session = static_token();

            let mut kept = Execution::restore(saved(), policy(), START).unwrap();
            let Next::Send(exchange) = kept.next(START, &mut session).next else { panic!() };
            let rows =
                kept.on_response(START, exchange.ticket, Response::new(page.as_bytes()), &mut session).output;
            let rest: Vec<_> = rows.unwrap().iter().map(|row| row.requests().unwrap()).collect();
            assert_eq!([&*shown, &*rest].concat(), counts, "{stop}");

            let visitor = |row: UsageRow<'_>| shown.push(row.requests().unwrap());
            let mut streaming =
                StreamingExecution::new(Execution::restore(saved(), policy(), START).unwrap(), visitor);
            let Next::Send(exchange) = streaming.next(START, &mut session).next else { panic!() };
            let _ =
                streaming.on_response(START, exchange.ticket, Response::new(page.as_bytes()), &mut session);
            assert!(matches!(streaming.next(START, &mut session).next, Next::Finished));
            assert_eq!(streaming.error(), None);
            drop(streaming);
            assert_eq!(shown, counts, "{stop}");
        }
    }
}

#[test]
fn rows_of_a_query_that_is_not_done_are_not_shown() {
    let rows: Vec<_> = (0..300).map(|n| format!(r#"{{"requests":{n}}}"#)).collect();
    let rows = rows.join(",");
    for status in ["Running", "Queued", "Pondering"] {
        for page in [
            format!(r#"{{"queryStatus":"{status}","results":[{rows}]}}"#),
            format!(r#"{{"results":[{rows}],"queryStatus":"{status}"}}"#),
            format!(r#"{{"results":[{rows}]}}"#),
        ] {
            assert_eq!(shown_until(page.len(), &page).0, [0; 0], "{status}");
        }
    }
}

#[test]
fn a_late_response_shows_no_rows() {
    let page = |from: u64, to: u64, after: &str| {
        let rows: Vec<_> = (from..to).map(|n| format!(r#"{{"requests":{n}}}"#)).collect();
        format!(
            r#"{{"queryStatus":"Complete","results":[{}],"cursors":{{"after":"{after}"}}}}"#,
            rows.join(",")
        )
    };
    let (first, second) = (page(0, 300, "1"), page(300, 600, ""));
    // The first request is given up when this much of its response has arrived. The rest arrives as `late` says.
    for arrived in [0, 50, first.len() / 2, first.len() - 1] {
        for late in 0..4 {
            let mut shown = Vec::new();
            let execution =
                Execution::attach(SimpleSearch::asked(), "e-1".parse().unwrap(), policy(), 1, START);
            let mut streaming =
                StreamingExecution::new(execution, |row: UsageRow<'_>| shown.push(row.requests().unwrap()));
            let mut session = static_token();
            let (head, ()) = Response::new(()).into_parts();
            let Next::Send(given_up) = streaming.next(START, &mut session).next else { panic!() };
            let mut reader = streaming.on_head(START, given_up.ticket, &head, &mut session);
            let _ = reader.push(&first.as_bytes()[..arrived]);
            let mut reader = Some(reader);
            let mut rest_arrives = |streaming: &mut StreamingExecution<_, _>, session: &mut _, moment| {
                if moment == late {
                    let mut reader = reader.take().unwrap();
                    let _ = reader.push(&first.as_bytes()[arrived..]);
                    assert!(streaming.on_end(START, reader, session).output.is_none());
                }
            };
            let Next::Send(again) = streaming.next(START, &mut session).next else { panic!() };
            rest_arrives(&mut streaming, &mut session, 0);
            let _ = streaming.on_response(START, again.ticket, Response::new(first.as_bytes()), &mut session);
            rest_arrives(&mut streaming, &mut session, 1);
            let Next::Send(last) = streaming.next(START, &mut session).next else { panic!() };
            rest_arrives(&mut streaming, &mut session, 2);
            let _ = streaming.on_response(START, last.ticket, Response::new(second.as_bytes()), &mut session);
            rest_arrives(&mut streaming, &mut session, 3);
            assert_eq!(streaming.error(), None);
            drop(streaming);
            assert_eq!(shown, (0..600).collect::<Vec<_>>(), "{arrived}, {late}");
        }
    }
}
