//! `search`: the service cuts a result without telling.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use usage_sim::{Fault, Match, Rule};

use crate::support::{Ran, Service, TRANSPORTS, keeping};

/// The maximum number of rows of a search.
const MAX_ROWS: usize = 20_000;

/// Returns a result of `rows` rows on one page.
fn page(rows: usize) -> Fault {
    let mut body = String::from(r#"{"results":["#);
    for row in 0..rows {
        let separator = if row > 0 { "," } else { "" };
        write!(body, r#"{separator}{{"clientName":"c{row}","status200":1}}"#).unwrap();
    }
    body.push_str(r#"],"queryStatus":"Complete"}"#);
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Fault::StatusWith { status: 200, headers, body: body.into_bytes() }
}

/// Returns the lines of `text`, sorted.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_period_that_reaches_the_limit_is_divided_and_loses_no_row() {
    let service = Service::fixed();
    let search =
        |interval: &str| service.run(&["search", "--interval", interval, "--format", "jsonl"]).well();
    let whole = search("2026-07-01/2026-09-28");
    assert!(whole.lines().count() > MAX_ROWS, "{}", whole.lines().count());
    let parts = ["2026-07-01/2026-07-31", "2026-08-01/2026-08-31", "2026-09-01/2026-09-28"].map(search);
    assert!(parts.iter().all(|part| part.lines().count() < MAX_ROWS));
    assert_eq!(sorted(&whole), sorted(&parts.concat()));
}

#[test]
fn a_single_day_that_reaches_the_limit_is_said_and_has_an_exit_code() {
    for transport in TRANSPORTS {
        let service = Service::misbehaving([Rule::new(Match::Results, page(MAX_ROWS)).always()]);
        let day = ["search", "--interval", "2026-10-01/2026-10-01", "--format", "jsonl"];
        let ran = service.run(&[&day[..], &["--transport", transport]].concat());
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(7), MAX_ROWS), "{}", ran.stderr);
        for text in [
            "error: rows are missing: 2026-10-01 has 20,000 rows",
            "hint: what arrived is written",
            "--method",
        ] {
            assert!(ran.stderr.contains(text), "{}", ran.stderr);
        }
    }
    // With one row fewer, the result is complete.
    let service = Service::misbehaving([Rule::new(Match::Results, page(MAX_ROWS - 1)).always()]);
    service.run(&["search", "--interval", "2026-10-01/2026-10-01", "--format", "jsonl"]).well();
}

#[test]
fn every_day_that_reaches_the_limit_is_named() {
    let service = Service::misbehaving([Rule::new(Match::Results, page(MAX_ROWS)).times(4)]);
    let directory = tempfile::tempdir().unwrap();
    let (state, rows) = (directory.path().join("run.json"), directory.path().join("rows.csv"));
    // The whole period, its first half, and two days of that; the second half is complete.
    let interval = "2026-10-01T00:00:00Z/2026-10-03T12:00:00Z";
    let mut command =
        service.command(&["search", "--interval", interval, "--output", rows.to_str().unwrap()]);
    let ran = Ran::of(command.args(keeping(&state)));
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.stderr.contains("2026-10-01, 2026-10-02 has 20,000 rows"), "{ran:?}");
    assert!(!state.exists(), "the run is done");
    let written = std::fs::read_to_string(rows).unwrap();
    assert!(written.lines().count() > 2 * MAX_ROWS && written.contains("2026-10-03"));
}

#[test]
fn an_execution_that_was_attached_to_is_not_divided() {
    let service = Service::misbehaving([Rule::new(Match::Results, page(MAX_ROWS)).always()]);
    for period in [&[][..], &["--last", "9d"]] {
        let ran =
            service.run(&[&["search", "--attach", "some-id", "--format", "jsonl"][..], period].concat());
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(7), MAX_ROWS), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("the execution has 20,000 rows") && ran.stderr.contains("without --attach")
        );
        let journal = service.server.simulator().journal().to_vec();
        assert!(journal.iter().all(|entry| entry.started.is_none()), "nothing is submitted");
    }
}

#[test]
fn a_result_that_is_complete_without_a_list_of_rows_is_said() {
    for body in [r#"{"queryStatus":"Complete"}"#, r#"{"queryStatus":"Complete","results":null}"#] {
        let without = Fault::StatusWith { status: 200, headers: Vec::new(), body: body.into() };
        let service = Service::misbehaving([Rule::new(Match::Results, without).always()]);
        for command in [&["query"][..], &["search"], &["report"]] {
            let ran = service.run(&[command, &["--last", "1d", "--format", "json"]].concat());
            assert_eq!(ran.code, Some(0), "{ran:?}");
            assert!(
                ran.stderr
                    .contains("warning: the service calls the result complete and sent no list of rows")
            );
        }
        let ran = service.run(&["query", "--last", "1d", "--format", "json"]);
        assert!(ran.stdout.contains(r#""complete":false,"missing":["lists"]"#), "{ran:?}");
    }
    // An empty list is a valid result.
    let empty = Fault::StatusWith {
        status: 200,
        headers: Vec::new(),
        body: br#"{"queryStatus":"Complete","results":[]}"#.into(),
    };
    let service = Service::misbehaving([Rule::new(Match::Results, empty).always()]);
    service.run(&["query", "--last", "1d", "--format", "json"]).well();
}

#[test]
fn a_search_that_is_divided_resumes_from_any_step() {
    let service = Service::new();
    let search = ["search", "--last", "2d", "--format", "jsonl"];
    let wanted = service.run(&search).well();
    let directory = tempfile::tempdir().unwrap();
    let mut divided = false;
    for at in 0.. {
        let state = directory.path().join(format!("{at}.json"));
        service.server.simulator().inject(Rule::new(Match::Results, page(MAX_ROWS)).times(1));
        let mut command = service.command(&[&search[..], &["-q", "--halt-at", &at.to_string()]].concat());
        let mut child =
            command.args(keeping(&state)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if !line.starts_with("halted ") {
            assert_eq!(line, "");
            break;
        }
        let kept = std::fs::read_to_string(&state).unwrap_or_default();
        divided |= kept.matches("\"snapshot\"").count() == 2;
        if state.exists() {
            let ran = service.resume(&["resume", state.to_str().unwrap(), "--resubmit"]);
            assert_eq!(ran.well(), wanted, "{line}");
        }
    }
    assert!(divided, "the state never had two parts");
}
