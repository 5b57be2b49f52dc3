//! All machines are cancelled in the same way, through the trait `Machine`.

use usage_core::error::Failure;
use usage_core::events::EventDefinitions;
use usage_core::execution::StreamingExecution;
use usage_core::{Call, LogIn, Machine, Next, UsageRow};

use crate::support::{START, TOKEN, credentials, execution, policy};

/// Cancels the machine twice while it waits for its token. Returns whether it reported the cancellation.
fn cancel(machine: &mut impl Machine) -> bool {
    let mut session = credentials();
    let Next::Send(exchange) = machine.next(START, &mut session).next else { panic!("nothing goes out") };
    let said = machine.cancel().is_some();
    assert!(machine.cancel().is_none(), "it was over already");
    assert!(matches!(machine.next(START, &mut session).next, Next::Finished));
    assert!(matches!(machine.error().unwrap().failure(), Failure::Cancelled));

    let answer = http::Response::new(TOKEN.as_bytes());
    let late = machine.on_response(START, exchange.ticket, answer, &mut session);
    assert!(late.transition.is_none() && late.output.is_none());
    assert!(matches!(machine.error().unwrap().failure(), Failure::Cancelled));
    assert!(session.access_token().is_some(), "the token is the session's");
    said
}

#[test]
fn a_cancelled_machine_fails_and_only_executions_report_a_transition() {
    assert!(cancel(&mut execution()));
    assert!(cancel(&mut StreamingExecution::new(execution(), |_: UsageRow<'_>| {})));
    assert!(!cancel(&mut Call::new(EventDefinitions, policy(), 1, START)));
    assert!(!cancel(&mut LogIn::new(policy(), 1, START)));
}

/// Cancels the machine while its request is in flight. Afterwards the service refuses the token.
fn refuse_late(machine: &mut impl Machine) {
    let mut session = credentials();
    let Next::Send(fetch) = machine.next(START, &mut session).next else { panic!("nothing goes out") };
    let token = http::Response::new(TOKEN.as_bytes());
    let _ = machine.on_response(START, fetch.ticket, token, &mut session);
    let Next::Send(exchange) = machine.next(START, &mut session).next else { panic!("nothing goes out") };
    let _ = machine.cancel();
    let refusal = http::Response::builder().status(401).body(&b""[..]).unwrap();
    let late = machine.on_response(START, exchange.ticket, refusal, &mut session);
    assert!(late.transition.is_none() && late.output.is_none());
    assert!(session.access_token().is_some(), "nobody awaited what came of it");
}

#[test]
fn a_late_response_to_a_cancelled_machine_changes_nothing() {
    refuse_late(&mut execution());
    refuse_late(&mut StreamingExecution::new(execution(), |_: UsageRow<'_>| {}));
    refuse_late(&mut Call::new(EventDefinitions, policy(), 1, START));
}

#[test]
fn a_finished_machine_is_not_cancelled() {
    let mut machine = LogIn::new(policy(), 1, START);
    let mut session = crate::support::static_token();
    assert!(matches!(machine.next(START, &mut session).next, Next::Finished));
    assert!(machine.cancel().is_none());
    assert_eq!(machine.error(), None);
}
