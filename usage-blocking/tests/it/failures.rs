//! What goes wrong on the wire, and what the client makes of it.

use std::time::Duration;

use usage_blocking::Client;
use usage_core::error::Failure;
use usage_core::query::OrganizationQuery;
use usage_core::{Error, Snapshot};
use usage_sim::{Authorization, Fault, Match, Rule, WireFault};

use crate::support::{SECRET, World, policy, world, world_with};

fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-06-01/2026-06-30".parse().unwrap())
}

/// Runs the query with `rule` in force.
fn run_with(world: &World, rule: Rule) -> Result<usize, Error> {
    world.server.simulator().inject(rule);
    world.client.run(query()).map(|rows| rows.len())
}

#[test]
fn passing_trouble_is_overcome() {
    let faults: [Fault; 7] = [
        Fault::Status(503),
        Fault::RateLimited { retry_after: Some("3".into()) },
        Fault::Html,
        WireFault::CloseBeforeReply.into(),
        WireFault::CloseMidHead.into(),
        WireFault::CloseMidBody.into(),
        WireFault::Hang.into(),
    ];
    for fault in faults {
        let world = world();
        let rows = run_with(&world, Rule::new(Match::Results, fault.clone()).times(2));
        assert!(rows.is_ok_and(|rows| rows > 0), "{fault:?}");
        let submits =
            world.server.simulator().journal().iter().filter(|entry| entry.started.is_some()).count();
        assert_eq!(submits, 1, "{fault:?}");
    }
}

#[test]
fn lasting_trouble_keeps_the_execution_id() {
    let faults: [Fault; 5] = [
        Fault::Status(503),
        Fault::Html,
        WireFault::CloseMidBody.into(),
        WireFault::Garbage(b"SSH-2.0-OpenSSH\r\n".to_vec()).into(),
        WireFault::Drip { interval: Duration::from_millis(200), bytes: 1 }.into(),
    ];
    for fault in faults {
        let world = world();
        let error = run_with(&world, Rule::new(Match::Results, fault.clone()).always()).unwrap_err();
        assert!(
            matches!(error.failure(), Failure::TooManyFailures { failures: 5, .. }),
            "{fault:?}: {error}"
        );
        assert!(error.is_service_unavailable() && error.can_resume(), "{fault:?}: {error}");
    }
}

#[test]
fn a_submit_whose_answer_got_lost_is_not_repeated() {
    let world = world();
    let error = run_with(&world, Rule::new(Match::Submit, WireFault::CloseBeforeReply).always()).unwrap_err();
    assert!(matches!(error.failure(), Failure::AmbiguousSubmit(_)), "{error}");
    let submits = world.server.simulator().journal().iter().filter(|entry| entry.started.is_some()).count();
    assert_eq!(submits, 1);
}

#[test]
fn a_refused_connection_was_not_sent_and_is_reported_as_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let builder = Client::builder().api_url(url.parse().unwrap()).access_token("t").unwrap();
    let error = builder.policy(policy().with_max_failures(2)).build().unwrap().run(query()).unwrap_err();
    assert!(matches!(error.failure(), Failure::TooManyFailures { failures: 2, .. }), "{error}");
    assert!(error.is_service_unavailable());
    assert!(error.to_string().contains("no connection"), "{error}");
}

#[test]
fn a_redirect_is_not_followed_and_the_token_stays_home() {
    let (home, elsewhere) = (world(), world());
    let redirect = Fault::Redirect(format!("{}/api/v2/stolen", elsewhere.server.url()));
    let error = run_with(&home, Rule::new(Match::Results, redirect)).unwrap_err();
    assert_eq!(error.api_error().unwrap().status.as_u16(), 302);
    assert!(elsewhere.server.simulator().journal().is_empty());
    for entry in home.server.simulator().journal() {
        let expected =
            if entry.target == "/oauth/token" { Authorization::Basic } else { Authorization::Bearer };
        assert_eq!(entry.authorization, expected, "{}", entry.target);
    }
}

#[test]
fn a_wrong_secret_is_unauthorised_and_does_not_show() {
    let world = world_with("wrong-secret");
    let error = world.client.run(query()).unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    let shown = format!("{error} {error:?} {:?} {:?}", world.client, world.client.start(query()));
    assert!(!shown.contains("wrong-secret") && !shown.contains(SECRET));
}

#[test]
fn a_revoked_token_is_replaced_once() {
    let world = world();
    world.client.run(query()).unwrap();
    world.server.simulator().revoke_all_tokens();
    world.client.run(query()).unwrap();
    let tokens =
        world.server.simulator().journal().iter().filter(|entry| entry.target == "/oauth/token").count();
    assert_eq!(tokens, 2);
}

#[test]
fn an_execution_is_saved_and_restored_in_the_middle() {
    let world = world();
    let whole = world.client.run(query()).unwrap();
    world.server.simulator().inject(Rule::new(Match::Results, Fault::Status(503)).always());
    let mut handle = world.client.start(query());
    assert!(handle.next_page().unwrap_err().can_resume());
    let saved = handle.snapshot().to_json();
    world.server.simulator().clear_faults();
    let restored = world.client.restore(Snapshot::<OrganizationQuery>::from_json(&saved).unwrap()).unwrap();
    assert_eq!(restored.finish().unwrap(), whole);
}
