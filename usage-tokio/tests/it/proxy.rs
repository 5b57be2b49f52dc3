//! Proxies: every connection is a tunnel through the proxy, or bypasses it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use usage_core::Secret;
use usage_core::error::{Sent, TransportKind};
use usage_driver::Proxy;
use usage_sim::{Certificate, ServeOptions, Simulator, SimulatorConfig, Tls, serve};

use crate::runtime::run;
use crate::support::{SECRET, query};
use crate::tls::{builder, service};

/// A proxy that opens every tunnel, or answers with `refusal`.
struct Tunnels {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tunnels {
    fn start(refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || tunnel(socket.unwrap(), refusal, &seen));
            }
        });
        Self { address, asked }
    }

    fn proxy(&self, credentials: &str) -> Proxy {
        format!("http://{credentials}{}", self.address).parse().unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn tunnel(mut client: TcpStream, refusal: Option<&str>, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.split(' ').nth(1)?.to_owned();
    asked.lock().unwrap().push(head);
    if let Some(refusal) = refusal {
        return client.write_all(refusal.as_bytes()).ok();
    }
    let mut service = TcpStream::connect(target).ok()?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, service.try_clone().ok()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut service, &mut client);
    client.shutdown(Shutdown::Write).ok()
}

#[test]
fn a_proxy_sees_only_the_host() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let (server, proxy) = (service(&tls), Tunnels::start(None));
    let client = builder(&server.url())
        .root_certificates(tls.root_pem().as_bytes())
        .unwrap()
        .proxy(proxy.proxy("reports:hunter%3A2@"))
        .build()
        .unwrap();
    assert!(!run(client.run(query())).unwrap().is_empty());
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    for head in asked {
        assert!(head.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.address())), "{head}");
        let head = head.to_ascii_lowercase();
        // reports:hunter:2
        assert!(head.contains("proxy-authorization: basic cmvwb3j0czpodw50zxi6mg==\r\n"), "{head}");
        assert!(!head.contains("\r\nauthorization") && !head.contains("bearer"), "{head}");
    }
    let shown = format!("{client:?}");
    assert!(!shown.contains("hunter") && !shown.contains("cmVwb3J0"), "{shown}");
}

#[test]
fn plain_http_is_tunnelled() {
    let config = SimulatorConfig::default().with_client("7de3af06", SECRET);
    let server = serve(Simulator::new(config), ServeOptions::default()).unwrap();
    let proxy = Tunnels::start(None);
    let client = builder(&server.url()).proxy(proxy.proxy("")).build().unwrap();
    run(client.call(query())).unwrap();
    assert!(proxy.asked().iter().all(|head| head.starts_with("CONNECT ")), "{:?}", proxy.asked());
    for entry in server.simulator().journal() {
        assert!(entry.target.starts_with('/'), "{}", entry.target);
    }

    let past = proxy.asked().len();
    let client = builder(&server.url()).proxy(proxy.proxy("").without("127.0.0.0/8")).build().unwrap();
    run(client.call(query())).unwrap();
    assert_eq!(proxy.asked().len(), past);
}

#[test]
fn a_request_that_the_proxy_refuses_was_not_sent() {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    let proxy = Tunnels::start(Some(refusal));
    let client = builder("https://api.usage.invalid").proxy(proxy.proxy("reports:guessed@")).build().unwrap();
    let error = run(client.run(query())).unwrap_err();
    let failure = error.failure().transport_failure().unwrap();
    assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No), "{error}");
    assert!(failure.text.to_lowercase().contains("proxy"), "{error}");
    assert!(!format!("{error} {error:?}").contains("guessed"));
}

#[test]
fn the_proxy_does_not_see_the_token() {
    let proxy = Tunnels::start(Some("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"));
    let client = builder("https://api.usage.invalid").proxy(proxy.proxy(""));
    let client = client.client_credentials("7de3af06", Secret::new("hunter2".into())).unwrap();
    run(client.build().unwrap().run(query())).unwrap_err();
    assert!(proxy.asked().iter().all(|head| !head.contains("hunter2") && !head.contains("uthorization")));
}

#[test]
fn plain_http_is_tunnelled_to_its_own_port() {
    let proxy = Tunnels::start(Some("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"));
    let client = builder("http://127.0.0.1").proxy(proxy.proxy("")).build().unwrap();
    run(client.run(query())).unwrap_err();
    let asked = proxy.asked();
    assert!(asked[0].starts_with("CONNECT 127.0.0.1:80 HTTP/1.1\r\n"), "{asked:?}");
}
