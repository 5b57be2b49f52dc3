//! `--names`: the names behind ids, as far as the credential may read them.

use std::collections::BTreeMap;

use serde_json::Value;
use usage_sim::{ALL_PERMISSIONS, Fault, Match, Operation, Rule};

use crate::support::{Ran, Service, TRANSPORTS, config};

const REPORT: [&str; 6] = ["report", "--interval", "2026-10-14/2026-10-15", "--format", "json", "--names"];

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Which names the users of a report have, by id.
fn users(report: &Value) -> Vec<(String, Option<String>)> {
    let entries = report["topUsers"].as_array().unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    entries.iter().filter_map(|user| Some((text(&user["id"])?, text(&user["name"])))).collect()
}

fn asked(service: &Service, operation: Operation) -> usize {
    let simulator = service.server.simulator();
    simulator.journal().iter().filter(|entry| entry.operation == Some(operation)).count()
}

#[test]
fn users_of_a_report_have_names_with_every_transport() {
    for transport in TRANSPORTS {
        let service = Service::fixed();
        let ran = service.run(&[&REPORT[..], &["--transport", transport]].concat());
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{transport}");
        let known: BTreeMap<_, _> =
            service.server.simulator().users().into_iter().map(|user| (user.id, user.name)).collect();
        let users = users(&report(&ran));
        assert!(users.len() >= 9);
        for (id, name) in users {
            assert_eq!(name.as_ref(), known.get(&id), "{id}");
        }
        // One token, and no request for what rows say themselves.
        let requests =
            [Operation::Users, Operation::OrganizationMe, Operation::OAuthClients, Operation::Token];
        assert_eq!(requests.map(|operation| asked(&service, operation)), [1, 1, 0, 1], "{transport}");
    }
}

#[test]
fn text_and_page_show_the_names() {
    let service = Service::fixed();
    let first = users(&report(&service.run(&REPORT))).swap_remove(0).1.unwrap();
    for format in ["text", "html"] {
        let ran =
            service.run(&["report", "--interval", "2026-10-14/2026-10-15", "--names", "--format", format]);
        assert!(ran.well().contains(&first), "{format}");
    }
}

#[test]
fn without_the_option_a_report_asks_whose_it_is_and_a_query_nothing() {
    let service = Service::fixed();
    let ran = service.run(&REPORT[..5]);
    assert!(users(&report(&ran)).iter().all(|(_, name)| name.is_none()));
    assert_eq!(
        [Operation::Users, Operation::OrganizationMe].map(|operation| asked(&service, operation)),
        [0, 1]
    );
    service.run(&["query", "--interval", "2026-10-14/2026-10-15"]).well();
    assert_eq!(asked(&service, Operation::OrganizationMe), 1);
}

#[test]
fn what_is_not_permitted_stays_an_id() {
    let permissions = ALL_PERMISSIONS.iter().filter(|name| !name.starts_with("directory:")).copied();
    let service = Service::with(config().with_permissions(permissions));
    let ran = service.run(&["report", "--last", "2d", "--format", "json", "--names"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(users(&report(&ran)).iter().all(|(_, name)| name.is_none()));
    assert_eq!(ran.stderr.matches("warning: names of ").count(), 2, "{ran:?}");
    for text in ["names of users are missing: ", "names of the organization are missing: ", "403"] {
        assert!(ran.stderr.contains(text), "{ran:?}");
    }
}

#[test]
fn no_failure_fails_the_run() {
    for fault in [Fault::Status(404), Fault::Status(503), Fault::Status(401), Fault::Html] {
        let service = Service::misbehaving([Rule::new(Match::Platform, fault.clone()).always()]);
        let ran = service.run(&["report", "--last", "2d", "--format", "json", "--names"]);
        assert_eq!(ran.code, Some(0), "{fault:?}: {ran:?}");
        assert_eq!(ran.stderr.matches("warning: names of ").count(), 2, "{fault:?}: {ran:?}");
        assert!(report(&ran)["totals"]["requests"].as_u64() > Some(0));
    }
}

#[test]
fn a_listing_that_names_ever_more_pages_ends() {
    let endless = Fault::Amended(vec![("pageCount".into(), "4000000000".into())]);
    let service = Service::misbehaving([Rule::new(Match::Platform, endless).always()]);
    let ran = service.run(&["report", "--last", "2d", "--format", "json", "--names"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    assert!(users(&report(&ran)).iter().all(|(_, name)| name.is_some()));
    assert_eq!(asked(&service, Operation::Users), 2, "the second page is empty");
}

#[test]
fn jobs_get_the_names_of_clients_that_they_know_by_id() {
    let service = Service::new();
    let job = ["aggregate", "--last", "2d", "--group-by", "client", "--format", "csv", "--names"];
    let text = service.run(&job).well();
    assert!(text.contains("Agent Desktop"), "{text}");
    assert_eq!(asked(&service, Operation::OAuthClients), 1);
    let plain = service.run(&job[..7]).well();
    assert!(!plain.contains("Agent Desktop"));
    assert_eq!(asked(&service, Operation::OAuthClients), 1);
}
