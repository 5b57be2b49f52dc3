//! `--where`, `--sort` and `--limit`: which rows are written, and how left-out rows are reported.

use std::fs;
use std::time::Duration;

use crate::support::{Ran, Service, config, keeping, program};

const QUERY: [&str; 5] = ["query", "--interval", "2026-10-01/2026-10-14", "--group-by", "client,uri"];

fn query<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&QUERY[..], options].concat()
}

#[test]
fn every_query_is_filtered_sorted_and_cut() {
    let service = Service::fixed();
    let period = ["--interval", "2026-10-01/2026-10-14", "--format", "csv"];
    let commands = [
        &["query", "--group-by", "client,uri"][..],
        &["aggregate", "--group-by", "client-name,uri"],
        &["search"],
    ];
    for command in commands {
        let run = |options: &[&str]| service.run(&[command, &period, options].concat());
        let all = run(&[]).well();
        let header: Vec<_> = all.lines().next().unwrap().split(',').collect();
        let place = header.iter().position(|name| *name == "status429").unwrap();
        let count = |line: &str| line.split(',').nth(place).and_then(|count| count.parse::<u64>().ok());
        let wanted = all.lines().skip(1).filter(|line| count(line).is_some_and(|count| count > 0)).count();
        assert!(wanted > 3, "{command:?}: {all}");
        let ran = run(&["--where", "status429 > 0", "--sort", "status429:desc", "--limit", "3"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let note = format!("3 of {} rows are written; the column rowsMissing says", all.lines().count() - 1);
        assert!(ran.stderr.replace(',', "").contains(&note), "{ran:?}");
        assert!(!all.contains("rowsMissing") && ran.stdout.matches(",leftOut\n").count() == 3, "{ran:?}");
        let counts: Vec<_> = ran.stdout.lines().skip(1).filter_map(count).collect();
        assert!(counts.len() == 3 && counts.is_sorted_by(|one, two| one >= two), "{ran:?}");
        let largest = all.lines().skip(1).filter_map(count).max();
        assert_eq!(counts.first().copied(), largest);
    }
}

#[test]
fn what_is_left_out_is_said() {
    let service = Service::fixed();
    let table = service.run(&query(&["--limit", "2"])).well();
    assert!(table.contains("Total of 2 rows") && table.contains("\n2 of "), "{table}");
    assert!(table.trim_end().ends_with("rows; the totals are of these."), "{table}");
    let none = service.run(&query(&["--where", "client-name = nobody"])).well();
    assert!(none.starts_with("0 of ") && none.ends_with("rows: none meets --where.\n"), "{none}");
    let json = service.run(&query(&["--limit", "2", "--format", "json"])).well();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let scope = &json["scope"];
    assert_eq!(scope["complete"], false);
    assert_eq!(scope["missing"], serde_json::json!(["leftOut"]));
    assert!(scope["rowsLeftOut"].as_u64().unwrap() > 10, "{scope}");
    // A limit that leaves out no row is not reported.
    let whole = service.run(&query(&["--limit", "1000000", "--format", "json"])).well();
    assert!(whole.contains("\"complete\":true") && !whole.contains("rowsLeftOut"), "{whole}");
}

#[test]
fn a_report_does_not_take_saved_rows_for_all() {
    let service = Service::fixed();
    let directory = tempfile::tempdir().unwrap();
    for name in ["rows.json", "rows.csv", "rows.jsonl"] {
        let rows = directory.path().join(name);
        let path = rows.to_str().unwrap();
        let saved = service.run(&query(&["--granularity", "day", "--limit", "9", "--output", path]));
        assert_eq!(saved.code, Some(0), "{saved:?}");
        let ran = Ran::of(&mut program(&["report", path, "--allowance", "1000", "--month", "2026-10"]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("Rows are missing: rows were left out on purpose when they were written."),
            "{name}: {text}"
        );
        assert!(text.contains("no month is projected"), "{name}: {text}");
        assert!(!ran.stderr.contains("not used"), "{ran:?}");
    }
    // A directory of days is read as complete.
    let lake = directory.path().join("lake");
    let partitioned = ["--granularity", "day", "--format", "csv", "--partition-by", "date", "--output"];
    let partitioned = [&partitioned[..], &[lake.to_str().unwrap(), "--where", "requests>5"]].concat();
    service.run(&query(&partitioned)).failed(2, &["--partition-by keeps whole days"]);
    assert!(!lake.exists());
}

#[test]
fn a_resumed_run_has_the_same_selection() {
    let service = Service::with(config().with_execution_time(Duration::from_millis(700)));
    let directory = tempfile::tempdir().unwrap();
    let (state, rows) = (directory.path().join("run.json"), directory.path().join("rows.csv"));
    let selection = ["--where", "method=GET or method=POST", "--sort", "status200:desc", "--limit", "5"];
    let search = [&["search", "--last", "2d"], &selection[..]].concat();
    let wanted = service.run(&[&search[..], &["--format", "csv"]].concat()).stdout;
    assert_eq!(wanted.lines().count(), 6, "{wanted}");
    let output = ["--output", rows.to_str().unwrap(), "--deadline", "200ms"];
    let stopped = Ran::of(&mut service.command(&[&search[..], &keeping(&state), &output].concat()));
    assert_eq!(stopped.code, Some(4), "{stopped:?}");
    let resumed = service.resume(&["resume", state.to_str().unwrap()]);
    assert!(resumed.code == Some(0) && resumed.stderr.contains("note: 5 of "), "{resumed:?}");
    assert_eq!(fs::read_to_string(rows).unwrap(), wanted);
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let service = Service::fixed();
    let ran = service.run(&query(&["--where", "status429>0 and stauts500>0"]));
    ran.failed(2, &["did you mean 'status500'?", "\n  status429>0 and stauts500>0\n                  ^\n"]);
    service.run(&query(&["--limit", "0"])).failed(2, &["--limit"]);
    let absent = service.run(&query(&["--where", "platform != x", "--sort", "user"]));
    assert_eq!(absent.code, Some(0), "{absent:?}");
    for text in ["warning: --where: no row has a platform\n", "warning: --sort: no row has a user\n"] {
        assert!(absent.stderr.contains(text), "{absent:?}");
    }
}
