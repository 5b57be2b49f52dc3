//! Projections of a month from daily totals before it, which `report` and `watch` fetch.
//!
//! `cargo test -p genesys-usage --test it projection -- --nocapture` prints the errors of the projections.

use std::fs;
use std::time::SystemTime;

use serde_json::Value;
use usage_core::Date;
use usage_sim::{Fault, Match, Rule, ServeOptions, VirtualClock};

use crate::support::{Ran, Service, TRANSPORTS, config, keeping, program};

/// The service on 4 August 2026, when three days of the month have data.
const AUGUST: [&str; 8] = [
    "report",
    "--interval",
    "2026-08-01/2026-08-03",
    "--group-by",
    "client",
    "--allowance",
    "9000000",
    "--format=json",
];

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn month(report: &Value) -> &Value {
    report["allowance"]["months"].as_array().unwrap().last().unwrap()
}

/// Returns the bodies of the queries that were submitted.
fn submitted(service: &Service) -> Vec<Value> {
    let simulator = service.server.simulator();
    let started = simulator.journal().iter().filter(|entry| entry.started.is_some());
    started.map(|entry| serde_json::from_slice(&entry.body).unwrap()).collect()
}

fn tokens(service: &Service) -> usize {
    service.server.simulator().journal().iter().filter(|entry| entry.target.ends_with("/oauth/token")).count()
}

/// Creates the organization of `seed`, whose August 2026 is known.
fn organization(seed: u64) -> Service {
    let clock = VirtualClock::new("2026-10-16".parse::<Date>().unwrap().start());
    Service::serving(config().with_seed(seed).with_story(false), ServeOptions::default().with_clock(clock))
}

/// Returns the requests of August 2026.
fn real(service: &Service) -> f64 {
    let whole = service.run(&["report", "--month", "2026-08", "--group-by", "client", "--format", "json"]);
    json(&whole.well())["totals"]["requests"].as_f64().unwrap()
}

#[test]
#[expect(clippy::print_stdout, reason = "the table of the errors")]
fn the_first_days_of_a_month_tell_its_end() {
    println!("August 2026 after   2 days   3 days   5 days  10 days");
    let mut after_three = Vec::new();
    for seed in 1..=5 {
        let service = organization(seed);
        let real = real(&service);
        let errors = [2, 3, 5, 10].map(|days| {
            let period = format!("2026-08-01/2026-08-{days:02}");
            let seen =
                json(&service.run(&[&["report", "--interval", &period], &AUGUST[3..]].concat()).well());
            let month = month(&seen);
            assert_eq!((&month["daysCounted"], &month["projectedFromDays"]), (&days.into(), &28.into()));
            assert!(month["projectedTrendDays"].as_u64() >= Some(110), "{month}");
            month["projected"].as_f64().unwrap() / real - 1.0
        });
        let row = errors.map(|error| format!("{:>+7.2} %", error * 100.0)).concat();
        println!("seed {seed}          {row}");
        after_three.push(errors[1].abs());
        assert!(errors.iter().all(|error| error.abs() <= 0.05), "seed {seed}: {row}");
    }
    after_three.sort_by(f64::total_cmp);
    assert!(after_three[2] <= 0.015 && after_three[4] <= 0.03, "{after_three:?}");
}

#[test]
fn the_days_before_are_one_small_query_and_in_no_sum() {
    let without = {
        let service = organization(1);
        let report = json(&service.run(&[&AUGUST[..5], &AUGUST[7..]].concat()).well());
        assert_eq!(submitted(&service).len(), 1);
        report
    };
    for transport in TRANSPORTS {
        let service = organization(1);
        let mut report = json(&service.run(&[&AUGUST[..], &["--transport", transport]].concat()).well());
        let queries = submitted(&service);
        assert_eq!((queries.len(), tokens(&service)), (2, 1));
        let wanted = serde_json::json!({
            "interval": "2026-04-11/2026-07-31", "granularity": "Day", "groupBy": ["OrganizationId"],
            "metrics": ["Requests"],
        });
        assert_eq!(queries[1], wanted);
        assert!(report.as_object_mut().unwrap().remove("allowance").is_some());
        // The month's finding is the first of its kind.
        let findings = report["findings"].as_array_mut().unwrap();
        findings.retain(|finding| finding["kind"] != "month");
        let mut without = without.clone();
        for report in [&mut report, &mut without] {
            report["scope"].as_object_mut().unwrap().remove("askedAt");
        }
        assert_eq!(report, without);
    }
}

#[test]
fn nothing_is_asked_for_that_no_projection_needs() {
    for (period, other) in [
        // Over the allowance.
        ("2026-08-01/2026-08-31", "--top=5"),
        // It has four weeks of history itself.
        ("2026-07-14/2026-08-10", "--top=5"),
        // Weeks have no weekdays.
        ("2026-08-03/2026-08-09", "--granularity=week"),
    ] {
        let service = organization(1);
        service.run(&[&["report", "--interval", period, other], &AUGUST[3..]].concat()).well();
        assert_eq!(submitted(&service).len(), 1, "{period} {other}");
    }
}

#[test]
fn one_client_has_its_own_days_before() {
    let service = organization(1);
    let client = service.client_id().to_owned();
    let report = json(&service.run(&[&AUGUST[..], &["--client", &client]].concat()).well());
    assert_eq!((submitted(&service).len(), month(&report)["projectedFromDays"].as_u64()), (2, Some(28)));
    assert!(
        service
            .server
            .simulator()
            .journal()
            .iter()
            .all(|entry| entry.started.is_none() || entry.target.contains(&client))
    );
}

#[test]
fn a_report_does_without_the_days_before_if_they_do_not_arrive() {
    let hours = Fault::RateLimited { retry_after: Some("7200".into()) };
    for (on, fault) in [
        (Match::Submit, Fault::FailQuery),
        (Match::Submit, Fault::Status(403)),
        (Match::Submit, hours),
        (Match::Results, Fault::Status(404)),
        (Match::Results, Fault::UnknownStatus("ODD".into())),
    ] {
        let service = organization(1);
        service.server.simulator().inject(Rule::new(on, fault.clone()).skip(1).always());
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("run.json");
        let mut command = service.command(&[&AUGUST[..], &["--deadline", "2s"]].concat());
        let ran = Ran::of(command.args(keeping(&state)));
        assert_eq!(ran.code, Some(0), "{fault:?}: {ran:?}");
        let said = "warning: the daily totals of 2026-04-11 to 2026-07-31 did not arrive, the projection is made from 3 days: ";
        assert!(ran.stderr.starts_with(said) && ran.stderr.lines().count() == 1, "{fault:?}: {ran:?}");
        assert!(!state.exists(), "{fault:?}");
        let report = json(&ran.stdout);
        let month = month(&report);
        assert_eq!(
            (&month["projectedFromDays"], month.get("projectedTrendDays")),
            (&3.into(), None),
            "{fault:?}"
        );
    }
}

#[test]
fn a_dry_run_shows_both_queries() {
    let shown =
        program(&[&AUGUST[..7], &["--dry-run", "--region", "mypurecloud.de"]].concat()).output().unwrap();
    let shown = Ran::from(shown).well();
    assert_eq!(shown.matches("POST https://api.mypurecloud.de/api/v2/usage/query").count(), 2, "{shown}");
    assert!(shown.contains("2026-08-01/2026-08-03") && shown.contains("2026-04-11/2026-07-31"), "{shown}");
}

#[test]
fn text_and_page_say_from_how_many_days() {
    let service = organization(1);
    let said = "Made from 3 days only";
    for format in ["text", "html"] {
        let arguments = [&AUGUST[..7], &["--format", format]].concat();
        let page = service.run(&arguments).well().replace("<time>", "").replace("</time>", "");
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains("in the 28 days up to 2026-08-03, moved by the trend of 112 days"), "{page}");
        assert!(!page.contains(said), "{page}");
        service.server.simulator().inject(Rule::new(Match::Submit, Fault::Status(403)).skip(1));
        let page = service.run(&arguments).stdout;
        assert!(page.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{page}");
    }
}

#[test]
fn the_last_days_of_a_month_do_not_stand_for_all_of_it() {
    let service = organization(1);
    let real = real(&service);
    let week = service.run(&[&["report", "--interval", "2026-08-20/2026-08-26"], &AUGUST[3..]].concat());
    let week = json(&week.well());
    let month = month(&week);
    assert_eq!((&month["daysCounted"], &month["used"]), (&7.into(), &week["totals"]["requests"]));
    assert!((month["projected"].as_f64().unwrap() / real - 1.0).abs() < 0.01, "{month} of {real}");

    let week = service.run(&[&["report", "--interval", "2026-08-25/2026-08-31"], &AUGUST[3..]].concat());
    let month = self::month(&json(&week.well())).clone();
    assert_eq!((month["projected"].as_f64(), &month["ended"]), (Some(real), &true.into()), "{month}");
}

#[test]
fn saved_days_before_the_month_are_its_history() {
    let service = organization(1);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    let path = path.to_str().unwrap();
    let query = ["query", "--interval", "2026-04-11/2026-08-03", "--granularity", "day", "--format", "json"];
    service.run(&[&query[..], &["--output", path]].concat()).well();
    let live = json(&service.run(&AUGUST).well());
    let saved = |period: &[&str]| {
        let told = ["report", path, "--allowance", "9000000", "--format", "json"];
        json(&Ran::of(&mut program(&[&told, period].concat())).well())
    };
    assert_eq!(saved(&AUGUST[1..3])["allowance"], live["allowance"]);
    // All its days are in the report: those before August are in their own months.
    let all = saved(&[]);
    assert_eq!(month(&all), month(&live));
    assert_eq!(all["allowance"]["months"].as_array().unwrap().len(), 5);
}

/// Returns the days from `first` to `last` days ago, as rows of a file without a scope.
fn days_ago(first: i64, last: i64, has: impl Fn(Date) -> bool) -> String {
    let today = Date::of(SystemTime::now().into());
    let days = (last..=first).rev().map(|ago| today.plus_days(-ago)).filter(|day| has(*day));
    let row = |day: Date| format!("{{\"date\":\"{day}\",\"clientName\":\"a\",\"requests\":10}}\n");
    days.map(row).collect::<Vec<_>>().concat()
}

#[test]
fn an_old_file_of_a_period_that_is_not_over_is_not_projected() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.jsonl");
    let today = Date::of(SystemTime::now().into());
    let report = |rows: &str, first: i64, last: i64| {
        fs::write(&path, rows).unwrap();
        let period = format!("{}/{}", today.plus_days(-first), today.plus_days(-last));
        let told = ["--granularity", "day", "--allowance", "1000", "--format", "json", "--interval", &period];
        let ran = Ran::of(&mut program(&[&["report", path.to_str().unwrap()], &told[..]].concat()));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        (json(&ran.stdout), ran.stderr)
    };
    let is_projected = |report: &Value| report["allowance"]["months"].to_string().contains("\"projected\"");
    let every_day = |_: Date| true;

    // The file ends weeks ago, or has no dates: later usage is unknown.
    let undated = "{\"clientName\":\"a\",\"requests\":10}\n";
    for (rows, said) in [
        (days_ago(40, 20, every_day), format!("the last row is of {}", today.plus_days(-20))),
        (days_ago(40, 2, every_day), format!("the last row is of {}", today.plus_days(-2))),
        (undated.to_owned(), "rows have no date".to_owned()),
    ] {
        let (report, stderr) = report(&rows, 40, -10);
        assert!(!is_projected(&report), "{report}");
        assert!(report["limitations"].to_string().contains("period"), "{report}");
        assert!(stderr.starts_with("note: ") && stderr.contains(&said), "{stderr}");
        assert!(stderr.contains(&format!("--interval {}/", today.plus_days(-40))), "{stderr}");
    }
    // The file reaches yesterday, or its missing days are as quiet as in the weeks before; or the period tells where it
    // ends.
    let yesterday = today.plus_days(-1).weekday();
    for (rows, last) in [
        (days_ago(40, 1, every_day), -10),
        (days_ago(40, 2, |day| day.weekday() != yesterday), -10),
        (days_ago(40, 20, every_day), 20),
    ] {
        let (report, stderr) = report(&rows, 40, last);
        assert!(is_projected(&report) && stderr.is_empty(), "{stderr}: {report}");
    }
}

#[test]
fn watch_asks_for_the_days_before_once_a_day() {
    let yesterday = Date::of(SystemTime::now().into()).plus_days(-1);
    let is_needed = yesterday != yesterday.last_of_month() && yesterday.day() < 28;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("watch.json");
    let service = Service::new();
    let look = || {
        let mut command = service.command(&["watch", "--once", "--allowance", "9000000", "--format", "json"]);
        Ran::of(command.args(keeping(&state)))
    };
    // The history does not arrive the first time; an alert without it would say little.
    let refused = Rule::new(Match::Submit, Fault::Status(403)).skip(1);
    if is_needed {
        service.server.simulator().inject(refused.clone());
        let ran = look();
        let days = yesterday.day();
        assert!(ran.stderr.contains("the daily totals of ") && ran.stderr.lines().count() == 1, "{ran:?}");
        assert_eq!((ran.code, &json(&ran.stdout)["projectedFromDays"]), (Some(0), &days.into()), "{ran:?}");
    }
    let before = submitted(&service).len();
    for (look_number, queries) in [(1, 2), (2, 3), (3, 4)] {
        let seen = json(&look().well());
        let queries = if is_needed { queries } else { look_number };
        assert_eq!(submitted(&service).len() - before, queries, "look {look_number}");
        assert_eq!(
            seen["projectedFromDays"].as_u64(),
            (yesterday != yesterday.last_of_month()).then_some(28)
        );
    }
    if !is_needed {
        return;
    }
    // The next day it is fetched again; if that fails, the history of the day before is used.
    let kept = fs::read_to_string(&state).unwrap();
    let asked_on = format!("\"askedOn\":\"{}\"", yesterday.plus_days(1));
    assert!(kept.contains(&asked_on), "{kept}");
    fs::write(&state, kept.replace(&asked_on, &format!("\"askedOn\":\"{yesterday}\""))).unwrap();
    service.server.simulator().inject(refused);
    let ran = look();
    assert!(
        ran.stderr.contains("the daily totals of ") && json(&ran.stdout)["projectedFromDays"] == 28,
        "{ran:?}"
    );
    look().well();
    assert_eq!(submitted(&service).len() - before, 7);
}

#[test]
fn watch_without_an_allowance_asks_for_its_month_alone() {
    let service = Service::new();
    service.run(&["watch", "--once"]).well();
    assert_eq!(submitted(&service).len(), 1);
}
