//! `--names`: names of ids, as far as the credential may read them.

use std::collections::BTreeMap;

use serde_json::Value;
use usage_sim::{ALL_PERMISSIONS, Fault, Match, Operation, Rule};

use crate::config::{OWN, home};
use crate::support::{Ran, Service, TRANSPORTS, config};

const REPORT: [&str; 6] = ["report", "--interval", "2026-10-14/2026-10-15", "--format", "json", "--names"];

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Returns the names of a report's users, by id.
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
        // One request for a token, and none for names that rows contain.
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

#[test]
fn tables_and_documents_of_a_query_have_names_and_other_formats_have_ids() {
    let service = Service::fixed();
    let user = service.server.simulator().users().swap_remove(0);
    let of = |format: &str| {
        let query = ["query", "--interval", "2026-10-14/2026-10-15", "--group-by", "user", "--names"];
        service.run(&[&query[..], &["--format", format]].concat()).well()
    };
    let labelled = format!("{} ({})", user.name, user.id);
    for format in ["table", "markdown"] {
        assert!(of(format).contains(&labelled), "{format}");
    }
    let document: Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!(document["names"]["users"][&user.id], *user.name);
    assert!(document["rows"].as_array().unwrap().iter().any(|row| row["userId"] == *user.id));
    for format in ["csv", "jsonl"] {
        let text = of(format);
        assert!(text.contains(&user.id) && !text.contains(&user.name), "{format}");
    }
}

#[test]
fn the_configuration_can_ask_for_names() {
    let service = Service::fixed();
    let asks = |setting: &str, arguments: &[&str]| {
        let home = home(&[(OWN, setting)]);
        Ran::of(service.command(arguments).env("HOME", home.path())).well();
        let asked = asked(&service, Operation::Users);
        service.server.simulator().clear_journal();
        asked
    };
    let query = ["query", "--interval", "2026-10-14/2026-10-15", "--group-by", "user", "--format", "json"];
    for arguments in [&REPORT[..5], &query] {
        assert_eq!(asks("names = true\n", arguments), 1, "{arguments:?}");
        assert_eq!(asks("names = false\n", arguments), 0, "{arguments:?}");
    }
}

/// Creates days of a history with names.
#[cfg(feature = "parquet")]
mod history {
    use super::*;
    use crate::collect::Days;
    use crate::support::program;

    fn users_of(lake: &std::path::Path) -> Vec<(String, Option<String>)> {
        let command = ["report", lake.to_str().unwrap(), "--format", "json", "--top", "all"];
        users(&report(&Ran::of(&mut program(&command))))
    }

    #[test]
    fn names_are_kept_and_asked_for_once() {
        let days = Days::new(config(), "2026-10-16");
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path();
        let operations = [Operation::Users, Operation::OrganizationMe];
        let requests = |arguments: &[&str]| {
            days.run(lake, arguments).well();
            let requests = operations.map(|operation| asked(&days.service, operation));
            days.service.server.simulator().clear_journal();
            requests
        };
        // What was queried is checked to be of one organization.
        assert_eq!(requests(&["--last", "2d"]), [0, 1]);
        assert!(users_of(lake).iter().all(|(_, name)| name.is_none()));
        // Of days that were collected before; then nothing is new.
        assert_eq!(requests(&["--names"]), [1, 1]);
        let known: BTreeMap<_, _> =
            days.service.server.simulator().users().into_iter().map(|user| (user.id, user.name)).collect();
        let all = users_of(lake);
        assert!(all.len() >= 9 && all.iter().all(|(id, name)| name.as_ref() == known.get(id)), "{all:?}");
        assert_eq!(requests(&["--names"]), [0, 0]);
        days.becomes("2026-10-17");
        // At most the users that are new on that day.
        assert_eq!(requests(&["--names"])[1], 1);
        assert_eq!(requests(&["--names"]), [0, 0]);
        // A damaged file is treated as missing.
        std::fs::write(lake.join("organization=default").join("_names.json"), "{").unwrap();
        assert_eq!(requests(&["--names"]), [1, 1]);
        let text =
            Ran::of(&mut program(&["report", lake.to_str().unwrap(), "--top", "all", "--format", "html"]))
                .well();
        let kept = std::fs::read(lake.join("organization=default").join("_names.json")).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        let organization = kept["organizations"].as_object().unwrap().values().next().unwrap();
        let organization = organization.as_str().unwrap().to_owned();
        for name in [known.values().next().unwrap(), &organization] {
            assert!(text.contains(name.as_str()), "{name}");
        }
        let one = known.iter().next().unwrap();
        let of_user = ["report", lake.to_str().unwrap(), "--user", one.1, "--format", "json"];
        let ran = Ran::of(&mut program(&of_user));
        assert_eq!(users(&report(&ran)), [(one.0.clone(), Some(one.1.clone()))], "{ran:?}");
    }

    #[test]
    fn names_that_may_not_be_read_are_a_warning_and_asked_for_again() {
        let permissions = ALL_PERMISSIONS.iter().filter(|name| !name.starts_with("directory:")).copied();
        let days = Days::new(config().with_permissions(permissions), "2026-10-16");
        let directory = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let ran = days.run(directory.path(), &["--last", "2d", "--names"]);
            assert_eq!(ran.code, Some(0), "{ran:?}");
            assert!(ran.stderr.contains("warning: default: names of users are missing: "), "{ran:?}");
        }
        assert!(users_of(directory.path()).iter().all(|(_, name)| name.is_none()));
    }
}
