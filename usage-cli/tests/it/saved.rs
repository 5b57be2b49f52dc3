//! Saved rows through the whole program: what other programs save is read, or refused with its place.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, program};

/// Files by name.
struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(directory.path().join(name), content).unwrap();
        }
        Self(directory)
    }

    fn report(&self, arguments: &[&str]) -> Ran {
        let path = |argument: &&str| {
            let path = self.0.path().join(argument);
            if path.exists() { path.to_str().unwrap().to_owned() } else { (*argument).to_owned() }
        };
        let arguments: Vec<String> = arguments.iter().map(path).collect();
        let arguments: Vec<&str> =
            ["report"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        Ran::of(&mut program(&arguments))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

const PANDAS: &[u8] =
    b",date,platform,httpMethod,templateUri,requestCount,status200,oauthClient.id,oauthClient.name,user.id
0,2026-10-01,api,GET,api/v2/users,7.0,5.0,11111111-2222-4333-8444-555555555555,Nightly,
1,2026-10-01,api,GET,api/v2/users,9.0,,22222222-2222-4333-8444-555555555555,Wallboard,
";

#[test]
fn a_date_that_is_there_is_never_taken_for_none() {
    let rows = |dates: [&str; 2]| {
        let row = |(date, requests)| format!(r#"{{"clientId":"c","requests":{requests},"date":"{date}"}}"#);
        format!(
            r#"{{"results":[{}],"queryStatus":"Complete"}}"#,
            dates.into_iter().zip([7, 9]).map(row).collect::<Vec<_>>().join(",")
        )
    };
    for (dates, requests) in [
        (["2026-10-01T00:00:00+00:00", "2026-10-02T00:00:00+00:00"], Ok(7)),
        (["2026-10-01T00:00Z", "2026-10-02T00:00:00.000+0000"], Ok(7)),
        (["2026-10-01 00:00:00", "20261002"], Ok(7)),
        (["2026-10-01T02:00:00+02:00", "2026-10-02T00:00:00.000000Z"], Ok(7)),
        (["10/01/2026 00:00:00", "10/13/2026 00:00:00"], Ok(7)),
        (["10/01/2026 00:00:00", "10/02/2026 00:00:00"], Err("results[0].date")),
        (["2026-10-01", "2026-13-45"], Err("results[1].date")),
        (["2026-10-01", "Total"], Err("results[1].date")),
        (["2026-10-01", ""], Err("results[1]")),
    ] {
        let files = Files::new(&[("rows.json", rows(dates).as_bytes())]);
        let ran = files.report(&["rows.json", "--interval", "2026-10-01/2026-10-01", "--format", "json"]);
        match requests {
            Ok(requests) => assert_eq!(json(&ran)["totals"]["requests"], requests, "{dates:?}"),
            Err(place) => {
                ran.failed(2, &["rows.json", place]);
            }
        }
    }
    let files = Files::new(&[("rows.json", rows(["10/01/2026 00:00:00", "10/02/2026 00:00:00"]).as_bytes())]);
    let ran = files.report(&["rows.json", "--date-order", "mdy", "--month", "2026-10", "--format", "json"]);
    assert_eq!(json(&ran)["totals"]["requests"], 16);
}

#[test]
fn clients_keep_their_names_whatever_the_columns_are_called() {
    let files = Files::new(&[("rows.csv", PANDAS)]);
    let ran = files.report(&["rows.csv", "--format", "json"]);
    assert_eq!(ran.stderr, "");
    let report = json(&ran);
    let names: Vec<_> =
        report["topClients"].as_array().unwrap().iter().map(|client| &client["name"]).collect();
    assert_eq!(names, ["Wallboard", "Nightly"]);
}

#[test]
fn what_is_not_used_is_warned_of_once() {
    let files = Files::new(&[("rows.csv", b"date,requests,team\n2026-10-01,7,a\n2026-10-02,8,b\n")]);
    let ran = files.report(&["rows.csv"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.stderr.matches("warning: ").count(), 1);
    assert!(ran.stderr.contains("not used: team"), "{ran:?}");
}

#[test]
fn the_same_rows_twice_are_refused_unless_it_is_meant() {
    let files = Files::new(&[("rows.csv", PANDAS), ("again.csv", PANDAS)]);
    for twice in [["rows.csv", "again.csv"], ["rows.csv", "rows.csv"]] {
        files.report(&twice).failed(2, &["row 1 of", "twice", "--sum"]);
        let sum = files.report(&[&twice[..], &["--sum", "--format", "json"]].concat());
        assert_eq!(json(&sum)["totals"]["requests"], 32);
    }
}

#[test]
fn the_programs_own_report_is_refused_in_every_format() {
    let files = Files::new(&[("rows.csv", PANDAS)]);
    for name in ["report.json", "report.csv", "report.txt", "report.html", "report.svg", "report.prom"] {
        let path = files.path().join(name);
        files.report(&["rows.csv", "--output", path.to_str().unwrap()]).well();
        files.report(&[name]).failed(2, &[name, "a report is made of rows"]);
    }
}

#[test]
fn a_period_that_the_rows_are_not_about_is_said_to_be_absent() {
    let files = Files::new(&[("rows.csv", PANDAS)]);
    files.report(&["rows.csv", "--month", "2026-01"]).failed(2, &["no rows of 2026-01-01", "2026-10-01"]);
    files.report(&["empty.json"]).failed(2, &["cannot read empty.json"]);
    let files = Files::new(&[
        ("empty.json", b"[]"),
        ("running.json", br#"{"results": null, "query_status": "Running"}"#),
    ]);
    for name in ["empty.json", "running.json"] {
        files.report(&[name]).failed(2, &[name, "still"]);
    }
}

#[test]
fn windows_and_its_spreadsheets_are_read() {
    let files = Files::new(&[(
        "rows.csv",
        b"sep=;\r\ndate;clientName;requests\r\n01.10.2026;Zo\xeb;1.234\r\n\r\n13.10.2026;x;many\r\n",
    )]);
    files.report(&["rows.csv"]).failed(2, &["rows.csv, line 5, requests: \"many\" is no count"]);
    let files = Files::new(&[("rows.csv", b"date;clientName;requests\r\n01.10.2026;Zo\xeb;1.234\r\n")]);
    let ran = files.report(&["rows.csv", "--format", "json"]);
    assert!(ran.stderr.contains("code page of Windows"), "{ran:?}");
    let client = &json(&ran)["topClients"][0];
    assert_eq!((client["name"].as_str(), client["requests"].as_u64()), (Some("Zoë"), Some(1234)));
}

/// What is missing of one file is missing of the report, also where other files say nothing of that.
#[test]
fn rows_that_are_missing_are_missing_of_all() {
    let search = |rows: usize| {
        (0..rows).fold(String::new(), |text, number| {
            text + &format!("{{\"date\":\"2026-10-01\",\"clientName\":\"c{number}\",\"status200\":1}}\n")
        })
    };
    let document = |scope: &str| {
        format!(
            r#"{{"scope":{{"family":"simple-search",{scope}}},"rows":[{{"date":"2026-10-02","clientName":"a","status200":7}}]}}"#
        )
    };
    let files = Files::new(&[
        ("cap.jsonl", search(20_000).as_bytes()),
        ("below.jsonl", search(19_999).as_bytes()),
        (
            "more.json",
            br#"{"results":[{"date":"2026-10-02","clientName":"a","status200":7}],"cursors":{"after":"x"}}"#,
        ),
        ("cut.json", document(r#""complete":false,"missing":["rowLimit"]"#).as_bytes()),
        ("whole.json", document(r#""complete":true"#).as_bytes()),
        ("plain.csv", b"date,clientName,status200\n2026-10-03,b,9\n"),
    ]);
    for (arguments, gap) in [
        (&["cap.jsonl"][..], Some("rowLimit")),
        (&["cap.jsonl", "plain.csv"], Some("rowLimit")),
        (&["below.jsonl"], None),
        (&["more.json"], Some("pages")),
        (&["more.json", "plain.csv"], Some("pages")),
        (&["cut.json"], Some("rowLimit")),
        (&["plain.csv", "cut.json"], Some("rowLimit")),
        (&["whole.json", "plain.csv"], None),
        (&["plain.csv", "--compare-with", "cut.json"], Some("rowLimit")),
        (&["plain.csv", "--compare-with", "whole.json"], None),
    ] {
        let ran = files.report(&[arguments, &["--format", "json", "--allowance", "1000000"]].concat());
        let report = json(&ran);
        let limitations = report["limitations"].to_string();
        assert_eq!(limitations.contains("missing"), gap.is_some(), "{arguments:?}: {limitations}");
        if let Some(gap) = gap {
            assert_eq!(report["scope"]["missing"], serde_json::json!([gap]), "{arguments:?}");
        }
    }
}
