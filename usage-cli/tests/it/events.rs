//! `events`: the four operations, filtered, paged, in every format.

use serde_json::Value;
use usage_sim::{Fault, Match, Operation, Rule};

use crate::support::{Service, TRANSPORTS, config};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_kinds_and_one_of_them() {
    let service = Service::new();
    for transport in TRANSPORTS {
        let all =
            service.run(&["events", "definitions", "--format", "json", "--transport", transport]).well();
        let definitions = json(&all)["definitions"].as_array().unwrap().clone();
        assert!(definitions.len() > 5);
        let id = definitions[0]["id"].as_str().unwrap();
        let one =
            service.run(&["events", "definition", id, "--format", "jsonl", "--transport", transport]).well();
        assert_eq!(json(&one), definitions[0]);
    }
    let table = service.run(&["events", "definitions"]).well();
    assert!(table.starts_with("Id ") && table.contains("  Flow Error  "), "{table}");
    service.run(&["events", "definition", "nothing"]).failed(
        1,
        &["error: the service answered 404", "hint: genesys-usage events definitions lists the ids"],
    );
}

#[test]
fn all_pages_are_read_and_a_limit_holds() {
    let service = Service::new();
    let query = ["events", "query", "--last", "3d", "--format", "jsonl"];
    let all = service.run(&query).well();
    let events: Vec<_> = all.lines().map(json).collect();
    assert!(events.len() > 10, "{}", events.len());
    let times: Vec<_> = events.iter().map(|event| event["dateCreated"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "the latest first");
    service.server.simulator().clear_journal();
    assert_eq!(service.run(&[&query[..], &["--page-size", "4"]].concat()).well(), all);
    let journal = service.server.simulator().journal().to_vec();
    let tokens = journal.iter().filter(|entry| entry.target == "/oauth/token").count();
    assert_eq!((tokens, journal.len()), (1, 1 + events.len().div_ceil(4)), "one token for all pages");
    let some = service.run(&[&query[..], &["--limit", "6", "--page-size", "4"]].concat()).well();
    assert_eq!(some.lines().collect::<Vec<_>>(), all.lines().take(6).collect::<Vec<_>>());
    let up = service.run(&[&query[..], &["--order", "asc"]].concat()).well();
    assert_eq!(up.lines().rev().collect::<Vec<_>>(), all.lines().collect::<Vec<_>>());
}

#[test]
fn filters_are_the_services() {
    let service = Service::new();
    let counts = service.run(&["events", "aggregate", "--last", "3d", "--format", "csv"]).well();
    let mut lines = counts.lines();
    assert_eq!(lines.next(), Some("eventDefinitionId,eventCount"));
    for line in lines {
        let (definition, count) = line.split_once(',').unwrap();
        let query = ["events", "query", "--last", "3d", "--definition", definition, "--format", "csv"];
        let rows = service.run(&query).well();
        assert_eq!(rows.lines().count() - 1, count.parse::<usize>().unwrap());
        assert!(rows.starts_with("dateCreated,eventDefinitionId,entityId,"));
    }
    let none = service.run(&["events", "query", "--last", "1d", "--search", "no such text"]).well();
    assert_eq!(none, "Nothing.\n");
}

#[test]
fn a_table_names_the_kinds() {
    let service = Service::new();
    let definitions = service.run(&["events", "definitions", "--format", "jsonl"]).well();
    let definitions: Vec<_> = definitions.lines().map(json).collect();
    let text = |definition: &Value, member: &str| definition[member].as_str().unwrap().to_owned();
    for listing in [["events", "query", "--last", "3d"], ["events", "aggregate", "--last", "3d"]] {
        service.server.simulator().clear_journal();
        let table = service.run(&listing).well();
        assert_eq!(service.server.simulator().journal().len(), 3, "a token, the list, the names");
        let named = definitions.iter().filter(|&definition| table.contains(&text(definition, "name")));
        assert!(named.count() > 3, "{table}");
        assert!(!definitions.iter().any(|definition| table.contains(&text(definition, "id"))), "{table}");

        // Without names, ids are shown.
        let unknown = Rule::new(Match::Operation(Operation::EventDefinitions), Fault::Status(404));
        service.server.simulator().inject(unknown);
        let table = service.run(&listing).well();
        assert!(definitions.iter().any(|definition| table.contains(&text(definition, "id"))), "{table}");
    }
}

#[test]
fn what_goes_wrong() {
    let service = Service::with(config().with_permissions(["usage:client:view"]));
    service
        .run(&["events", "definitions"])
        .failed(3, &["error: the service answered 403", "any one of these permissions: usage:events:view"]);
    let service = Service::misbehaving([Rule::new(Match::Event, Fault::RepeatCursor).skip(1).always()]);
    service
        .run(&["events", "query", "--last", "3d", "--page-size", "2"])
        .failed(5, &["error: the service's pages repeat", "--limit"]);
    let service = Service::new();
    for (options, texts) in [
        (&["query"][..], &["which period?"][..]),
        (
            &["query", "--last", "1d", "--page-size", "201"],
            &["--page-size", "write a whole number from 1 to 200"],
        ),
        (&["query", "--last", "1d", "--limit", "0"], &["--limit"]),
        (&["query", "--last", "1d", "--order", "up"], &["[possible values: asc, desc]"]),
        (&["query", "--last", "1d", "--after", "a", "--before", "b"], &["cannot be used with"]),
        (&["definition", ".."], &["would change the path"]),
        (&["definitons"], &["'definitions'"]),
    ] {
        service.run(&[&["events"], options].concat()).failed(2, texts);
    }
}
