//! A call of a single endpoint, from outside.

use std::time::Duration;

use http::Response;
use usage_core::error::{Error, Failure, ResponseError, Sent, TransportFailure, TransportKind, Unauthorized};
use usage_core::events::EventDefinitions;
use usage_core::machine::Exchange;
use usage_core::query::OrganizationQuery;
use usage_core::{Call, Endpoint, EndpointExt, Machine, Next, Policy, Session, Timestamp, WaitReason};

use crate::support::{ACCEPTED, START, TOKEN, credentials, policy, query, static_token};

const DEFINITIONS: &str = r#"{"entities":[{"id":"e","name":"n"}]}"#;

fn definitions() -> Call<EventDefinitions> {
    Call::new(EventDefinitions, policy(), 1, START)
}

/// A call that is not idempotent: the submit of a query.
fn submit(policy: Policy) -> Call<OrganizationQuery> {
    Call::new(query(), policy, 1, START)
}

fn send<E: Endpoint>(call: &mut Call<E>, session: &mut Session, now: Timestamp) -> Exchange {
    match call.next(now, session).next {
        Next::Send(exchange) => *exchange,
        other => panic!("nothing goes out: {other:?}"),
    }
}

fn answer<E: Endpoint>(
    call: &mut Call<E>,
    session: &mut Session,
    status: u16,
    body: &str,
) -> Option<E::Response> {
    let exchange = send(call, session, START);
    let response = Response::builder().status(status).body(body.as_bytes()).unwrap();
    let progress = call.on_response(START, exchange.ticket, response, session);
    assert!(progress.transition.is_none(), "a call has no phases");
    progress.output
}

fn breaks<E: Endpoint>(call: &mut Call<E>, session: &mut Session, kind: TransportKind, sent: Sent) {
    let exchange = send(call, session, START);
    let progress = call.on_failure(START, exchange.ticket, TransportFailure::new(kind, sent, "x"), session);
    assert!(progress.output.is_none());
}

fn ended<E: Endpoint>(call: &mut Call<E>, session: &mut Session) -> Error {
    assert!(matches!(call.next(START, session).next, Next::Finished));
    let error = call.error().unwrap();
    assert_eq!((error.phase(), error.execution_id()), (None, None));
    error
}

fn waits<E: Endpoint>(call: &mut Call<E>, session: &mut Session) -> (Duration, WaitReason) {
    match call.next(START, session).next {
        Next::WaitUntil(until, why) => (until.saturating_since(START), why),
        other => panic!("it does not wait: {other:?}"),
    }
}

#[test]
fn fetches_a_token_and_returns_the_response_once() {
    let (mut call, mut session) = (definitions(), credentials());
    assert!(answer(&mut call, &mut session, 200, TOKEN).is_none());
    let listing = answer(&mut call, &mut session, 200, DEFINITIONS).unwrap();
    assert_eq!(listing.entities.len(), 1);
    assert!(matches!(call.next(START, &mut session).next, Next::Finished));
    assert_eq!(call.error(), None);
}

#[test]
fn retries_after_a_failure() {
    let (mut call, mut session) = (definitions(), static_token());
    assert!(answer(&mut call, &mut session, 503, "").is_none());
    assert_eq!(waits(&mut call, &mut session), (Duration::from_millis(500), WaitReason::Retry));
    let later = START.saturating_add(Duration::from_millis(500));
    let exchange = send(&mut call, &mut session, later);
    let response = Response::new(DEFINITIONS.as_bytes());
    assert!(call.on_response(later, exchange.ticket, response, &mut session).output.is_some());
}

#[test]
fn a_token_request_that_fails_is_waited_for_or_ends_the_call() {
    let (mut call, mut session) = (definitions(), credentials());
    assert!(answer(&mut call, &mut session, 503, "").is_none());
    assert_eq!(waits(&mut call, &mut session).1, WaitReason::Retry);

    let (mut call, mut session) = (definitions(), credentials());
    breaks(&mut call, &mut session, TransportKind::Reset, Sent::Maybe);
    assert_eq!(waits(&mut call, &mut session).1, WaitReason::Retry);

    let (mut call, mut session) = (definitions(), credentials());
    assert!(answer(&mut call, &mut session, 400, r#"{"error":"invalid_client"}"#).is_none());
    let error = ended(&mut call, &mut session);
    assert!(error.is_unauthorized() && error.endpoint() == "oauth.token", "{error}");
}

#[test]
fn a_refused_token_is_renewed_once() {
    let (mut call, mut session) = (definitions(), credentials());
    assert!(answer(&mut call, &mut session, 200, TOKEN).is_none());
    assert!(answer(&mut call, &mut session, 401, "").is_none());
    assert!(answer(&mut call, &mut session, 200, TOKEN).is_none());
    assert!(answer(&mut call, &mut session, 401, "").is_none());
    let error = ended(&mut call, &mut session);
    assert!(matches!(error.failure(), Failure::Unauthorized(Unauthorized::Refused(_))), "{error}");
    assert_eq!((error.endpoint(), error.attempts()), (EventDefinitions::NAME, 4));
}

#[test]
fn a_refusal_is_final() {
    let (mut call, mut session) = (definitions(), static_token());
    assert!(answer(&mut call, &mut session, 404, "").is_none());
    assert!(matches!(ended(&mut call, &mut session).failure(), Failure::Rejected(_)));

    let (mut call, mut session) = (definitions(), static_token());
    assert!(answer(&mut call, &mut session, 200, "{]").is_none());
    assert!(matches!(ended(&mut call, &mut session).failure(), Failure::Decode(_)));
}

#[test]
fn a_request_that_may_have_arrived_is_repeated_only_if_idempotent() {
    let (mut call, mut session) = (definitions(), static_token());
    breaks(&mut call, &mut session, TransportKind::Reset, Sent::Maybe);
    assert_eq!(waits(&mut call, &mut session).1, WaitReason::Retry);

    let (mut call, mut session) = (submit(policy()), static_token());
    breaks(&mut call, &mut session, TransportKind::Reset, Sent::Maybe);
    assert!(matches!(ended(&mut call, &mut session).failure(), Failure::AmbiguousSubmit(_)));

    let (mut call, mut session) = (submit(policy()), static_token());
    breaks(&mut call, &mut session, TransportKind::Connect, Sent::No);
    assert_eq!(waits(&mut call, &mut session).1, WaitReason::Retry);

    let (mut call, mut session) = (submit(policy().with_resubmit(true)), static_token());
    breaks(&mut call, &mut session, TransportKind::Reset, Sent::Maybe);
    assert_eq!(waits(&mut call, &mut session).1, WaitReason::Retry);
}

#[test]
fn asking_again_abandons_the_request_in_flight() {
    let (mut call, mut session) = (definitions(), static_token());
    let lost = send(&mut call, &mut session, START);
    let again = send(&mut call, &mut session, START);
    let late = call.on_response(START, lost.ticket, Response::new(DEFINITIONS.as_bytes()), &mut session);
    assert!(late.output.is_none(), "a late answer counted");
    let good = call.on_response(START, again.ticket, Response::new(DEFINITIONS.as_bytes()), &mut session);
    assert!(good.output.is_some());

    let (mut call, mut session) = (submit(policy()), static_token());
    let _lost = send(&mut call, &mut session, START);
    let error = ended(&mut call, &mut session);
    assert_eq!(error.failure().transport_failure().unwrap().kind, TransportKind::Abandoned);

    let (mut call, mut session) = (submit(policy().with_resubmit(true)), static_token());
    let _lost = send(&mut call, &mut session, START);
    assert!(answer(&mut call, &mut session, 200, ACCEPTED).is_some());
}

#[test]
fn it_ends_at_its_deadline() {
    let (mut call, mut session) = (definitions(), static_token());
    let late = START.saturating_add(Policy::default().deadline);
    assert!(matches!(call.next(late, &mut session).next, Next::Finished));
    assert!(call.error().unwrap().is_timeout());
}

#[test]
fn a_cancelled_call_sends_nothing_more() {
    let (mut call, mut session) = (definitions(), static_token());
    let out = send(&mut call, &mut session, START);
    assert_eq!(call.cancel(), None);
    assert!(matches!(ended(&mut call, &mut session).failure(), Failure::Cancelled));
    let late = call.on_response(START, out.ticket, Response::new(DEFINITIONS.as_bytes()), &mut session);
    assert!(late.output.is_none());
}

#[test]
fn a_whole_response_is_read_without_a_machine() {
    let read = |status: u16, body: &str| {
        EventDefinitions::parse(&Response::builder().status(status).body(body.as_bytes()).unwrap())
    };
    assert_eq!(read(200, DEFINITIONS).unwrap().entities.len(), 1);
    assert!(matches!(read(200, "["), Err(ResponseError::Decode(_))));
    let Err(ResponseError::Api(error)) = read(403, r#"{"code":"missing.permissions"}"#) else { panic!() };
    assert_eq!(error.code(), Some("missing.permissions"));
}
