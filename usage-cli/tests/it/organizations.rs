//! Several organizations in one command: the failure of one does not affect the others.

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
use crate::support::{Ran, config, program, scraped};

/// A service of several organizations, on 16 October 2026 or today, and a configuration with a profile for each.
pub(crate) struct Several {
    server: Server,
    home: tempfile::TempDir,
}

/// The names of the profiles.
const NAMES: [&str; 4] = ["emea", "apac", "latam", "anz"];

impl Several {
    /// Creates organizations of these sizes, each profile with `settings` of its own.
    pub(crate) fn new(sizes: &[u32], settings: &[&str]) -> Self {
        let clock = VirtualClock::new("2026-10-16".parse::<Date>().unwrap().start());
        Self::serving(sizes, settings, ServeOptions::default().with_clock(clock))
    }

    /// The same, today.
    fn today(sizes: &[u32], settings: &[&str]) -> Self {
        Self::serving(sizes, settings, ServeOptions::default())
    }

    fn serving(sizes: &[u32], settings: &[&str], options: ServeOptions) -> Self {
        let organization = |(index, size): (usize, &u32)| {
            let name = NAMES[index];
            let seed = 40 + index as u64;
            Simulator::new(config().with_seed(seed).with_size(*size).with_organization_name(name))
        };
        let mut all = sizes.iter().enumerate().map(organization);
        let mut organizations = Organizations::from(all.next().unwrap());
        for one in all {
            organizations.add(one).unwrap();
        }
        let server = serve(organizations, options).unwrap();
        let profile = |(index, name): (usize, &&str)| {
            let organization = server.organization(index).unwrap();
            let (url, id, secret) = (server.url(), organization.client_id(), organization.client_secret());
            let more = settings.get(index).copied().unwrap_or_default();
            format!(
                "[profiles.{name}]\napi-url = '{url}'\noauth-client-id = '{id}'\noauth-client-secret = '{secret}'\n{more}\n"
            )
        };
        let profiles: Vec<_> = NAMES.iter().take(sizes.len()).enumerate().map(profile).collect();
        let profiles = profiles.concat();
        Self { server, home: home(&[(OWN, &profiles)]) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.args(["--initial-delay", "20ms"]).env("HOME", self.home.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Makes the service refuse the credential of one organization, and makes that of another unavailable.
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

/// Returns the rows of each organization, without its name.
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
    // Rows are sorted across all organizations.
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
    let query = [&["query", ALL, "--format", "json"][..], &PERIOD].concat();
    let ran = several.run(&query);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    for text in [
        "error: apac: ",
        "error: latam: ",
        "error: 2 of 4 organizations failed: apac, latam",
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
    // If all fail, nothing is written, and a file keeps its content.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("rows.csv");
    fs::write(&file, "before").unwrap();
    let query = ["query", "--profile", "apac,latam", "--output", file.to_str().unwrap()];
    several.run(&[&query[..], &PERIOD].concat()).failed_each(8, "2 of 2 organizations failed");
    assert_eq!(fs::read_to_string(file).unwrap(), "before");
}

impl Ran {
    /// Asserts that it ended with `code`, wrote no result, and ended its messages with `text`, after a line for each
    /// organization.
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
    // Rows of one organization and rows of several do not mix, in either order.
    write(&lake, &["--profile", "emea"]).failed(2, &["has partitions, and no _genesys-usage.json"]);
    let alone = directory.path().join("alone");
    write(&alone, &["--profile", "emea"]).well();
    write(&alone, &[ALL]).failed(2, &["holds other rows than those of several profiles"]);
    // A failed organization keeps its earlier rows.
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
    run(&["--state", "x.json"]).failed(2, &["--state is for one organization", "name one profile"]);
    run(&["--attach", "abc"]).failed(2, &["--attach is for one organization"]);
    run(&["--region", "eu-central-1"]).failed(2, &["names a host or a credential"]);
    let query = [&["query", ALL][..], &PERIOD].concat();
    let mut command = several.command(&query);
    Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "x")).failed(2, &["would be used for all"]);
    let shown = run(&["--dry-run"]).well();
    assert_eq!(shown.matches("POST http://").count(), 2, "{shown}");
    assert!(shown.starts_with("# emea\nPOST http://") && shown.contains("\n# apac\nPOST http://"), "{shown}");
    assert!(several.server.organization(0).unwrap().journal().is_empty());
}

#[test]
fn an_organization_counts_once_and_is_warned_of_under_two_names() {
    let several = Several::new(&[3, 2], &[]);
    let query = [&["query", "--format", "jsonl"][..], &PERIOD].concat();
    let alone = several.run(&[&query[..], &["--profile", "emea"]].concat()).well();
    assert_eq!(several.run(&[&query[..], &["--profile", "emea,emea"]].concat()).well(), alone);

    let path = several.home.path().join(OWN);
    let text = fs::read_to_string(&path).unwrap();
    let (emea, _) = text.split_once("[profiles.apac]").unwrap();
    fs::write(&path, format!("{emea}{}", emea.replace("emea", "twin"))).unwrap();
    let ran = several.run(&[&query[..], &["--profile", "emea,twin"]].concat());
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 2 * alone.lines().count()), "{ran:?}");
    assert!(
        ran.stderr.starts_with("warning: the profiles 'emea' and 'twin' are one organization"),
        "{ran:?}"
    );
}

#[test]
fn a_profile_that_is_missing_or_has_no_credential_is_named() {
    let several = Several::new(&[1, 1], &[]);
    let query = [&["query"][..], &PERIOD].concat();
    several.run(&query).failed(2, &["error: no credentials\n", "--profile: there are apac, emea"]);
    let mut command = several.command(&query);
    Ran::of(command.env("GENESYS_USAGE_PROFILE", "emea,apac"))
        .failed(2, &["GENESYS_USAGE_PROFILE names one profile", "--profile emea,apac"]);
    let bare = home(&[(OWN, "[profiles.emea]\nregion = 'eu-central-1'\n")]);
    let ran =
        Ran::of(several.command(&[&query[..], &["--profile", "emea"]].concat()).env("HOME", bare.path()));
    ran.failed(2, &["the profile 'emea' has no credentials", "genesys-usage login --profile emea"]);
}

#[test]
fn a_report_of_several_organizations_has_a_section_with_the_allowance_of_each() {
    let several = Several::new(&[20, 3, 8], &["allowance = 1000", "licenses = 'cx2-named=400'"]);
    let report = |profiles: &[&str], more: &[&str]| {
        let report = ["report", "--top", "3", "--group-by", "client,uri"];
        several.run(&[&report[..], &PERIOD, profiles, more].concat()).well()
    };
    let json = |profiles: &[&str]| -> Value {
        serde_json::from_str(&report(profiles, &["--format", "json"])).unwrap()
    };
    let all = json(&[ALL]);
    let organizations = all["organizations"].as_array().unwrap();
    assert_eq!(organizations.len(), 3);
    let (mut requests, mut share) = (0, 0.0);
    for one in organizations {
        let name = one["name"].as_str().unwrap();
        let alone = json(&["--profile", name]);
        for member in ["requests", "status429", "errorRate"] {
            assert_eq!(one[member], alone["totals"][member], "{name}");
        }
        assert_eq!(one["allowance"], alone["allowance"]["allowance"], "{name}");
        assert_eq!(one["month"], alone["allowance"]["months"][0], "{name}");
        requests += one["requests"].as_u64().unwrap();
        share += one["share"].as_f64().unwrap();
    }
    assert_eq!(all["totals"]["requests"], requests);
    assert!((share - 1.0).abs() < 1e-9, "{share}");
    let of = |name: &str| organizations.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("emea")["allowance"]["monthly"], 1_000);
    assert_eq!(of("apac")["allowance"]["licenses"], serde_json::json!({"cx2-named": 400}));
    assert!(of("latam").get("allowance").is_none());
    assert_eq!(all["overruns"][0]["organization"], "emea");
    assert_eq!(all["overruns"][0]["over"], all["allowanceTotal"]["over"]);
    assert_eq!(
        all["allowanceTotal"]["monthly"],
        1_000 + of("apac")["allowance"]["monthly"].as_u64().unwrap()
    );
    assert!(all.get("allowance").is_none());

    let text = report(&[ALL], &[]);
    assert!(text.lines().nth(2).unwrap().starts_with("!! emea: "), "{text}");
    for wanted in
        ["Organizations: 3", "Allowance", "Over by", "\n◆ emea ", "\n  latam ", "\n  Total ", " 1,000 "]
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let page = report(&[ALL], &["--format", "html"]);
    assert!(
        page.contains("id=\"organizations\"") && page.contains("<tr data-name=\"emea\" data-requests="),
        "{page}"
    );
    assert!(!page.contains("data-list=\"organization\""));
    let metrics = report(&[ALL], &["--format", "openmetrics"]);
    assert!(metrics.contains("genesys_usage_allowance_requests{organization=\"emea\"} 1000\n"), "{metrics}");
    // An allowance given by options applies to each organization.
    let given: Value =
        serde_json::from_str(&report(&[ALL], &["--format", "json", "--allowance", "7"])).unwrap();
    assert!(given["organizations"].as_array().unwrap().iter().all(|one| one["allowance"]["monthly"] == 7));
}

#[test]
fn a_report_names_its_organization_where_it_may_be_read() {
    let several = Several::new(&[2, 2], &[]);
    let report = [&["report", "--profile", "apac"][..], &PERIOD].concat();
    let text = several.run(&report).well();
    assert!(text.starts_with("Apac: API usage from 2026-10-01"), "{text}");
    let forbidden = Rule::new(Match::Platform, Fault::Status(403)).always();
    several.server.organization(1).unwrap().inject(forbidden);
    let text = several.run(&report).well();
    assert!(text.starts_with("API usage from 2026-10-01"), "{text}");
}

#[test]
fn a_report_is_of_the_organizations_that_answer() {
    let several = Several::new(&[3, 2, 4], &[]);
    several.break_two(1, 2);
    let report = [&["report", ALL][..], &PERIOD].concat();
    let ran = several.run(&report);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert!(ran.stdout.contains("Missing: apac: ") && ran.stdout.contains("Missing: latam: "), "{ran:?}");
    assert!(ran.stderr.contains("2 of 3 organizations failed: apac, latam"), "{ran:?}");
    let json: Value =
        serde_json::from_str(&several.run(&[&report[..], &["--format", "json"]].concat()).stdout).unwrap();
    assert_eq!(json["missingOrganizations"][0]["organization"], "apac");
    assert_eq!(json["missingOrganizations"][0]["exitCode"], 3);
    assert_eq!(json["scope"]["complete"], false);
    several.run(&["report", "--profile", "apac,latam", "--last", "2d"]).failed_each(8, "2 of 2");
}

#[test]
fn a_misspelt_profile_is_wrong_usage_before_anything_is_asked() {
    let several = Several::new(&[3, 2], &[]);
    for command in ["query", "report", "aggregate"] {
        let ran = several.run(&[&[command, "--profile", "emea,apak"][..], &PERIOD].concat());
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.contains("there is no profile 'apak'"), "{ran:?}");
        assert!(ran.stderr.contains("did you mean 'apac'?"), "{ran:?}");
    }
}

#[test]
fn rows_of_several_organizations_can_be_reported_on_later() {
    let several = Several::new(&[3, 2], &[]);
    let directory = tempfile::tempdir().unwrap();
    let totals = |report: &[&str]| -> Value {
        let text = several.run(&[&["report", "--format", "json"][..], report].concat()).well();
        serde_json::from_str(&text).unwrap()
    };
    let live = totals(&[&[ALL][..], &PERIOD].concat());
    for name in ["rows.json", "rows.jsonl", "rows.csv"] {
        let file = directory.path().join(name);
        let file = file.to_str().unwrap();
        let query = ["query", ALL, "--granularity", "day", "--group-by", "client", "--output", file];
        several.run(&[&query[..], &PERIOD].concat()).well();
        let saved = totals(&[&[file][..], &PERIOD].concat());
        assert_eq!(saved["totals"]["requests"], live["totals"]["requests"], "{name}");
        let lists = [&saved, &live].map(|report| {
            let list = report["topOrganizations"].as_array().unwrap();
            list.iter().map(|one| (one["id"].clone(), one["requests"].clone())).collect::<Vec<_>>()
        });
        assert_eq!(lists[0], lists[1], "{name}");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_history_of_several_organizations_has_the_same_section() {
    let several = Several::new(&[20, 3], &["allowance = 1000", "allowance = 5000000"]);
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().to_str().unwrap();
    let now = "2026-10-16".parse::<Date>().unwrap().start().as_unix_millis().to_string();
    let collect =
        ["collect", ALL, "--last", "15d", "--into", lake, "--group-by", "client,uri", "--now", &now];
    assert_eq!(several.run(&collect).code, Some(0));
    let report = |of: &[&str]| -> Value {
        let arguments = [&["report", "--format", "json"][..], of, &PERIOD].concat();
        serde_json::from_str(&several.run(&arguments).well()).unwrap()
    };
    let live = report(&[ALL, "--group-by", "client,uri"]);
    // From sums, and from rows.
    for options in [&[lake][..], &[lake, "--granularity", "day"]] {
        let kept = report(options);
        for (place, name) in ["emea", "apac"].into_iter().enumerate() {
            let (kept, live) = (&kept["organizations"][place], &live["organizations"][place]);
            assert_eq!(kept["name"], name);
            for member in ["requests", "share", "errorRate", "allowance"] {
                assert_eq!(kept[member], live[member], "{name} {member}");
            }
            assert_eq!(kept["month"]["used"], live["month"]["used"], "{name}");
        }
        assert_eq!(kept["allowanceTotal"]["monthly"], 5_001_000);
    }
    // A single organization has its name in the header, and the allowance of its profile.
    let text = several.run(&[&["report", lake, "--organization", "emea"][..], &PERIOD].concat()).well();
    assert!(text.starts_with("emea: API usage from") && text.contains("Allowance: 1,000 requests"), "{text}");
}

#[test]
fn several_organizations_are_watched_and_one_that_fails_silences_no_other() {
    let several =
        Several::today(&[20, 3, 8], &["allowance = 1", "allowance = 999999999999", "allowance = 1"]);
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("watch.json");
    let watch = |more: &[&str]| {
        let arguments = ["watch", "--once", "--format", "json", "--alert-share", "80%"];
        several.run(&[&arguments[..], more].concat())
    };
    let ran = watch(&[ALL, "--state", state.to_str().unwrap()]);
    assert_eq!(ran.code, Some(6), "{ran:?}");
    let alerts: BTreeMap<_, _> = lines(&ran.stdout)
        .into_iter()
        .map(|line| {
            (line["organization"].as_str().unwrap().to_owned(), line["alerts"] != serde_json::json!([]))
        })
        .collect();
    let wanted =
        [("apac", false), ("emea", true), ("latam", true)].map(|(name, alert)| (name.to_owned(), alert));
    assert_eq!(alerts.into_iter().collect::<Vec<_>>(), wanted);
    for name in ["emea", "latam"] {
        assert!(ran.stderr.contains(&format!("{name}: ")), "{ran:?}");
    }
    // Each alert was sent, and the totals before the month are remembered for each organization.
    assert_eq!(watch(&[ALL, "--state", state.to_str().unwrap()]).well().lines().count(), 3);
    let kept: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!(kept["told"].as_array().unwrap().len(), 2);
    several.break_two(1, 2);
    let ran = watch(&[ALL, "--state", state.to_str().unwrap()]);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert_eq!(lines(&ran.stdout).len(), 1);
    assert!(ran.stderr.contains("warning: apac: ") && ran.stderr.contains("warning: latam: "), "{ran:?}");
    assert!(ran.stderr.contains("error: 2 of 3 organizations failed: apac, latam\n"), "{ran:?}");
    // The alerts of the organization that failed are still remembered.
    let kept: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!(kept["told"].as_array().unwrap().len(), 2);
    // If all fail, each is named, and the time of the last look stays.
    let ran = watch(&["--profile", "apac,latam", "--state", state.to_str().unwrap()]);
    assert_eq!((ran.code, &*ran.stdout), (Some(8), ""), "{ran:?}");
    assert!(ran.stderr.contains("warning: apac: ") && ran.stderr.contains("warning: latam: "), "{ran:?}");
    assert!(ran.stderr.contains("error: 2 of 2 organizations failed: apac, latam\n"), "{ran:?}");
    let later: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!(later["refreshedAt"], kept["refreshedAt"]);
    // Without `--once`, credentials of which none is accepted end it at once.
    several.server.organization(0).unwrap().inject(Rule::new(Match::Token, Fault::Status(401)).times(1));
    let ran = several.run(&["watch", "--profile", "emea,apac"]);
    assert_eq!((ran.code, &*ran.stdout), (Some(8), ""), "{ran:?}");
    let mut command = several.command(&["watch", "--once", "--profile", "emea,apac", "--alert-share", "80%"]);
    let ran = Ran::of(command.args(["--on-alert", "echo $GENESYS_USAGE_ORGANIZATION"]));
    assert!(ran.stdout.ends_with("emea\n"), "{ran:?}");
}

#[test]
fn metrics_of_several_organizations_say_when_each_was_last_reached() {
    let several = Several::today(&[2, 3], &["allowance = 1000"]);
    several.break_two(1, 1);
    let mut command = several.command(&["watch", ALL, "--metrics-addr", "127.0.0.1:0"]);
    let metrics = scraped(&mut command);
    for wanted in [
        "genesys_usage_allowance_requests{organization=\"emea\"} 1000\n",
        "genesys_usage_organization_up{organization=\"emea\"} 1\n",
        "genesys_usage_organization_up{organization=\"apac\"} 0\n",
        "genesys_usage_organization_last_success_timestamp_seconds{organization=\"emea\"} ",
        "genesys_usage_up 0\n",
    ] {
        assert!(metrics.contains(wanted), "{wanted}: {metrics}");
    }
    assert!(!metrics.contains("last_success_timestamp_seconds{organization=\"apac\"}"), "{metrics}");
}
