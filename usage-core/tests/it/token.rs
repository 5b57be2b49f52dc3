//! Tokens: refused, renewed, shared.

use usage_core::error::{Failure, Sent, TransportKind, Unauthorized};
use usage_core::{Machine, Next};

use crate::support::{
    ACCEPTED, COMPLETE, Reply, START, TOKEN, credentials, drive, execution, manual, ok, script, status,
};

#[test]
fn the_first_401_fetches_a_fresh_token_and_the_second_is_final() {
    let fresh = r#"{"access_token":"t-2","expires_in":86400}"#;
    let replies = vec![ok(TOKEN), status(401), ok(fresh), ok(ACCEPTED), status(401), ok(TOKEN), ok(COMPLETE)];
    let run = drive(&mut execution(), &mut credentials(), START, script(replies));
    assert_eq!(run.error, None);
    assert!(run.transitions.contains(&"InFlightSubmit -TokenRefused-> ReadySubmit".to_owned()));

    let replies = vec![ok(TOKEN), status(401), ok(fresh), status(401)];
    let error = drive(&mut execution(), &mut credentials(), START, script(replies)).error.unwrap();
    assert!(matches!(error.failure(), Failure::Unauthorized(Unauthorized::Refused(_))));
    assert!(error.is_unauthorized());
}

#[test]
fn a_manual_token_is_not_renewed() {
    let error = drive(&mut execution(), &mut manual(), START, script(vec![status(401)])).error.unwrap();
    assert!(matches!(error.failure(), Failure::Unauthorized(_)), "{error}");
}

#[test]
fn a_refused_credential_is_final_for_the_whole_session() {
    let mut session = credentials();
    let body = r#"{"error":"invalid_client","description":"authentication failed: invalid_client"}"#;
    let refused = Reply::Answer(401, Vec::new(), body.to_owned());
    let error = drive(&mut execution(), &mut session, START, script(vec![refused])).error.unwrap();
    assert_eq!(
        error.to_string(),
        "not authorised: the service answered 401 (invalid_client): authentication failed: invalid_client (at oauth.token)"
    );
    let error = drive(&mut execution(), &mut session, START, script(Vec::new())).error.unwrap();
    assert!(error.is_unauthorized());
    assert_eq!(error.attempts(), 0);
}

#[test]
fn a_login_host_that_is_out_of_order_is_tried_again() {
    let replies = vec![
        status(500),
        Reply::Fails(TransportKind::Reset, Sent::Maybe),
        ok(TOKEN),
        ok(ACCEPTED),
        ok(COMPLETE),
    ];
    let run = drive(&mut execution(), &mut credentials(), START, script(replies));
    assert_eq!(run.error, None);
    assert_eq!(run.transitions[0], "ReadySubmit -TokenUnavailable-> WaitSubmit");

    let run = drive(&mut execution(), &mut credentials(), START, |_| status(503));
    assert_eq!(run.requests.len(), 5);
    assert!(matches!(run.error.unwrap().failure(), Failure::TooManyFailures { .. }));
}

#[test]
fn unreadable_token_answers_are_final_and_do_not_show_the_token() {
    for body in
        ["", "{}", r#"{"access_token":"hunter2\nx"}"#, r#"{"access_token":"hunter2","expires_in":"x"}"#]
    {
        let error = drive(&mut execution(), &mut credentials(), START, script(vec![ok(body)])).error.unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn two_executions_share_one_fetch() {
    let mut session = credentials();
    let (mut first, mut second) = (execution(), execution());
    let Next::Send(fetch) = first.next(START, &mut session).next else { panic!() };
    assert!(matches!(second.next(START, &mut session).next, Next::WaitUntil(until, _) if until > START));
    let _ = first.on_response(START, fetch.ticket, http::Response::new(TOKEN.as_bytes()), &mut session);
    let Next::Send(submit) = second.next(START, &mut session).next else { panic!() };
    assert_eq!(submit.request.uri().path(), "/api/v2/usage/query");
}

#[test]
fn a_driver_that_dies_while_fetching_starts_the_fetch_anew() {
    let mut session = credentials();
    let mut execution = execution();
    let Next::Send(dead) = execution.next(START, &mut session).next else { panic!() };
    let Next::Send(alive) = execution.next(START, &mut session).next else { panic!() };
    let late = execution.on_response(START, dead.ticket, http::Response::new(TOKEN.as_bytes()), &mut session);
    assert!(late.transition.is_none());
    // It moves nothing, but the token is kept.
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    assert_eq!(submit.request.uri().path(), "/api/v2/usage/query");
    let useless =
        execution.on_response(START, alive.ticket, http::Response::new(TOKEN.as_bytes()), &mut session);
    assert!(useless.transition.is_none());
}

#[test]
fn a_token_is_renewed_ahead_of_its_expiry() {
    let mut session = credentials();
    let short = r#"{"access_token":"t-1","expires_in":300}"#;
    drive(&mut execution(), &mut session, START, script(vec![ok(short), ok(ACCEPTED), ok(COMPLETE)]));
    let later = START.saturating_add(std::time::Duration::from_secs(271));
    let mut execution =
        usage_core::Execution::new(crate::support::query(), crate::support::policy(), 1, later);
    let run = drive(&mut execution, &mut session, later, script(vec![ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!(run.error, None);
}

#[test]
fn a_token_that_arrives_after_the_cancel_is_kept_for_the_session_and_moves_nothing() {
    let mut session = credentials();
    for answer in
        [http::Response::new(TOKEN.as_bytes()), http::Response::builder().status(401).body(&b""[..]).unwrap()]
    {
        let mut execution = execution();
        let Next::Send(fetch) = execution.next(START, &mut session).next else { panic!() };
        execution.cancel().unwrap();
        let late = execution.on_response(START, fetch.ticket, answer, &mut session);
        assert!(late.transition.is_none());
        assert!(matches!(execution.error().unwrap().failure(), Failure::Cancelled));
        session = credentials();
    }
}
