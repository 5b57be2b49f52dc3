//! Every wire fault over a socket.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use usage_sim::{Fault, Framing, Match, Rule, WireFault};

use crate::wire::Bench;

const BODY: &str = r#"{"interval":"2026-07-01/2026-07-07"}"#;

/// Returns the bytes that arrive until the server closes, when `fault` strikes a submission.
fn struck(fault: WireFault) -> Vec<u8> {
    let bench = Bench::new();
    bench.server.simulator().inject(Rule::new(Match::Submit, fault.clone()));
    let mut connection = bench.connect();
    let bytes = connection.send(bench.submit("/api/v2/usage/query", BODY)).done().rest();
    let service = bench.server.simulator();
    assert_eq!(service.journal()[0].fault, Some(Fault::Wire(fault)));
    assert!(service.journal()[0].started.is_some(), "it was processed");
    bytes
}

#[test]
fn garbage_replaces_the_response() {
    assert_eq!(struck(WireFault::Garbage(b"\x16\x03\x01 what?".to_vec())), b"\x16\x03\x01 what?");
}

#[test]
fn closes_before_the_reply() {
    assert_eq!(struck(WireFault::CloseBeforeReply), b"");
}

#[test]
fn closes_in_the_head() {
    let bytes = struck(WireFault::CloseMidHead);
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(!bytes.windows(4).any(|window| window == b"\r\n\r\n"));
}

#[test]
fn closes_in_the_body() {
    let bytes = String::from_utf8(struck(WireFault::CloseMidBody)).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    let promised: usize =
        head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    assert!(!body.is_empty() && body.len() < promised, "{bytes}");
}

#[test]
fn closes_after_a_response_that_announced_to_keep_the_connection() {
    let bytes = String::from_utf8(struck(WireFault::CloseAfterReply)).unwrap();
    assert!(bytes.contains("Connection: keep-alive\r\n") && bytes.ends_with('}'), "{bytes}");
}

#[test]
fn bodies_in_chunks() {
    let bytes = String::from_utf8(struck(WireFault::Chunked { bytes: 3 })).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Transfer-Encoding: chunked") && !head.contains("Content-Length"), "{head}");
    assert!(body.starts_with("3\r\n{\"e\r\n3\r\nxec\r\n") && body.ends_with("\r\n0\r\n\r\n"), "{body}");
}

#[test]
fn garbage_between_chunks() {
    let bytes = String::from_utf8(struck(WireFault::GarbageMidBody)).unwrap();
    assert!(bytes.contains("Transfer-Encoding: chunked") && bytes.ends_with("\r\nwhat?\r\n"), "{bytes}");
}

#[test]
fn heads_have_the_configured_length() {
    let bytes = String::from_utf8(struck(WireFault::OversizedHead { bytes: 100_000 })).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    assert_eq!(head.len() + 4, 100_000);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && body.ends_with('}'));
    let bytes = struck(WireFault::OversizedHead { bytes: 1 });
    assert!(String::from_utf8(bytes).unwrap().contains("X-Padding: \r\n\r\n{"));
}

#[test]
fn bodies_without_an_end() {
    let bench = Bench::new();
    bench.server.simulator().inject(Rule::new(Match::Submit, WireFault::EndlessBody));
    let mut connection = bench.connect();
    connection.send(bench.submit("/api/v2/usage/query", BODY));
    let mut read = 0;
    while read < 1_000_000 {
        read += connection.read().unwrap();
    }
    bench.server.shutdown();
}

#[test]
fn hangs_in_the_body() {
    let bench = Bench::new();
    bench.server.simulator().inject(Rule::new(Match::Submit, WireFault::HangMidBody));
    let mut connection = bench.connect();
    connection.send(bench.submit("/api/v2/usage/query", BODY));
    connection.set_read_timeout(Duration::from_millis(300));
    let mut read = 0;
    let error = loop {
        match connection.read() {
            Ok(bytes) => read += bytes,
            Err(error) => break error.kind(),
        }
    };
    assert!(read > 0 && matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{read} {error:?}");
}

#[test]
fn hangs_until_the_client_closes_the_connection() {
    let bench = Bench::new();
    bench.server.simulator().inject(Rule::new(Match::Submit, WireFault::Hang));
    let mut connection = bench.connect();
    connection.send(bench.submit("/api/v2/usage/query", BODY));
    connection.set_read_timeout(Duration::from_millis(200));
    let kind = connection.read().unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind:?}");
    assert_eq!(bench.server.simulator().journal().len(), 1);
    let begin = Instant::now();
    bench.server.shutdown();
    assert!(begin.elapsed() < Duration::from_secs(20), "a hanging connection does not keep the server");
}

#[test]
fn a_slow_response_is_complete_and_the_connection_is_kept() {
    let bench = Bench::new();
    let drip = WireFault::Drip { interval: Duration::from_millis(2), bytes: 20 };
    bench.server.simulator().inject(Rule::new(Match::Submit, drip));
    let mut connection = bench.connect();
    let begin = Instant::now();
    let (_, body) = connection.send(bench.submit("/api/v2/usage/query", BODY)).answer();
    assert!(begin.elapsed() >= Duration::from_millis(20), "{:?}", begin.elapsed());
    assert!(body.starts_with(br#"{"executionId":""#));
    assert_eq!(connection.send(bench.submit("/api/v2/usage/query", BODY)).answer().1.len(), body.len());
}

#[test]
fn a_slow_response_does_not_delay_the_end_of_the_server() {
    let bench = Bench::new();
    let drip = WireFault::Drip { interval: Duration::from_secs(3_600), bytes: 0 };
    bench.server.simulator().inject(Rule::new(Match::Submit, drip));
    let mut connection = bench.connect();
    connection.send(bench.submit("/api/v2/usage/query", BODY));
    while bench.server.simulator().journal().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let begin = Instant::now();
    bench.server.shutdown();
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn replaced_responses_are_the_same_on_the_wire() {
    let bench = Bench::new();
    bench.server.simulator().inject(Rule::new(Match::Any, Fault::Html));
    let strange = Fault::StatusWith {
        status: 799,
        headers: vec![("Content-Length".into(), "1".into())],
        body: b"abc".to_vec(),
    };
    bench.server.simulator().inject(Rule::new(Match::Any, strange));
    let mut connection = bench.connect();
    let (head, body) = connection.send(bench.head("GET", "/", "")).answer();
    assert!(
        head.starts_with("HTTP/1.1 502 Bad Gateway\r\n") && head.contains("Content-Type: text/html\r\n"),
        "{head}"
    );
    assert!(body.starts_with(b"<html>"));
    let (head, body) = connection.send(bench.head("GET", "/", "")).answer();
    assert!(head.starts_with("HTTP/1.1 799 Unknown\r\n"), "{head}");
    assert_eq!(body, b"abc", "the true length is sent");
}

/// Head and body.
fn parts(bytes: &[u8]) -> (String, String) {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn bodies_have_every_framing() {
    let whole = parts(&struck(WireFault::Framed(Framing::UntilClose)));
    assert!(whole.0.starts_with("HTTP/1.1 200 OK\r\n") && whole.0.ends_with("\r\nConnection: close"));
    assert!(!whole.0.contains("Content-Length") && whole.1.ends_with('}'));
    let length = whole.1.len();
    for (framing, line, found, body) in [
        (Framing::HalfUntilClose, "HTTP/1.1 200 OK", "", length / 2),
        (Framing::Http10, "HTTP/1.0 200 OK", "", length),
        (Framing::NoReason, "HTTP/1.1 200 ", "Content-Length: ", length),
        (Framing::HalfLength, "HTTP/1.1 200 OK", "Content-Length: ", length),
        (Framing::SameLengthTwice, "HTTP/1.1 200 OK", "Content-Length: ", length),
        (Framing::TwoLengths, "HTTP/1.1 200 OK", "Content-Length: ", length),
        (Framing::NoNumber, "HTTP/1.1 200 OK", "Content-Length: many", length),
    ] {
        let (head, sent) = parts(&struck(WireFault::Framed(framing)));
        assert!(head.starts_with(&format!("{line}\r\n")) && head.contains(found), "{framing:?}: {head}");
        assert_eq!(sent.len(), body, "{framing:?}");
    }
    for (framing, end) in [
        (Framing::ChunksWithoutEnd, "}\r\n"),
        (Framing::ChunksWithTrailer, "\r\n0\r\nX-Trailer: 1\r\n\r\n"),
        (Framing::LengthAndChunks, "\r\n0\r\n\r\n"),
    ] {
        let bytes = struck(WireFault::Framed(framing));
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.contains("Transfer-Encoding: chunked\r\n") && text.ends_with(end),
            "{framing:?}: {text}"
        );
    }
}

#[test]
fn interim_responses_precede_the_response_and_unrequested_bytes_follow() {
    let bench = Bench::new();
    for fault in
        [WireFault::Interim(vec![100, 103]), WireFault::Followed(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())]
    {
        bench.server.simulator().inject(Rule::new(Match::Submit, fault.clone()));
        let mut connection = bench.connect();
        connection.send(bench.submit("/api/v2/usage/query", BODY));
        let heads: Vec<_> = match fault {
            WireFault::Interim(_) => vec![connection.head(), connection.head(), connection.answer().0],
            _ => vec![connection.answer().0, connection.head()],
        };
        let statuses: Vec<_> = heads.iter().map(|head| head.split(' ').nth(1).unwrap()).collect();
        match fault {
            WireFault::Interim(_) => assert_eq!(statuses, ["100", "103", "200"]),
            _ => assert_eq!(statuses, ["200", "100"]),
        }
    }
}
