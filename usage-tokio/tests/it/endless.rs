//! Responses that never end and arrive as fast as they are read: each exchange ends at its time limit, on every driver, and
//! holds up no other one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use usage_core::error::{Failure, Sent, TransportKind};
use usage_core::{Error, Policy};
use usage_driver::ClientBuilder;

use crate::driver::Client;
use crate::runtime::{collect, run};
use crate::support::query;
use crate::transports::{answer, answer_to, builder, listen, request};

const LIMIT: Duration = Duration::from_millis(300);

/// Sends `head`, then `piece` repeatedly until the client closes the connection.
fn send_forever(socket: &mut TcpStream, head: &[u8], piece: &[u8]) -> Option<()> {
    socket.write_all(head).ok()?;
    loop {
        socket.write_all(piece).ok()?;
    }
}

/// An interim response, with a long header so that tests read many bytes without parsing many responses.
fn interim() -> Vec<u8> {
    format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(20_000)).into_bytes()
}

/// A member of a gzip body with a long name and without content.
fn empty_gzip_member() -> Vec<u8> {
    let head = [31, 139, 8, 8, 0, 0, 0, 0, 0, 255];
    [&head[..], &vec![b'x'; 20_000], &[0], &[3, 0], &[0; 8]].concat()
}

/// Runs more queries at a time than the runtime of a test has threads.
fn errors_of(builder: ClientBuilder<Client>) -> Vec<Error> {
    let policy = Policy::default().with_exchange_timeout(LIMIT).with_max_failures(1);
    let client = builder.policy(policy).connect_timeout(LIMIT).build().unwrap();
    let results = collect(client.run_all(vec![query(); 4], 4));
    results.into_iter().map(|(_, result)| result.unwrap_err()).collect()
}

#[test]
fn an_endless_response_ends_at_the_time_limit_and_holds_up_no_other() {
    let compressed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    for (head, piece) in [(Vec::new(), interim()), (compressed, empty_gzip_member())] {
        let (address, _) = listen(move |mut socket| {
            request(&mut socket)?;
            send_forever(&mut socket, &head, &piece)
        });
        for error in errors_of(builder("http", &address)) {
            assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");
            assert_eq!(error.failure().transport_failure().unwrap().kind, TransportKind::Timeout, "{error}");
        }
    }
    let (address, _) = listen(|mut socket| {
        loop {
            let asked = request(&mut socket)?;
            answer(&mut socket, answer_to(&asked))?;
        }
    });
    assert_eq!(run(builder("http", &address).build().unwrap().run(query())).unwrap().len(), 1);
}

#[test]
fn an_endless_response_of_a_proxy_ends_at_the_time_limit_for_connecting() {
    let (proxy, _) = listen(|mut socket| {
        socket.read_exact(&mut [0]).ok()?;
        send_forever(&mut socket, b"", &interim())
    });
    let through = builder("http", "127.0.0.1:9").proxy(format!("http://{proxy}").parse().unwrap());
    for error in errors_of(through) {
        let failure = error.failure().transport_failure().unwrap();
        assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No), "{error}");
        assert!(failure.text.contains("through the proxy"), "{error}");
    }
}
