//! Tokens that are refused, renewed and shared.

use std::time::Duration;

use usage_core::auth::TOKEN_REFUSED_FOR;
use usage_core::error::{Failure, Sent, TransportKind, Unauthorized};
use usage_core::{Execution, Machine, Next, WaitReason};

use crate::support::{
    ACCEPTED, COMPLETE, Reply, START, TOKEN, credentials, drive, execution, ok, policy, query, script,
    static_token, status,
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
fn a_static_token_is_not_renewed() {
    let error = drive(&mut execution(), &mut static_token(), START, script(vec![status(401)])).error.unwrap();
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
fn an_unavailable_login_host_is_tried_again() {
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
fn unreadable_token_responses_are_final_and_do_not_show_the_token() {
    for body in [
        "",
        "{}",
        "<html>hunter2</html>",
        "hunter2",
        "\"hunter2\"",
        "access_token=hunter2&token_type=bearer",
        r#"{"access_token":"hunter2\nx"}"#,
        r#"{"access_token":"hunter2 x"}"#,
        r#"{"access_token":"hunter2","token_type":"mac"}"#,
        r#"{"access_token":" "}"#,
        r#"{"access_token":7,"secret":"hunter2"}"#,
        r#"["hunter2","bearer",3600,null]"#,
    ] {
        let mut session = credentials();
        let error = drive(&mut execution(), &mut session, START, script(vec![ok(body)])).error.unwrap();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        // The login host is at fault, not the caller, and the other executions do not ask it again.
        assert!(matches!(error.failure(), Failure::Decode(_)) && error.attempts() == 1, "{error:?}");
        for _ in 0..40 {
            let again = drive(&mut execution(), &mut session, START, script(Vec::new())).error.unwrap();
            assert_eq!((again.failure(), again.attempts()), (error.failure(), 0));
        }
        let later = START.saturating_add(TOKEN_REFUSED_FOR);
        let mut execution = Execution::new(query(), policy(), 1, later);
        let replies = vec![ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)];
        assert_eq!(drive(&mut execution, &mut session, later, script(replies)).error, None);
    }
}

#[test]
fn a_token_beside_another_status_is_neither_used_nor_shown() {
    let spaced = "{\0\"\0a\0c\0c\0e\0s\0s\0_\0t\0o\0k\0e\0n\0\"\0:\0\"\0h\0u\0n\0t\0e\0r\0";
    for (status, body) in [(302, r#"{"access_token":"hunter2"}"#), (403, "hunter2"), (200, spaced)] {
        let mut session = credentials();
        let reply = Reply::Answer(status, Vec::new(), body.to_owned());
        let error = drive(&mut execution(), &mut session, START, script(vec![reply])).error.unwrap();
        let printed = format!("{error} {error:?} {:#}", error.failure());
        assert!(!printed.contains("hunter") && !printed.contains("h u n t e r"), "{printed}");
        assert!(session.access_token().is_none());
    }
}

#[test]
fn an_error_document_is_a_refusal_whatever_its_status() {
    for status in [200, 202] {
        let mut session = credentials();
        let body = r#"{"error":"invalid_client","description":"no such client"}"#;
        let refused = Reply::Answer(status, Vec::new(), body.to_owned());
        let error = drive(&mut execution(), &mut session, START, script(vec![refused])).error.unwrap();
        assert!(error.is_unauthorized() && error.to_string().contains("invalid_client"), "{error}");
        assert!(drive(&mut execution(), &mut session, START, script(Vec::new())).error.is_some());
    }
    let busy = r#"{"error":"temporarily_unavailable"}"#;
    let replies = vec![ok(busy), ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)];
    assert_eq!(drive(&mut execution(), &mut credentials(), START, script(replies)).error, None);
}

#[test]
fn a_rate_limit_of_the_login_host_is_waited_for() {
    let limited = || Reply::Answer(429, vec![("retry-after", "7".to_owned())], String::new());
    let mut replies: Vec<_> = (0..20).map(|_| limited()).collect();
    replies.extend([ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)]);
    let mut session = credentials();
    let run = drive(&mut execution(), &mut session, START, script(replies));
    assert_eq!(run.error, None, "being told to wait is no failure");
    let times: Vec<_> = run.requests.iter().take(21).map(|(at, _)| *at).collect();
    assert_eq!(times, (0..=20).map(|n| n * 7000).collect::<Vec<_>>());

    // The other executions wait as well.
    let (mut one, mut other, mut session) = (execution(), execution(), credentials());
    let Next::Send(fetch) = one.next(START, &mut session).next else { panic!() };
    let answer = http::Response::builder().status(429).header("retry-after", "7").body(&b""[..]).unwrap();
    let _ = one.on_response(START, fetch.ticket, answer, &mut session);
    let next = other.next(START, &mut session).next;
    let until = START.saturating_add(Duration::from_secs(7));
    assert!(matches!(next, Next::WaitUntil(at, WaitReason::RateLimit) if at == until), "{next:?}");
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
fn a_token_exchange_that_its_driver_dropped_is_repeated() {
    let mut session = credentials();
    let mut execution = execution();
    let Next::Send(dead) = execution.next(START, &mut session).next else { panic!() };
    let Next::Send(alive) = execution.next(START, &mut session).next else { panic!() };
    let late = execution.on_response(START, dead.ticket, http::Response::new(TOKEN.as_bytes()), &mut session);
    assert!(late.transition.is_none());
    // It causes no transition, but the token is kept.
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    assert_eq!(submit.request.uri().path(), "/api/v2/usage/query");
    let useless =
        execution.on_response(START, alive.ticket, http::Response::new(TOKEN.as_bytes()), &mut session);
    assert!(useless.transition.is_none());
}

#[test]
fn a_token_is_renewed_before_it_expires() {
    let mut session = credentials();
    let short = r#"{"access_token":"t-1","expires_in":300}"#;
    drive(&mut execution(), &mut session, START, script(vec![ok(short), ok(ACCEPTED), ok(COMPLETE)]));
    let later = START.saturating_add(Duration::from_secs(271));
    let mut execution = Execution::new(query(), policy(), 1, later);
    let run = drive(&mut execution, &mut session, later, script(vec![ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!(run.error, None);
}

#[test]
fn a_token_that_arrives_after_a_cancellation_is_kept() {
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

#[test]
fn a_truncated_token_response_is_requested_again() {
    for cut in [r#"{"access_to"#, r#"{"access_token":"t-0","expires_in":36"#] {
        let replies = vec![ok(cut), ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)];
        let run = drive(&mut execution(), &mut credentials(), START, script(replies));
        assert_eq!((run.error, run.requests[1].0), (None, 500), "{cut}");

        // A body of the announced length is complete, and stays unreadable.
        let whole = Reply::Answer(200, vec![("content-length", cut.len().to_string())], cut.into());
        let run = drive(&mut execution(), &mut credentials(), START, script(vec![whole]));
        assert!(matches!(run.error.unwrap().failure(), Failure::Decode(_)), "{cut}");
    }
}
