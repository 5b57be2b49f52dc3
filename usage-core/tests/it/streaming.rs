//! Executions that show their rows to a visitor.

use http::Response;
use proptest::prelude::*;
use usage_core::error::{Failure, Sent, TransportFailure, TransportKind};
use usage_core::execution::StreamingExecution;
use usage_core::query::{OrganizationQuery, SimpleSearch};
use usage_core::{Error, Execution, Machine, Next, Timestamp, UsageQuery, UsageRow};

use crate::support::{ACCEPTED, RUNNING, START, execution, policy, static_token};

/// The service's reaction to one request.
#[derive(Clone, Debug)]
enum Reply {
    Whole(String),
    /// Sends this much of the body and closes the connection.
    CutAt(usize, String),
    Status(u16),
}

fn whole(body: impl Into<String>) -> Reply {
    Reply::Whole(body.into())
}

/// Returns a page of rows with these counts.
fn page(counts: impl IntoIterator<Item = u64>, after: Option<&str>) -> String {
    let rows: Vec<_> =
        counts.into_iter().map(|n| format!(r#"{{"clientName":"client {n}","requests":{n}}}"#)).collect();
    let cursors = after.map_or(String::new(), |after| format!(r#","cursors":{{"after":"{after}"}}"#));
    format!(r#"{{"queryStatus":"Complete","results":[{}]{cursors}}}"#, rows.join(","))
}

/// Runs an execution against `replies`. Returns the counts that were shown, and the result.
fn visit(replies: impl IntoIterator<Item = Reply>) -> (Vec<u64>, Option<Error>) {
    let mut shown = Vec::new();
    let visitor = |row: UsageRow<'_>| shown.push(row.requests().unwrap());
    let search = SimpleSearch::new("2026-06/2026-06".parse().unwrap());
    let mut streaming = StreamingExecution::new(Execution::new(search, policy(), 1, START), visitor);
    drive(&mut streaming, START, [whole(ACCEPTED), whole(RUNNING)].into_iter().chain(replies));
    let error = streaming.error();
    drop(streaming);
    (shown, error)
}

fn drive<Q: UsageQuery, V: FnMut(UsageRow<'_>) + Send>(
    streaming: &mut StreamingExecution<Q, V>,
    mut now: Timestamp,
    replies: impl IntoIterator<Item = Reply>,
) {
    let mut session = static_token();
    let mut replies = replies.into_iter();
    loop {
        let exchange = match streaming.next(now, &mut session).next {
            Next::Finished => return,
            Next::WaitUntil(until, _) => {
                now = until;
                continue;
            }
            Next::Send(exchange) => exchange,
        };
        let (status, body, cut) = match replies.next().expect("a request too many") {
            Reply::Whole(body) => (200, body, None),
            Reply::CutAt(at, body) => (200, body, Some(at)),
            Reply::Status(status) => (status, String::new(), None),
        };
        let (head, body) = Response::builder().status(status).body(body).unwrap().into_parts();
        let mut reader = streaming.on_head(now, exchange.ticket, &head, &mut session);
        let mut arrives = body.as_bytes()[..cut.unwrap_or(body.len())].chunks(300);
        let all_taken = arrives.all(|chunk| reader.push(chunk).is_continue());
        let _ = if cut.is_some() && all_taken {
            let failure = TransportFailure::new(TransportKind::Reset, Sent::Maybe, "cut");
            streaming.on_failure(now, reader, failure, &mut session)
        } else {
            streaming.on_end(now, reader, &mut session)
        };
    }
}

#[test]
fn shows_every_row_of_every_page_once() {
    let replies = [
        whole(page(1..=3, Some("a"))),
        Reply::Status(503),
        whole(page(4..=5, Some("b"))),
        whole(page([], None)),
    ];
    assert_eq!(visit(replies), (vec![1, 2, 3, 4, 5], None));
}

#[test]
fn debug_shows_the_execution_and_the_decoder_but_no_rows() {
    let mut streaming = StreamingExecution::new(execution(), |_: UsageRow<'_>| {});
    let mut session = static_token();
    let mut read = |streaming: &mut StreamingExecution<OrganizationQuery, _>, now, body: &str| {
        let Next::Send(exchange) = streaming.next(now, &mut session).next else { panic!("nothing goes out") };
        let (head, ()) = Response::new(()).into_parts();
        let mut reader = streaming.on_head(now, exchange.ticket, &head, &mut session);
        assert!(reader.push(body.as_bytes()).is_continue());
        let printed = format!("{reader:?}");
        let _ = streaming.on_end(now, reader, &mut session);
        printed
    };
    assert!(read(&mut streaming, START, ACCEPTED).contains("StreamingOpDecoder::Submission"));
    let Next::WaitUntil(poll_at, _) = streaming.next(START, &mut static_token()).next else { panic!() };
    let page = read(&mut streaming, poll_at, &page(1..=3, None));
    assert!(page.contains("StreamingOpDecoder::Page") && !page.contains("client 1"), "{page}");
    let printed = format!("{streaming:?}");
    assert!(printed.starts_with("StreamingExecution") && printed.contains("e-1"), "{printed}");
}

proptest! {
    #[test]
    fn the_rows_of_a_page_cut_anywhere_are_shown_once(
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        second in any::<prop::sample::Index>(),
    ) {
        let (one, two) = (page(1..=40, Some("a")), page(41..=50, None));
        let mut replies: Vec<_> =
            cuts.iter().map(|cut| Reply::CutAt(cut.index(one.len()), one.clone())).collect();
        replies.extend([whole(one), Reply::CutAt(second.index(two.len()), two.clone()), whole(two)]);
        let (shown, error) = visit(replies);
        prop_assert_eq!(error, None);
        prop_assert_eq!(shown, (1..=50).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_that_differs_the_second_time_fails(at in 0_usize..40, to in 41_u64..100) {
        let before = page(1..=40, None);
        let mut rows: Vec<_> = (1..=40).collect();
        rows[at] = to;
        let (shown, error) = visit([Reply::CutAt(before.len() - 1, before), whole(page(rows, None))]);
        prop_assert_eq!(shown, (1..=40).collect::<Vec<_>>());
        let error = error.unwrap();
        prop_assert!(matches!(error.failure(), Failure::Decode(_)), "{}", error);
    }
}

#[test]
fn a_page_that_is_shorter_the_second_time_fails() {
    let before = page(1..=40, None);
    let (shown, error) = visit([Reply::CutAt(before.len() - 1, before), whole(page(1..=39, None))]);
    assert_eq!(shown.len(), 40);
    let message = error.unwrap().to_string();
    assert!(message.contains("the page has other rows than before it broke off"), "{message}");
}

#[test]
fn rows_after_the_break_may_differ() {
    let cut = page(1..=40, None);
    let (shown, error) = visit([Reply::CutAt(cut.len() / 2, cut), whole(page((1..=40).chain([77]), None))]);
    assert_eq!(error, None);
    assert_eq!(shown, (1..=40).chain([77]).collect::<Vec<_>>());
}

#[test]
fn an_abandoned_page_continues_after_the_rows_that_were_shown() {
    let mut shown = Vec::new();
    let visitor = |row: UsageRow<'_>| shown.push(row.requests().unwrap());
    let mut streaming = StreamingExecution::new(execution(), visitor);
    let mut session = static_token();
    let mut now = START;
    let body = page(1..=40, None);
    for answer in [ACCEPTED, &body[..body.len() / 2]] {
        let exchange = loop {
            match streaming.next(now, &mut session).next {
                Next::Send(exchange) => break exchange,
                Next::WaitUntil(until, _) => now = until,
                Next::Finished => panic!("finished too early"),
            }
        };
        let (head, ()) = Response::new(()).into_parts();
        let mut reader = streaming.on_head(now, exchange.ticket, &head, &mut session);
        assert!(reader.push(answer.as_bytes()).is_continue());
        if answer == ACCEPTED {
            assert!(streaming.on_end(now, reader, &mut session).transition.is_some());
        }
    }
    drive(&mut streaming, now, [whole(body)]);
    assert_eq!(streaming.error(), None);
    drop(streaming);
    assert_eq!(shown, (1..=40).collect::<Vec<_>>());
}
