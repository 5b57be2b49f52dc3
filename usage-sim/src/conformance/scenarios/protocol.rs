//! Responses that RFC 9110 and RFC 9112 allow or forbid: interim responses, and every way to mark the end of a body.

use std::time::Duration;

use super::{BY_CLIENT, IN_SEARCH, ambiguous_submit, organization, retried};
use crate::conformance::scenario::{Scenario, Work};
use crate::fault::{Fault, Match, Rule};
use crate::wire_fault::{Framing, WireFault};

/// Returns a scenario in which every response is struck, without consequences.
fn harmless(fault: WireFault) -> Scenario {
    organization()
        .always(Match::Any, fault)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// Returns a scenario whose token request is struck and sent again.
fn asked_for_again(fault: WireFault) -> Scenario {
    organization()
        .fault(Match::Token, fault)
        .wire("0 token, 500 token, 500 submit, 2500 poll")
        .causes("TokenUnavailable Elapsed Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn interim_100() -> Scenario {
    harmless(WireFault::Interim(vec![100]))
}

pub(crate) fn interim_early_hints_103() -> Scenario {
    harmless(WireFault::Interim(vec![103]))
}

pub(crate) fn interim_answers_in_a_row() -> Scenario {
    harmless(WireFault::Interim(vec![100, 102, 103, 103]))
}

pub(crate) fn body_until_the_connection_closes() -> Scenario {
    harmless(WireFault::Framed(Framing::UntilClose))
}

pub(crate) fn answer_of_http_1_0() -> Scenario {
    harmless(WireFault::Framed(Framing::Http10))
}

pub(crate) fn status_line_without_a_reason() -> Scenario {
    harmless(WireFault::Framed(Framing::NoReason))
}

pub(crate) fn chunks_with_extensions_and_a_trailer() -> Scenario {
    harmless(WireFault::Framed(Framing::ChunksWithTrailer))
}

/// A sender must not send both; a recipient reads the chunks (RFC 9112, 6.3).
pub(crate) fn length_beside_chunks() -> Scenario {
    harmless(WireFault::Framed(Framing::LengthAndChunks))
}

pub(crate) fn same_length_twice() -> Scenario {
    harmless(WireFault::Framed(Framing::SameLengthTwice))
}

pub(crate) fn two_lengths_that_differ() -> Scenario {
    retried(WireFault::Framed(Framing::TwoLengths))
}

pub(crate) fn length_that_is_not_a_number() -> Scenario {
    retried(WireFault::Framed(Framing::NoNumber))
}

/// Only the document itself tells that it is incomplete.
pub(crate) fn body_cut_where_the_connection_closes() -> Scenario {
    retried(WireFault::Framed(Framing::HalfUntilClose))
}

pub(crate) fn chunks_without_the_last() -> Scenario {
    retried(WireFault::Framed(Framing::ChunksWithoutEnd))
}

/// The length is correct: the service sent half a document, and would do so again.
pub(crate) fn length_of_half_the_body() -> Scenario {
    let events = Scenario::new(Work::Call(crate::conformance::scenario::Operation::Definitions));
    events
        .fault(Match::Event, Fault::StatusWith {
            status: 200,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: br#"{"entities":["#.to_vec(),
        })
        .wire("0 token, 0 call")
        .ends(
            "unreadable answer at entities (byte 13): the document ends early (at usage.events.definitions after 2 \
             requests)",
        )
}

/// The same with a page, followed by its other half.
pub(crate) fn length_of_half_a_page() -> Scenario {
    organization()
        .fault(Match::Results, WireFault::Framed(Framing::HalfLength))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Undecodable")
        .ends(
            "unreadable answer at $ (byte 2792): the document ends early (at usage.query.results after 3 requests, can \
             be resumed)",
        )
}

pub(crate) fn submit_cut_where_the_connection_closes() -> Scenario {
    ambiguous_submit(WireFault::Framed(Framing::HalfUntilClose))
}

pub(crate) fn submit_in_chunks_without_the_last() -> Scenario {
    ambiguous_submit(WireFault::Framed(Framing::ChunksWithoutEnd))
}

pub(crate) fn submit_closed_in_the_head() -> Scenario {
    ambiguous_submit(WireFault::CloseMidHead)
}

pub(crate) fn submit_answered_with_garbage() -> Scenario {
    ambiguous_submit(WireFault::Garbage(b"\x16\x03\x01\x00\x02".to_vec()))
}

pub(crate) fn login_closed_before_the_head() -> Scenario {
    asked_for_again(WireFault::CloseBeforeReply)
}

pub(crate) fn login_closed_in_the_head() -> Scenario {
    asked_for_again(WireFault::CloseMidHead)
}

pub(crate) fn login_in_chunks_without_the_last() -> Scenario {
    asked_for_again(WireFault::Framed(Framing::ChunksWithoutEnd))
}

pub(crate) fn login_answered_with_garbage() -> Scenario {
    asked_for_again(WireFault::Garbage(b"220 mail.example ESMTP\r\n".to_vec()))
}

/// Bytes after a response are not the response to the next request.
pub(crate) fn unrequested_bytes_after_a_response() -> Scenario {
    let forged = r#"{"queryStatus":"Complete","results":[]}"#;
    let forged = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{forged}", forged.len());
    organization()
        .service(|service| service.with_execution_time(Duration::from_secs(5)))
        .fault(Match::Results, WireFault::Followed(forged.into_bytes()))
        .wire("0 token, 0 submit, 2000 poll, 6000 poll")
        .rows(BY_CLIENT)
}

/// Each page breaks off once, each in another way.
pub(crate) fn each_page_breaks_in_another_way() -> Scenario {
    Scenario::new(Work::Search)
        .fault(Match::Results, WireFault::Framed(Framing::HalfUntilClose))
        .rule(Rule::new(Match::Results, WireFault::Framed(Framing::ChunksWithoutEnd)).skip(1))
        .rule(Rule::new(Match::Results, WireFault::CloseMidHead).skip(2))
        .wire("0 token, 0 submit, 2000 poll, 2500 poll, 2500 page, 3000 page, 3000 page, 3500 page")
        .rows(IN_SEARCH)
}

/// A time beyond the range of any clock.
pub(crate) fn time_limits_of_any_length() -> Scenario {
    organization()
        .connect_timeout(Duration::MAX)
        .policy(|policy| policy.with_exchange_timeout(Duration::MAX).with_deadline(Duration::MAX))
        .wire("0 token, 0 submit, 2000 poll")
        .rows(BY_CLIENT)
}
