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
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use usage_core::Policy;
use usage_core::error::{Failure, Sent, TransportKind};

use crate::runtime::run;
use crate::support::query;
use crate::tls::builder;

/// A service that speaks nothing but HTTP/2 and offers `protocol`: its URL and its certificate.
fn service(protocol: &'static [u8]) -> (String, String) {
    listen(protocol, |stream| async {
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = connection.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
    })
}

/// Serves each connection, which offers `protocol`, by `serve`: the URL and the certificate.
fn listen<F: Future<Output = ()> + Send + 'static>(
    protocol: &'static [u8],
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = certified.cert.pem();
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let provider = rustls::crypto::ring::default_provider();
    let mut config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![protocol.to_vec()];
    let (address, listening) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address.send(listener.local_addr().unwrap()).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(socket).await else { continue };
                tokio::spawn(serve(stream));
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
fn a_service_that_offers_http2_is_spoken_to_so() {
    let (url, pem) = service(b"h2");
    let client = builder(&url).access_token("a-token").unwrap();
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    let rows = run(client.run(query())).unwrap();
    assert_eq!(rows.row(0).unwrap().requests(), Some(42));
}

#[test]
fn a_service_that_offers_something_else_is_not() {
    let (url, pem) = service(b"h9");
    let client = builder(&url).access_token("a-token").unwrap();
    let client = client.root_certificates(pem.as_bytes()).unwrap().build().unwrap();
    let error = run(client.run(query())).unwrap_err();
    let failure = error.failure().transport_failure().unwrap();
    assert_eq!(failure.kind, TransportKind::Tls, "{error}");
}

/// One frame (RFC 9113, 4.1).
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

/// Takes a request and sends these frames in place of an answer, then closes.
fn refusing(frames: Vec<u8>) -> (String, String) {
    listen(b"h2", move |mut stream| {
        let frames = frames.clone();
        async move {
            const SETTINGS: u8 = 4;
            let _ = stream.write_all(&frame(SETTINGS, 0, &[])).await;
            let mut arrived = Vec::new();
            let mut chunk = [0; 4096];
            // The client's preface, then frames; the request's first is HEADERS on stream 1.
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

/// A submit that a server declares unprocessed was not sent; with anything else, nobody knows.
#[test]
fn what_a_server_declares_unprocessed_was_not_sent() {
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

/// The machine sends it again, on another connection.
#[test]
fn what_was_not_processed_is_sent_again() {
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
