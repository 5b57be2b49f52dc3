//! A driver without sockets, with virtual time and a closure as the service.

use std::time::Duration;

use http::{Request, Response};
use usage_core::auth::{AccessToken, Grant};
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::query::OrganizationQuery;
use usage_core::{
    Error, Execution, Machine, Next, Policy, Secret, Session, Timestamp, Transition, UsageQuery, UsageTable,
};

/// The service's reaction to a request.
pub(crate) enum Reply {
    Answer(u16, Vec<(&'static str, String)>, String),
    Fails(TransportKind, Sent),
}

pub(crate) fn ok(body: &str) -> Reply {
    Reply::Answer(200, Vec::new(), body.to_owned())
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Answer(status, Vec::new(), String::new())
}

pub(crate) const ACCEPTED: &str = r#"{"executionId":"e-1","resultsUri":"/api/v2/usage/query/e-1/results"}"#;
pub(crate) const RUNNING: &str = r#"{"queryStatus":"Running"}"#;
pub(crate) const COMPLETE: &str = r#"{"queryStatus":"Complete","results":[{"clientName":"a","requests":1}]}"#;
pub(crate) const TOKEN: &str = r#"{"access_token":"t-1","token_type":"bearer","expires_in":86400}"#;

pub(crate) const START: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);

/// The result of driving a machine.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) end: Timestamp,
    pub(crate) requests: Vec<(u64, String)>,
    pub(crate) transitions: Vec<String>,
    pub(crate) rows: UsageTable,
    pub(crate) error: Option<Error>,
}

/// A policy with constant delays, so that tests can state exact times.
pub(crate) fn policy() -> Policy {
    Policy::default().with_jitter(0.0)
}

pub(crate) fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-06/2026-06".parse().unwrap())
}

pub(crate) fn execution() -> Execution<OrganizationQuery> {
    Execution::new(query(), policy(), 1, START)
}

pub(crate) fn static_token() -> Session {
    Session::new(
        &"eu-central-1".parse().unwrap(),
        Grant::StaticToken(AccessToken::parse("manual-token").unwrap()),
    )
}

pub(crate) fn credentials() -> Session {
    let grant = Grant::client_credentials("id", Secret::new("client-secret".into())).unwrap();
    Session::new(&"eu-central-1".parse().unwrap(), grant)
}

/// Drives `execution` from `now` to its end. Every wait must lie in the future and not past the deadline.
pub(crate) fn drive<Q: UsageQuery>(
    execution: &mut Execution<Q>,
    session: &mut Session,
    mut now: Timestamp,
    mut service: impl FnMut(&Request<Vec<u8>>) -> Reply,
) -> Run {
    let mut run =
        Run { end: now, requests: Vec::new(), transitions: Vec::new(), rows: UsageTable::new(), error: None };
    let mut note = |transition: &Transition| run.transitions.push(transition.to_string());
    for _ in 0..20_000 {
        let step = execution.next(now, session);
        step.transitions.iter().for_each(&mut note);
        let exchange = match step.next {
            Next::Finished => {
                run.end = now;
                run.error = execution.error();
                return run;
            }
            Next::WaitUntil(until, _) => {
                assert!(until > now, "a wait that is over at once");
                assert!(until <= execution.deadline(), "a wait past the deadline");
                now = until;
                continue;
            }
            Next::Send(exchange) => *exchange,
        };
        assert!(exchange.timeout > Duration::ZERO);
        let target = format!("{} {}", exchange.request.method(), exchange.request.uri());
        run.requests.push((now.saturating_since(START).as_millis().try_into().unwrap(), target));
        let progress = match service(&exchange.request) {
            Reply::Answer(status, headers, body) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                execution.on_response(now, exchange.ticket, response.body(body.as_bytes()).unwrap(), session)
            }
            Reply::Fails(kind, sent) => execution.on_failure(
                now,
                exchange.ticket,
                TransportFailure::new(kind, sent, "scripted"),
                session,
            ),
        };
        progress.transition.iter().for_each(&mut note);
        if let Some(rows) = progress.output {
            run.rows.append(&rows);
        }
    }
    panic!("the execution does not end: {:?}", run.transitions.iter().rev().take(10).collect::<Vec<_>>());
}

/// Replays `replies` in order. One request too many fails the test.
pub(crate) fn script(replies: Vec<Reply>) -> impl FnMut(&Request<Vec<u8>>) -> Reply {
    let mut replies = replies.into_iter();
    move |request| {
        replies.next().unwrap_or_else(|| panic!("no answer left for {} {}", request.method(), request.uri()))
    }
}

/// Runs a new execution with a static token against `replies`.
pub(crate) fn play(replies: Vec<Reply>) -> Run {
    drive(&mut execution(), &mut static_token(), START, script(replies))
}
