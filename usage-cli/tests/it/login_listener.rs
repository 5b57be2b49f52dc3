//! The listener of `login`: which requests it answers, and which it believes.

use std::io::Write;
use std::net::{Ipv6Addr, TcpListener, TcpStream};

use crate::login::{Home, exchange};

#[test]
fn a_request_by_another_name_is_refused() {
    let home = Home::new();
    let waiting = home.login(&[]);
    let target = waiting.authorized();
    let port = waiting.authority().rsplit(':').next().unwrap().to_owned();
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "localhost:1", "10.0.0.1", ""] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let page = exchange(&waiting.authority(), &request);
        assert!(page.starts_with("HTTP/1.1 400 "), "{host}: {page}");
    }
    for request in
        ["GET /callback HTTP/1.1\r\n\r\n", "GET /callback HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n"]
    {
        assert!(exchange(&waiting.authority(), request).starts_with("HTTP/1.1 400 "), "{request}");
    }
    // The code was not used and is still valid.
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    assert!(exchange(&waiting.authority(), &request).contains("You are logged in"));
    assert_eq!(waiting.ended().code, Some(0));
}

#[test]
fn it_listens_at_both_addresses_of_localhost() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let home = Home::new();
    let waiting = home.login(&[]);
    let port = waiting.authority().rsplit(':').next().unwrap().to_owned();
    let request = format!("GET {} HTTP/1.1\r\nHost: [::1]:{port}\r\n\r\n", waiting.authorized());
    assert!(exchange(&format!("[::1]:{port}"), &request).contains("You are logged in"));
    assert_eq!(waiting.ended().code, Some(0));

    // Another program that listens on one of them would receive the log-in.
    let other = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let texts = [&*format!("cannot listen on port {port} of ::1"), "would receive the log-in"];
    home.run(&["login", "--client-id", "x", "--port", &port]).failed(2, &texts);
}

#[test]
fn the_redirect_uri_can_be_chosen() {
    let home = Home::new();
    for (uri, authority) in [("http://localhost:0/o/auth", "127.0.0.1"), ("http://127.0.0.1:0/", "127.0.0.1")]
    {
        let waiting = home.login_at(&["--redirect-uri", uri]);
        let back = waiting.parameter("redirect_uri");
        let (origin, path) = back.strip_prefix("http://").unwrap().split_once('/').unwrap();
        assert_eq!(format!("/{path}"), uri[uri.rfind(":0").unwrap() + 2..]);
        let target = waiting.authorized().replacen("/callback", &format!("/{path}"), 1);
        let port = origin.rsplit(':').next().unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        assert!(exchange(&format!("{authority}:{port}"), &request).contains("You are logged in"), "{uri}");
        assert_eq!(waiting.ended().code, Some(0));
    }
    for uri in ["https://localhost/x", "http://example.com/x", "x"] {
        let ran = home.run(&["login", "--client-id", "x", "--redirect-uri", uri]);
        ran.failed(2, &["write http://localhost:8085/callback"]);
    }
}

#[test]
fn looking_takes_no_code_and_has_no_body() {
    let home = Home::new();
    let waiting = home.login(&[]);
    let target = waiting.authorized();
    for target in [&*target, "/callback", "/favicon.ico"] {
        let page = waiting.visit("HEAD", target, "");
        assert!(page.ends_with("\r\n\r\n") && page.contains("Content-Length: "), "{page}");
    }
    assert!(waiting.visit("GET", &target, "").contains("You are logged in"));
    // A reload, and another tab.
    for target in [&*target, "/callback"] {
        let page = waiting.visit("GET", target, "");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("You are logged in"), "{page}");
    }
    assert_eq!(waiting.ended().code, Some(0));
}

#[test]
fn nothing_that_is_not_proven_is_shown() {
    let home = Home::new();
    let waiting = home.login(&["--timeout", "2s"]);
    let words = "your+account+is+locked%2C+call+555";
    for target in [
        format!("/callback?error=hunter2&error_description={words}"),
        format!("/callback?error=hunter2&error_description={words}&state=made-up-by-somebody-else"),
        format!("/callback?code=hunter2&state={words}"),
        format!("/{words}"),
    ] {
        let page = waiting.visit("GET", &target, "");
        assert!(
            page.starts_with("HTTP/1.1 4") && !page.contains("locked") && !page.contains("hunter2"),
            "{page}"
        );
    }
    let ran = waiting.ended();
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(!ran.stderr.contains("locked") && !ran.stderr.contains("hunter2"), "{ran:?}");
    assert!(ran.stderr.contains("has no state; still waiting"), "{ran:?}");
}

#[test]
fn silent_connections_keep_the_browser_out_no_longer_than_an_instant() {
    let home = Home::new();
    let waiting = home.login(&[]);
    let silent: Vec<_> = (0..200)
        .map(|at| {
            let mut stream = TcpStream::connect(waiting.authority()).unwrap();
            // Some connections start a request and do not complete it. If there are too many, the oldest are closed.
            if at % 2 == 0 {
                let _ = stream.write_all(b"GET /callback HTTP/1.1\r\nHost: loc");
            }
            stream
        })
        .collect();
    assert!(waiting.visit("GET", &waiting.authorized(), "").contains("You are logged in"));
    assert_eq!(waiting.ended().code, Some(0));
    drop(silent);
}
