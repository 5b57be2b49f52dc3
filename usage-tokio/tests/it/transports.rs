//! Connections that servers break, and the errors that follow: the same on every driver.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use usage_core::error::{Failure, Sent, TransportFailure, TransportKind};
use usage_core::query::{OrganizationQuery, SimpleSearch};
use usage_core::retry::Backoff;
use usage_core::{Error, MAX_CURSOR_LEN, Policy, Secret};
use usage_driver::{ClientBuilder, Proxy};
use usage_sim::Tls;

use crate::driver::Client;
use crate::runtime::{collect, run};
use crate::support::query;

/// Returns how often a test that depends on timing is repeated: `long` times if `USAGE_LONG_TESTS` is set.
fn times(short: usize, long: usize) -> usize {
    if std::env::var_os("USAGE_LONG_TESTS").is_some() { long } else { short }
}

/// Serves each connection by `serve` on its own thread, and counts the connections.
pub(crate) fn listen(
    serve: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (serve, connections) = (Arc::new(serve), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for socket in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let (serve, socket) = (Arc::clone(&serve), socket.unwrap());
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            socket.set_nodelay(true).unwrap();
            thread::spawn(move || serve(socket));
        }
    });
    (address, connections)
}

/// Reads a whole request.
pub(crate) fn request(socket: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return String::from_utf8(bytes).ok();
            }
        }
        match socket.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&chunk[..length]),
        }
    }
}

/// Sends a response that announces to keep the connection.
pub(crate) fn answer(socket: &mut TcpStream, body: &str) -> Option<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    socket.write_all((head + body).as_bytes()).ok()
}

const DONE: &str = r#"{"queryStatus":"Complete","results":[{"requests":42}]}"#;

pub(crate) fn answer_to(request: &str) -> &'static str {
    if request.starts_with("POST") { r#"{"executionId":"e"}"# } else { DONE }
}

fn quick() -> Policy {
    let delay = Backoff::constant(Duration::from_millis(5));
    Policy::default().with_first_poll(delay.initial).with_poll(delay).with_retry(delay).with_max_failures(50)
}

pub(crate) fn builder(scheme: &str, address: &str) -> ClientBuilder<Client> {
    let url = format!("{scheme}://{address}");
    let builder = Client::builder().api_url(url.parse().unwrap()).login_url(url.parse().unwrap());
    builder.policy(quick()).access_token("a-token").unwrap()
}

pub(crate) fn submit_fails(builder: ClientBuilder<Client>) -> (Error, TransportFailure) {
    let error = run(builder.policy(quick().with_max_failures(1)).build().unwrap().run(query())).unwrap_err();
    let failure = error.failure().transport_failure().unwrap_or_else(|| panic!("{error}")).clone();
    (error, failure)
}

#[test]
fn no_submit_is_ambiguous_if_the_server_closes_after_every_response() {
    for closes_at_once in [true, false] {
        let (address, _) = listen(move |mut socket| {
            let asked = request(&mut socket)?;
            answer(&mut socket, answer_to(&asked))?;
            if !closes_at_once {
                thread::sleep(Duration::from_millis(2));
            }
            socket.shutdown(Shutdown::Both).ok()
        });
        let client = builder("http", &address).build().unwrap();
        let queries = vec![query(); times(24, 500)];
        let results = collect(client.run_all(queries.clone(), 8));
        assert_eq!(results.len(), queries.len());
        for (_, result) in results {
            assert_eq!(result.unwrap().row(0).unwrap().requests(), Some(42));
        }
    }
}

#[test]
fn idempotent_requests_reuse_a_connection() {
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polls);
    let (address, connections) = listen(move |mut socket| {
        loop {
            let asked = request(&mut socket)?;
            let is_early = asked.starts_with("GET") && counted.fetch_add(1, Ordering::SeqCst) < 20;
            answer(&mut socket, if is_early { r#"{"queryStatus":"Running"}"# } else { answer_to(&asked) })?;
        }
    });
    run(builder("http", &address).build().unwrap().run(query())).unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 21);
    // ureq keeps the connection of the submit. hyper connects again for the polls, and perhaps once more if a kept
    // connection becomes free while it connects.
    let connections = connections.load(Ordering::SeqCst);
    assert!((1..=3).contains(&connections), "{connections} connections");
}

#[test]
fn requests_of_any_legal_length_are_sent() {
    let cursor = "\u{e9}/%".repeat(MAX_CURSOR_LEN / 4);
    let token = "t".repeat(60_000);
    let (wanted, bearer) = (cursor.clone(), format!("bearer {token}"));
    let (address, _) = listen(move |mut socket| {
        loop {
            let asked = request(&mut socket)?;
            assert!(asked.to_ascii_lowercase().contains(&bearer));
            let page = if asked.contains("after=") {
                assert!(asked.split("after=").nth(1)?.starts_with(&"%C3%A9%2F%25".repeat(wanted.len() / 4)));
                DONE.to_owned()
            } else if asked.starts_with("POST") {
                answer_to(&asked).to_owned()
            } else {
                format!(
                    r#"{{"queryStatus":"Complete","cursors":{{"after":"{wanted}"}},"results":[{{"requests":1}}]}}"#
                )
            };
            answer(&mut socket, &page)?;
        }
    });
    let client = builder("http", &address).access_token(&token).unwrap().build().unwrap();
    let search = SimpleSearch::new("2026-07-01/2026-07-07".parse().unwrap());
    assert_eq!(run(client.run(search)).unwrap().len(), 2);
}

#[test]
fn an_exchange_that_ends_before_there_is_a_connection_was_not_sent() {
    let (silent, _) = listen(|mut socket| socket.read_to_end(&mut Vec::new()).map(drop).ok());
    let impatient = |builder: ClientBuilder<Client>| {
        let policy = quick().with_max_failures(1).with_exchange_timeout(Duration::from_millis(200));
        let error = run(builder.policy(policy).build().unwrap().run(query())).unwrap_err();
        let failure = error.failure().transport_failure().unwrap().clone();
        assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No), "{error}");
        assert!(!error.to_string().contains("may have been submitted"), "{error}");
        failure.text
    };
    assert!(impatient(builder("https", &silent)).starts_with("not within "));
    let proxy: Proxy = format!("http://u:hunter2@{silent}").parse().unwrap();
    for scheme in ["http", "https"] {
        let text = impatient(builder(scheme, "127.0.0.1:9").proxy(proxy.clone()));
        assert!(text.ends_with(&format!(" through the proxy {silent}")), "{text}");
    }

    // With a connection, its fate is unknown.
    let policy = quick().with_exchange_timeout(Duration::from_millis(200));
    let error = run(builder("http", &silent).policy(policy).build().unwrap().run(query())).unwrap_err();
    let Failure::AmbiguousSubmit(failure) = error.failure() else { panic!("{error}") };
    assert_eq!((failure.kind, failure.sent), (TransportKind::Timeout, Sent::Maybe));
}

#[test]
fn errors_are_described_in_our_own_words() {
    let cuts: [(&[u8], &str); 8] = [
        (b"", "the server closed it before the answer was complete"),
        (b"HTTP/1.1 200 OK\r\nContent-", "the server closed it before the answer was complete"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
            "the server closed it before the answer was complete",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
            "the server closed it before the answer was complete",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
            "the server closed it before the answer was complete",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "the answer is not HTTP"),
        (b"<html>\r\n\r\n", "the answer is not HTTP"),
    ];
    for (bytes, text) in cuts {
        let (address, _) = listen(move |mut socket| {
            request(&mut socket)?;
            socket.write_all(bytes).ok()?;
            socket.shutdown(Shutdown::Both).ok()
        });
        let (error, failure) = submit_fails(builder("http", &address));
        assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");
        let shown = (failure.kind, failure.sent, &*failure.text);
        assert_eq!(shown, (TransportKind::Reset, Sent::Maybe, text), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_refusal_of_a_proxy_names_proxy_and_status_and_no_credentials() {
    let cases: [(&'static str, usize, &str); 9] = [
        (
            "HTTP/1.1 401 Unauthorized\r\n\r\n<html>",
            1,
            "(status 401); check the user and the password in its URL",
        ),
        ("HTTP/1.1 403 Filtered\r\n\r\n", 1, "(status 403); its rules do not allow this host"),
        ("HTTP/1.0 407 No\r\n\r\n", 1, "(status 407); check the user and the password in its URL"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", 3, "(status 502)"),
        ("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n", 3, "(status 503)"),
        ("<html><body>A portal</body></html>", 3, "does not answer as an HTTP proxy"),
        ("\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}", 3, "does not answer as an HTTP proxy"),
        ("HTTP/1.1 200 OK\r\n", 3, "closed the connection instead of answering"),
        ("", 3, "closed the connection instead of answering"),
    ];
    for (reply, attempts, wanted) in cases {
        let (proxy, connections) = listen(move |mut socket| {
            request(&mut socket)?;
            socket.write_all(reply.as_bytes()).ok()?;
            socket.shutdown(Shutdown::Both).ok()
        });
        for scheme in ["https", "http"] {
            let url: Proxy = format!("http://reports:hunter2@{proxy}").parse().unwrap();
            let before = connections.load(Ordering::SeqCst);
            let client = builder(scheme, "127.0.0.1:9").proxy(url).policy(quick().with_max_failures(3));
            let error = run(client.build().unwrap().run(query())).unwrap_err();
            let failure = error.failure().transport_failure().unwrap();
            assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No), "{error}");
            assert_eq!(connections.load(Ordering::SeqCst) - before, attempts, "{error}");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(&format!("the proxy {proxy} ")) && shown.contains(wanted), "{shown}");
            assert!(!shown.contains("hunter2") && !shown.contains("cmVwb3J0"), "{shown}");
        }
    }
}

#[test]
fn a_dead_proxy_is_not_taken_for_a_dead_service() {
    let refusing = usage_sim::Refusing::new().unwrap();
    let dead = refusing.url().replace("http://", "");
    let (_, service) = submit_fails(builder("http", &dead));
    assert!(!service.text.contains("proxy"), "{service}");
    let proxy: Proxy = format!("http://u:hunter2@{dead}").parse().unwrap();
    let (_, failure) = submit_fails(builder("http", "127.0.0.1:9").proxy(proxy));
    let wanted = format!("the proxy {dead} cannot be reached: Connection refused (os error ");
    assert!(failure.text.starts_with(&wanted), "{failure:?}");
    let (_, failure) =
        submit_fails(builder("http", "127.0.0.1:9").proxy("http://proxy.invalid:1".parse().unwrap()));
    assert_eq!((failure.kind, failure.sent), (TransportKind::Dns, Sent::No));
    assert!(failure.text.contains("the proxy proxy.invalid:1 cannot be reached: "), "{failure}");
}

/// Starts a server that refuses clients without a certificate and resets the connection.
fn abrupt(tls: &Tls) -> String {
    let config = tls.server_config();
    let (address, _) = listen(move |mut socket| {
        let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let refused = tls.complete_io(&mut socket).is_err();
        assert!(refused, "a client without a certificate was let in");
        // It closes with bytes of the request unread.
        thread::sleep(Duration::from_millis(1));
        Some(())
    });
    address
}

#[test]
fn a_refused_client_certificate_is_always_a_failure_of_tls() {
    for tls in [Tls::demanding_client().unwrap(), Tls::demanding_client_in_tls12().unwrap()] {
        let address = abrupt(&tls);
        for _ in 0..times(15, 100) {
            let client = builder("https", &address).root_certificates(tls.root_pem().as_bytes()).unwrap();
            let (error, failure) = submit_fails(client);
            assert_eq!((failure.kind, failure.sent), (TransportKind::Tls, Sent::No), "{error}");
            assert!(failure.text.contains("CertificateRequired"), "{error}");
        }
    }
}

/// An unknown certificate is refused in the same way.
#[test]
fn an_unknown_client_certificate_is_a_failure_of_tls() {
    let (tls, stranger) = (Tls::demanding_client().unwrap(), Tls::demanding_client().unwrap());
    let address = abrupt(&tls);
    for _ in 0..times(5, 100) {
        let key = Secret::new(stranger.client_key_pem().as_bytes().to_vec());
        let client = builder("https", &address).root_certificates(tls.root_pem().as_bytes()).unwrap();
        let client = client.client_certificate(stranger.client_pem().as_bytes(), key).unwrap();
        let (error, failure) = submit_fails(client);
        assert_eq!((failure.kind, failure.sent), (TransportKind::Tls, Sent::No), "{error}");
    }
}

/// A gateway may refuse a request before it has read it.
#[test]
fn a_response_is_read_although_the_server_did_not_read_the_request() {
    let (address, _) = listen(|mut socket| {
        socket.read_exact(&mut [0; 16]).ok()?;
        let mut refusal =
            String::from("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n");
        write!(refusal, "X-Gateway: 1\r\n\r\n").ok()?;
        socket.write_all(refusal.as_bytes()).ok()?;
        socket.shutdown(Shutdown::Write).ok()?;
        socket.read_to_end(&mut Vec::new()).map(drop).ok()
    });
    let error = run(builder("http", &address).build().unwrap().run(query())).unwrap_err();
    assert!(matches!(error.failure(), Failure::Rejected(_)), "{error}");
}

#[test]
fn time_limits_may_have_any_length() {
    let (address, _) = listen(|mut socket| {
        loop {
            let asked = request(&mut socket)?;
            answer(&mut socket, answer_to(&asked))?;
        }
    });
    let policy = quick().with_exchange_timeout(Duration::MAX).with_deadline(Duration::MAX);
    let client = builder("http", &address).policy(policy).connect_timeout(Duration::MAX).build().unwrap();
    let rows = run(client.run(OrganizationQuery::new("2026-07-01/2026-07-07".parse().unwrap())));
    assert_eq!(rows.unwrap().len(), 1);
}
