//! OpenMetrics documents are valid, and their values are those of the rows.

use std::collections::{BTreeMap, BTreeSet};

use proptest::option;
use proptest::prelude::*;
use usage_core::UsageRecord;
use usage_report::{Allowance, ReportOptions};

use super::*;

fn text(records: impl IntoIterator<Item = UsageRecord>) -> String {
    let mut text = Vec::new();
    write(&mut text, &records.into_iter().collect(), false).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn days_are_added_up_and_labels_are_escaped() {
    let record = |date: &str| UsageRecord {
        date: Some(date.into()),
        client_name: Some("a \"b\" \\ c\nd".into()),
        requests: Some(5),
        status429: Some(0),
        ..UsageRecord::default()
    };
    let labels = r#"{client_name="a \"b\" \\ c\nd"}"#;
    let wanted = format!(
        "# TYPE genesys_usage_requests gauge\n\
         # HELP genesys_usage_requests Requests that the service counted in the period.\n\
         genesys_usage_requests{labels} 10\n\
         # TYPE genesys_usage_throttled_requests gauge\n\
         # HELP genesys_usage_throttled_requests Rate-limited requests (429) in the period, a part of 4xx.\n\
         genesys_usage_throttled_requests{labels} 0\n\
         # EOF\n"
    );
    assert_eq!(text([record("2026-10-01"), record("2026-10-02")]), wanted);
    assert_eq!(text([]), "# EOF\n");
}

/// The samples of an exposition, as its grammar has them: family by family, each with its labels.
fn parse(text: &str) -> BTreeMap<(String, Vec<(String, String)>), String> {
    let body = text.strip_suffix("# EOF\n").expect("it ends with EOF");
    let (mut families, mut family, mut samples) = (BTreeSet::new(), None, BTreeMap::new());
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (keyword, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match keyword {
                "TYPE" => {
                    assert!(families.insert(name.to_owned()), "{name} is there twice");
                    family = Some((name.to_owned(), rest.to_owned()));
                }
                "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{name} does not end in its unit"),
                "HELP" => assert!(!rest.contains('"')),
                _ => panic!("{line}"),
            }
            assert_eq!(family.as_ref().map(|(family, _)| &**family), Some(name));
            continue;
        }
        let end = line.find(['{', ' ']).unwrap();
        let (name, mut rest) = line.split_at(end);
        let mut labels = Vec::new();
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            loop {
                let (label, after) = rest.split_once("=\"").unwrap();
                assert!(label.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{label}");
                let (mut value, mut chars) = (String::new(), after.char_indices());
                let end = loop {
                    match chars.next().unwrap() {
                        (at, '"') => break at,
                        (_, '\\') => value.push(match chars.next().unwrap().1 {
                            'n' => '\n',
                            c @ ('\\' | '"') => c,
                            c => panic!("\\{c} is no escape"),
                        }),
                        (_, c) => value.push(c),
                    }
                };
                labels.push((label.to_owned(), value));
                rest = &after[end + 1..];
                match rest.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break rest = rest.strip_prefix('}').unwrap(),
                }
            }
        }
        let number = rest.strip_prefix(' ').unwrap();
        assert!(number.parse::<f64>().unwrap() >= 0.0);
        assert_eq!(family.as_ref().map(|(family, kind)| (&**family, &**kind)), Some((name, "gauge")));
        assert!(labels.iter().all(|(label, _)| label != "date"), "a label has a date");
        let distinct: BTreeSet<_> = labels.iter().map(|(name, _)| name).collect();
        assert_eq!(distinct.len(), labels.len(), "a label is there twice");
        assert!(
            samples.insert((name.to_owned(), labels), number.to_owned()).is_none(),
            "{line} is there twice"
        );
    }
    samples
}

fn record() -> impl Strategy<Value = UsageRecord> {
    let text = || option::of("[ab\"\\\\\n{},= é]{1,3}");
    let count = || option::of(0u64..1_000);
    (
        option::of((1u8..5).prop_map(|day| format!("2026-10-0{day}"))),
        (text(), text(), text()),
        (count(), count(), count()),
    )
        .prop_map(|(date, texts, counts)| UsageRecord {
            date,
            client_id: texts.0,
            client_name: texts.1,
            template_uri: texts.2,
            requests: counts.0,
            status400: counts.1,
            status429: counts.2,
            ..UsageRecord::default()
        })
}

proptest! {
    #[test]
    fn what_is_written_is_an_exposition_with_all_counts(records in proptest::collection::vec(record(), 0..12)) {
        let samples = parse(&text(records.clone()));
        let sum = |name: &str| samples
            .iter()
            .filter(|((sample, _), _)| sample == name)
            .map(|(_, count)| count.parse::<u64>().unwrap())
            .sum::<u64>();
        let all = |count: fn(&UsageRecord) -> Option<u64>| records.iter().filter_map(count).sum::<u64>();
        prop_assert_eq!(sum("genesys_usage_requests"), all(|record| record.requests));
        prop_assert_eq!(sum("genesys_usage_responses"), all(|record| record.status400));
        prop_assert_eq!(sum("genesys_usage_throttled_requests"), all(|record| record.status429));
        for record in &records {
            if let (Some(name), Some(_)) = (&record.client_name, record.requests) {
                let label = ("client_name".to_owned(), name.clone());
                prop_assert!(samples.keys().any(|(_, labels)| labels.contains(&label)));
            }
        }
    }

    #[test]
    fn a_report_is_an_exposition_too(records in proptest::collection::vec(record(), 0..12), top in 0usize..4) {
        let options = ReportOptions::default().with_top(top).with_allowance(Allowance::requests(100));
        let table = records.into_iter().collect();
        let report = Report::new(&table, &options);
        let mut text = Vec::new();
        write_report(&mut text, &report).unwrap();
        let samples = parse(&String::from_utf8(text).unwrap());
        let total = |name: &str| samples.get(&(name.to_owned(), Vec::new())).map(|count| count.parse::<u64>().unwrap());
        prop_assert_eq!(total("genesys_usage_requests"), report.totals.counts.requests);
        prop_assert_eq!(total("genesys_usage_allowance_requests"), Some(100));
        if report.clients.count > 0 {
            for (name, wanted) in [
                ("genesys_usage_client_requests", By::Requests),
                ("genesys_usage_client_errors", By::Errors),
                ("genesys_usage_client_throttled_requests", By::Throttled),
            ] {
                let of_clients = samples.iter().filter(|((sample, _), _)| sample == name);
                let sum: u64 = of_clients.map(|(_, count)| count.parse::<u64>().unwrap()).sum();
                let all: u64 = report.clients.all().filter_map(|entry| wanted.of(&entry.counts)).sum();
                prop_assert_eq!(sum, all);
            }
        }
    }
}

#[test]
fn a_client_that_is_first_by_429_is_listed_and_organizations_are_told_apart() {
    let row = |name: &str, requests, status429| UsageRecord {
        client_name: Some(name.into()),
        requests: Some(requests),
        status429: Some(status429),
        ..UsageRecord::default()
    };
    let rows = [row("Export", 900, 0), row("Sync", 500, 0), row("Wallboard", 100, 40)];
    let report = Report::new(&rows.into_iter().collect(), &ReportOptions::default());
    let mut exposition = Exposition::default();
    exposition.add_report(&report, Some("acme"), 1);
    exposition.add_report(&report, Some("beta"), 0);
    let mut text = Vec::new();
    exposition.write(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    parse(&text);
    for sample in [
        "genesys_usage_requests{organization=\"acme\"} 1500",
        "genesys_usage_client_requests{organization=\"acme\",client_name=\"Export\"} 900",
        "genesys_usage_client_throttled_requests{organization=\"acme\",client_name=\"Wallboard\"} 40",
        "genesys_usage_client_requests{organization=\"acme\",others=\"true\"} 500",
        "genesys_usage_client_requests{organization=\"beta\",others=\"true\"} 1500",
        "genesys_usage_clients{organization=\"beta\"} 3",
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample}: {text}");
    }
    assert!(!text.contains("client_name=\"Sync\""), "{text}");
}
