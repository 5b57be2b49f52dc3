//! A token exchange belongs to its session, not to the machine that asked for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Response;
use proptest::prelude::*;
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::events::EventDefinitions;
use usage_core::{Call, Cause, Event, Execution, LogIn, Machine, Next, Session, Timestamp, WaitReason};
use usage_driver::{SharedSession, Task, TokenExchange};

use crate::support::{
    ACCEPTED, COMPLETE, Reply, START, TOKEN, credentials, drive, execution, ok, policy, query, script,
    static_token, status,
};

const HOUR: Duration = Duration::from_secs(3600);

fn after(seconds: u64) -> Timestamp {
    START.saturating_add(Duration::from_secs(seconds))
}

fn is_fetch(next: &Next) -> bool {
    matches!(next, Next::Send(exchange) if exchange.is_for_token())
}

#[test]
fn a_renewal_ahead_of_time_is_not_waited_for() {
    let (session, now) = before_its_renewal();
    let out = Arc::new(Mutex::new(Vec::new()));
    let carried = Arc::clone(&out);
    let shared = SharedSession::new(session).carried_by(move |session, exchange| {
        carried.lock().unwrap().push(TokenExchange::new(session, exchange));
    });
    for _ in 0..2 {
        let next = Task::new(Execution::new(query(), policy(), 1, now)).next(now, &shared);
        assert!(matches!(&next, Next::Send(exchange) if !exchange.is_for_token()), "{next:?}");
    }
    assert_eq!(out.lock().unwrap().len(), 1);
    // Its response is kept.
    let mut token = out.lock().unwrap().pop().unwrap();
    let Next::Send(fetch) = token.next(now, &mut shared.lock()).next else { panic!() };
    let fresh = Response::new(&br#"{"access_token":"t-2"}"#[..]);
    let _ = token.on_response(now, fetch.ticket, fresh, &mut shared.lock());
    assert_eq!(shared.lock().access_token().unwrap().expose(), "t-2");
}

#[test]
fn an_observer_may_use_the_client_or_panic_while_a_token_is_needed() {
    for panics in [false, true] {
        let out = Arc::new(Mutex::new(Vec::new()));
        let carried = Arc::clone(&out);
        let shared = SharedSession::new(credentials()).carried_by(move |session, exchange| {
            carried.lock().unwrap().push(TokenExchange::new(session, exchange));
        });
        let answered = |session: &SharedSession, out: &Mutex<Vec<TokenExchange>>, now| {
            let mut token = out.lock().unwrap().pop().expect("it is on its way");
            let Next::Send(fetch) = token.next(now, &mut session.lock()).next else { panic!() };
            let body = Response::new(&br#"{"access_token":"t-1","expires_in":1}"#[..]);
            let _ = token.on_response(now, fetch.ticket, body, &mut session.lock());
        };
        let mut task = Task::new(execution());
        assert!(matches!(task.next(START, &shared), Next::WaitUntil(_, WaitReason::Token)));
        answered(&shared, &out, START);
        let Next::Send(submit) = task.next(START, &shared) else { panic!() };
        let accepted = Response::new(ACCEPTED.as_bytes());
        let progress = task.machine.on_response(START, submit.ticket, accepted, &mut shared.lock());
        task.take(progress);

        // The token has expired by the first poll, and the observer is called with the wait.
        let (poll, inner, exchanges) = (after(2), shared.clone(), Arc::clone(&out));
        task.observe(move |_, event| {
            if matches!(event, Event::Moved(moved) if moved.cause == Cause::Elapsed) {
                assert!(!panics, "the observer");
                answered(&inner, &exchanges, poll);
                assert!(matches!(Task::new(execution()).next(poll, &inner), Next::Send(_)));
            }
        });
        let next = catch_unwind(AssertUnwindSafe(|| task.next(poll, &shared)));
        assert_eq!(next.is_err(), panics);
        if panics {
            answered(&shared, &out, poll);
        }
        let next = Task::new(execution()).next(poll, &shared);
        assert!(matches!(&next, Next::Send(exchange) if !exchange.is_for_token()), "{next:?}");
    }
}

/// A machine that has ended gives up its token exchange, so that the others need not wait for it.
fn ends_with_a_fetch_out(mut machine: impl Machine, end: impl FnOnce(&mut dyn FnMut(Timestamp))) {
    let mut session = credentials();
    assert!(is_fetch(&machine.next(START, &mut session).next));
    let mut ended_at = None;
    end(&mut |at| ended_at = Some(at));
    if ended_at.is_none() {
        let _ = machine.cancel();
    }
    let at = ended_at.unwrap_or(after(1));
    assert!(matches!(machine.next(at, &mut session).next, Next::Finished));
    let next = Execution::new(query(), policy(), 1, at).next(at, &mut session).next;
    assert!(is_fetch(&next), "it waits for an exchange that is dead: {next:?}");
}

#[test]
fn a_cancelled_or_late_machine_gives_up_its_token_exchange() {
    let late = after(601);
    ends_with_a_fetch_out(execution(), |_| {});
    ends_with_a_fetch_out(Call::new(EventDefinitions, policy(), 1, START), |_| {});
    ends_with_a_fetch_out(LogIn::new(policy(), 1, START), |_| {});
    ends_with_a_fetch_out(execution(), |end| end(late));
    ends_with_a_fetch_out(Call::new(EventDefinitions, policy(), 1, START), |end| end(late));
    ends_with_a_fetch_out(LogIn::new(policy(), 1, START), |end| end(late));
}

#[test]
fn the_session_takes_the_token_and_the_machine_notices() {
    let mut session = credentials();
    let (mut one, mut other) = (execution(), execution());
    let Next::Send(fetch) = one.next(START, &mut session).next else { panic!() };
    assert!(session.is_fetching_token());
    session.on_response(START, fetch.ticket, &Response::new(TOKEN.as_bytes()));
    assert!(!session.is_fetching_token());
    let step = one.next(START, &mut session);
    let moved: Vec<_> = step.transitions.iter().map(ToString::to_string).collect();
    assert_eq!(moved, ["ReadySubmit -Authorized-> ReadySubmit", "ReadySubmit -Sent-> InFlightSubmit"]);
    assert!(matches!(other.next(START, &mut session).next, Next::Send(_)));

    let mut session = credentials();
    let mut one = execution();
    let Next::Send(fetch) = one.next(START, &mut session).next else { panic!() };
    session.on_failure(START, fetch.ticket, TransportFailure::new(TransportKind::Reset, Sent::Maybe, ""));
    let step = one.next(START, &mut session);
    let moved: Vec<_> = step.transitions.iter().map(ToString::to_string).collect();
    assert_eq!(moved, ["ReadySubmit -TokenUnavailable-> WaitSubmit"]);
    assert!(matches!(step.next, Next::WaitUntil(_, WaitReason::Retry)));
}

#[test]
fn a_carried_token_exchange_is_given_up_by_its_carrier_only() {
    let shared = SharedSession::new(credentials());
    let (mut one, mut other) = (Task::new(execution()), Task::new(execution()));
    let Next::Send(fetch) = one.next(START, &shared) else { panic!() };
    let mut token = TokenExchange::new(&shared, fetch);
    one.canceller.cancel();
    assert!(matches!(one.next(START, &shared), Next::Finished));
    for at in [START, after(30), after(599)] {
        let next = other.next(at, &shared);
        assert!(matches!(next, Next::WaitUntil(until, WaitReason::Token) if until > at), "{next:?}");
    }
    let Next::Send(fetch) = token.next(START, &mut shared.lock()).next else { panic!() };
    let _ = token.on_response(START, fetch.ticket, Response::new(TOKEN.as_bytes()), &mut shared.lock());
    assert!(shared.lock().access_token().is_some());
    drop(token);

    // An exchange whose carrier is dropped is given up at once.
    let shared = SharedSession::new(credentials());
    let Next::Send(fetch) = Task::new(execution()).next(START, &shared) else { panic!() };
    drop(TokenExchange::new(&shared, fetch));
    assert!(is_fetch(&Task::new(execution()).next(START, &shared)));
}

/// Returns a session whose token is valid for 600 s, and the time 545 s later.
fn before_its_renewal() -> (Session, Timestamp) {
    let mut session = credentials();
    let token = r#"{"access_token":"t-1","token_type":"bearer","expires_in":600}"#;
    let run =
        drive(&mut execution(), &mut session, START, script(vec![ok(token), ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!(run.error, None);
    (session, after(545))
}

#[test]
fn a_failed_early_renewal_ends_nothing_while_the_old_token_is_valid() {
    let failures: [fn() -> Reply; 9] = [
        || status(503),
        || status(400),
        || status(302),
        || status(429),
        || Reply::Answer(400, Vec::new(), r#"{"error":"invalid_grant"}"#.to_owned()),
        || Reply::Fails(TransportKind::Tls, Sent::No),
        || Reply::Fails(TransportKind::Reset, Sent::Maybe),
        || ok("<html>"),
        || ok("{\"access_token\":\"\\n\"}"),
    ];
    for (number, failure) in failures.iter().enumerate() {
        let (mut session, now) = before_its_renewal();
        let mut tries = 0;
        let run =
            drive(&mut Execution::new(query(), policy(), 1, now), &mut session, now, |request| match request
                .uri()
                .path()
            {
                "/oauth/token" => {
                    tries += 1;
                    failure()
                }
                "/api/v2/usage/query" => ok(ACCEPTED),
                _ => ok(COMPLETE),
            });
        assert_eq!(run.error, None, "{number}");
        assert!((1..=3).contains(&tries), "{number}: {tries} tries within two seconds");
        // After its expiry, the token is not used.
        let expired = after(600);
        let mut late = Execution::new(query(), policy(), 1, expired);
        let next = late.next(expired, &mut session).next;
        assert!(!matches!(&next, Next::Send(exchange) if !exchange.is_for_token()), "{number}: {next:?}");
    }
}

#[test]
fn every_wait_keeps_its_length_when_the_clock_steps_back() {
    // Waits of a call, of a log-in, and of the session.
    let back = START.saturating_sub(HOUR);
    let unavailable = || Response::builder().status(503).body(&b""[..]).unwrap();
    let half = |until: Timestamp| until.saturating_since(back) == Duration::from_millis(500);

    let (mut call, mut session) = (Call::new(EventDefinitions, policy(), 1, START), static_token());
    let Next::Send(exchange) = call.next(START, &mut session).next else { panic!() };
    let _ = call.on_response(START, exchange.ticket, unavailable(), &mut session);
    assert!(matches!(call.next(back, &mut session).next, Next::WaitUntil(until, _) if half(until)));

    let (mut log_in, mut session) = (LogIn::new(policy(), 1, START), credentials());
    let Next::Send(exchange) = log_in.next(START, &mut session).next else { panic!() };
    let _ = log_in.on_response(START, exchange.ticket, unavailable(), &mut session);
    assert!(matches!(log_in.next(back, &mut session).next, Next::WaitUntil(until, _) if half(until)));
    // Another machine of the session waits as long.
    let mut other = Execution::new(query(), policy(), 1, back);
    assert!(matches!(other.next(back, &mut session).next, Next::WaitUntil(until, _) if half(until)));

    let (mut session, _) = before_its_renewal();
    let _ = Execution::new(query(), policy(), 1, back).next(back, &mut session);
    let end = session.access_token_expires_at().unwrap();
    assert!(end.saturating_since(back) <= Duration::from_secs(600), "{end}");
}

proptest! {
    #[test]
    fn clock_readings_of_several_threads_in_any_order_begin_one_token_exchange(
        stale in prop::collection::vec(0u64..1000, 1..20),
    ) {
        let mut session = credentials();
        prop_assert!(is_fetch(&execution().next(after(10), &mut session).next));
        for millis in stale {
            let now = after(10).saturating_sub(Duration::from_millis(millis));
            let next = Execution::new(query(), policy(), 1, now).next(now, &mut session).next;
            prop_assert!(matches!(next, Next::WaitUntil(until, WaitReason::Token) if until > now), "{:?}", next);
        }
    }
}
