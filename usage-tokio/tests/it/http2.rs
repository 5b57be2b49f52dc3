//! HTTP/2 with a service that offers it, HTTP/1.1 with one that does not.

use std::convert::Infallible;
use std::sync::mpsc;
use std::thread;

use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use usage_core::error::TransportKind;

use crate::runtime::run;
use crate::support::query;
use crate::tls::builder;

/// A service that speaks nothing but HTTP/2 and offers `protocol`: its URL and its certificate.
fn service(protocol: &'static [u8]) -> (String, String) {
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
            let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(socket).await else { continue };
                let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service_fn(answer)));
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
