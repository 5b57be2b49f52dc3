//! No code of the caller runs under the session's lock.

#![expect(clippy::disallowed_methods, reason = "a deadlock is noticed from another thread")]

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Response;
use usage_core::execution::StreamingExecution;
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Machine, Next, UsageRow};
use usage_driver::{SharedSession, Task};

use crate::support::{START, policy, query, static_token};

const PATIENCE: Duration = Duration::from_secs(20);

/// How the end of a response reaches the machine.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// In chunks, the last of which are not decoded yet when the lock is taken.
    Chunks(usize),
    /// In chunks, decoded to the end before the lock is taken.
    Ended(usize),
    /// At once, with the lock held.
    Whole,
}

/// Returns the counts that a visitor has seen when `take` returns. The visitor locks the session for each row.
fn seen(way: Way, rows: u64, compressed: bool) -> Vec<u64> {
    let (seen_in, seen) = mpsc::channel();
    thread::spawn(move || {
        let session = SharedSession::new(static_token());
        let (rows_in, shown) = mpsc::channel();
        let looked = session.clone();
        let visitor = move |row: UsageRow<'_>| {
            assert!(looked.lock().access_token().is_some());
            rows_in.send(row.requests().unwrap()).unwrap();
        };
        let execution = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 1, START);
        let mut task = Task::new(StreamingExecution::<OrganizationQuery, _>::new(execution, visitor));
        let Next::Send(exchange) = task.next(START, &session) else { panic!("nothing is in the way") };
        let rows: Vec<_> = (1..=rows).map(|n| format!(r#"{{"requests":{n}}}"#)).collect();
        let page = format!(r#"{{"queryStatus":"Complete","results":[{}]}}"#, rows.join(","));
        let mut answer = Response::builder();
        let mut body = page.into_bytes();
        if compressed {
            answer = answer.header("content-encoding", "gzip");
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&body).unwrap();
            body = encoder.finish().unwrap();
        }
        let (head, ()) = answer.body(()).unwrap().into_parts();
        let ticket = exchange.ticket;
        let progress = match way {
            Way::Whole => {
                let response = Response::from_parts(head, &*body);
                task.machine.on_response(START, ticket, response, &mut session.lock())
            }
            Way::Chunks(size) | Way::Ended(size) => {
                let mut reader = task.machine.on_head(START, ticket, &head, &mut session.lock());
                body.chunks(size).for_each(|chunk| assert!(reader.push(chunk).is_continue()));
                if let Way::Ended(_) = way {
                    reader = reader.ended();
                    assert!(reader.push(b"ignored").is_break());
                }
                task.machine.on_end(START, reader, &mut session.lock())
            }
        };
        assert!(task.take(progress).is_some());
        seen_in.send(shown.try_iter().collect()).unwrap();
    });
    seen.recv_timeout(PATIENCE).expect("the visitor runs under the session's lock")
}

#[test]
fn a_visitor_may_use_the_session_however_the_rows_arrive() {
    for way in
        [Way::Chunks(38), Way::Chunks(1), Way::Chunks(1000), Way::Ended(7), Way::Ended(5000), Way::Whole]
    {
        for rows in [1, 2, 500] {
            for compressed in [false, cfg!(feature = "gzip")] {
                let shown = seen(way, rows, compressed);
                assert_eq!(shown, (1..=rows).collect::<Vec<_>>(), "{way:?}, {rows}, {compressed}");
            }
        }
    }
}

#[test]
fn rows_are_shown_with_the_response_if_there_is_no_lock() {
    let mut session = static_token();
    let (rows_in, shown) = mpsc::channel();
    let visitor = move |row: UsageRow<'_>| rows_in.send(row.requests().unwrap()).unwrap();
    let execution = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 1, START);
    let mut streaming = StreamingExecution::<OrganizationQuery, _>::new(execution, visitor);
    let Next::Send(exchange) = streaming.next(START, &mut session).next else { panic!("nothing goes out") };
    let page = Response::new(&br#"{"queryStatus":"Complete","results":[{"requests":7}]}"#[..]);
    assert!(streaming.on_response(START, exchange.ticket, page, &mut session).output.is_some());
    assert_eq!(shown.try_iter().collect::<Vec<_>>(), [7]);
}
