//! Formats for other programs: metrics, Parquet, and one file a day.

use std::fs;
use std::path::Path;

use serde_json::Value;
use usage_sim::{Fault, Match, Rule};

use crate::support::{Ran, Service, program};

const QUERY: [&str; 7] =
    ["query", "--interval", "2026-09-01/2026-09-04", "--granularity", "day", "--group-by", "client,method"];

/// Returns the totals of a report over `files`.
fn totals(files: &[&str]) -> Value {
    let report = Ran::of(&mut program(&[&["report", "--format", "json"], files].concat())).well();
    serde_json::from_str::<Value>(&report).unwrap()["totals"].clone()
}

#[test]
fn metrics_have_every_count_and_an_end() {
    let service = Service::new();
    let metrics = service.run(&[&QUERY[..], &["--format", "openmetrics"]].concat()).well();
    let rows = service.run(&[&QUERY[..], &["--format", "json"]].concat()).well();
    let rows: Value = serde_json::from_str(&rows).unwrap();
    let wanted: u64 =
        rows["rows"].as_array().unwrap().iter().filter_map(|row| row["requests"].as_u64()).sum();
    let samples = metrics.lines().filter(|line| line.starts_with("genesys_usage_requests{"));
    let sum: u64 = samples.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(sum, wanted);
    assert!(
        metrics.contains(r#"{client_id=""#) && !metrics.contains("date=") && metrics.ends_with("\n# EOF\n"),
        "{metrics}"
    );
}

#[test]
fn one_file_a_day_can_be_written_again_and_read_back() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake");
    let part = |day: u8, name: &str| {
        lake.join(format!("date=2026-09-0{day}")).join(name).into_os_string().into_string().unwrap()
    };
    for format in ["csv", "jsonl"] {
        let whole = directory.path().join("whole");
        service
            .run(&[&QUERY[..], &["--format", format, "--output", whole.to_str().unwrap()]].concat())
            .well();
        let arguments = ["--format", format, "--partition-by", "date", "--output", lake.to_str().unwrap()];
        // Run twice: the second run replaces the files of the first.
        for _ in 0..2 {
            service.run(&[&QUERY[..], &arguments].concat()).well();
            let parts = [1, 2, 3, 4].map(|day| part(day, &format!("usage.{format}")));
            let parts: Vec<_> = parts.iter().map(String::as_str).collect();
            assert_eq!(totals(&parts), totals(&[whole.to_str().unwrap()]), "{format}");
        }
    }
    // A file beside the days describes them.
    assert!(lake.join("_genesys-usage.json").is_file());
    assert_eq!(fs::read_dir(&lake).unwrap().count(), 4 + 1);
    assert_eq!(fs::read_dir(Path::new(&part(1, "")).parent().unwrap()).unwrap().count(), 4 + 1);
}

#[test]
fn a_partition_needs_a_directory() {
    let service = Service::new();
    service.run(&[&QUERY[..], &["--partition-by", "date"]].concat()).failed(2, &["--output <FILE>"]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    service
        .run(&[&QUERY[..], &["--partition-by", "date", "--output", path]].concat())
        .failed(2, &["cannot write to"]);
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn a_directory_of_partitions_holds_rows_of_one_kind_by_day() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    let lake = path("lake");
    let month = [
        "--interval",
        "2026-09-01/2026-09-04",
        "--format",
        "csv",
        "--partition-by",
        "date",
        "--output",
        &lake,
    ];
    let run = |arguments: &[&str]| service.run(&[arguments, &month].concat());
    run(&["query", "--granularity", "day", "--group-by", "client"]).well();
    let before = fs::read_to_string(Path::new(&lake).join("date=2026-09-02/usage.csv")).unwrap();
    service.server.simulator().clear_journal();
    let client = service.client_id().to_owned();
    let uri = "api/v2/users";
    for (arguments, texts) in [
        (
            &["query", "--granularity", "week", "--group-by", "client"][..],
            &["rows by week do not fit", "--granularity day"][..],
        ),
        (&["query", "--granularity", "month"], &["rows by month do not fit"]),
        (&["query", "--group-by", "client"], &["have no date", "give --granularity day"]),
        (
            &["query", "--granularity", "day", "--group-by", "client,uri"],
            &["another kind", "grouping: OAuthClientId, TemplateUri"],
        ),
        (
            &["query", "--granularity", "day", "--group-by", "client", "--client", &client],
            &["another kind", "query: client"],
        ),
        (
            &["query", "--granularity", "day", "--group-by", "client", "--metrics", "requests"],
            &["metrics: Requests"],
        ),
        (&["aggregate", "--granularity", "day", "--group-by", "client"], &["query: organization-job"]),
        (
            &["aggregate", "--granularity", "week", "--group-by", "client", "--uri", uri],
            &["rows by week do not fit"],
        ),
        (&["search"], &["query: simple-search"]),
        (&["search", "--metrics", "client-name,status429"], &["have no date", "let --metrics contain date"]),
    ] {
        run(arguments).failed(2, texts);
    }
    // All of this is refused before a request is sent.
    assert!(service.server.simulator().journal().iter().all(|entry| entry.started.is_none()));
    assert_eq!(fs::read_to_string(Path::new(&lake).join("date=2026-09-02/usage.csv")).unwrap(), before);
    // The order of a list is not significant.
    let other = path("other");
    let into_other = [
        "--interval",
        "2026-09-01/2026-09-02",
        "--format",
        "csv",
        "--partition-by",
        "date",
        "--output",
        &other,
    ];
    for group_by in ["uri,client", "client,uri"] {
        let query = ["query", "--granularity", "day", "--group-by", group_by];
        service.run(&[&query[..], &into_other].concat()).well();
    }
    let search = path("search");
    let into_search = [
        "--interval",
        "2026-09-01/2026-09-01",
        "--format",
        "csv",
        "--partition-by",
        "date",
        "--output",
        &search,
    ];
    service.run(&[&["search", "--method", "GET"][..], &into_search].concat()).well();
    let ran = service.run(&[&["search", "--method", "PUT"][..], &into_search].concat());
    ran.failed(2, &["filters: httpMethods = PUT, here: httpMethods = GET"]);
    // The same rows of another service.
    let elsewhere = Service::new();
    let ran = elsewhere.run(&[&["search", "--method", "GET"][..], &into_search].concat());
    ran.failed(2, &["another kind", "service: http://127.0.0.1:"]);
}

#[test]
fn a_cut_off_day_does_not_replace_a_whole_one() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake").into_os_string().into_string().unwrap();
    let search = ["search", "--interval", "2026-09-01/2026-09-01", "--format", "jsonl"];
    let search = [&search[..], &["--partition-by", "date", "--output", &lake]].concat();
    service.run(&search).well();
    let file = Path::new(&lake).join("date=2026-09-01/usage.jsonl");
    let before = fs::read_to_string(&file).unwrap();
    let mut body = String::from(r#"{"results":["#);
    let row = r#"{"date":"2026-09-01T00:00:00Z","clientName":"x","status200":1}"#;
    body.push_str(&vec![row; 20_000].join(","));
    body.push_str(r#"],"queryStatus":"Complete"}"#);
    let cut_off = Fault::StatusWith { status: 200, headers: Vec::new(), body: body.into_bytes() };
    service.server.simulator().inject(Rule::new(Match::Results, cut_off).times(1));
    let ran = service.run(&search);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("warning: kept, because their rows are newer or more complete"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_partition_is_not_followed() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let (lake, elsewhere) = (directory.path().join("lake"), directory.path().join("elsewhere"));
    fs::create_dir_all(&lake).unwrap();
    fs::create_dir_all(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, lake.join("date=2026-09-01")).unwrap();
    let arguments = ["--format", "csv", "--partition-by", "date", "--output", lake.to_str().unwrap()];
    service.run(&[&QUERY[..], &arguments].concat()).failed(2, &["date=2026-09-01 is a symbolic link"]);
    assert!(service.server.simulator().journal().is_empty());
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

/// Returns what another implementation reads: the types of the columns, and the sums.
#[cfg(feature = "parquet")]
const READERS: [(&str, &str); 2] = [
    (
        "pyarrow",
        "import sys, json, pyarrow.parquet as p, pyarrow.compute as c\n\
         t = p.read_table(sys.argv[1])\n\
         s = lambda n: c.sum(t[n]).as_py()\n\
         types = {f.name: str(f.type) for f in t.schema}\n\
         ok = types['date'] == 'date32[day]' and types['clientName'] == 'string' and types['requests'] == 'int64'\n\
         print(json.dumps([ok, len(t), s('requests'), s('status429'), str(c.min(t['date'])), t['userId'].null_count]))",
    ),
    (
        "duckdb",
        "import sys, json, duckdb\n\
         q = \"SELECT count(*), sum(requests)::BIGINT, sum(status429)::BIGINT, min(date)::VARCHAR, \
         count(*) - count(userId), any_value(typeof(date) = 'DATE' AND typeof(clientName) = 'VARCHAR' \
         AND typeof(requests) = 'BIGINT') FROM read_parquet(?)\"\n\
         r = duckdb.execute(q, [sys.argv[1]]).fetchone()\n\
         print(json.dumps([r[5], *r[:5]]))",
    ),
];

#[cfg(feature = "parquet")]
#[test]
#[expect(clippy::print_stderr, reason = "a note that something was not tested")]
fn parquet_is_read_back_by_others() {
    use std::process::Command;

    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    for (name, format) in [("rows.parquet", "parquet"), ("rows.csv", "csv")] {
        service.run(&[&QUERY[..], &["--format", format, "--output", &path(name)]].concat()).well();
    }
    let totals = totals(&[&path("rows.csv")]);
    let rows = totals["rows"].clone();
    let wanted = serde_json::json!([true, rows, totals["requests"], totals["status429"], "2026-09-01", rows]);
    for (module, script) in READERS {
        let there = Command::new("python3").args(["-c", &format!("import {module}")]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: Python has no {module} here");
            continue;
        }
        let ran = Ran::of(Command::new("python3").args(["-c", script, &path("rows.parquet")]));
        assert_eq!(ran.code, Some(0), "{module}: {}", ran.stderr);
        assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap(), wanted, "{module}");
    }
}

/// Returns what others read from a directory: rows, requests, first date.
#[cfg(feature = "parquet")]
const DIRECTORY_READERS: [(&str, &str); 2] = [
    (
        "pandas, pyarrow",
        "import sys, json, pandas\n\
         t = pandas.read_parquet(sys.argv[1])\n\
         print(json.dumps([len(t), int(t['requests'].sum()), str(t['date'].astype(str).min())]))",
    ),
    (
        "duckdb",
        "import sys, json, duckdb\n\
         q = 'SELECT count(*), sum(requests)::BIGINT, min(date)::VARCHAR FROM read_parquet(?)'\n\
         print(json.dumps(duckdb.execute(q, [sys.argv[1] + '/*/*.parquet']).fetchone()))",
    ),
];

#[cfg(feature = "parquet")]
#[test]
#[expect(clippy::print_stderr, reason = "a note that something was not tested")]
fn a_directory_of_parquet_is_read_back_by_others() {
    use std::process::Command;

    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    service.run(&[&QUERY[..], &["--format", "csv", "--output", &path("rows.csv")]].concat()).well();
    let parts = ["--format", "parquet", "--partition-by", "date", "--output", &path("lake")];
    service.run(&[&QUERY[..], &parts].concat()).well();
    let totals = totals(&[&path("rows.csv")]);
    let wanted = serde_json::json!([totals["rows"], totals["requests"], "2026-09-01"]);
    for (modules, script) in DIRECTORY_READERS {
        let there = Command::new("python3").args(["-c", &format!("import {modules}")]).output();
        if !there.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: Python has no {modules} here");
            continue;
        }
        let ran = Ran::of(Command::new("python3").args(["-c", script, &path("lake")]));
        assert_eq!(ran.code, Some(0), "{modules}: {}", ran.stderr);
        assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap(), wanted, "{modules}");
    }
}

#[cfg(feature = "png")]
#[test]
fn a_chart_becomes_a_png() {
    let directory = tempfile::tempdir().unwrap();
    let (rows, png) = (directory.path().join("rows.csv"), directory.path().join("chart.png"));
    fs::write(&rows, "date,requests\n2026-10-01,5\n2026-10-02,7\n").unwrap();
    let arguments = ["report", rows.to_str().unwrap(), "--format", "png", "--output", png.to_str().unwrap()];
    Ran::of(&mut program(&arguments)).well();
    assert!(fs::read(png).unwrap().starts_with(b"\x89PNG\r\n"));
}

/// The manual names formats that this build may not have.
#[test]
fn a_format_of_another_build_is_named_before_anything_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    for (command, format, is_here) in
        [("query", "parquet", cfg!(feature = "parquet")), ("report", "png", cfg!(feature = "png"))]
    {
        let service = Service::new();
        let ran =
            service.run(&[command, "--last", "2d", "--format", format, "--output", path.to_str().unwrap()]);
        if is_here {
            ran.well();
        } else {
            let feature = format!("--features {format}");
            ran.failed(2, &[&format!("this build of genesys-usage cannot write {format}"), &feature]);
            assert!(service.server.simulator().journal().is_empty());
        }
    }
}
