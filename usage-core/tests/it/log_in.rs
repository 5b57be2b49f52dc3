//! Log-ins before the first query, and tokens that arrive late.

use std::time::Duration;

use http::{Request, Response};
use usage_core::auth::{Grant, OAuthClient};
use usage_core::error::{Failure, Sent, TransportFailure, TransportKind, Unauthorized};
use usage_core::machine::Exchange;
use usage_core::{Error, LogIn, Machine, Next, Secret, Session, Timestamp, WaitReason};

use crate::support::{
    ACCEPTED, COMPLETE, Reply, START, TOKEN, credentials, drive, execution, ok, policy, script, static_token,
    status,
};

const ROTATED: &str = r#"{"access_token":"late","expires_in":300,"refresh_token":"second"}"#;

fn log_in(
    session: &mut Session,
    service: impl FnMut(&Request<Vec<u8>>) -> Reply,
) -> (Timestamp, Option<Error>) {
    let mut machine = LogIn::new(policy(), 1, START);
    let now = finish(&mut machine, session, service);
    (now, machine.error())
}

fn finish(
    machine: &mut LogIn,
    session: &mut Session,
    mut service: impl FnMut(&Request<Vec<u8>>) -> Reply,
) -> Timestamp {
    let mut now = START;
    for _ in 0..1000 {
        match machine.next(now, session).next {
            Next::Finished => return now,
            Next::WaitUntil(until, _) => {
                assert!(until > now);
                now = until;
            }
            Next::Send(exchange) => {
                let Exchange { ticket, request, endpoint, .. } = *exchange;
                assert_eq!((endpoint, request.uri().host()), ("oauth.token", Some("login.mypurecloud.de")));
                let progress = match service(&request) {
                    Reply::Answer(status, _, body) => {
                        let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
                        machine.on_response(now, ticket, response, session)
                    }
                    Reply::Fails(kind, sent) => {
                        let failure = TransportFailure::new(kind, sent, "scripted");
                        machine.on_failure(now, ticket, failure, session)
                    }
                };
                assert!(progress.transition.is_none());
            }
        }
    }
    panic!("the log-in does not end");
}

fn refreshing() -> Session {
    let client = OAuthClient::public("id").unwrap();
    let grant = Grant::refresh_token(client, Secret::new("first".into())).unwrap();
    Session::new(&"eu-central-1".parse().unwrap(), grant)
}

fn refresh_token(session: &Session) -> &str {
    session.refresh_token().unwrap().expose()
}

fn access_token(session: &Session) -> &str {
    session.access_token().unwrap().expose()
}

fn answer(body: &str) -> Response<&[u8]> {
    Response::new(body.as_bytes())
}

#[test]
fn a_log_in_takes_one_request() {
    let mut session = credentials();
    assert_eq!(log_in(&mut session, script(vec![ok(TOKEN)])), (START, None));
    assert_eq!(access_token(&session), "t-1");

    let (_, error) = log_in(&mut session, script(Vec::new()));
    assert_eq!(error, None, "a token that is good is not fetched again");
    let run = drive(&mut execution(), &mut session, START, script(vec![ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!(run.error, None);
}

#[test]
fn a_log_in_with_a_static_token_sends_nothing() {
    assert_eq!(log_in(&mut static_token(), script(Vec::new())), (START, None));
}

#[test]
fn a_log_in_retries_and_fails_as_an_execution_does() {
    let replies = vec![status(503), Reply::Fails(TransportKind::Connect, Sent::No), ok(TOKEN)];
    let (end, error) = log_in(&mut credentials(), script(replies));
    assert_eq!((end.saturating_since(START), error), (Duration::from_millis(1500), None));

    let (_, error) = log_in(&mut credentials(), |_| status(500));
    assert!(matches!(error.unwrap().failure(), Failure::TooManyFailures { failures: 5, .. }));

    let invalid = r#"{"error":"invalid_client","description":"client not found: invalid_client"}"#;
    let refused = Reply::Answer(400, Vec::new(), invalid.into());
    let (_, error) = log_in(&mut credentials(), script(vec![refused]));
    let error = error.unwrap();
    assert!(matches!(error.failure(), Failure::Unauthorized(Unauthorized::Refused(_))));
    assert!(error.to_string().ends_with("(at oauth.token)"), "{error}");
}

#[test]
fn a_token_that_expired_on_arrival_is_used() {
    let over = r#"{"access_token":"t","expires_in":0}"#;
    let replies = vec![ok(over), ok(ACCEPTED), ok(COMPLETE)];
    let run = drive(&mut execution(), &mut credentials(), START, script(replies));
    assert_eq!(run.error, None);
    assert_eq!(log_in(&mut credentials(), script(vec![ok(over)])), (START, None));
}

/// Returns an exchange that its driver abandons.
fn begin(machine: &mut LogIn, session: &mut Session) -> Exchange {
    match machine.next(START, session).next {
        Next::Send(exchange) => *exchange,
        next => panic!("no request but {next:?}"),
    }
}

#[test]
fn a_late_refresh_token_is_kept() {
    let mut session = refreshing();
    let mut machine = LogIn::new(policy(), 1, START);
    let given_up = begin(&mut machine, &mut session);
    let second = begin(&mut machine, &mut session);
    let _ = machine.on_response(START, given_up.ticket, answer(ROTATED), &mut session);
    assert_eq!(refresh_token(&session), "second");

    // The second request used the first refresh token, which is used up: its refusal does not concern the new one.
    let spent = r#"{"error":"invalid_grant"}"#;
    let refusal = Response::builder().status(400).body(spent.as_bytes()).unwrap();
    let _ = machine.on_response(START, second.ticket, refusal, &mut session);
    assert_eq!(finish(&mut machine, &mut session, script(Vec::new())), START);
    assert_eq!(machine.error(), None);
    assert_eq!(access_token(&session), "late");
    let later = START.saturating_add(Duration::from_secs(86_400));
    assert!(matches!(LogIn::new(policy(), 1, later).next(later, &mut session).next, Next::Send(_)));
}

#[test]
fn a_late_token_is_kept_after_an_unusable_one() {
    let mut session = refreshing();
    let mut machine = LogIn::new(policy(), 1, START);
    let given_up = begin(&mut machine, &mut session);
    let second = begin(&mut machine, &mut session);
    let _ = machine.on_response(START, second.ticket, answer("{\"access_token\":\"a\\nb\"}"), &mut session);
    assert_eq!(refresh_token(&session), "first");
    let _ = machine.on_response(START, given_up.ticket, answer(ROTATED), &mut session);
    assert_eq!((refresh_token(&session), access_token(&session)), ("second", "late"));
}

#[test]
fn a_late_token_does_not_replace_a_newer_one() {
    let mut session = refreshing();
    let mut machine = LogIn::new(policy(), 1, START);
    let given_up = begin(&mut machine, &mut session);
    let second = begin(&mut machine, &mut session);
    let newest = r#"{"access_token":"newest","expires_in":300,"refresh_token":"third"}"#;
    let _ = machine.on_response(START, second.ticket, answer(newest), &mut session);
    let _ = machine.on_response(START, given_up.ticket, answer(ROTATED), &mut session);
    assert_eq!(refresh_token(&session), "third");
    assert_eq!(access_token(&session), "newest");
}

#[test]
fn a_late_response_does_not_replace_a_token_from_elsewhere() {
    let mut session = refreshing();
    let mut machine = LogIn::new(policy(), 1, START);
    let on_its_way = begin(&mut machine, &mut session);
    let newest = r#"{"access_token":"newest","expires_in":300,"refresh_token":"third"}"#;
    session.token_arrived(START, &serde_json::from_str(newest).unwrap()).unwrap();
    let _ = machine.on_response(START, on_its_way.ticket, answer(ROTATED), &mut session);
    assert_eq!((refresh_token(&session), access_token(&session)), ("third", "newest"));
}

#[test]
fn a_log_in_asked_early_keeps_waiting() {
    let (mut session, mut machine) = (credentials(), LogIn::new(policy(), 1, START));
    let exchange = begin(&mut machine, &mut session);
    let unavailable = Response::builder().status(503).body(&b""[..]).unwrap();
    let _ = machine.on_response(START, exchange.ticket, unavailable, &mut session);
    let again = START.saturating_add(Duration::from_millis(500));
    for asked_at in [START, START.saturating_add(Duration::from_millis(499))] {
        let next = machine.next(asked_at, &mut session).next;
        assert!(matches!(next, Next::WaitUntil(until, WaitReason::Retry) if until == again), "{next:?}");
    }
    assert!(matches!(machine.next(again, &mut session).next, Next::Send(_)));
}

#[test]
fn a_late_response_without_a_token_changes_nothing() {
    let mut session = refreshing();
    let mut machine = LogIn::new(policy(), 1, START);
    let given_up = begin(&mut machine, &mut session);
    let second = begin(&mut machine, &mut session);
    let unusable = answer("{\"access_token\":\"a\\nb\"}");
    let _ = machine.on_response(START, given_up.ticket, unusable, &mut session);
    assert_eq!(refresh_token(&session), "first");
    let _ = machine.on_response(START, second.ticket, answer(ROTATED), &mut session);
    assert_eq!(refresh_token(&session), "second");
}
