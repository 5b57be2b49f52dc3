//! Pages: all rows, once, and no endless loop.

use usage_core::Execution;
use usage_core::error::Failure;
use usage_core::query::SimpleSearch;

use crate::support::{ACCEPTED, START, drive, manual, ok, policy};

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
    let run = drive(&mut execution, &mut manual(), START, |request| {
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
fn a_cursor_that_returns_is_a_failure() {
    let mut turn = 0;
    let run = drive(&mut search(), &mut manual(), START, |request| {
        if request.method() == "POST" {
            return ok(ACCEPTED);
        }
        turn += 1;
        ok(&page(1, Some(["a", "b", "c", "a"][turn - 1])))
    });
    assert!(
        matches!(run.error.unwrap().failure(), Failure::RepeatedCursor(cursor) if cursor.as_str() == "a")
    );
    assert_eq!(run.rows.len(), 3);
}
