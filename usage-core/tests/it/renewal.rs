//! Renewal of the token between two executions of a session.

use http::Response;
use usage_core::auth::{AccessToken, Grant};
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Machine, Next, Secret, Session, Timestamp};

use crate::support::{START, TOKEN, execution};

/// A session with an old token that is renewed with client credentials.
fn session(expires_at: Option<Timestamp>) -> Session {
    let renewal = Grant::client_credentials("id", Secret::new("client-secret".into())).unwrap();
    let grant = Grant::issued(AccessToken::parse("old").unwrap(), expires_at, Some(renewal));
    Session::new(&"eu-central-1".parse().unwrap(), grant)
}

/// Returns the exchange that is sent now, and its `Authorization` header.
fn sent(
    execution: &mut Execution<OrganizationQuery>,
    session: &mut Session,
    now: Timestamp,
) -> (usage_core::machine::Exchange, String) {
    let Next::Send(exchange) = execution.next(now, session).next else { panic!("nothing goes out") };
    let authorization = exchange.request.headers()["authorization"].to_str().unwrap().to_owned();
    (*exchange, authorization)
}

fn status(status: u16) -> Response<&'static [u8]> {
    Response::builder().status(status).body(&b""[..]).unwrap()
}

#[test]
fn a_refusal_of_the_old_token_keeps_the_new_one() {
    let (mut one, mut other, mut session) = (execution(), execution(), session(None));
    let (first, _) = sent(&mut one, &mut session, START);
    let (second, bearer) = sent(&mut other, &mut session, START);
    assert_eq!(bearer, "Bearer old");

    let _ = other.on_response(START, second.ticket, status(401), &mut session);
    let (fetch, credential) = sent(&mut other, &mut session, START);
    assert!(credential.starts_with("Basic "));
    let _ = other.on_response(START, fetch.ticket, Response::new(TOKEN.as_bytes()), &mut session);

    let _ = one.on_response(START, first.ticket, status(401), &mut session);
    assert_eq!(sent(&mut one, &mut session, START).1, "Bearer t-1");
}

#[test]
fn a_valid_token_is_used_while_the_login_host_is_unavailable() {
    let expires_at = START.saturating_add(std::time::Duration::from_secs(5));
    let (mut one, mut other, mut session) = (execution(), execution(), session(Some(expires_at)));
    let (fetch, credential) = sent(&mut one, &mut session, START);
    assert!(credential.starts_with("Basic "), "it is about to expire");
    let _ = one.on_response(START, fetch.ticket, status(503), &mut session);
    assert_eq!(sent(&mut one, &mut session, START).1, "Bearer old");
    assert_eq!(sent(&mut other, &mut session, START).1, "Bearer old");
    let again_at = START.saturating_add(std::time::Duration::from_millis(500));
    assert!(
        sent(&mut execution(), &mut session, again_at).1.starts_with("Basic "),
        "it is tried again in time"
    );
}
