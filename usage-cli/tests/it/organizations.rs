//! Several organisations in one command: each answers for itself, and one that fails stops no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use usage_core::Date;
use usage_sim::{Fault, Match, Organizations, Rule, ServeOptions, Server, Simulator, VirtualClock, serve};

use crate::config::{OWN, home};
use crate::support::{Ran, config, program};

/// A service of several organisations on 16 October 2026, and a configuration with a profile for each.
pub(crate) struct Several {
    pub(crate) server: Server,
    home: tempfile::TempDir,
}

/// The names of the profiles.
const NAMES: [&str; 4] = ["emea", "apac", "latam", "anz"];

impl Several {
    /// Organisations of these sizes, the profile of each with `settings` of its own.
    pub(crate) fn new(sizes: &[u32], settings: &[&str]) -> Self {
        let organization = |(index, size): (usize, &u32)| {
            let name = NAMES[index];
            let seed = 40 + index as u64;
            Simulator::new(config().with_seed(seed).with_size(*size).with_organization_name(name))
        };
        let mut all = sizes.iter().enumerate().map(organization);
        let mut organizations = Organizations::from(all.next().unwrap());
        all.for_each(|one| drop(organizations.add(one).unwrap()));
        let clock = VirtualClock::new("2026-10-16".parse::<Date>().unwrap().start());
        let server = serve(organizations, ServeOptions::default().with_clock(clock)).unwrap();
        let mut profiles = String::new();
        for index in 0..sizes.len() {
            let organization = server.organization(index).unwrap();
            let (url, id, secret) = (server.url(), organization.client_id(), organization.client_secret());
            profiles += &format!("[profiles.{}]\napi-url = '{url}'\n", NAMES[index]);
            profiles += &format!("oauth-client-id = '{id}'\noauth-client-secret = '{secret}'\n");
            profiles += settings.get(index).copied().unwrap_or_default();
            profiles.push('\n');
        }
        Self { server, home: home(&[(OWN, &profiles)]) }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.args(["--initial-delay", "20ms"]).env("HOME", self.home.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// The credential of one organisation is refused from now on, and the service of another is down.
    pub(crate) fn break_two(&self, revoked: usize, down: usize) {
        let inject = |index, rule: Rule| self.server.organization(index).unwrap().inject(rule.always());
        inject(revoked, Rule::new(Match::Token, Fault::Status(401)));
        for on in [Match::Token, Match::Submit, Match::Results, Match::Platform] {
            inject(down, Rule::new(on, Fault::Status(503)));
        }
    }
}

const PERIOD: [&str; 2] = ["--interval", "2026-10-01/2026-10-15"];
const ALL: &str = "--all-profiles";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of each organisation, without its name.
fn by_organization(rows: Vec<Value>) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for mut row in rows {
        let name = row.as_object_mut().unwrap().remove("organization").unwrap();
        all.entry(name.as_str().unwrap().to_owned()).or_default().push(row);
    }
    all
}

#[test]
fn several_organizations_have_the_rows_that_each_has_alone() {
    let commands: [&[&str]; 3] = [
        &["query", "--group-by", "client,uri", "--granularity", "day"],
        &["aggregate", "--group-by", "client,platform"],
        &["search", "--metrics", "date,client-name,status200"],
    ];
    let mut runner = TestRunner::new(Config { cases: 2, failure_persistence: None, ..Config::default() });
    let sizes = prop::collection::vec(1u32..60, 2..=4);
    let given = (sizes, prop::sample::select(vec!["tokio", "async-std", "blocking"]));
    let checked = runner.run(&given, |(sizes, transport)| {
        let several = Several::new(&sizes, &[]);
        for command in commands {
            let command = [command, &PERIOD, &["--format", "jsonl", "--transport", transport]].concat();
            let all = several.run(&[&command[..], &[ALL]].concat()).well();
            let mut found = by_organization(lines(&all));
            for name in &NAMES[..sizes.len()] {
                let alone = several.run(&[&command[..], &["--profile", name]].concat()).well();
                prop_assert_eq!(found.remove(*name).unwrap_or_default(), lines(&alone));
            }
            prop_assert!(found.is_empty());
        }
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn every_format_names_the_organization_first() {
    let several = Several::new(&[3, 2], &[]);
    let run = |more: &[&str]| {
        let query =
            [&["query", "--profile", "emea,apac", "--group-by", "method"][..], &PERIOD, more].concat();
        several.run(&query).well()
    };
    let csv = run(&["--format", "csv"]);
    assert!(csv.starts_with("organization,date,clientId,clientName,userId,templateUri,"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with("emea,"), "{csv}");
    assert!(run(&["--format", "jsonl"]).starts_with("{\"organization\":\"emea\",\"httpMethod\":"));
    assert!(run(&["--format", "table"]).starts_with("Organization  Method  Requests"));
    assert!(run(&["--format", "markdown"]).starts_with("| Organization | Method | Requests"));
    let metrics = run(&["--format", "openmetrics"]);
    assert!(
        metrics.contains("genesys_usage_requests{organization=\"apac\",http_method=\"GET\"} "),
        "{metrics}"
    );
    let document: Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    assert_eq!(document["status"], "Complete");
    assert_eq!(document["rows"][0]["organization"], "emea");
    for (place, name) in ["emea", "apac"].into_iter().enumerate() {
        let answer = &document["organizations"][place];
        assert_eq!((&answer["organization"], &answer["scope"]["complete"]), (&name.into(), &true.into()));
    }
    // Rows are sorted over all organisations.
    let sorted =
        [&["aggregate", ALL, "--group-by", "method", "--sort", "requests:desc"][..], &PERIOD].concat();
    let rows = lines(&several.run(&[&sorted[..], &["--format", "jsonl"]].concat()).well());
    let requests: Vec<_> = rows.iter().map(|row| row["requests"].as_u64().unwrap()).collect();
    assert!(requests.is_sorted_by(|one, other| one >= other), "{requests:?}");
}

#[test]
fn organizations_that_fail_are_named_and_the_rows_of_the_others_are_whole() {
    let several = Several::new(&[3, 2, 4, 1], &[]);
    several.break_two(1, 2);
    let query = [&["query", ALL, "--format", "json", "--deadline", "1s"][..], &PERIOD].concat();
    let ran = several.run(&query);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    for text in [
        "error: apac: ",
        "error: latam: ",
        "error: 2 of 4 organisations failed: apac, latam",
        "rows of the others",
    ] {
        assert!(ran.stderr.contains(text), "{text}: {ran:?}");
    }
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["status"], &document["scope"]["complete"]), (&"Partial".into(), &false.into()));
    let answers = document["organizations"].as_array().unwrap();
    let codes: Vec<_> = answers.iter().map(|answer| answer["exitCode"].as_u64()).collect();
    assert_eq!(codes, [None, Some(3), None, Some(5)], "{answers:?}");
    let rows = by_organization(document["rows"].as_array().unwrap().clone());
    for name in ["emea", "anz"] {
        let alone = [&["query", "--profile", name, "--format", "jsonl"][..], &PERIOD].concat();
        assert_eq!(rows[name], lines(&several.run(&alone).well()));
    }
    assert_eq!(rows.len(), 2);
    // Where all fail, nothing is written: a file stays what it was.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.csv");
    fs::write(&file, "before").unwrap();
    let query = ["query", "--profile", "apac,latam", "--deadline", "1s", "--output", file.to_str().unwrap()];
    several.run(&[&query[..], &PERIOD].concat()).failed_each(8, "2 of 2 organisations failed");
    assert_eq!(fs::read_to_string(file).unwrap(), "before");
}

impl Ran {
    /// It ended with `code`, wrote no result, and said `text` last, after a line for each organisation.
    #[track_caller]
    fn failed_each(self, code: i32, text: &str) {
        assert_eq!((self.code, &*self.stdout), (Some(code), ""), "{self:?}");
        assert!(self.stderr.contains(text), "{self:?}");
    }
}

#[test]
fn partitions_have_a_directory_for_each_organization() {
    let several = Several::new(&[3, 2], &[]);
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake");
    let write = |lake: &Path, profiles: &[&str]| {
        let lake = lake.to_str().unwrap();
        let query =
            ["query", "--granularity", "day", "--format", "csv", "--partition-by", "date", "--output", lake];
        several.run(&[&query[..], &PERIOD, profiles].concat())
    };
    write(&lake, &["--profile", "emea,apac"]).well();
    for (name, header) in [("emea", "date,clientId,"), ("apac", "date,clientId,")] {
        let file = lake.join(format!("organization={name}")).join("date=2026-10-03").join("usage.csv");
        assert!(fs::read_to_string(file).unwrap().starts_with(header));
    }
    // Rows of one organisation do not go beside those of several, nor the other way round.
    write(&lake, &["--profile", "emea"]).failed(2, &["has partitions, and no _genesys-usage.json"]);
    let alone = directory.path().join("alone");
    write(&alone, &["--profile", "emea"]).well();
    write(&alone, &[ALL]).failed(2, &["holds other rows than those of several profiles"]);
    // A failed organisation keeps what it had.
    several.break_two(0, 0);
    let file = lake.join("organization=emea").join("date=2026-10-03").join("usage.csv");
    let before = fs::read_to_string(&file).unwrap();
    assert_eq!(write(&lake, &[ALL]).code, Some(8));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn what_is_for_one_organization_is_refused_for_several() {
    let several = Several::new(&[1, 1], &[]);
    let run =
        |more: &[&str]| several.run(&[&["query", "--profile", "emea,apac"][..], &PERIOD, more].concat());
    run(&["--state", "x.json"]).failed(2, &["--state is for one organisation", "name one profile"]);
    run(&["--attach", "abc"]).failed(2, &["--attach is for one organisation"]);
    run(&["--region", "eu-central-1"]).failed(2, &["names a host or a credential"]);
    let query = [&["query", ALL][..], &PERIOD].concat();
    let mut command = several.command(&query);
    Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "x")).failed(2, &["would be used for all"]);
    let shown = run(&["--dry-run"]).well();
    assert_eq!(shown.matches("POST http://").count(), 2, "{shown}");
    assert!(several.server.organization(0).unwrap().journal().is_empty());
}
