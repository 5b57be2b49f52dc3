//! A submit is sent once: snapshots contain whether it was sent.

use http::Response;
use proptest::prelude::*;
use usage_core::error::{Failure, Sent, TransportFailure, TransportKind};
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Machine, Next, Phase, Policy, Session, Snapshot, UsageQuery};

use crate::support::{ACCEPTED, START, policy, query, static_token};

/// The fate of a submit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It is answered with this status and an empty body.
    Status(u16),
    /// It is accepted with this body.
    Body(&'static str),
    /// The exchange fails.
    Breaks(TransportKind, Sent),
    /// Its driver asks again instead of waiting for the response.
    Abandoned,
    /// It is cancelled while it is in flight.
    CancelledWhileOut,
    /// It is cancelled before it is sent.
    CancelledBefore,
    /// It stays in flight.
    Out,
}

const FATES: [Fate; 23] = [
    Fate::Status(302),
    Fate::Status(400),
    Fate::Status(401),
    Fate::Status(403),
    Fate::Status(408),
    Fate::Status(429),
    Fate::Status(503),
    Fate::Body(""),
    Fate::Body("{}"),
    Fate::Body("<html>"),
    Fate::Body(r#"{"executionId":7}"#),
    Fate::Body(r#"{"executionId":".."}"#),
    Fate::Body(r#"{"executionId":"e-1""#),
    Fate::Breaks(TransportKind::Dns, Sent::No),
    Fate::Breaks(TransportKind::Tls, Sent::No),
    Fate::Breaks(TransportKind::Tls, Sent::Maybe),
    Fate::Breaks(TransportKind::Timeout, Sent::Maybe),
    Fate::Breaks(TransportKind::Reset, Sent::No),
    Fate::Breaks(TransportKind::Reset, Sent::Maybe),
    Fate::Abandoned,
    Fate::CancelledWhileOut,
    Fate::CancelledBefore,
    Fate::Out,
];

impl Fate {
    /// Returns whether the service may have received the submit.
    fn is_in_doubt(self) -> bool {
        match self {
            Self::Status(_) | Self::Breaks(_, Sent::No) | Self::CancelledBefore => false,
            Self::Body(_) | Self::Breaks(..) | Self::Abandoned | Self::CancelledWhileOut | Self::Out => true,
        }
    }

    fn befalls<Q: UsageQuery>(self, execution: &mut Execution<Q>, session: &mut Session) {
        let mut now = START;
        if self == Self::CancelledBefore {
            let _ = execution.cancel();
            return;
        }
        let exchange = loop {
            match execution.next(now, session).next {
                Next::Send(exchange) => break exchange,
                Next::WaitUntil(until, _) => now = until,
                Next::Finished => return,
            }
        };
        let ticket = exchange.ticket;
        let _ = match self {
            Self::Status(status) => {
                let answer = Response::builder().status(status).body(&b""[..]).unwrap();
                execution.on_response(now, ticket, answer, session).transition
            }
            Self::Body(body) => {
                execution.on_response(now, ticket, Response::new(body.as_bytes()), session).transition
            }
            Self::Breaks(kind, sent) => {
                execution.on_failure(now, ticket, TransportFailure::new(kind, sent, ""), session).transition
            }
            Self::Abandoned if execution.phase() == Phase::InFlightSubmit => {
                let step = execution.next(now, session);
                step.transitions.iter().last().copied()
            }
            Self::CancelledWhileOut => execution.cancel(),
            _ => None,
        };
    }
}

fn reborn<Q: UsageQuery>(execution: &Execution<Q>, policy: Policy) -> Execution<Q> {
    let saved = Snapshot::from_json(&execution.snapshot().to_json()).unwrap();
    assert_eq!(saved, execution.snapshot());
    Execution::restore(saved, policy, START).unwrap()
}

/// Returns whether a restored execution submits automatically.
fn submits<Q: UsageQuery>(execution: &mut Execution<Q>) -> bool {
    match execution.next(START, &mut static_token()).next {
        Next::Send(_) => true,
        Next::Finished => {
            let error = execution.error().unwrap();
            assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");
            assert!(execution.snapshot().is_submit_in_doubt(), "it is not forgotten later");
            false
        }
        Next::WaitUntil(..) => panic!("a restored execution does not wait before its first request"),
    }
}

#[test]
fn a_submit_in_doubt_is_not_repeated() {
    for fate in FATES {
        let mut execution = Execution::new(query(), policy(), 1, START);
        fate.befalls(&mut execution, &mut static_token());
        let snapshot = execution.snapshot();
        assert_eq!(snapshot.is_submit_in_doubt(), fate.is_in_doubt(), "{fate:?}");
        let mut restored = reborn(&execution, policy());
        assert_eq!(submits(&mut restored), !fate.is_in_doubt(), "{fate:?}");
        // The caller may decide otherwise: by the policy, or by a new execution of the query.
        assert!(submits(&mut reborn(&execution, policy().with_resubmit(true))), "{fate:?}");
        assert!(submits(&mut Execution::new(snapshot.into_query(), policy(), 1, START)));
    }
}

#[test]
fn an_accepted_submit_is_polled_after_any_failure() {
    for fate in FATES {
        let (mut execution, mut session) = (Execution::new(query(), policy(), 1, START), static_token());
        Fate::Body(ACCEPTED).befalls(&mut execution, &mut session);
        fate.befalls(&mut execution, &mut session);
        assert!(!execution.snapshot().is_submit_in_doubt(), "{fate:?}");
        let mut restored = reborn(&execution, policy());
        let Next::Send(exchange) = restored.next(START, &mut session).next else { panic!("{fate:?}") };
        assert_eq!(exchange.request.method(), "GET", "{fate:?}");
    }
}

#[test]
fn snapshots_of_this_format_restore() {
    let json = |step: &str, in_flight: bool, complete: bool| {
        format!(
            r#"{{"version":1,"family":"organization","query":{{"interval":"2026-06/2026-06","granularity":null,"metrics":[],"groupBy":[]}},"step":{step},"inFlight":{in_flight},"complete":{complete},"submittedAt":1782864000000,"cursors":["a"],"polls":1,"pages":1,"jitter":7}}"#
        )
    };
    let (submit, poll) = (r#"{"op":"submit"}"#, r#"{"op":"poll","id":"e-1","after":"a"}"#);
    for (step, in_flight, complete, phase) in [
        (submit, false, false, Phase::ReadySubmit),
        (submit, true, false, Phase::InFlightSubmit),
        (poll, false, false, Phase::ReadyPoll),
        (poll, true, false, Phase::InFlightPoll),
        (poll, false, true, Phase::Complete),
    ] {
        let snapshot = Snapshot::<OrganizationQuery>::from_json(&json(step, in_flight, complete)).unwrap();
        let restored = Execution::restore(snapshot, policy(), START).unwrap();
        assert_eq!((restored.phase(), restored.pages()), (phase, 1));
    }
}

#[test]
fn a_snapshot_that_was_not_checked_when_it_was_read_is_checked_when_it_is_restored() {
    let json = Execution::new(query(), policy(), 1, START).snapshot().to_json();
    for (from, to) in [(r#""version":1"#, r#""version":9"#), ("organization", "simple-search")] {
        let snapshot: Snapshot<OrganizationQuery> = serde_json::from_str(&json.replace(from, to)).unwrap();
        assert!(Execution::restore(snapshot, policy(), START).is_err(), "{to}");
    }
}

proptest! {
    /// Whatever happens to submits, under any policy and after any number of restarts: without permission, no submit
    /// follows one that is in doubt.
    #[test]
    fn no_submit_follows_one_in_doubt_unless_the_policy_allows_it(
        lives in prop::collection::vec((prop::collection::vec(prop::sample::select(&FATES[..]), 0..4), any::<bool>()), 1..5),
    ) {
        let mut execution = Execution::new(query(), policy(), 1, START);
        let mut in_doubt = false;
        for (fates, may_resubmit) in lives {
            execution = reborn(&execution, policy().with_resubmit(may_resubmit));
            for fate in fates {
                let attempts = execution.attempts();
                let was_out = execution.phase() == Phase::InFlightSubmit;
                let was_final = execution.phase().is_final();
                fate.befalls(&mut execution, &mut static_token());
                let has_sent = execution.attempts() > attempts;
                prop_assert!(!has_sent || !in_doubt || may_resubmit, "{fate:?}");
                in_doubt |= was_out && !was_final || has_sent && fate.is_in_doubt();
            }
            in_doubt |= execution.phase() == Phase::InFlightSubmit;
            prop_assert_eq!(execution.snapshot().is_submit_in_doubt(), in_doubt);
        }
    }
}
