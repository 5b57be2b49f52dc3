//! Responses in every valid form, and cut at every place: the outcome is the same on every driver.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use usage_core::error::{Failure, Sent, TransportKind};
use usage_core::{Error, Policy};

use crate::runtime::run;
use crate::support::query;
use crate::transports::{answer, answer_to, builder, listen, request, submit_fails};

const ACCEPTED: &str = r#"{"executionId":"e"}"#;

/// Returns `wire` with the body of an accepted submit for `BODY`, its length for `LEN`, and its length in hexadecimal for
/// `HEX`.
fn filled(wire: &str) -> String {
    let (length, hex) = (ACCEPTED.len().to_string(), format!("{:x}", ACCEPTED.len()));
    wire.replace("BODY", ACCEPTED).replace("LEN", &length).replace("HEX", &hex)
}

/// How a server ends a connection.
#[derive(Clone, Copy, Debug)]
enum End {
    Closed,
    Reset,
    /// The client closes it first.
    Kept,
}

/// Starts a server that answers each submit with `wire`.
fn answering(wire: &str, end: End) -> String {
    let wire = filled(wire);
    let (address, _) = listen(move |mut socket| {
        if let End::Reset = end {
            // A server that leaves bytes unread resets the connection.
            socket.read_exact(&mut [0]).ok()?;
            socket.write_all(wire.as_bytes()).ok()?;
            thread::sleep(Duration::from_millis(5));
            return Some(());
        }
        let asked = request(&mut socket)?;
        if asked.starts_with("GET") {
            return answer(&mut socket, answer_to(&asked));
        }
        socket.write_all(wire.as_bytes()).ok()?;
        if let End::Closed = end {
            socket.shutdown(Shutdown::Write).ok()?;
        }
        until_the_client_closes(&mut socket)
    });
    address
}

fn until_the_client_closes(socket: &mut TcpStream) -> Option<()> {
    socket.read_to_end(&mut Vec::new()).map(drop).ok()
}

/// Returns a response with the transfer coding `chunked` and this body.
fn chunked(chunks: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
}

/// Returns a response with additional headers.
fn with(headers: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: LEN\r\n{headers}\r\nBODY")
}

#[test]
fn every_valid_form_of_a_response_is_read() {
    let behind = |interim: &str| format!("HTTP/1.1 {interim}\r\n\r\n{}", with(""));
    // 128 headers, including the length.
    let many = "x: y\r\n".repeat(127);
    for wire in [
        "HTTP/1.1 200 OK\r\n\r\nBODY".into(),
        "HTTP/1.0 200 OK\r\n\r\nBODY".into(),
        "HTTP/1.1 200\r\nContent-Length: LEN\r\n\r\nBODY".into(),
        "HTTP/1.1 200 Sch\u{f6}n\r\nContent-Length: LEN\r\n\r\nBODY".into(),
        "HTTP/1.1 200 OK\nContent-Length: LEN\n\nBODY".into(),
        "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: LEN\r\n\r\nBODY".into(),
        with("Content-Length: LEN\r\n"),
        with("X: \u{e9}\r\n"),
        with(&many),
        with(&format!("x: {}\r\n", "y".repeat(60_000))),
        behind("100 Continue"),
        behind("102 Processing"),
        behind("103 Early Hints\r\nlink: x"),
        chunked("HEX;a=b\r\nBODY\r\n0\r\n\r\n"),
        chunked("HEX\r\nBODY\r\n0\r\nx: y\r\n\r\n"),
        chunked("HEX\r\nBODY\r\n0\r\n\r\n").replace(" chunked", " chunked\r\nTransfer-Encoding: Chunked"),
    ] {
        let client = builder("http", &answering(&wire, End::Closed)).build().unwrap();
        run(client.run(query())).unwrap_or_else(|error| panic!("{error:?} {wire:.200}"));
    }
}

#[test]
fn a_submit_without_a_valid_response_is_ambiguous_wherever_it_breaks() {
    let closed = Some("the server closed it before the answer was complete");
    let not_http = Some("the answer is not HTTP");
    let too_long = Some("the head of the answer is too long");
    let both = [End::Closed, End::Reset];
    let any = [End::Closed, End::Reset, End::Kept];
    let cases: [(&[End], Option<&str>, &[&str]); 5] = [
        (
            &both,
            closed,
            &["", "H", "\r\n", "HTTP/1.", "HTTP/1.1 200 OK\r\nConte", "HTTP/1.1 100 Continue\r\n\r\n"],
        ),
        (
            &both,
            closed,
            &[
                "HTTP/1.1 200 OK\r\nContent-Length: LEN\r\n\r",
                "HTTP/1.1 200 OK\r\nContent-Length: LEN\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: LEN\r\n\r\n{",
                &chunked(""),
                &chunked("4"),
                &chunked("4\r\n{"),
                &chunked("1\r\n{"),
                &chunked("1\r\n{\r\n"),
            ],
        ),
        // The end of the connection ends the body, which is incomplete.
        (
            &both,
            None,
            &["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n{\"exec", "HTTP/1.0 200 OK\r\n\r\n{"],
        ),
        (
            &any,
            not_http,
            &[
                &chunked("zz\r\nBODY\r\n0\r\n\r\n"),
                &chunked("\r\nBODY\r\n0\r\n\r\n"),
                &chunked("-5\r\nBODY\r\n0\r\n\r\n"),
                &chunked("fffffffffffffffff\r\nBODY\r\n0\r\n\r\n"),
                &chunked("3\r\nBODY\r\n0\r\n\r\n"),
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHEX\r\nBODY\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: +LEN\r\n\r\nBODY",
                "HTTP/1.1 200 OK\r\nContent-Length: LEN\r\nContent-Length: 3\r\n\r\nBODY",
                "HTTP/1.2 200 OK\r\nContent-Length: LEN\r\n\r\nBODY",
                "HTTP/1.1 000 OK\r\nContent-Length: LEN\r\n\r\nBODY",
                &with("folded: a\r\n b\r\n"),
                &with("no colon\r\n"),
                "\0\0\u{12}\u{4}\0\0\0\0\0\0\u{3}\0\0\0",
            ],
        ),
        (&any, too_long, &[&with(&format!("x: {}\r\n", "y".repeat(400_000)))]),
    ];
    for (ends, words, wires) in cases {
        for (end, wire) in ends.iter().flat_map(|end| wires.iter().map(move |wire| (*end, *wire))) {
            let (error, failure) = submit_fails(builder("http", &answering(wire, end)));
            let shown = format!("{error} {failure:?} {end:?} {wire:.200}");
            assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{shown}");
            assert_eq!((failure.kind, failure.sent), (TransportKind::Reset, Sent::Maybe), "{shown}");
            // The text of a reset is that of the system.
            let is_reset = matches!(end, End::Reset) && failure.text.starts_with("Connection reset");
            assert!(is_reset || words.is_none_or(|words| *failure.text == *words), "{shown}");
        }
    }
}

/// The status of an error says what became of the request. Its body only explains it.
#[test]
fn the_status_of_an_error_counts_wherever_its_body_breaks() {
    let policy = Policy::default().with_max_failures(1).with_exchange_timeout(Duration::from_millis(300));
    for end in [End::Closed, End::Reset, End::Kept] {
        for rest in [
            "Content-Length: 99\r\n\r\n",
            "Content-Length: 99\r\n\r\n{\"message\":\"no",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nno",
            "Transfer-Encoding: chunked\r\n\r\nzz",
        ] {
            for status in [302, 403, 429, 503] {
                let wire = format!("HTTP/1.1 {status} No\r\n{rest}");
                let client = builder("http", &answering(&wire, end)).policy(policy).build().unwrap();
                let error = run(client.run(query())).unwrap_err();
                let told = error.failure().api_error().map(|error| error.status.as_u16());
                assert_eq!(told, Some(status), "{error} {end:?} {wire}");
            }
        }
    }
}

/// A client requests no transfer coding other than chunks. Transports disagree about the body of any other.
#[test]
fn a_foreign_transfer_coding_is_refused() {
    for (coding, body) in [
        ("identity", "BODY"),
        ("identity\r\nContent-Length: LEN", "BODY"),
        ("gzip, chunked", "HEX\r\nBODY\r\n0\r\n\r\n"),
        ("chunked, identity", "HEX\r\nBODY\r\n0\r\n\r\n"),
        ("xchunked", "BODY"),
    ] {
        let wire = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n{body}");
        let client = builder("http", &answering(&wire, End::Kept)).build().unwrap();
        let error = run(client.run(query())).unwrap_err();
        let Failure::Decode(told) = error.failure() else { panic!("{error} {coding}") };
        assert!(told.problem.contains("which was not asked for"), "{error}");
    }
}

/// Too many headers, and a connection that is closed before the request is read.
#[test]
fn drivers_report_the_same_failure_if_their_texts_differ() {
    let (unread, _) = listen(|socket| socket.shutdown(Shutdown::Write).ok());
    let many = answering(&with(&"x: y\r\n".repeat(200)), End::Kept);
    for address in [unread, many] {
        for _ in 0..5 {
            let (error, failure) = submit_fails(builder("http", &address));
            assert_eq!(
                (failure.kind, failure.sent),
                (TransportKind::Reset, Sent::Maybe),
                "{error} {failure:?}"
            );
        }
    }
}

/// Runs a query through a proxy that opens the tunnel after `delay`, to a service that does not answer. Returns whether a
/// request arrived there, and the error.
fn through_a_late_tunnel(delay: Duration) -> (bool, Error) {
    let arrived = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&arrived);
    let (proxy, _) = listen(move |mut socket| {
        request(&mut socket)?;
        thread::sleep(delay);
        socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
        socket.read_exact(&mut [0]).ok()?;
        seen.store(true, Ordering::SeqCst);
        until_the_client_closes(&mut socket)
    });
    let policy = Policy::default().with_deadline(Duration::from_millis(1200));
    let client = builder("http", "127.0.0.1:9").policy(policy);
    let client = client.proxy(format!("http://{proxy}").parse().unwrap()).build().unwrap();
    let error = run(client.run(query())).unwrap_err();
    // By now, a request that was sent has arrived.
    thread::sleep(delay.saturating_sub(Duration::from_millis(700)));
    (arrived.load(Ordering::SeqCst), error)
}

#[test]
fn a_submit_is_not_sent_over_a_connection_that_comes_too_late() {
    let (arrived, error) = through_a_late_tunnel(Duration::from_secs(1));
    assert!(!arrived && matches!(error.failure(), Failure::Deadline { .. }), "{error:?}");
    let (arrived, error) = through_a_late_tunnel(Duration::ZERO);
    assert!(arrived && matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error:?}");
}
