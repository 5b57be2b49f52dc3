//! `genesys-usage collect`: the history stays consistent, however the program ends and whatever the service does.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use parquet::file::reader::SerializedFileReader;
use parquet::record::Field;
use serde_json::{Map, Value};
use usage_core::{Date, Timestamp};
use usage_sim::{Fault, Match, Rule, ServeOptions, SimulatorConfig, VirtualClock, WireFault};

use crate::config::{OWN, home};
use crate::support::{Ran, Service, config, program};

/// A service whose date is set by the test.
pub(crate) struct Days {
    pub(crate) service: Service,
    clock: VirtualClock,
}

impl Days {
    pub(crate) fn new(config: SimulatorConfig, today: &str) -> Self {
        let clock = VirtualClock::new(morning(today));
        let service = Service::serving(config, ServeOptions::default().with_clock(clock.clone()));
        Self { service, clock }
    }

    pub(crate) fn becomes(&self, today: &str) {
        self.clock.advance_to(morning(today));
    }

    /// Forbids reading the organization, so that a service with other rows counts as the same one after a recount.
    fn hide_organization(&self) {
        self.service.server.simulator().inject(Rule::new(Match::Platform, Fault::Status(403)).always());
    }

    /// Returns the command `collect` on the service's current day.
    pub(crate) fn command(&self, lake: &Path, arguments: &[&str]) -> Command {
        let mut command = self.service.command(&["collect"]);
        command.args(arguments).arg("--into").arg(lake);
        command.args(["--now", &self.clock.now().as_unix_millis().to_string()]);
        command
    }

    pub(crate) fn run(&self, lake: &Path, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(lake, arguments))
    }

    /// Returns the number of executions submitted since the last call.
    fn submitted(&self) -> usize {
        let mut simulator = self.service.server.simulator();
        let started = simulator.journal().iter().filter(|entry| entry.started.is_some()).count();
        simulator.clear_journal();
        started
    }
}

fn morning(day: &str) -> Timestamp {
    day.parse::<Date>().unwrap().start().saturating_add(Duration::from_secs(6 * 3600))
}

/// Returns the files of the days, by organization and day.
fn files(lake: &Path) -> BTreeMap<(String, String), PathBuf> {
    let mut files = BTreeMap::new();
    for organization in fs::read_dir(lake).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for day in fs::read_dir(organization.path()).unwrap().flatten().filter(|entry| entry.path().is_dir())
        {
            let name = |entry: &fs::DirEntry| {
                entry.file_name().to_str().unwrap().split_once('=').unwrap().1.to_owned()
            };
            let file = day.path().join("usage.parquet");
            // A killed process may leave a directory without a file.
            if file.exists() {
                files.insert((name(&organization), name(&day)), file);
            }
        }
    }
    files
}

/// Returns the rows of all days as JSON documents, sorted.
fn rows(lake: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    for ((_, day), file) in files(lake) {
        for row in SerializedFileReader::new(File::open(file).unwrap()).unwrap() {
            let mut members = Map::new();
            members.insert("date".into(), day.clone().into());
            for (name, cell) in row.unwrap().get_column_iter() {
                match cell {
                    Field::Null => {}
                    Field::Str(text) => drop(members.insert(name.clone(), text.clone().into())),
                    Field::Long(count) => drop(members.insert(name.clone(), (*count).into())),
                    other => panic!("{name} is {other:?}"),
                }
            }
            rows.push(Value::Object(members).to_string());
        }
    }
    rows.sort();
    rows
}

/// Returns the service's rows of `interval`.
fn live(service: &Service, interval: &str, group_by: &str) -> Vec<String> {
    let query = ["query", "--granularity", "day", "--format", "jsonl", "--group-by", group_by];
    let text = service.run(&[&query[..], &["--interval", interval]].concat()).well();
    let canonical = |line: &str| serde_json::from_str::<Value>(line).unwrap().to_string();
    let mut rows: Vec<_> = text.lines().map(canonical).collect();
    rows.sort();
    rows
}

#[test]
fn three_rounds_have_the_rows_of_a_live_query() {
    let days = Days::new(config(), "2026-10-16");
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake");
    let rows_of = |arguments: &[&str]| {
        days.run(&lake, &[&["--late-days", "2", "--group-by", "client,method"], arguments].concat()).well()
    };
    let said = rows_of(&["--last", "120d"]);
    assert!(said.starts_with("default: 120 days collected; 2026-06-18 to 2026-10-15, "), "{said}");
    // A day later; then after a week without a run.
    days.becomes("2026-10-17");
    let said = rows_of(&[]);
    assert!(
        said.starts_with("default: 1 day collected, 2 days confirmed; 2026-06-18 to 2026-10-16, "),
        "{said}"
    );
    days.becomes("2026-10-24");
    let said = rows_of(&[]);
    assert!(
        said.starts_with("default: 7 days collected, 1 day confirmed; 2026-06-18 to 2026-10-23, "),
        "{said}"
    );
    // 120 days are two queries, and the others are one each.
    assert_eq!(days.submitted(), 4);
    // Nothing is new: no request is sent, not even for a token.
    let said = rows_of(&[]);
    assert!(said.starts_with("default: nothing new; 2026-06-18 to 2026-10-23, "), "{said}");
    assert!(days.service.server.simulator().journal().is_empty());
    assert_eq!(rows(&lake), live(&days.service, "2026-06-18/2026-10-23", "client,method"));
}

#[test]
fn late_days_are_read_until_two_reads_agree() {
    let (first, second) = (config().with_seed(1), config().with_seed(2));
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    let day = |config: &SimulatorConfig, today: &str| -> (Value, usize) {
        let days = Days::new(config.clone(), today);
        days.hide_organization();
        let said = days.run(lake, &["--last", "5d", "--format", "json", "--group-by", "client"]).well();
        (serde_json::from_str(&said).unwrap(), days.submitted())
    };
    let counts = |(line, submitted): (Value, usize)| {
        let counts =
            ["newDays", "changedDays", "confirmedDays", "lateDays"].map(|name| line[name].as_u64().unwrap());
        (counts, submitted)
    };
    assert_eq!(counts(day(&first, "2026-10-16")), ([5, 0, 0, 3], 1));
    // Late days are fetched again; the oldest of them is now settled.
    assert_eq!(counts(day(&second, "2026-10-17")), ([1, 3, 0, 3], 1));
    assert_eq!(counts(day(&second, "2026-10-17")), ([0, 0, 0, 3], 0));
    assert_eq!(counts(day(&second, "2026-10-18")), ([1, 0, 3, 1], 1));
    assert_eq!(counts(day(&second, "2026-10-19")), ([1, 0, 1, 1], 1));
    // A response without rows does not replace a day that has some.
    let before = rows(lake);
    let empty = second.clone().with_history_days(0);
    let (line, _) = day(&empty, "2026-10-20");
    assert_eq!(line["keptDays"], serde_json::json!(["2026-10-18"]));
    assert_eq!(rows(lake), before);
}

/// Kills the program at its `at`-th failpoint and returns the name of that point, or `None` if the program ended
/// before.
fn killed_at(command: &mut Command, at: u32) -> Option<String> {
    let mut child = command
        .args(["--halt-at", &at.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let point =
        stderr.lines().map_while(Result::ok).find_map(|line| Some(line.strip_prefix("halted ")?.to_owned()));
    child.kill().unwrap();
    child.wait().unwrap();
    point
}

#[test]
fn a_kill_at_any_point_loses_nothing_and_asks_nothing_twice() {
    let days = Days::new(config(), "2026-06-01");
    let arguments = ["--last", "2d", "--group-by", "client"];
    let begun = tempfile::tempdir().unwrap();
    days.run(begun.path(), &arguments).well();
    days.becomes("2026-10-16");
    // Two late days of June are one query, two days of October the other.
    let again = || {
        let directory = tempfile::tempdir().unwrap();
        let copied = Command::new("cp").arg("-r").arg(begun.path().join(".")).arg(directory.path()).status();
        assert!(copied.unwrap().success());
        directory
    };
    let whole = again();
    days.submitted();
    days.run(whole.path(), &arguments).well();
    assert_eq!(days.submitted(), 2);
    let wanted = rows(whole.path());
    let mut points = BTreeMap::new();
    for at in 0.. {
        let directory = again();
        let lake = directory.path();
        let Some(point) = killed_at(&mut days.command(lake, &arguments), at) else { break };
        days.run(lake, &arguments).well();
        // A query is submitted twice only if the kill came between the service's response and the file.
        let most = if point == "before keeping the query" { 3 } else { 2 };
        assert_eq!(days.submitted(), most, "{at}: {point}");
        assert_eq!(rows(lake), wanted, "{at}: {point}");
        assert_eq!(left_over(lake), Vec::<String>::new());
        *points.entry(point).or_insert(0) += 1;
    }
    days.submitted();
    for point in [
        "before keeping the query",
        "after keeping the query",
        "before storing a day",
        "before listing the days",
        "after listing the days",
    ] {
        assert!(points.contains_key(point), "{point:?} is not in {points:?}");
    }
}

/// The grouping comes from an option, the default or the manifest, in any order: it is the same query.
#[test]
fn the_first_query_of_a_history_is_resumed_however_its_grouping_is_given() {
    let days = Days::new(config(), "2026-10-16");
    for grouping in [&[][..], &["--group-by", "uri,method,client"]] {
        let first = [&["--last", "2d"], grouping].concat();
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path();
        let kept = |at: &u32| {
            killed_at(&mut days.command(lake, &first), *at)
                .is_some_and(|point| point == "after keeping the query")
        };
        assert!((0..20).any(|at| kept(&at)), "{grouping:?}");
        let before = days.submitted();
        let said = days.run(lake, &["--last", "2d"]).well();
        assert!(said.starts_with("default: 2 days collected; "), "{said}");
        assert_eq!(days.submitted(), 0, "{grouping:?}, {before} before");
    }
}

/// Returns the files of the history that are neither days nor manifests.
fn left_over(lake: &Path) -> Vec<String> {
    let mut left = Vec::new();
    for directory in
        [lake.to_owned()].into_iter().chain(fs::read_dir(lake).unwrap().flatten().map(|entry| entry.path()))
    {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        left.extend(entries.map(|entry| entry.file_name().to_str().unwrap().to_owned()));
    }
    left.retain(|name| !name.contains('=') && name != "_genesys-usage.json");
    left
}

#[test]
fn a_kill_at_any_moment_leaves_whole_days() {
    let days = Days::new(config(), "2026-10-16");
    let arguments = ["--last", "30d", "--group-by", "client"];
    let whole = tempfile::tempdir().unwrap();
    let started = Instant::now();
    days.run(whole.path(), &arguments).well();
    let (time, wanted) = (started.elapsed(), rows(whole.path()));
    let rounds = 6;
    for round in 0..rounds {
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path().join("lake");
        let mut child =
            days.command(&lake, &arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(time.mul_f64(f64::from(round) / f64::from(rounds) * 1.1));
        child.kill().unwrap();
        child.wait().unwrap();
        let kept: Vec<String> = if lake.exists() { rows(&lake) } else { Vec::new() };
        assert!(kept.iter().all(|row| wanted.binary_search(row).is_ok()));
        days.run(&lake, &arguments).well();
        assert_eq!(rows(&lake), wanted);
    }
}

#[test]
fn one_process_collects_and_another_says_so() {
    let days = Days::new(config(), "2026-10-16");
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--last", "3d", "--group-by", "client"];
    let mut first = days.command(directory.path(), &arguments);
    let mut first =
        first.args(["--halt-at", "3"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(first.stderr.take().unwrap()).read_line(&mut line).unwrap();
    days.run(directory.path(), &arguments)
        .failed(2, &["another process collects into ", "wait until it has ended"]);
    first.kill().unwrap();
    first.wait().unwrap();
    days.run(directory.path(), &arguments).well();
}

#[test]
fn what_cannot_be_collected_is_said_before_anything_is_asked() {
    let days = Days::new(config(), "2026-10-16");
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake");
    days.run(&lake, &["--last", "2d", "--group-by", "client"]).well();
    days.submitted();
    let cases: [(&[&str], &str); 5] = [
        (&["--since", "2026-11"], "--since 2026-11-01 has not begun: today is 2026-10-16 (UTC)"),
        (
            &["--last", "2d", "--group-by", "client,method"],
            "holds rows of another kind (grouping: OAuthClientId, asked for: HttpMethod, OAuthClientId)",
        ),
        (&["--source", "all", "--group-by", "client"], "query: organization, asked for: organization-job"),
        (&["--group-by", "platform"], "Platform"),
        (&["--source", "all", "--group-by", "organization"], "OrganizationId"),
    ];
    for (arguments, text) in cases {
        days.run(&lake, arguments).failed(2, &[text]);
    }
    // Without a credential, no history is begun.
    let begun = directory.path().join("begun");
    Ran::of(program(&["collect", "--into"]).arg(&begun)).failed(2, &["error: no credentials"]);
    assert!(!begun.exists());
    fs::write(directory.path().join("letter"), "dear").unwrap();
    days.run(directory.path(), &["--last", "2d"])
        .failed(2, &["is no history of genesys-usage", "name a new or an empty directory"]);
    days.run(&directory.path().join("letter"), &["--last", "2d"]).failed(2, &["cannot write to "]);
    let manifest = lake.join("_genesys-usage.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"version\": 1", "\"version\": 9")).unwrap();
    days.run(&lake, &["--group-by", "client"]).failed(2, &["it has version 9, of a later genesys-usage"]);
    fs::write(&manifest, text).unwrap();
    let day = files(&lake).into_values().next().unwrap();
    let bytes = fs::read(&day).unwrap();
    fs::write(&day, &bytes[..bytes.len() - 3]).unwrap();
    days.run(&lake, &["--group-by", "client"]).failed(2, &[day.to_str().unwrap(), "is damaged", "remove it"]);
    assert_eq!(days.submitted(), 0);
    fs::remove_file(&day).unwrap();
    // An option that is not given keeps its value in the history.
    let said = days.run(&lake, &[]).well();
    assert!(said.contains("1 day collected"), "{said}");
    let said = days.run(&lake, &["--since", "2026-10"]).well();
    assert!(said.starts_with("default: 13 days collected; 2026-10-01 to 2026-10-15, "), "{said}");
}

#[test]
fn a_settled_day_is_not_replaced_by_what_the_service_has_later() {
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    let first = Days::new(config().with_seed(1), "2026-10-16");
    first.run(lake, &["--last", "9d", "--late-days", "0", "--group-by", "client"]).well();
    let before = rows(lake);
    let all = files(lake);
    for day in ["2026-10-07", "2026-10-15"] {
        fs::remove_dir_all(all[&("default".to_owned(), day.to_owned())].parent().unwrap()).unwrap();
    }
    // One query asks for both, and so also for the settled days between them.
    let second = Days::new(config().with_seed(2), "2026-10-16");
    second.hide_organization();
    let said = second.run(lake, &[]).well();
    assert!(said.starts_with("default: 2 days collected; "), "{said}");
    assert_eq!(second.submitted(), 1);
    let between = |rows: Vec<String>| -> Vec<String> {
        let is_between = |row: &String| !row.contains("2026-10-07") && !row.contains("2026-10-15");
        rows.into_iter().filter(is_between).collect()
    };
    let after = rows(lake);
    assert_ne!(after, before);
    assert_eq!(between(after), between(before));
}

#[test]
fn days_that_were_read_by_a_wrong_clock_are_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let (lake, arguments) = (directory.path(), ["--group-by", "client", "--last", "3d"]);
    let days = Days::new(config(), "2026-10-16");
    // The clock of this machine is a year ahead, and the service has no data of these days.
    let ahead = morning("2027-10-16").as_unix_millis().to_string();
    let mut command = days.service.command(&["collect", "--now", &ahead, "--last", "400d"]);
    Ran::of(command.args(&arguments[..2]).arg("--into").arg(lake)).well();
    let ran = days.run(lake, &arguments);
    assert!(
        ran.code == Some(0) && ran.stderr.contains("default: 400 days were read at a time later"),
        "{ran:?}"
    );
    assert!(ran.stdout.starts_with("default: 35 days confirmed; "), "{ran:?}");
    assert_eq!(files(lake).len(), 35, "the days that are not over are removed");
    days.becomes("2026-10-20");
    let ran = days.run(lake, &[]);
    assert!(
        ran.code == Some(0) && ran.stdout.starts_with("default: 4 days collected, 3 days confirmed; "),
        "{ran:?}"
    );
    let wanted = live(&days.service, "2026-10-13/2026-10-19", "client");
    let rows: Vec<_> = rows(lake).into_iter().filter(|row| wanted.contains(row)).collect();
    assert_eq!(rows, wanted);
}

#[test]
fn a_disk_without_room_loses_nothing() {
    let days = Days::new(config(), "2026-10-16");
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    days.run(lake, &["--last", "1d"]).well();
    let before = rows(lake);
    let command = days.command(lake, &["--last", "3d"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -f 8; exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    limited.stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let ran = Ran::of(&mut limited);
    assert!(
        ran.code == Some(2)
            && ran.stderr.contains("cannot write to ")
            && ran.stderr.contains("usage.parquet"),
        "{ran:?}"
    );
    let after = rows(lake);
    assert!(before.iter().all(|row| after.binary_search(row).is_ok()));
    days.run(lake, &["--last", "3d"]).well();
    assert_eq!(rows(lake), live(&days.service, "2026-10-13/2026-10-15", "client,user,uri,method"));
}

#[test]
fn jobs_reach_back_a_year_and_no_further() {
    // The core knows how far back jobs can go, and the current day.
    let today = Date::of(std::time::SystemTime::now().into());
    let days = Days::new(config(), &today.to_string());
    let (directory, first) = (tempfile::tempdir().unwrap(), today.plus_years(-1).plus_days(1));
    let since = first.plus_days(-7).to_string();
    let arguments = ["--source", "all", "--since", &since, "--group-by", "method", "--format", "json"];
    let line: Value = serde_json::from_str(&days.run(directory.path(), &arguments).well()).unwrap();
    assert_eq!((&line["from"], &line["outOfReachDays"]), (&first.to_string().into(), &7.into()), "{line}");
    let new = first.days_until(today);
    assert_eq!((&line["newDays"], &line["queries"], days.submitted()), (&new.into(), &5.into(), 5), "{line}");
}

/// A configuration with a profile for each service.
fn profiles(services: &[(&str, &Service, &str)]) -> tempfile::TempDir {
    let profile = |(name, service, secret): &(&str, &Service, &str)| {
        let (url, id) = (service.server.url(), service.client_id());
        format!(
            "[profiles.{name}]\napi-url = '{url}'\noauth-client-id = '{id}'\noauth-client-secret = '{secret}'\n"
        )
    };
    home(&[(OWN, &services.iter().map(profile).collect::<String>())])
}

#[test]
fn an_organization_that_fails_does_not_stop_the_others() {
    let services: Vec<_> = (1..=3).map(|seed| Service::with(config().with_seed(seed))).collect();
    let of = |secrets: [&str; 3]| {
        let names = ["alpha", "beta", "gamma"];
        let all: Vec<_> = (0..3).map(|at| (names[at], &services[at], secrets[at])).collect();
        profiles(&all)
    };
    let secrets = [0, 1, 2].map(|at: usize| services[at].secret.clone());
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().to_str().unwrap();
    let run = |home: &Path, arguments: &[&str]| {
        let collect =
            ["collect", "--initial-delay", "20ms", "--last", "2d", "--group-by", "client", "--into", lake];
        Ran::of(program(&[&collect[..], arguments].concat()).env("HOME", home))
    };
    let revoked = of([&secrets[0], "revoked", &secrets[2]]);
    let ran = run(revoked.path(), &["--all-profiles", "--format", "json"]);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = |name: &str| lines.iter().find(|line| line["organization"] == name).unwrap();
    assert_eq!((&line("alpha")["newDays"], &line("gamma")["newDays"]), (&2.into(), &2.into()));
    assert_eq!((&line("beta")["newDays"], &line("beta")["exitCode"]), (&0.into(), &3.into()), "{ran:?}");
    assert!(
        ran.stderr.contains("error: beta: ")
            && ran.stderr.contains("error: 1 of 3 organizations failed: beta"),
        "{ran:?}"
    );
    // A name that is there twice is one organization.
    let said = run(revoked.path(), &["--profile", "alpha,alpha"]).well();
    assert!(said.starts_with("alpha: nothing new"), "{said}");
    // First two of them by name, then all: what is missing is fetched.
    let good = of([&secrets[0], &secrets[1], &secrets[2]]);
    let said = run(good.path(), &["--profile", "alpha,gamma"]).well();
    assert_eq!(said.matches("nothing new").count(), 2, "{said}");
    let said = run(good.path(), &["--all-profiles"]).well();
    assert!(said.contains("beta: 2 days collected") && said.matches("nothing new").count() == 2, "{said}");
    assert_eq!(files(directory.path()).len(), 6);
    // One credential cannot be that of several organizations.
    let mut command = program(&["collect", "--into", lake, "--all-profiles"]);
    command.env("HOME", good.path()).env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2");
    Ran::of(&mut command).failed(2, &["GENESYSCLOUD_ACCESS_TOKEN is set and would be used for all"]);
    run(good.path(), &["--profile", "alpha,beta", "--organization", "x"])
        .failed(2, &["--organization names one"]);
    Ran::of(program(&["events", "definitions", "--profile", "alpha,beta"]).env("HOME", good.path()))
        .failed(2, &["name one profile"]);
}

/// The rows of two organizations are never those of one name, and the rows of one organization never those of two names.
#[test]
fn a_name_has_the_rows_of_one_organization_and_an_organization_has_one_name() {
    let [one, other] = [1, 2].map(|seed| Service::with(config().with_seed(seed)));
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().to_str().unwrap();
    let run = |home: &Path, arguments: &[&str]| {
        let collect = ["collect", "--initial-delay", "20ms", "--group-by", "client", "--into", lake];
        Ran::of(program(&[&collect[..], arguments].concat()).env("HOME", home))
    };
    let first = profiles(&[("acme", &one, &one.secret)]);
    run(first.path(), &["--profile", "acme", "--organization", "acme", "--last", "2d"]).well();
    let before = rows(directory.path());
    let id = one.server.simulator().organization_id().to_owned();
    // The credential of another organization under the same name.
    let swapped = profiles(&[("acme", &other, &other.secret)]);
    let other_id = other.server.simulator().organization_id().to_owned();
    let text = format!("the rows of acme that are there are of the organization {id}, not of {other_id}");
    run(swapped.path(), &["--profile", "acme", "--last", "4d"]).failed(2, &[&text, "--organization"]);
    assert_eq!((rows(directory.path()), left_over(directory.path())), (before.clone(), Vec::new()));
    // The same organization as two profiles: one that is there, and both new ones.
    let twice = [("acme", &one, &*one.secret), ("alias", &one, &one.secret), ("b", &other, &other.secret)];
    let home = profiles(&[&twice[..], &[("c", &other, &other.secret)]].concat());
    let ran = run(home.path(), &["--all-profiles", "--last", "2d", "--format", "json"]);
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert!(ran.stderr.contains("alias is an organization that is here already, as acme"), "{ran:?}");
    assert!(ran.stderr.contains("2 of 4 organizations failed"), "{ran:?}");
    assert_eq!(files(directory.path()).len(), 4, "two days of two organizations");
    assert!(!directory.path().join("organization=alias").exists());
    // A role that may not read the organization collects all the same.
    one.server.simulator().inject(Rule::new(Match::Platform, Fault::Status(403)).always());
    run(first.path(), &["--profile", "acme", "--last", "3d"]).well();
    assert_eq!(files(directory.path()).len(), 5);
}

#[test]
fn a_service_that_is_in_trouble_is_asked_again_and_names_become_paths() {
    let days = Days::new(config(), "2026-10-16");
    let rules = [
        Rule::new(Match::Submit, WireFault::CloseBeforeReply),
        Rule::new(Match::Results, Fault::Status(503)),
    ];
    for rule in rules {
        days.service.server.simulator().inject(rule);
    }
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--last", "2d", "--group-by", "client", "--organization", "../Söhne & Co"];
    let said = days.run(directory.path(), &arguments).well();
    assert!(said.starts_with("../Söhne & Co: 2 days collected"), "{said}");
    let names: Vec<_> = files(directory.path()).into_keys().map(|(organization, _)| organization).collect();
    assert_eq!(names, ["..%2FSöhne%20%26%20Co"; 2]);
}

/// Returns a report without what differs between two reports of the same rows: the time of the query, and the number of
/// rows, which sums do not tell.
fn numbers(text: &str) -> Value {
    fn without_rows(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("rows");
                members.values_mut().for_each(without_rows);
            }
            Value::Array(values) => values.iter_mut().for_each(without_rows),
            _ => {}
        }
    }
    let mut report: Value = serde_json::from_str(text).unwrap();
    report["scope"]["askedAt"] = Value::Null;
    without_rows(&mut report);
    report
}

#[test]
fn a_report_of_a_history_is_that_of_a_live_query() {
    let days = Days::new(config(), "2026-10-16");
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().to_str().unwrap();
    days.run(directory.path(), &["--last", "20d", "--group-by", "client,uri"]).well();
    let of = |arguments: &[&str], period: &str| {
        let options = ["--format", "json", "--allowance", "3000000", "--interval", period];
        numbers(&days.service.run(&[&["report"], arguments, &options].concat()).well())
    };
    let history = |arguments: &[&str], period: &str| {
        let options = ["--format", "json", "--allowance", "3000000", "--interval", period];
        let ran = Ran::of(&mut program(&[&["report", lake], arguments, &options].concat()));
        numbers(&ran.well())
    };
    let live = ["--group-by", "client,uri"];
    for period in ["2026-10-11/2026-10-15", "2026-09-26/2026-10-15"] {
        let (kept, asked) = (history(&[], period), of(&live, period));
        for part in ["totals", "days", "topClients", "topUris", "others", "arrivals", "weekdays", "drilldown"]
        {
            assert_eq!(kept[part], asked[part], "{period} {part}");
        }
    }
    for selection in
        [&["--client", "agent*"][..], &["--uri", "api/v2/*s", "--client", "*a*"], &["--granularity", "week"]]
    {
        let period = "2026-09-30/2026-10-13";
        let (kept, asked) = (history(selection, period), of(&[&live[..], selection].concat(), period));
        assert!(kept["totals"]["requests"].as_u64() > Some(0), "{selection:?}");
        for part in ["totals", "days", "filter", "topClients", "topUris", "others", "weekdays", "drilldown"] {
            assert_eq!(kept[part], asked[part], "{selection:?} {part}");
        }
    }
    let ran = Ran::of(&mut program(&["report", lake, "--client", "Agent Desktp", "--format", "json"]));
    assert!(ran.code == Some(0) && ran.stderr.contains("did you mean 'Agent Desktop'?"), "{ran:?}");
    // Compared with rows of a file, whose history is that of the dataset.
    let file = directory.path().with_extension("jsonl");
    let rows = days.service.run(
        &[
            &["query", "--granularity", "day", "--interval", "2026-10-06/2026-10-10", "--format", "jsonl"],
            &live[..],
        ]
        .concat(),
    );
    fs::write(&file, rows.well()).unwrap();
    let against = history(&["--compare-with", file.to_str().unwrap()], "2026-10-11/2026-10-15");
    assert_eq!(against["comparison"], history(&["--compare"], "2026-10-11/2026-10-15")["comparison"]);
    fs::remove_file(&file).unwrap();
    let (kept, asked) = (
        history(&["--compare"], "2026-10-11/2026-10-15"),
        of(&[&live[..], &["--compare"]].concat(), "2026-10-11/2026-10-15"),
    );
    assert_eq!(kept["comparison"], asked["comparison"]);
    let fails = |arguments: &[&str], texts: &[&str]| {
        Ran::of(&mut program(&[&["report", lake], arguments].concat())).failed(2, texts)
    };
    fails(
        &["--interval", "2026-09-01/2026-09-10"],
        &["has no days of 2026-09-01/2026-09-10", "collect --since"],
    );
    fails(&["--organization", "acme"], &["has no organization \"acme\"", "there are default"]);
    fails(&["--organization", "defualt"], &["did you mean 'default'?"]);
    fails(&[lake], &["is read alone"]);
    fails(
        &["--interval", "2026-09-26/2026-10-15", "--compare"],
        &["does not have all days from 2026-09-06 to 2026-09-25"],
    );
    // A gap is reported, and nothing is projected over it.
    fs::remove_file(&files(directory.path())[&("default".to_owned(), "2026-10-13".to_owned())]).unwrap();
    let ran =
        Ran::of(&mut program(&["report", lake, "--interval", "2026-10-11/2026-10-15", "--format", "json"]));
    assert!(ran.code == Some(0) && ran.stderr.contains("default (1)"), "{ran:?}");
    assert_eq!(numbers(&ran.stdout)["limitations"][0], "missing", "{}", ran.stdout);
}

#[test]
fn a_report_of_several_organizations_has_a_list_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    for (seed, name) in [(1, "alpha"), (2, "beta")] {
        let days = Days::new(config().with_seed(seed), "2026-10-16");
        days.run(lake, &["--last", "3d", "--group-by", "client", "--organization", name]).well();
    }
    let report = |arguments: &[&str]| {
        let command = ["report", lake.to_str().unwrap(), "--format", "json"];
        numbers(&Ran::of(&mut program(&[&command[..], arguments].concat())).well())
    };
    let requests = |report: &Value| report["totals"]["requests"].as_u64().unwrap();
    let (all, one) = (report(&[]), report(&["--organization", "beta"]));
    let names: Vec<_> = all["topOrganizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"alpha") && names.contains(&"beta") && names.len() == 2, "{names:?}");
    assert_eq!(requests(&all), requests(&one) + requests(&report(&["--organization", "alpha"])));
    assert_eq!(one["topOrganizations"], serde_json::json!([]));
}

#[test]
fn watch_looks_at_a_history_as_it_looks_at_the_service() {
    let today = Date::of(std::time::SystemTime::now().into());
    let days = Days::new(config(), &today.to_string());
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().to_str().unwrap();
    days.run(directory.path(), &["--last", "150d", "--group-by", "client"]).well();
    let sent = days.service.server.simulator().journal().len();
    let look = ["watch", "--once", "--format", "json", "--allowance", "9000000"];
    let seen = |text: String| {
        let mut seen: Value = serde_json::from_str(&text).unwrap();
        seen["at"] = Value::Null;
        seen
    };
    let of_history = seen(Ran::of(&mut program(&[&look[..], &["--from", lake]].concat())).well());
    assert_eq!(days.service.server.simulator().journal().len(), sent);
    let mut of_service = seen(days.service.run(&look).well());
    of_service["organization"] = "default".into();
    assert_eq!(of_history, of_service);
    let ran = Ran::of(&mut program(&["watch", "--once", "--from", lake, "--organization", "acme"]));
    ran.failed(2, &["has no organization \"acme\""]);
}

/// Runs `watch` once on `lake`, with `options`.
#[cfg(unix)]
fn look_at(lake: &Path, options: &[&str]) -> Ran {
    let command = ["watch", "--once", "--format", "json", "--from", lake.to_str().unwrap()];
    Ran::of(&mut program(&[&command[..], options].concat()))
}

#[cfg(unix)]
#[test]
fn watch_looks_at_each_organization_of_a_history_and_tells_each_alert_once() {
    let today = Date::of(std::time::SystemTime::now().into());
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake");
    for (seed, name) in [(1, "alpha"), (2, "beta")] {
        let days = Days::new(config().with_seed(seed), &today.to_string());
        // The current month, and the four weeks before it that tell which clients are new.
        days.run(&lake, &["--last", "59d", "--group-by", "client", "--organization", name]).well();
    }
    let state = directory.path().join("watch.json");
    let log = directory.path().join("log");
    let hook = format!(
        "echo \"$GENESYS_USAGE_ORGANIZATION $GENESYS_USAGE_ALERT $GENESYS_USAGE_CLIENT\" >> '{}'",
        log.display()
    );
    let options = ["--allowance", "1", "--alert-projected", "100%", "--alert-jump", "1.000001x"];
    let with_hook = ["--alert-new-client", "--on-alert", &hook, "--state", state.to_str().unwrap()];
    for _ in 0..2 {
        let ran = look_at(&lake, &[&options[..], &with_hook].concat());
        let looks: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<_> = looks.iter().map(|look| look["organization"].as_str().unwrap()).collect();
        assert_eq!((ran.code, &names[..]), (Some(0), &["alpha", "beta"][..]), "{ran:?}");
        assert_eq!(looks[1]["alerts"][0], "projected", "{ran:?}");
    }
    let told = fs::read_to_string(&log).unwrap();
    let mut lines: Vec<_> = told.lines().map(str::trim_end).collect();
    let count = lines.len();
    for wanted in ["alpha projected", "beta projected"] {
        assert!(lines.contains(&wanted), "{told}");
    }
    assert!(lines.iter().all(|line| line.contains(" projected") || line.split(' ').count() > 2), "{told}");
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count, "an alert was told twice: {told}");

    // One organization has lost its days: the other is still watched, and earlier alerts of both are remembered.
    for entry in fs::read_dir(lake.join("organization=beta")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        }
    }
    let ran = look_at(&lake, &[&options[..], &with_hook].concat());
    assert_eq!(ran.code, Some(8), "{ran:?}");
    assert!(
        ran.stderr.contains("organizations failed: beta\n") && ran.stdout.contains("\"alpha\""),
        "{ran:?}"
    );
    assert_eq!(fs::read_to_string(&log).unwrap(), told);
}
