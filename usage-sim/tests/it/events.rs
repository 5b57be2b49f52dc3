//! Operational events: definitions, queries, pages, counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json as object};
use usage_sim::SimulatorConfig;

use crate::support::{Bench, json, sum, text};

const DEFINITIONS: &str = "/api/v2/usage/events/definitions";
const QUERY: &str = "/api/v2/usage/events/query";
const AGGREGATES: &str = "/api/v2/usage/events/aggregates/query";
const WEEK: &str = r#"{"interval":"2026-07-01/2026-07-07"}"#;

fn entities(answer: &Value) -> Vec<Value> {
    answer["entities"].as_array().unwrap().clone()
}

/// Returns the pages from the one at `uri` on, following the links in `member`.
fn pages(bench: &mut Bench, uri: &str, body: &str, member: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = Some(uri.to_string());
    while let Some(uri) = next {
        let response = bench.post(&uri, body);
        assert_eq!(response.status(), 200, "{}", String::from_utf8_lossy(response.body()));
        let page = json(&response);
        assert_eq!(page["selfUri"], uri.as_str());
        pages.push(entities(&page));
        next = page[member].as_str().map(str::to_string);
    }
    pages
}

fn all(bench: &mut Bench, body: &Value) -> Vec<Value> {
    pages(bench, &format!("{QUERY}?pageSize=200"), &body.to_string(), "nextUri").concat()
}

#[test]
fn definitions_can_be_listed_and_read() {
    let mut bench = Bench::new();
    let listing = json(&bench.get(DEFINITIONS));
    assert_eq!(listing.as_object().unwrap().len(), 1);
    let definitions = entities(&listing);
    assert!(definitions.iter().any(|definition| definition["name"] == "Flow Published"));
    for definition in &definitions {
        assert_eq!(&json(&bench.get(&format!("{DEFINITIONS}/{}", text(definition, "id")))), definition);
        assert_eq!(definition.as_object().unwrap().len(), 3);
    }
    let unknown = bench.get(&format!("{DEFINITIONS}/unknown"));
    assert_eq!((unknown.status().as_u16(), text(&json(&unknown), "code")), (404, "not.found"));
    let other = Bench::with(SimulatorConfig::default().with_seed(7)).get(DEFINITIONS);
    assert_eq!(json(&other), listing, "they are the platform's");
}

#[test]
fn no_event_is_lost_or_doubled_in_either_direction() {
    let mut bench = Bench::new();
    let whole = all(&mut bench, &object!({"interval": "2026-07-01/2026-07-07"}));
    let distinct: BTreeSet<_> = whole.iter().map(ToString::to_string).collect();
    assert!(whole.len() > 150 && distinct.len() == whole.len());
    let dates: Vec<_> = whole.iter().map(|event| text(event, "dateCreated")).collect();
    assert!(dates.is_sorted_by(|one, other| one >= other), "the newest come first");
    let mut ascending = all(&mut bench, &object!({"interval": "2026-07-01/2026-07-07", "sortOrder": "ASC"}));
    ascending.reverse();
    assert_eq!(ascending, whole);
    for size in [1, 7, 100, 200] {
        let forth = pages(&mut bench, &format!("{QUERY}?pageSize={size}"), WEEK, "nextUri");
        assert!(forth[..forth.len() - 1].iter().all(|page| page.len() == size));
        assert_eq!(forth.concat(), whole);
    }
    let mut uri = format!("{QUERY}?pageSize=30");
    let mut last = Value::Null;
    for _ in 0..3 {
        last = json(&bench.post(&uri, WEEK));
        uri = text(&last, "nextUri").to_string();
    }
    assert_eq!(entities(&last), whole[60..90]);
    let mut back = pages(&mut bench, text(&last, "previousUri"), WEEK, "previousUri");
    back.reverse();
    assert_eq!(back.concat(), whole[..60]);
    assert_eq!(entities(&json(&bench.post(QUERY, WEEK))).len(), 100, "is the default");
}

#[test]
fn an_event_has_its_members() {
    let mut bench = Bench::new();
    let definitions: BTreeMap<String, String> = entities(&json(&bench.get(DEFINITIONS)))
        .iter()
        .map(|definition| (text(definition, "id").into(), text(definition, "name").into()))
        .collect();
    let events = all(&mut bench, &object!({"interval": "2026-06/2026-06"}));
    let mut seen = BTreeSet::new();
    for event in &events {
        let id = text(&event["eventDefinition"], "id");
        assert_eq!(text(&event["eventDefinition"], "selfUri"), format!("{DEFINITIONS}/{id}"));
        seen.insert(&*definitions[id]);
        assert_eq!(text(event, "entityId").len(), 36);
        let date = text(event, "dateCreated");
        assert!(date.len() == 24 && date.starts_with("2026-06-") && date.ends_with('Z'), "{date}");
        match &*definitions[id] {
            "Flow Published" => assert!(text(event, "entityVersion").ends_with(".0")),
            "Trunk Out Of Service" => assert_eq!(text(event, "currentValue"), "OUT_OF_SERVICE"),
            "Message Not Delivered" => assert!(text(event, "phoneNumber").starts_with("+1")),
            "Data Action Failed" => {
                assert!(text(&event["conversation"], "selfUri").contains("/conversations/"));
            }
            _ => {}
        }
    }
    assert_eq!(seen.len(), definitions.len());
}

#[test]
fn filters_and_ranges() {
    let mut bench = Bench::new();
    let day = object!({"interval": "2026-07-01/2026-07-01"});
    let whole = all(&mut bench, &day);
    let mut found = |extra: Value| {
        let mut body = day.clone();
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        all(&mut bench, &body)
    };
    let id = text(&whole[0]["eventDefinition"], "id");
    let of_one: Vec<_> = whole.iter().filter(|event| event["eventDefinition"]["id"] == id).cloned().collect();
    assert_eq!(found(object!({"eventDefinitionIds": [id, "unknown"]})), of_one);
    assert!(found(object!({"eventDefinitionIds": ["unknown"]})).is_empty());
    assert_eq!(found(object!({"eventDefinitionIds": [], "searchTerm": ""})), whole);
    let with_customer: Vec<_> =
        whole.iter().filter(|event| event["entityName"] == "Find Customer").cloned().collect();
    assert!(!with_customer.is_empty());
    assert_eq!(found(object!({"searchTerm": "find cUSTomer"})), with_customer);
    assert!(found(object!({"searchTerm": "nothing like it"})).is_empty());

    let noon = |interval: &str| object!({"interval": interval});
    let morning = all(&mut bench, &noon("2026-07-01T00:00:00Z/2026-07-01T12:00:00Z"));
    let evening = all(&mut bench, &noon("2026-07-01T14:00:00+02:00/2026-07-02T00:00:00"));
    assert_eq!([evening, morning].concat(), whole);
    let today = all(&mut bench, &noon("2026-07-08/2026-07-09"));
    assert!(
        today.iter().all(|event| text(event, "dateCreated") < "2026-07-08T09:00:01"),
        "nothing from the future"
    );
    assert!(all(&mut bench, &noon("2020-01/2020-12")).is_empty(), "nor from before there was data");
}

#[test]
fn a_body_is_optional() {
    let mut bench = Bench::new();
    bench.wait(7 * 3600);
    let events = entities(&json(&bench.post(QUERY, "")));
    let dates: Vec<_> = events.iter().map(|event| text(event, "dateCreated")).collect();
    assert!(
        !dates.is_empty() && dates.iter().all(|date| ("2026-07-07T16".."2026-07-08T16:00:01").contains(date))
    );
    let answer = json(&bench.post(AGGREGATES, ""));
    assert_eq!(text(&answer, "interval"), "2026-07-07T16:00:00Z/2026-07-08T16:00:00Z");
    assert_eq!(
        sum(answer["eventDefinitionAggregates"].as_array().unwrap(), "eventCount"),
        events.len() as u64
    );
}

#[test]
fn counts_agree_with_the_events() {
    let mut bench = Bench::new();
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for event in all(&mut bench, &object!({"interval": "2026-07-01/2026-07-07"})) {
        *counted.entry(event["eventDefinition"].to_string()).or_default() += 1;
    }
    let answer = json(&bench.post(AGGREGATES, WEEK));
    assert_eq!(text(&answer, "interval"), "2026-07-01/2026-07-07");
    let aggregates = answer["eventDefinitionAggregates"].as_array().unwrap();
    let told: BTreeMap<_, _> = aggregates
        .iter()
        .map(|aggregate| {
            (aggregate["eventDefinition"].to_string(), aggregate["eventCount"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(told, counted);
}

#[test]
fn refusals() {
    let mut bench = Bench::new();
    for (target, body, field) in [
        (QUERY, "{}", "interval"),
        (AGGREGATES, r#"{"interval":"x"}"#, "interval"),
        (QUERY, r#"{"interval":"2026-07/2026-07","sortOrder":"Desc"}"#, "sortOrder"),
        (QUERY, r#"{"interval":"2026-07/2026-07","searchTerm":7}"#, "searchTerm"),
        (QUERY, r#"{"interval":"2026-07/2026-07","eventDefinitionIds":"x"}"#, "eventDefinitionIds"),
        (&format!("{QUERY}?pageSize=201"), WEEK, "pageSize"),
        (&format!("{QUERY}?pageSize=ten"), WEEK, "pageSize"),
        (&format!("{QUERY}?after=x"), WEEK, "after"),
        (&format!("{QUERY}?before="), WEEK, "before"),
    ] {
        let response = bench.post(target, body);
        assert_eq!(
            (response.status().as_u16(), text(&json(&response)["details"][0], "fieldName")),
            (400, field)
        );
    }
    assert_eq!(bench.post(QUERY, "[]").status(), 400);
    assert_eq!(bench.get(QUERY).status(), 405);

    let others: Vec<_> =
        usage_sim::ALL_PERMISSIONS.iter().filter(|name| !name.contains("events")).copied().collect();
    let mut bench = Bench::with(SimulatorConfig::default().with_permissions(others));
    for response in [
        bench.get(DEFINITIONS),
        bench.get(&format!("{DEFINITIONS}/x")),
        bench.post(QUERY, WEEK),
        bench.post(AGGREGATES, WEEK),
    ] {
        assert_eq!(
            (response.status().as_u16(), text(&json(&response), "code")),
            (403, "missing.permissions")
        );
        assert!(text(&json(&response), "message").contains("usage:events:view"));
    }
    let mut bench = Bench::with(SimulatorConfig::default().with_permissions(["usage:events:view"]));
    assert_eq!(bench.post(QUERY, WEEK).status(), 200);
}

#[test]
fn an_event_of_a_versioned_entity_has_its_date_and_author() {
    let events = all(&mut Bench::new(), &object!({"interval": "2026-07-01/2026-07-07"}));
    let changed: Vec<_> = events.iter().filter(|event| event["entityVersion"].is_string()).collect();
    assert!(!changed.is_empty());
    for event in changed {
        assert!(event["dateModified"].is_string() && event["entityModifiedBy"].is_string(), "{event}");
    }
}
