//! Headers, request budget and hosts of a session.

use http::HeaderMap;
use usage_core::error::BuildError;
use usage_core::{BaseUrl, Machine, Next, Session};

use crate::support::{ACCEPTED, START, TOKEN, credentials, execution, static_token};

/// Returns the next request of an execution, whose response is `body`.
fn headers_of_next(
    execution: &mut usage_core::Execution<usage_core::query::OrganizationQuery>,
    session: &mut Session,
    body: &str,
) -> HeaderMap {
    let Next::Send(exchange) = execution.next(START, session).next else { panic!("nothing goes out") };
    let headers = exchange.request.headers().clone();
    let answer = http::Response::builder()
        .header("inin-ratelimit-allowed", "300")
        .header("inin-ratelimit-count", "7")
        .header("inin-ratelimit-reset", "30")
        .body(body.as_bytes());
    let _ = execution.on_response(START, exchange.ticket, answer.unwrap(), session);
    headers
}

#[test]
fn custom_headers_are_sent_with_every_request_and_are_not_printed() {
    let mut session = credentials().with_header("X-Gateway-Key", "hunter2").unwrap();
    let mut execution = execution();
    for body in [TOKEN, ACCEPTED] {
        let headers = headers_of_next(&mut execution, &mut session, body);
        assert_eq!(headers["x-gateway-key"], "hunter2");
        assert!(headers["x-gateway-key"].is_sensitive());
    }
}

#[test]
fn headers_that_the_client_sets_are_refused() {
    for name in ["Authorization", "accept", "host", "connection", "content-length", "Content-Anything"] {
        let refused = static_token().with_header(name, "x").map(drop);
        assert!(matches!(refused, Err(BuildError::Header { .. })), "{name}");
    }
    for (name, value) in [("no name", "x"), ("", "x"), ("x-key", "a\nb")] {
        assert!(static_token().with_header(name, value).is_err(), "{name}");
    }
    assert!(static_token().with_header("contents", "x").is_ok());
}

#[test]
fn the_budget_is_the_latest_of_the_service() {
    let mut session = static_token();
    assert_eq!(session.rate_budget().window(START), None);
    let _ = headers_of_next(&mut execution(), &mut session, ACCEPTED);
    let window = session.rate_budget().window(START).unwrap();
    assert_eq!((window.allowed, window.used), (300, 7));
}

#[test]
fn a_base_url_recognizes_loopback_and_its_origin() {
    let base = |text: &str| text.parse::<BaseUrl>().unwrap();
    assert!(base("http://127.0.0.1:8080").is_loopback() && base("https://localhost").is_loopback());
    assert!(!base("https://api.mypurecloud.de").is_loopback());
    let gateway = base("https://gateway.example:8443/genesys");
    for (uri, is_origin) in [
        ("https://gateway.example:8443/elsewhere", true),
        ("http://gateway.example:8443/genesys", false),
        ("https://gateway.example/genesys", false),
        ("https://another.example:8443/genesys", false),
        ("/genesys", false),
    ] {
        assert_eq!(gateway.is_origin_of(&uri.parse().unwrap()), is_origin, "{uri}");
    }
}

#[test]
fn a_clone_has_the_token_and_no_exchange_in_flight() {
    let mut session = credentials();
    let Next::Send(exchange) = execution().next(START, &mut session).next else { panic!() };
    let step = execution().next(START, &mut session.clone());
    assert!(matches!(step.next, Next::Send(own) if own.is_for_token()));

    let body = br#"{"access_token":"t","expires_in":86399}"#;
    session.on_response(START, exchange.ticket, &http::Response::new(&body[..]));
    assert_eq!(session.clone().access_token().unwrap().expose(), "t");
}
