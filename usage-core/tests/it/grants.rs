//! The grants of a user: single-use codes, refresh tokens that rotate, tokens that outlive a process.

use std::cell::RefCell;
use std::time::Duration;

use http::Request;
use usage_core::auth::{AccessToken, AuthorizationRequest, Grant, LoginState, OAuthClient, TokenResponse};
use usage_core::error::{Failure, Sent, TransportKind, Unauthorized};
use usage_core::{Execution, Machine, Next, Secret, Session, Timestamp};

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, Reply, Run, START, drive, execution, ok, policy, query, script, status,
};

const STATE: &str = "0123456789abcdef";
const SPENT: &str = r#"{"error":"invalid_grant","description":"the refresh token was used"}"#;

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn confidential() -> OAuthClient {
    OAuthClient::confidential("id", secret("client-secret")).unwrap()
}

fn session(grant: Grant) -> Session {
    Session::new(&"eu-central-1".parse().unwrap(), grant)
}

/// A user's log-in in the browser, up to the redirect.
fn code() -> Grant {
    let state = LoginState::parse(STATE).unwrap();
    let login = AuthorizationRequest::code(confidential(), "https://app.example/cb", state).unwrap();
    login.grant(START, &format!("https://app.example/cb?code=the-code&state={STATE}")).unwrap()
}

fn token(access: &str, refresh: Option<&str>) -> Reply {
    let refresh = refresh.map_or(String::new(), |refresh| format!(r#","refresh_token":"{refresh}""#));
    ok(&format!(r#"{{"access_token":"{access}","token_type":"bearer","expires_in":300{refresh}}}"#))
}

fn refused() -> Reply {
    Reply::Answer(400, Vec::new(), SPENT.to_owned())
}

fn after(seconds: u64) -> Timestamp {
    START.saturating_add(Duration::from_secs(seconds))
}

/// Returns how a request authenticates: the form of a token request, the bearer token of any other.
fn credential(request: &Request<Vec<u8>>) -> String {
    if request.uri().path() == "/oauth/token" {
        assert_eq!(request.uri().host(), Some("login.mypurecloud.de"));
        return String::from_utf8(request.body().clone()).unwrap();
    }
    assert_eq!(request.uri().host(), Some("api.mypurecloud.de"));
    request.headers()["authorization"].to_str().unwrap().to_owned()
}

/// Runs a new execution at `now`, and returns how each of its requests authenticates.
fn run(session: &mut Session, now: Timestamp, replies: Vec<Reply>) -> (Run, Vec<String>) {
    let mut execution = Execution::new(query(), policy(), 1, now);
    let (mut service, seen) = (script(replies), RefCell::new(Vec::new()));
    let run = drive(&mut execution, session, now, |request| {
        seen.borrow_mut().push(credential(request));
        service(request)
    });
    (run, seen.into_inner())
}

fn done() -> [Reply; 2] {
    [ok(ACCEPTED), ok(COMPLETE)]
}

fn with_done(first: Reply) -> Vec<Reply> {
    std::iter::once(first).chain(done()).collect()
}

fn failure(run: &Run) -> Failure {
    run.error.as_ref().unwrap().failure().clone()
}

const CODE_FORM: &str =
    "grant_type=authorization_code&code=the-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb";

#[test]
fn a_code_is_used_once_and_refresh_tokens_rotate_until_one_is_refused() {
    let mut session = session(code());
    assert!(session.access_token().is_none() && session.refresh_token().is_none());

    let (first, seen) = run(&mut session, START, with_done(token("a-1", Some("r-1"))));
    assert_eq!(first.error, None);
    assert_eq!(seen, [CODE_FORM, "Bearer a-1", "Bearer a-1"]);
    assert_eq!(session.refresh_token().unwrap().expose(), "r-1");
    assert_eq!(session.access_token().unwrap().expose(), "a-1");
    assert_eq!(session.access_token_expires_at(), Some(after(300)));

    // A tenth of its lifetime before the expiry.
    let (second, seen) = run(&mut session, after(271), with_done(token("a-2", Some("r-2"))));
    assert_eq!(second.error, None);
    assert_eq!(seen, ["grant_type=refresh_token&refresh_token=r-1", "Bearer a-2", "Bearer a-2"]);
    assert_eq!(session.refresh_token().unwrap().expose(), "r-2");

    // After a response without a refresh token, the previous one remains valid.
    let (third, seen) = run(&mut session, after(1000), with_done(token("a-3", None)));
    assert_eq!(third.error, None);
    assert_eq!(seen[0], "grant_type=refresh_token&refresh_token=r-2");
    assert_eq!(session.refresh_token().unwrap().expose(), "r-2");

    // The refusal is permanent and remembered forever.
    let (fourth, seen) = run(&mut session, after(2000), vec![refused()]);
    assert_eq!(seen, ["grant_type=refresh_token&refresh_token=r-2"]);
    assert!(matches!(failure(&fourth), Failure::Unauthorized(Unauthorized::Refused(_))));
    let text = fourth.error.unwrap().to_string();
    assert!(text.contains("(invalid_grant): the refresh token was used"), "{text}");
    let (fifth, seen) = run(&mut session, after(1_000_000), Vec::new());
    assert!(fifth.error.unwrap().is_unauthorized() && seen.is_empty());
}

#[test]
fn a_refused_renewal_keeps_a_valid_token() {
    let mut session = session(code());
    run(&mut session, START, with_done(token("a-1", Some("r-1"))));
    // The renewal is due at 270 s and refused; the previous token is used up to 300 s.
    let (second, seen) = run(&mut session, after(280), with_done(refused()));
    assert_eq!((second.error, seen.len()), (None, 3));
    assert_eq!(seen[1..], ["Bearer a-1", "Bearer a-1"]);
    let (third, seen) = run(&mut session, after(285), done().into());
    assert_eq!(third.error, None);
    assert_eq!(seen, ["Bearer a-1", "Bearer a-1"]);
    assert!(run(&mut session, after(300), Vec::new()).0.error.unwrap().is_unauthorized());
}

#[test]
fn the_first_401_is_answered_with_a_refresh_and_the_second_is_final() {
    let mut session = session(code());
    let replies =
        vec![token("a-1", Some("r-1")), status(401), token("a-2", Some("r-2")), ok(ACCEPTED), ok(COMPLETE)];
    let (first, seen) = run(&mut session, START, replies);
    assert_eq!(first.error, None);
    assert_eq!(seen[2..4], ["grant_type=refresh_token&refresh_token=r-1", "Bearer a-2"]);

    let replies = vec![status(401), token("a-3", Some("r-3")), status(401)];
    let (second, seen) = run(&mut session, START, replies);
    assert!(matches!(failure(&second), Failure::Unauthorized(Unauthorized::Refused(_))));
    assert_eq!(seen.len(), 3);
    assert_eq!(session.refresh_token().unwrap().expose(), "r-3");
}

#[test]
fn without_a_refresh_token_the_code_is_not_sent_again() {
    let mut session = session(code());
    let (first, _) = run(&mut session, START, with_done(token("a-1", None)));
    assert_eq!(first.error, None);
    assert!(session.refresh_token().is_none());

    // The token is used until it expires, not only until a renewal would be due.
    let shortly_before = after(300).saturating_sub(Duration::from_millis(1));
    assert_eq!(run(&mut session, shortly_before, vec![ok(ACCEPTED)]).1, ["Bearer a-1"]);
}

#[test]
fn an_expired_token_without_renewal_reports_it() {
    let mut session = session(code());
    run(&mut session, START, with_done(token("a-1", None)));
    let (late, seen) = run(&mut session, after(300), Vec::new());
    assert_eq!(failure(&late), Failure::Unauthorized(Unauthorized::CannotRenew));
    assert!(seen.is_empty());
}

#[test]
fn a_lost_exchange_is_retried_and_a_used_code_is_permanent() {
    // The response was lost, and the code had not been used.
    let mut first = session(code());
    let lost = || Reply::Fails(TransportKind::Reset, Sent::Maybe);
    let replies = vec![lost(), token("a-1", None), ok(ACCEPTED), ok(COMPLETE)];
    let (recovered, seen) = run(&mut first, START, replies);
    assert_eq!(recovered.error, None);
    assert_eq!(seen[..2], [CODE_FORM, CODE_FORM]);

    // The response was lost, and the code had been used.
    let mut second = session(code());
    let (spent, _) = run(&mut second, START, vec![lost(), refused()]);
    assert!(matches!(failure(&spent), Failure::Unauthorized(Unauthorized::Refused(_))));
    assert!(run(&mut second, after(3600), Vec::new()).0.error.unwrap().is_unauthorized());
}

#[test]
fn a_code_exchange_that_its_driver_dropped_is_repeated() {
    let mut session = session(code());
    let mut execution = execution();
    let Next::Send(dead) = execution.next(START, &mut session).next else { panic!() };
    drop(dead);
    let Next::Send(alive) = execution.next(START, &mut session).next else { panic!() };
    assert_eq!(credential(&alive.request), CODE_FORM);
    let answer = r#"{"access_token":"a-1","refresh_token":"r-1"}"#;
    let _ = execution.on_response(START, alive.ticket, http::Response::new(answer.as_bytes()), &mut session);
    assert_eq!(session.refresh_token().unwrap().expose(), "r-1");
}

#[test]
fn a_saved_session_uses_its_token_and_then_its_refresh_token() {
    let mut old = session(code());
    run(&mut old, START, with_done(token("a-1", Some("r-1"))));
    let saved = (
        old.access_token().unwrap().expose().to_owned(),
        old.access_token_expires_at(),
        old.refresh_token().unwrap().expose().to_owned(),
    );

    let renewal = Grant::refresh_token(confidential(), secret(&saved.2)).unwrap();
    let grant = Grant::issued(AccessToken::parse(&saved.0).unwrap(), saved.1, Some(renewal));
    let mut new = session(grant);
    assert_eq!(new.refresh_token().unwrap().expose(), "r-1");
    let (first, seen) = run(&mut new, after(100), done().into());
    assert_eq!((first.error, seen.len()), (None, 2));
    assert_eq!(seen[0], "Bearer a-1");
    let (second, seen) = run(&mut new, after(240), with_done(token("a-2", Some("r-2"))));
    assert_eq!(second.error, None);
    assert_eq!(seen[0], "grant_type=refresh_token&refresh_token=r-1");
    assert_eq!(new.refresh_token().unwrap().expose(), "r-2");
}

#[test]
fn an_implicit_token_is_used_until_it_expires() {
    let state = LoginState::parse(STATE).unwrap();
    let login = AuthorizationRequest::implicit("id", "http://localhost:8085/", state).unwrap();
    let redirect = format!("http://localhost:8085/#access_token=a-1&expires_in=300&state={STATE}");
    let mut session = session(login.grant(START, &redirect).unwrap());
    let (first, seen) = run(&mut session, after(290), done().into());
    assert_eq!((first.error, seen), (None, vec!["Bearer a-1".to_owned(); 2]));
    let (late, _) = run(&mut session, after(300), Vec::new());
    assert_eq!(failure(&late), Failure::Unauthorized(Unauthorized::CannotRenew));
}

#[cfg(feature = "pkce")]
#[test]
fn a_public_client_sends_its_id_in_the_form_and_no_secret() {
    use usage_core::auth::PkceVerifier;

    let verifier = PkceVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let grant = Grant::pkce("id", secret("c"), &verifier, "http://localhost:8085/").unwrap();
    let mut session = session(grant);
    let mut service = script(with_done(token("a-1", Some("r-1"))));
    let run_public = |session: &mut Session, now, service: &mut dyn FnMut(&Request<Vec<u8>>) -> Reply| {
        let mut forms = Vec::new();
        let mut execution = Execution::new(query(), policy(), 1, now);
        let run = drive(&mut execution, session, now, |request| {
            if request.uri().path() == "/oauth/token" {
                assert!(!request.headers().contains_key("authorization"));
                forms.push(credential(request));
            }
            service(request)
        });
        assert_eq!(run.error, None);
        forms
    };
    let forms = run_public(&mut session, START, &mut service);
    assert_eq!(
        forms,
        [
            "grant_type=authorization_code&code=c&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&redirect_uri=http%3A%2F%2Flocalhost%3A8085%2F&client_id=id"
        ]
    );
    let forms = run_public(&mut session, after(280), &mut script(with_done(token("a-2", None))));
    assert_eq!(forms, ["grant_type=refresh_token&refresh_token=r-1&client_id=id"]);
}

#[test]
fn both_forms_of_an_invalid_client_end_the_execution() {
    for (code, text) in
        [(400, "client not found: invalid_client"), (401, "authentication failed: invalid_client")]
    {
        let body = format!(r#"{{"error":"invalid_client","description":"{text}"}}"#);
        let grant = Grant::client_credentials("id", secret("s")).unwrap();
        let mut session = session(grant);
        let (run, seen) = run(&mut session, START, vec![Reply::Answer(code, Vec::new(), body)]);
        assert_eq!(seen, ["grant_type=client_credentials"]);
        let error = run.error.unwrap();
        assert!(error.is_unauthorized());
        assert!(error.to_string().contains(&format!("{code} (invalid_client): {text}")), "{error}");
    }
}

#[test]
fn a_token_that_is_not_a_bearer_is_not_used() {
    let mut session = session(code());
    let answer = ok(r#"{"access_token":"hunter2","token_type":"mac"}"#);
    let (run, _) = run(&mut session, START, vec![answer]);
    let error = run.error.unwrap().to_string();
    assert!(error.contains("the access token is of a type other than bearer"), "{error}");
    assert!(session.access_token().is_none());
}

#[test]
fn a_log_in_before_the_first_query() {
    let grant = code();
    let request = grant.token_request(&"https://login.mypurecloud.de".parse().unwrap()).unwrap().unwrap();
    assert_eq!(credential(&request), CODE_FORM);
    let body = br#"{"access_token":"a-1","token_type":"bearer","expires_in":300,"refresh_token":"r-1"}"#;
    let answer = TokenResponse::from_response(&http::Response::new(&body[..])).unwrap();

    let mut at_once = session(grant.answered(START, &answer).unwrap());
    let mut into_session = session(grant);
    into_session.token_arrived(START, &answer).unwrap();
    for session in [&mut at_once, &mut into_session] {
        assert_eq!(session.refresh_token().unwrap().expose(), "r-1");
        assert_eq!(session.access_token_expires_at(), Some(after(300)));
        let (run, seen) = run(session, START, done().into());
        assert_eq!((run.error, seen), (None, vec!["Bearer a-1".to_owned(); 2]));
    }
}

#[test]
fn no_grant_prints_its_secrets() {
    let mut session = session(code());
    let mut execution = execution();
    let Next::Send(exchange) = execution.next(START, &mut session).next else { panic!() };
    let mut printed = format!("{exchange:?} {session:?}");
    // `http`'s `Debug` would print the body as a list of numbers.
    printed += &String::from_utf8_lossy(&numbers(&printed));
    let answer = r#"{"access_token":"the-access-token","refresh_token":"the-refresh-token"}"#;
    let response = http::Response::new(answer.as_bytes());
    let progress = execution.on_response(START, exchange.ticket, response, &mut session);
    printed += &format!("{progress:?} {session:?} {execution:?}");
    let (run, _) = run(&mut session, START, vec![ok(ACCEPTED), ok(RUNNING), status(403)]);
    printed += &format!("{:?}", run.error);
    for secret in ["the-code", "client-secret", "the-access-token", "the-refresh-token"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

/// Returns the bytes of every list of numbers in `text`.
fn numbers(text: &str) -> Vec<u8> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}
