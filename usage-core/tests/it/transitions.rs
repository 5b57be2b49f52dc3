//! Every transition of the table is reached.

use std::collections::BTreeSet;

use usage_core::auth::{AccessToken, Grant};
use usage_core::error::{Sent, TransportKind};
use usage_core::execution::table::{EDGES, FAILING_EDGES};
use usage_core::query::{ClientQuery, SimpleSearch};
use usage_core::{Execution, Machine, Next, Phase, Session, Transition};

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, Reply, START, TOKEN, credentials, drive, ok, policy, query, static_token,
    status,
};

/// Returns the reply for a letter of the scripts below.
fn reply(letter: char) -> Reply {
    match letter {
        't' => ok(TOKEN),
        'a' => ok(ACCEPTED),
        'r' => ok(RUNNING),
        'm' => ok(r#"{"queryStatus":"Complete","cursors":{"after":"x"}}"#),
        'c' => ok(COMPLETE),
        'f' => ok(r#"{"queryStatus":"Failed"}"#),
        'x' => ok("<html>"),
        '0' => status(400),
        '1' => status(401),
        '3' => status(302),
        '4' => status(404),
        '9' => Reply::Answer(429, vec![("retry-after", "1".into())], String::new()),
        'h' => Reply::Answer(429, vec![("retry-after", "9999".into())], String::new()),
        '5' => status(503),
        'n' => Reply::Fails(TransportKind::Connect, Sent::No),
        'y' => Reply::Fails(TransportKind::Reset, Sent::Maybe),
        'z' => Reply::Fails(TransportKind::Tls, Sent::No),
        letter => panic!("{letter}"),
    }
}

#[test]
fn every_transition_is_reached() {
    let mut walked = BTreeSet::new();
    // With client credentials, starting with the token request. The last letter is repeated.
    for script in [
        "tac", "ta9c", "ta5c", "tanc", "tarc", "ta4c", "t9ac", "t5ac", "tnac", "t1tac", "ta1tc", "tammm",
        "taf", "tax", "ta0", "ta5", "tar", "tah", "taz", "ta1t1", "ta10", "ta13", "ta1x", "ta1z", "ta15",
        "ta15tc", "ta1h", "tx", "t0", "t5", "th", "tz", "t1t1", "ty", "t10", "0", "3", "x", "z", "5", "5tac",
        "h",
    ] {
        let mut letters = script.chars().peekable();
        let search = SimpleSearch::new("2026-06/2026-06".parse().unwrap());
        let mut execution = Execution::new(search, policy(), 1, START);
        let run = drive(&mut execution, &mut credentials(), START, |_| {
            let letter = *letters.peek().unwrap();
            if letters.clone().count() > 1 {
                letters.next();
            }
            reply(letter)
        });
        walked.extend(run.transitions);
    }
    walked.extend(cancelled_everywhere());
    walked.extend(abandoned_submit());
    walked.extend(unbuildable());

    let edges = EDGES.iter().map(|(from, cause, to)| Transition::new(*from, *to, *cause));
    let failing = FAILING_EDGES.iter().map(|(from, cause)| Transition::new(*from, Phase::Failed, *cause));
    let missing: Vec<_> =
        edges.chain(failing).map(|edge| edge.to_string()).filter(|edge| !walked.contains(edge)).collect();
    assert!(missing.is_empty(), "never walked: {missing:#?}");
}

/// Cancels after each step of a run.
fn cancelled_everywhere() -> Vec<String> {
    let mut walked = Vec::new();
    for steps in 0..12 {
        let (mut execution, mut session, mut now) =
            (Execution::new(query(), policy(), 1, START), static_token(), START);
        let mut replies = "5arc".chars();
        for step in 0..steps {
            match execution.next(now, &mut session).next {
                Next::Finished => break,
                Next::WaitUntil(until, _) => now = until,
                Next::Send(_) if step + 1 == steps => break,
                Next::Send(exchange) => {
                    let Reply::Answer(status, _, body) = reply(replies.next().unwrap()) else { panic!() };
                    let mut answer = http::Response::new(body.as_bytes());
                    *answer.status_mut() = status.try_into().unwrap();
                    let progress = execution.on_response(now, exchange.ticket, answer, &mut session);
                    walked.extend(progress.transition.map(|moved| moved.to_string()));
                }
            }
        }
        walked.extend(execution.cancel().map(|moved| moved.to_string()));
    }
    // Between two pages, the next poll is ready.
    let mut execution = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 1, START);
    walked.extend(execution.cancel().map(|moved| moved.to_string()));
    walked
}

/// Asks again while a request is in flight: it is abandoned, and repeated if the policy allows it.
fn abandoned_submit() -> Vec<String> {
    let mut walked = Vec::new();
    let attached = Execution::attach(query(), "e-1".parse().unwrap(), policy(), 1, START);
    let resubmitting = Execution::new(query(), policy().with_resubmit(true), 1, START);
    for mut execution in [Execution::new(query(), policy(), 1, START), resubmitting, attached] {
        for _ in 0..2 {
            let step = execution.next(START, &mut static_token());
            walked.extend(step.transitions.iter().map(ToString::to_string));
        }
    }
    walked
}

/// A query that cannot be sent, and a poll that cannot be built.
fn unbuildable() -> Vec<String> {
    let mut walked = Vec::new();
    let interval = "2026-06/2026-06".parse().unwrap();
    let by_user = ClientQuery::new("c".parse().unwrap(), interval)
        .with_group_by([usage_core::model::Dimension::UserId]);
    let run = drive(&mut Execution::new(by_user, policy(), 1, START), &mut static_token(), START, |_| {
        panic!("sent")
    });
    walked.extend(run.transitions);
    // The path of this gateway leaves room for the submit, but not for a poll.
    let gateway = format!("https://gateway.example/{}", "p".repeat(65_505));
    let grant = Grant::StaticToken(AccessToken::parse("token").unwrap());
    let mut session = Session::with_hosts(gateway.parse().unwrap(), gateway.parse().unwrap(), grant);
    let run = drive(&mut Execution::new(query(), policy(), 1, START), &mut session, START, |_| ok(ACCEPTED));
    walked.extend(run.transitions);
    walked
}
