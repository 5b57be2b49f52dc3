//! HTTP/2 with a service that offers it, HTTP/1.1 with one that does not.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use usage_core::Policy;
use usage_core::error::{Failure, Sent, TransportKind};

use crate::runtime::{run, timeout};
use crate::support::query;
use crate::tls::builder;

/// Starts a service that uses only HTTP/2 and offers `protocol`. Returns its URL and its certificate.
fn service(protocol: &'static [u8]) -> (String, String) {
    listen(protocol, |stream| async {
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
    })
}

/// Serves each connection by `serve`, and offers `protocol`. Returns the URL and the certificate.
fn listen<F: Future<Output = ()> + Send + 'static>(
    protocol: &'static [u8],
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (String, String) {
    listen_to(Clients::All, protocol, serve)
}

#[derive(Clone, Copy)]
enum Clients {
    All,
    /// Those with a certificate.
    Known,
}

fn listen_to<F: Future<Output = ()> + Send + 'static>(
    clients: Clients,
    protocol: &'static [u8],
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = certified.cert.pem();
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        Clients::All => config.with_no_client_auth(),
        Clients::Known => config.with_client_cert_verifier(verifier.build().unwrap()),
    };
    let mut config = config.with_single_cert(vec![certified.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let (address, listening) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.send(listener.local_addr().unwrap()).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((socket, _)) = listener.accept().await {
                match acceptor.accept(socket).into_fallible().await {
                    Ok(stream) => drop(tokio::spawn(serve(stream))),
                    // What the client still sends is read, so that the refusal is not lost to a reset.
                    Err((_, mut socket)) => {
                        tokio::spawn(async move { socket.read_to_end(&mut Vec::new()).await });
                    }
                }
            }
        });
    });
    (format!("https://localhost:{}", listening.recv().unwrap().port()), pem)
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.version(), Version::HTTP_2);
    let body = if request.uri().path().ends_with("/results") {
        r#"{"queryStatus":"Complete","results":[{"requests":42}]}"#
    } else {
        r#"{"executionId":"e"}"#
    };
    Ok(Response::new(Full::from(body)))
}

#[test]
fn http2_is_used_if_the_service_offers_it() {
    let (url, pem) = service(b"h2");
    let client = builder(&url).access_token("a-token").unwrap();
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    let rows = run(client.run(query())).unwrap();
    assert_eq!(rows.row(0).unwrap().requests(), Some(42));
}

#[test]
fn a_service_that_offers_an_unknown_protocol_is_refused() {
    let (url, pem) = service(b"h9");
    let client = builder(&url).access_token("a-token").unwrap();
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    let error = run(client.run(query())).unwrap_err();
    let failure = error.failure().transport_failure().unwrap();
    assert_eq!(failure.kind, TransportKind::Tls, "{error}");
}

/// Returns a frame (RFC 9113, 4.1).
fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

fn reset(stream: u32, reason: u32) -> Vec<u8> {
    frame(3, stream, &reason.to_be_bytes())
}

fn go_away(last_stream: u32, reason: u32) -> Vec<u8> {
    frame(7, 0, &[last_stream.to_be_bytes(), reason.to_be_bytes()].concat())
}

/// Starts a server that answers a request with these frames and closes.
fn refusing(frames: Vec<u8>) -> (String, String) {
    listen(b"h2", move |mut stream| {
        let frames = frames.clone();
        async move {
            const SETTINGS: u8 = 4;
            let _ = stream.write_all(&frame(SETTINGS, 0, &[])).await;
            let mut arrived = Vec::new();
            let mut chunk = [0; 4096];
            // The client sends its preface, then frames. The request begins with HEADERS on stream 1.
            while !has_headers(arrived.get(24..).unwrap_or_default()) {
                match stream.read(&mut chunk).await {
                    Ok(length @ 1..) => arrived.extend_from_slice(&chunk[..length]),
                    _ => return,
                }
            }
            let _ = stream.write_all(&frames).await;
            let _ = stream.flush().await;
            // What the client still sends is read, so that the frames are not lost to a reset.
            let _ = tokio::time::timeout(Duration::from_millis(30), stream.read_to_end(&mut arrived)).await;
        }
    })
}

fn has_headers(mut frames: &[u8]) -> bool {
    const HEADERS: u8 = 1;
    while let Some((head, rest)) = frames.split_at_checked(9) {
        if head[3] == HEADERS {
            return true;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        frames = rest.get(usize::try_from(length).unwrap()..).unwrap_or_default();
    }
    false
}

/// A submit that the server declares unprocessed was not sent. With any other error, its fate is unknown.
#[test]
fn a_request_that_the_server_declares_unprocessed_was_not_sent() {
    const NO_ERROR: u32 = 0;
    const INTERNAL_ERROR: u32 = 2;
    const REFUSED_STREAM: u32 = 7;
    const ENHANCE_YOUR_CALM: u32 = 11;
    let unprocessed = "did not process";
    for (frames, sent, text) in [
        (go_away(0, NO_ERROR), Sent::No, unprocessed),
        (go_away(0, ENHANCE_YOUR_CALM), Sent::No, unprocessed),
        ([go_away(0x7fff_ffff, NO_ERROR), go_away(0, NO_ERROR)].concat(), Sent::No, unprocessed),
        (reset(1, REFUSED_STREAM), Sent::No, unprocessed),
        (reset(1, INTERNAL_ERROR), Sent::Maybe, ""),
        (go_away(1, NO_ERROR), Sent::Maybe, ""),
        (go_away(1, INTERNAL_ERROR), Sent::Maybe, ""),
        ([go_away(1, NO_ERROR), reset(1, REFUSED_STREAM)].concat(), Sent::No, unprocessed),
        (Vec::new(), Sent::Maybe, ""),
    ] {
        let (url, pem) = refusing(frames.clone());
        for _ in 0..5 {
            let client =
                builder(&url).access_token("a-token").unwrap().policy(Policy::default().with_max_failures(1));
            let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
            let error = run(client.run(query())).unwrap_err();
            let failure = error.failure().transport_failure().unwrap();
            assert_eq!((failure.kind, failure.sent), (TransportKind::Reset, sent), "{frames:?}: {error}");
            assert!(
                failure.text.contains(text) && !failure.text.contains("not a result of an error"),
                "{error}"
            );
            assert_eq!(
                matches!(error.failure(), Failure::AmbiguousSubmit(_)),
                sent == Sent::Maybe,
                "{error}"
            );
        }
    }
}

/// The machine sends the request again on another connection.
#[test]
fn an_unprocessed_submit_is_sent_again() {
    let served = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&served);
    let (url, pem) = listen(b"h2", move |mut stream| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                let _ = stream.write_all(&[frame(4, 0, &[]), go_away(0, 0)].concat()).await;
                let _ = tokio::time::timeout(Duration::from_millis(200), stream.read_to_end(&mut Vec::new()))
                    .await;
                return;
            }
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        }
    });
    let client = builder(&url)
        .access_token("a-token")
        .unwrap()
        .policy(Policy::default().with_first_poll(Duration::ZERO));
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    assert_eq!(run(client.run(query())).unwrap().row(0).unwrap().requests(), Some(42));
    assert!(served.load(Ordering::SeqCst) > 1);
}

/// Returns the frames of a response with status 200 and `body`, without its end.
fn beginning(body: &[u8]) -> Vec<u8> {
    const STATUS_200: u8 = 0x88;
    const END_HEADERS: u8 = 4;
    let mut head = frame(1, 1, &[STATUS_200]);
    head[4] = END_HEADERS;
    [head, frame(0, 1, body)].concat()
}

/// hyper takes the end of a stream without an error for the end of the body.
#[test]
fn a_response_that_is_cut_without_an_error_is_a_broken_exchange() {
    for end in [reset(1, 0), go_away(0, 0)] {
        let (url, pem) = refusing([beginning(br#"{"execu"#), end].concat());
        let client = builder(&url).access_token("a-token").unwrap();
        let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
        let error = run(client.run(query())).unwrap_err();
        assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");
    }
}

#[test]
fn errors_of_http2_are_described_in_our_own_words() {
    const CANCEL: u32 = 8;
    const WINDOW_UPDATE: u8 = 8;
    for (frames, wanted) in [
        (reset(1, 0), "the server reset the request (HTTP/2 NO_ERROR)"),
        (reset(1, CANCEL), "the server reset the request (HTTP/2 CANCEL)"),
        (frame(WINDOW_UPDATE, 0, &[0; 4]), "the answer is not HTTP"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "the answer is not HTTP"),
        (Vec::new(), "the server closed it before the answer was complete"),
        (beginning(br#"{"execu"#), "the server closed it before the answer was complete"),
    ] {
        let (url, pem) = refusing(frames.clone());
        let client = builder(&url).access_token("a-token").unwrap();
        let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
        let error = run(client.run(query())).unwrap_err();
        let failure = error.failure().transport_failure().unwrap();
        assert_eq!((failure.sent, &*failure.text), (Sent::Maybe, wanted), "{frames:?}");
    }
}

/// Starts a service that never answers on its connection of this number.
fn with_a_dead_connection(number: usize) -> (String, String, Arc<AtomicUsize>) {
    let served = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&served);
    let (url, pem) = listen(b"h2", move |mut stream| {
        let is_dead = counted.fetch_add(1, Ordering::SeqCst) == number;
        async move {
            if is_dead {
                let _ = stream.write_all(&frame(4, 0, &[])).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
                return;
            }
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        }
    });
    (url, pem, served)
}

#[test]
fn a_dead_connection_is_not_used_again() {
    // The submit has a connection of its own.
    let (url, pem, served) = with_a_dead_connection(1);
    let policy = Policy::default().with_first_poll(Duration::ZERO).with_max_failures(3);
    let policy = policy.with_exchange_timeout(Duration::from_millis(500));
    let client = builder(&url).access_token("a-token").unwrap().policy(policy);
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    assert_eq!(run(client.run(query())).unwrap().row(0).unwrap().requests(), Some(42));
    assert_eq!(served.load(Ordering::SeqCst), 3);
}

#[test]
fn a_connection_that_a_dropped_future_waited_for_is_not_used_again() {
    let (url, pem, served) = with_a_dead_connection(0);
    let client = builder(&url).access_token("a-token").unwrap();
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    let attached = || client.attach(query(), "e".parse().unwrap()).finish();
    let waited = run(async { timeout(Duration::from_millis(500), attached()).await });
    assert!(waited.is_none() && served.load(Ordering::SeqCst) == 1);
    assert_eq!(run(attached()).unwrap().row(0).unwrap().requests(), Some(42));
}

/// In TLS 1.3 the server refuses it after the handshake, when the client may have sent its request.
#[test]
fn a_submit_without_the_certificate_of_the_client_is_not_sent() {
    let (url, pem) = listen_to(Clients::Known, b"h2", |_| async {});
    for _ in 0..10 {
        let client = builder(&url).access_token("a-token").unwrap();
        let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
        let error = run(client.run(query())).unwrap_err();
        let failure = error.failure().transport_failure().unwrap();
        assert_eq!(failure.sent, Sent::No, "{error}");
        let is_tls = failure.kind == TransportKind::Tls && failure.text.contains("CertificateRequired");
        assert!(is_tls || failure.kind == TransportKind::Connect, "{error}");
    }
}

/// As over HTTP/1.1: the limit is that of the read buffer.
#[test]
fn a_large_head_is_read() {
    let (url, pem) = listen(b"h2", |stream| async {
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let large = service_fn(async |request| {
            let mut response = answer(request).await?;
            response.headers_mut().insert("x", "y".repeat(40_000).parse().unwrap());
            Ok::<_, Infallible>(response)
        });
        let _ = connection.serve_connection(TokioIo::new(stream), large).await;
    });
    let client = builder(&url).access_token("a-token").unwrap();
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    assert_eq!(run(client.run(query())).unwrap().row(0).unwrap().requests(), Some(42));
}
