//! Paging: every row once, and no endless loop.

use usage_core::query::SimpleSearch;
use usage_core::{Execution, Gap, Snapshot};

use crate::support::{ACCEPTED, START, drive, ok, policy, static_token};

fn search() -> Execution<SimpleSearch> {
    Execution::new(SimpleSearch::new("2026-06/2026-06".parse().unwrap()), policy(), 1, START)
}

fn page(rows: u64, after: Option<&str>) -> String {
    let rows: Vec<String> = (0..rows).map(|n| format!(r#"{{"requests":{n}}}"#)).collect();
    let cursors = after.map_or(String::new(), |after| format!(r#","cursors":{{"after":"{after}"}}"#));
    format!(r#"{{"queryStatus":"Complete","results":[{}]{cursors}}}"#, rows.join(","))
}

#[test]
fn follows_the_cursor_to_the_last_page() {
    let mut execution = search();
    let run = drive(&mut execution, &mut static_token(), START, |request| {
        ok(&match request.uri().query() {
            None => ACCEPTED.to_owned(),
            Some("pageSize=1000") => page(3, Some("b/+=")),
            Some("after=b%2F%2B%3D&pageSize=1000") => page(2, Some("c")),
            Some("after=c&pageSize=1000") => page(1, None),
            other => panic!("{other:?}"),
        })
    });
    assert_eq!((run.rows.len(), execution.pages()), (6, 3));
    assert!(run.transitions.contains(&"InFlightPoll -MorePages-> ReadyPoll".to_owned()));
}

#[test]
fn snapshots_point_at_the_first_collected_page() {
    let pages_of_snapshot = |collects: bool| {
        let mut execution = search();
        if collects {
            execution.collect_pages();
        }
        let run = drive(&mut execution, &mut static_token(), START, |request| {
            ok(&match request.uri().query() {
                None => ACCEPTED.to_owned(),
                Some("pageSize=1000") => page(3, Some("b")),
                _ => page(2, None),
            })
        });
        assert_eq!(run.rows.len(), 5);
        execution.snapshot().pages()
    };
    assert_eq!(pages_of_snapshot(true), 0);
    assert_ne!(pages_of_snapshot(false), 0);
}

#[test]
fn a_repeated_cursor_ends_the_pages_and_is_reported() {
    for (cursors, is_same_page) in [
        (&["a", "b", "c", "a"][..], false),
        (&["a", "a"], false),
        (&["a", "b", "b"], false),
        (&["a", "b", "a"], true),
        (&["a", "a"], true),
    ] {
        let (mut execution, mut turn) = (search(), 0);
        let run = drive(&mut execution, &mut static_token(), START, |request| {
            if request.method() == "POST" {
                return ok(ACCEPTED);
            }
            turn += 1;
            let rows = if is_same_page { 1 } else { turn as u64 };
            ok(&page(rows, Some(cursors[turn - 1])))
        });
        let wanted = if is_same_page { cursors.len() - 1 } else { (1..=cursors.len()).sum() };
        assert_eq!((run.error, run.rows.len()), (None, wanted), "{cursors:?}");
        assert_eq!(run.transitions.last().unwrap(), "InFlightPoll -RepeatedCursor-> Complete");
        let named = execution.repeated_cursor().map(usage_core::Cursor::as_str);
        assert_eq!(named, cursors.last().copied());
        assert_eq!(execution.scope().missing, [Gap::RepeatedCursor]);

        let saved = Snapshot::from_json(&execution.snapshot().to_json()).unwrap();
        let restored = Execution::<SimpleSearch>::restore(saved, policy(), START).unwrap();
        assert_eq!(restored.repeated_cursor(), execution.repeated_cursor());
        assert_eq!(restored.scope().missing, [Gap::RepeatedCursor]);
    }
}

#[test]
fn pages_without_a_next_cursor_end_without_a_repeated_one() {
    let mut execution = search();
    drive(&mut execution, &mut static_token(), START, |request| match request.uri().query() {
        None => ok(ACCEPTED),
        Some("pageSize=1000") => ok(&page(1, Some("a"))),
        Some(_) => ok(&page(1, None)),
    });
    assert_eq!((execution.repeated_cursor(), execution.scope().is_complete()), (None, true));
}
