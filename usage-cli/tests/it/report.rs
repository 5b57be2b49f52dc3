//! `genesys-usage report`: over a query or saved files, in every format.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use usage_core::Date;

use crate::support::{Ran, Service, config, last_month, program};

/// The query that a report submits.
const QUERY: [&str; 5] = ["query", "--granularity", "day", "--group-by", "client,uri,method,user"];

/// Two clients on three days, one of which is quiet, with every member that a row can have.
const SMALL: &str = "\
date,clientId,clientName,templateUri,httpMethod,requests,status200,status300,status400,status429,status500
2026-10-01,a,Nightly Export,api/v2/users,GET,600,590,0,6,0,4
2026-10-03,a,Nightly Export,api/v2/users,GET,300,280,0,20,20,0
2026-10-03,b,Bot,api/v2/queues,POST,100,100,0,0,0,0
";

/// Creates a directory with `SMALL` in it, and returns the path of that file.
fn small() -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("small.csv");
    fs::write(&path, SMALL).unwrap();
    let path = path.into_os_string().into_string().unwrap();
    (directory, path)
}

fn report(arguments: &[&str]) -> Ran {
    Ran::of(&mut program(&[&["report"], arguments].concat()))
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_query_and_its_saved_rows_give_the_same_report() {
    let service = Service::new();
    // With four weeks of rows, no further query is submitted.
    let period = ["--interval", "2026-08-30/2026-09-26"];
    let wanted =
        service.run(&[&["report", "--format", "json", "--allowance", "100000"], &period[..]].concat());
    let wanted = wanted.well();
    assert!(json(&wanted)["totals"]["requests"].as_u64() > Some(1_000_000));
    for key in ["topClients", "topUsers", "topUris", "topMethods", "days", "busiestDays"] {
        assert!(json(&wanted)[key].as_array().is_some_and(|list| list.len() >= 5), "{key}");
    }
    let directory = tempfile::tempdir().unwrap();
    for format in ["json", "jsonl", "csv"] {
        let path = directory.path().join(format);
        let path = path.to_str().unwrap();
        service.run(&[&QUERY[..], &period, &["--format", format, "--output", path]].concat()).well();
        // A CSV file has no scope; the options give it.
        let told = ["--granularity", "day", "--format", "json", "--allowance", "100000"];
        let mut saved = json(&report(&[&[path], &told[..], &period].concat()).well());
        let mut wanted = json(&wanted);
        for document in [&mut saved, &mut wanted] {
            document.as_object_mut().unwrap().remove("scope");
        }
        assert_eq!(saved, wanted, "{format}");
    }
}

#[test]
fn totals_are_those_of_the_rows() {
    let service = Service::fixed();
    let period = ["--month", "2026-09"];
    let rows = json(&service.run(&[&QUERY[..], &period, &["--format", "json"]].concat()).well());
    let sum = |name: &str| {
        rows["rows"].as_array().unwrap().iter().filter_map(|row| row[name].as_u64()).sum::<u64>()
    };
    let report =
        json(&service.run(&["report", "--month", "2026-09", "--format", "json", "--top", "3"]).well());
    let totals = &report["totals"];
    for name in ["requests", "status200", "status300", "status400", "status429", "status500"] {
        assert_eq!(totals[name], sum(name), "{name}");
    }
    assert_eq!(totals["rows"], rows["rows"].as_array().unwrap().len());
    assert_eq!((totals["from"].as_str(), totals["to"].as_str()), (Some("2026-09-01"), Some("2026-09-30")));
    #[expect(clippy::cast_precision_loss, reason = "as the rate is defined")]
    let rate = (sum("status400") + sum("status500")) as f64 / sum("requests") as f64;
    assert!((totals["errorRate"].as_f64().unwrap() - rate).abs() < 1e-12);
    assert_eq!(report["topClients"].as_array().unwrap().len(), 3);
    assert!(report["others"]["clients"]["count"].as_u64() > Some(10));
}

#[test]
fn a_comparison_asks_for_the_month_before() {
    let service = Service::fixed();
    let ran = service.run(&["report", "--month", "2026-09", "--compare", "--format", "json"]).well();
    let report = json(&ran);
    assert_eq!(report["comparison"]["period"], serde_json::json!({"from": "2026-08-01", "to": "2026-08-31"}));
    let before = json(&service.run(&["report", "--month", "2026-08", "--format", "json"]).well());
    assert_eq!(report["comparison"]["requests"]["previous"], before["totals"]["requests"]);
    // A campaign a month: one appeared, one vanished.
    let names = |list: &str| report["arrivals"][list].to_string();
    assert!(names("appeared").contains("Campaign Import 2026-09"), "{}", names("appeared"));
    assert!(names("vanished").contains("Campaign Import 2026-08"), "{}", names("vanished"));
}

#[test]
fn one_client_and_the_jobs_have_reports_too() {
    let service = Service::new();
    let client = service.client_id().to_owned();
    let of_client = service.run(&["report", "--last", "7d", "--client", &client, "--format", "json"]).well();
    assert_eq!(json(&of_client)["topClients"].as_array().unwrap().len(), 1);

    let jobs = service.run(&[
        "aggregate",
        "--last",
        "7d",
        "--granularity",
        "day",
        "--group-by",
        "platform,client",
        "--format",
        "json",
    ]);
    let mut command = program(&["report", "-", "--format", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(jobs.well().as_bytes()).unwrap();
    let report = json(&Ran::from(child.wait_with_output().unwrap()).well());
    assert!(report["topPlatforms"].as_array().is_some_and(|platforms| platforms.len() > 2), "{report}");
}

#[test]
fn every_format_runs_against_the_built_in_simulator() {
    let simulated = &|arguments: &[&str]| {
        let usual =
            ["--last", "10d", "--simulate", "--initial-delay", "1300ms", "--licenses", "cx2-named=40"];
        report(&[&usual, arguments].concat()).well()
    };
    // Each run waits more than a second for its execution.
    thread::scope(|scope| {
        scope.spawn(|| {
            let text = simulated(&[]);
            for part in [
                "API usage from ",
                "Allowance: 4,400,000 requests a month",
                "Top clients: 10 of ",
                "is not the bill",
            ] {
                assert!(text.contains(part), "{part:?} is not in {text}");
            }
            assert!(!text.contains('\u{1b}'));
        });
        scope.spawn(|| assert!(json(&simulated(&["--format", "json"]))["allowance"]["months"].is_array()));
        for (arguments, start, end) in [
            (&["--format", "html", "--compare"][..], "<!DOCTYPE html>", ""),
            (&["--format", "csv"], "list,place,id,name,share,rows,requests,", "\n"),
            (&["--format", "openmetrics"], "#", "# EOF\n"),
            (&["--format", "svg", "--chart", "days"], "<svg xmlns=", "</svg>\n"),
            (&["--format", "svg", "--chart", "heatmap"], "<svg xmlns=", "</svg>\n"),
            (&["--format", "svg", "--chart", "clients"], "<svg xmlns=", "</svg>\n"),
        ] {
            scope.spawn(move || {
                let text = simulated(arguments);
                assert!(text.starts_with(start) && text.ends_with(end), "{arguments:?} {text}");
            });
        }
    });
}

#[test]
fn the_text_of_a_small_report() {
    let (_directory, path) = small();
    let told = ["--granularity", "day", "--interval", "2026-10-01/2026-10-03"];
    let text = report(&[&[&*path, "--allowance", "9000"], &told[..]].concat()).well();
    let wanted = "\
API usage from 2026-10-01 to 2026-10-03: 3 days, 2 clients

!  October 2026 is projected to exceed its allowance of 9,000 requests by 1,333: 10,333 (115 %); it
   runs out on 2026-10-28; likely are 1,000 to 37,000.
-  1.00 % of all requests failed besides rate limits: 10 of 1,000.
-  Nightly Export causes all of the rate-limited requests, all of them on api/v2/users; 20 requests
   were rate limited (429), 2.00 % of all.

  Requests              1,000
  Errors               3.00 %  30 (4xx and 5xx)
  Rate limited         2.00 %  20 (429, a part of 4xx)
  By day         █ ▆

Allowance: 9,000 requests a month
  2026-10           1,000 used  ███···························  11.1 %  on 3 of 31 days
  projected        10,333 all   ██████████████████████████████  115 %
            Likely 1,000 to 37,000.
            will be over from 2026-10-28 on, by 1,333 at the end of the month; the range begins
            within it
            Assumption: the 28 days of 2026-10 not in the data are taken for the means of their
            weekdays in the 3 days up to 2026-10-03, and for the mean of all where there is no such
            weekday.
            Made from 3 days only: a period that begins weeks earlier makes it better.

Requests by day
  2026-10-01 Thu 600  █████████████████████████████████████████████████████████████████████████████▒
";
    assert!(text.starts_with(wanted), "{text}");
    let list = "
Clients
                  Requests  Share                    Errors       429  Trend
  Nightly Export       900  ███████████·   90.0 %    3.33 %    2.22 %  █ ▅
  Bot                  100  █···········   10.0 %    0.00 %    0.00 %    █
";
    assert!(text.contains(list), "{text}");
    let halves = "
Clients that appeared or vanished
2026-10-03 to 2026-10-03 against 2026-10-01 to 2026-10-01
  appeared  Bot: 100 requests, first on 2026-10-03
";
    assert!(text.contains(halves), "{text}");
    assert!(text.ends_with("the service does not say which: this is not the bill.\n"), "{text}");
}

#[test]
fn the_overage_of_the_worked_example() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("october.json");
    fs::write(&path, r#"{"results":[{"requests":505992}],"queryStatus":"Complete"}"#).unwrap();
    let arguments = [path.to_str().unwrap(), "--licenses", "cx3-concurrent=1"];
    let report_of = |more: &[&str]| json(&report(&[&arguments, more, &["--format", "json"]].concat()).well());
    for more in [&[][..], &["--month", "2026-10"]] {
        let month = &report_of(more)["allowance"]["months"][0];
        assert_eq!((month["used"].as_u64(), month["over"].as_u64()), (Some(505_992), Some(323_992)));
    }
    let text = report(&[&arguments, &["--month", "2026-10"][..]].concat()).well();
    assert!(text.contains("Allowance: 182,000 requests a month (cx3-concurrent=1)"), "{text}");
    assert!(text.contains("over by 323,992"), "{text}");
}

#[test]
fn saved_days_are_selected_and_compared() {
    let (directory, path) = small();
    let days = json(&report(&[&path, "--interval", "2026-10-02/2026-10-31", "--format", "json"]).well());
    assert_eq!(
        (days["totals"]["requests"].as_u64(), days["totals"]["from"].as_str()),
        (Some(400), Some("2026-10-02"))
    );
    let halves = json(&report(&[&path, "--compare", "--format", "json"]).well());
    assert_eq!(
        (halves["comparison"]["requests"]["previous"].as_u64(), halves["totals"]["requests"].as_u64()),
        (Some(600), Some(400))
    );
    let other = directory.path().join("september.jsonl");
    fs::write(&other, "{\"requests\":40,\"clientName\":\"Old\"}\n").unwrap();
    let with = json(&report(&[&path, "--compare-with", other.to_str().unwrap(), "--format", "json"]).well());
    assert_eq!(with["comparison"]["requests"]["difference"], 960);
    assert_eq!(with["arrivals"]["vanished"][0]["name"], "Old");

    let undated = other.to_str().unwrap();
    report(&[undated, "--compare"]).failed(2, &["1 row has no date", "--compare-with"]);
    report(&[&path, undated, "--sum", "--month", "2026-10"]).failed(2, &["1 row has no date"]);
    report(&[&path, undated, "--month", "2026-10"])
        .failed(2, &["have none and may be totals of them", "--sum"]);
}

/// Returns rows of each day of October and of November 2026, with data up to the day before yesterday.
#[test]
fn the_present_month_is_compared_with_the_same_days_of_the_month_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("days.jsonl");
    let today = Date::of(SystemTime::now().into());
    let yesterday = today.plus_days(-1);
    let month = yesterday.first_of_month();
    let before = month.plus_days(-1).first_of_month();
    let days = (0..=before.days_until(today)).map(|day| before.plus_days(day));
    let row = |day: Date| format!("{{\"date\":\"{day}\",\"clientName\":\"a\",\"requests\":10}}\n");
    fs::write(&path, days.map(row).collect::<String>()).unwrap();
    let name = &month.to_string()[..7];
    let told =
        ["--month", name, "--compare", "--granularity", "day", "--format", "json", "--allowance", "1000"];
    let compared = json(&report(&[&[path.to_str().unwrap()], &told[..]].concat()).well());
    let last = before.plus_days(month.days_until(yesterday)).min(month.plus_days(-1));
    assert_eq!(compared["comparison"]["period"], serde_json::json!({"from": before, "to": last}));
    // Today is not over: its rows are in neither sum.
    let days = u64::try_from(month.days_until(yesterday)).unwrap() + 1;
    assert_eq!(compared["comparison"]["requests"]["current"], 10 * days);
    assert_eq!(compared["allowance"]["months"][0]["used"], 10 * days);

    // Without the days before, there is nothing to compare with.
    fs::write(&path, row(yesterday)).unwrap();
    report(&[&[path.to_str().unwrap()], &told[..]].concat())
        .failed(2, &["do not cover", "the days to compare with", "--compare-with"]);
}

#[test]
fn saved_documents_are_projected_as_the_query_is_without_any_option() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    let path = path.to_str().unwrap();
    for granularity in ["day", "week", "month"] {
        let query = ["--last", "40d", "--granularity", granularity, "--format", "json"];
        service.run(&[&["query", "--output", path], &query[..]].concat()).well();
        let live = service
            .run(&[&["report", "--group-by", "client", "--allowance", "5000000"], &query[..]].concat());
        let saved = report(&[path, "--allowance", "5000000", "--format", "json"]).well();
        let (live, saved) = (json(&live.well()), json(&saved));
        assert_eq!(saved["allowance"], live["allowance"], "{granularity}");
        let months = saved["allowance"]["months"].as_array().unwrap();
        assert!(months.iter().all(|month| month["projected"].is_u64()), "{saved}");
        assert_eq!(saved["granularity"].as_str().unwrap().to_lowercase(), granularity);
    }
    // The selected period extends as far as the file; the days before it are its history.
    service
        .run(&["query", "--last", "70d", "--granularity", "day", "--format", "json", "--output", path])
        .well();
    let yesterday = Date::of(SystemTime::now().into()).plus_days(-1);
    let month = yesterday.to_string()[..7].to_owned();
    let selected = json(&report(&[path, "--month", &month, "--allowance", "5", "--format", "json"]).well());
    let use_of_month = &selected["allowance"]["months"][0];
    assert_eq!(use_of_month["daysCounted"], yesterday.day());
    assert!(
        use_of_month["daysCounted"] == use_of_month["daysInMonth"] || use_of_month["projectedFromDays"] == 28
    );
}

#[test]
fn rows_of_an_unknown_bucket_are_not_projected() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("weeks.jsonl");
    let row = |day: &str| format!("{{\"date\":\"{day}\",\"clientName\":\"a\",\"requests\":70}}\n");
    fs::write(&path, ["2026-08-10", "2026-08-17", "2026-08-24"].map(row).concat()).unwrap();
    let path = path.to_str().unwrap();
    let of = |more: &[&str]| {
        json(&report(&[&[path, "--allowance", "1000", "--format", "json"], more].concat()).well())
    };
    let unknown = of(&[]);
    assert_eq!(unknown["limitations"], serde_json::json!(["granularity", "period"]));
    assert_eq!(unknown["allowance"]["months"], serde_json::json!([]));
    assert!(unknown.get("granularity").is_none() && unknown.get("weekdays").is_none());
    // The sum of a month that is over does not depend on the buckets.
    let month = &of(&["--month", "2026-08"])["allowance"]["months"][0];
    assert_eq!((month["used"].as_u64(), month["projected"].as_u64()), (Some(210), Some(210)));
    let month =
        &of(&["--granularity", "week", "--interval", "2026-08-10/2026-08-30"])["allowance"]["months"][0];
    assert_eq!((month["daysCounted"].as_u64(), month["projected"].as_u64()), (Some(21), Some(310)));
    let text = report(&[path, "--allowance", "1000"]).well();
    assert!(
        text.contains("--granularity says it.") && text.contains("--interval or --month says it."),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let wrong = file("wrong.json", r#"{"results":[{"requests":1},{"requests":"many"}]}"#);
    report(&[&wrong]).failed(2, &["wrong.json, results[1].requests, byte 39: "]);
    report(&[&file("running.json", r#"{"queryStatus":"Running"}"#)])
        .failed(2, &["was not complete", "Running"]);
    report(&[&file("notes.txt", "hello")]).failed(2, &["notes.txt: it is neither JSON nor CSV", "hint: "]);
    report(&["nowhere.json"]).failed(2, &["cannot read nowhere.json: "]);
    let first = file("first.json", r#"{"results":[],"queryStatus":"Complete","cursors":{"after":"x"}}"#);
    let ran = report(&[&first]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.contains("warning: the last page in ") && ran.stdout.contains("No rows"), "{ran:?}");
}

#[test]
fn wrong_usage_is_told_before_anything_is_sent() {
    report(&[]).failed(2, &["which period?"]);
    report(&["--last", "7d", "--licenses", "cx9=1"])
        .failed(2, &["licences is not known here; known are communicate"]);
    report(&["--last", "7d", "--licenses", "ex=1", "--allowance", "5"]).failed(2, &["cannot be used with"]);
    report(&["x.json", "--group-by", "client"]).failed(2, &["cannot be used with"]);
    report(&["x.json", "--simulate"]).failed(2, &["cannot be used with"]);
    report(&["--last", "7d", "--compare-with", "x.json"]).failed(2, &["<FILE>"]);
    report(&["--last", "7d", "--format", "pdf"]).failed(2, &["possible values: text, json, html"]);
    report(&["--attach", "x", "--compare"]).failed(2, &["--compare needs a second query"]);
    let (directory, path) = small();
    let into = directory.path().to_str().unwrap();
    report(&[&path, "--output", into]).failed(2, &["cannot write to"]);
}

#[test]
fn a_name_steers_neither_the_terminal_nor_the_page() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    let row = serde_json::json!({"clientName": "\u{1b}[2J<script>alert(1)</script>", "requests": 5});
    fs::write(&path, row.to_string()).unwrap();
    let path = path.to_str().unwrap();
    assert!(!report(&[path]).well().contains('\u{1b}'));
    for format in ["html", "svg"] {
        let page = report(&[path, "--format", format, "--chart", "clients"]).well();
        assert!(!page.contains("<script>alert") && !page.contains('\u{1b}'), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}

#[test]
fn a_file_is_written_whole() {
    let (directory, path) = small();
    let page = directory.path().join("report.html");
    report(&[&path, "--format", "html", "--output", page.to_str().unwrap()]).well();
    assert!(fs::read_to_string(page).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn a_run_that_is_gone_on_with_gives_rows_for_a_report() {
    let service = Service::with(config().with_execution_time(Duration::from_secs(2)));
    let month = last_month();
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("run.json");
    let state = state.to_str().unwrap();
    let mut command =
        service.command(&["report", "--month", &month, "--state", state, "--deadline", "700ms"]);
    Ran::of(&mut command).failed(4, &["resume"]);
    let rows = service.resume(&["resume", state]).well();
    let path = directory.path().join("rows.json");
    fs::write(&path, rows).unwrap();
    let resumed = report(&[path.to_str().unwrap(), "--format", "json"]).well();
    let live = service.run(&["report", "--month", &month, "--format", "json"]).well();
    for key in ["totals", "days", "topClients", "topUris", "topUsers", "arrivals"] {
        assert_eq!(json(&resumed)[key], json(&live)[key], "{key}");
    }
}

#[test]
fn a_report_is_about_the_clients_and_uris_that_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let rows = "date,clientId,clientName,templateUri,httpMethod,requests,status400,status429,status500\n\
                2026-10-01,a,Nightly Export,api/v2/users,GET,900,0,0,0\n\
                2026-10-01,b,Chat Bot,api/v2/users,GET,60,30,30,0\n\
                2026-10-01,b,Chat Bot,api/v2/queues,GET,40,1,0,0\n";
    fs::write(directory.path().join("rows.csv"), rows).unwrap();
    let report = |options: &[&str]| {
        let mut command = program(&[&["report", "rows.csv"], options].concat());
        Ran::of(command.current_dir(directory.path()))
    };
    for client in ["chat bot", "b", "chat*"] {
        let text = report(&["--client", client]).well();
        assert!(text.contains(&format!("only client {client}")), "{text}");
        assert!(text.contains("  Requests                100") && !text.contains("Nightly"), "{text}");
    }
    let text = report(&["--client", "b", "--uri", "/api/v2/users"]).well();
    assert!(text.contains("  Requests                 60") && !text.contains("queues"), "{text}");
    // The first by 429 differs from the first by requests, and the rest is summed.
    let text = report(&["--by", "429", "--top", "1"]).well();
    assert!(text.contains("Top clients by 429: 1 of 2; shares of 429\n"), "{text}");
    assert!(text.contains("  Chat Bot") && text.contains("  1 others"), "{text}");
    let all = report(&["--top", "all"]).well();
    assert!(!all.contains("others") && all.contains("  Nightly Export"), "{all}");
    let csv = report(&["--by", "errors", "--format", "csv", "--top", "1"]).well();
    assert!(csv.contains("\nclients,1,b,Chat Bot,"), "{csv}");
    let mistyped = report(&["--client", "Chat Bott"]);
    assert!(
        mistyped.stderr.contains("no row has the client 'Chat Bott'; did you mean 'Chat Bot'?"),
        "{mistyped:?}"
    );
    assert!(mistyped.code == Some(0) && mistyped.stdout.contains("No rows match."), "{mistyped:?}");
    let users = report(&["--user", "u"]).stderr;
    assert!(users.contains("the rows have no users: they are not grouped by user"), "{users}");
    report(&["--top", "many"]).failed(2, &["write a number, or all"]);
}
