//! Saved rows through the whole program: files of other programs are read, or refused with the place of the problem.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ran, program};

/// Creates files by name.
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
fn the_names_of_a_saved_document_are_used() {
    let document = |names: &str| {
        format!(
            r#"{{"status":"Complete","names":{names},"rows":[{{"date":"2026-10-01","userId":"u1","clientId":"c1","requests":7}}]}}"#
        )
    };
    let names = r#"{"clients":{"c1":"Nightly"},"users":{"u1":"Ada Example"},"organizations":{"o":"Acme"}}"#;
    let files = Files::new(&[
        ("named.json", document(names).as_bytes()),
        ("other.json", document(r#"["a", {"b": 1}]"#).as_bytes()),
        ("odd.json", document(r#"{"users":["a"]}"#).as_bytes()),
    ]);
    let report = json(&files.report(&["named.json", "--format", "json"]));
    let name = |list: &str| report[list][0]["name"].as_str().map(ToOwned::to_owned);
    assert_eq!(
        (name("topUsers").as_deref(), name("topClients").as_deref()),
        (Some("Ada Example"), Some("Nightly"))
    );
    let text = files.report(&["named.json", "--user", "Ada*"]);
    assert!(text.stdout.starts_with("Acme: API usage on 2026-10-01"), "{text:?}");
    for other in ["other.json", "odd.json"] {
        let report = json(&files.report(&[other, "--format", "json"]));
        assert_eq!((&report["totals"]["requests"], &report["topUsers"][0]["id"]), (&7.into(), &"u1".into()));
    }
}

#[test]
fn each_organization_of_a_file_has_its_own_allowance() {
    let rows = "organization,date,clientId,requests
acme,2026-10-01,a,70
acme,2026-10-02,a,70
beta,2026-10-01,b,80
beta,2026-10-02,b,81
";
    let files = Files::new(&[("all.csv", rows.as_bytes())]);
    let arguments = ["all.csv", "--month", "2026-10", "--granularity", "day", "--allowance", "150"];
    let report = json(&files.report(&[&arguments[..], &["--format", "json"]].concat()));
    assert_eq!((&report["totals"]["requests"], report.get("allowance")), (&301.into(), None));
    let total = &report["allowanceTotal"];
    assert_eq!((&total["monthly"], &total["used"], &total["over"]), (&300.into(), &301.into(), &11.into()));
    let overruns = report["overruns"].as_array().unwrap();
    assert!(overruns.len() == 1 && overruns[0]["organization"] == "beta", "{overruns:?}");
    let text = files.report(&arguments).stdout;
    assert!(text.contains("beta: October 2026 exceeded its allowance of 150 requests"), "{text}");
}

/// A document of rows with a scope: 10 requests on each of the first days of its interval.
fn scoped(interval: &str, until: &str, rows: std::ops::RangeInclusive<u32>) -> String {
    let month = &interval[..8];
    let row = |day| format!(r#"{{"date":"{month}{day:02}","clientId":"c","requests":10}}"#);
    let rows: Vec<_> = rows.map(row).collect();
    format!(
        r#"{{"scope":{{"family":"organization","query":{{"interval":"{interval}","granularity":"Day"}},"dataUntil":"{until}","complete":true,"missing":[]}},"rows":[{}]}}"#,
        rows.join(",")
    )
}

#[test]
fn parts_of_a_month_are_one_in_any_order() {
    let parts = [
        ("2026-10-01/2026-10-10", 1..=10),
        ("2026-10-11/2026-10-20", 11..=20),
        ("2026-10-21/2026-10-31", 21..=31),
    ];
    let texts = parts.map(|(interval, days)| scoped(interval, &interval[11..], days));
    let files = Files::new(&[
        ("1.json", texts[0].as_bytes()),
        ("2.json", texts[1].as_bytes()),
        ("3.json", texts[2].as_bytes()),
    ]);
    for order in
        [["1.json", "2.json", "3.json"], ["1.json", "3.json", "2.json"], ["3.json", "2.json", "1.json"]]
    {
        let report =
            json(&files.report(&[&order[..], &["--allowance", "1000", "--format", "json"]].concat()));
        let month = &report["allowance"]["months"][0];
        assert_eq!(
            (&month["used"], &month["projected"], &month["ended"]),
            (&310.into(), &310.into(), &true.into()),
            "{order:?}"
        );
    }
}

#[test]
fn rows_are_compared_with_the_days_that_a_document_covers() {
    let september = scoped("2026-09-01/2026-09-30", "2026-09-30", 2..=3);
    let month = september.replace("\"Day\"", "\"Month\"");
    let files = Files::new(&[
        ("october.json", scoped("2026-10-01/2026-10-31", "2026-10-31", 1..=31).as_bytes()),
        ("september.json", september.as_bytes()),
        ("month.json", month.as_bytes()),
    ]);
    let compared =
        json(&files.report(&["october.json", "--compare-with", "september.json", "--format", "json"]));
    let period = &compared["comparison"]["period"];
    assert_eq!((&period["from"], &period["to"]), (&"2026-09-01".into(), &"2026-09-30".into()));
    files
        .report(&["october.json", "--compare-with", "month.json"])
        .failed(2, &["the rows are of one day, those of --compare-with of one month", "--granularity"]);
}

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

/// Rows missing from one file are missing from the report, even if other files say nothing about it.
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

/// Rows of weeks or months that the period cuts are divided by days; otherwise no month is compared with the allowance.
#[test]
fn a_period_that_cuts_weeks_or_months_of_the_rows_loses_none_of_their_days() {
    let rows = |dates: &[&str], requests: u64| {
        dates.iter().fold("date,clientName,requests\n".to_owned(), |text, date| {
            text + &format!("{date},a,{requests}\n")
        })
    };
    let weeks = ["2026-08-31", "2026-09-07", "2026-09-14", "2026-09-21", "2026-09-28"];
    let longer = [&["2026-08-17", "2026-08-24"][..], &weeks, &["2026-10-05"]].concat();
    let scoped = format!(
        r#"{{"scope":{{"complete":true,"dataUntil":"2026-11-01","query":{{"interval":"2026-09-01/2026-09-30","granularity":"Week"}}}},"rows":[{}]}}"#,
        ["2026-09-01", "2026-09-07", "2026-09-14", "2026-09-21", "2026-09-28"]
            .map(|date| format!(r#"{{"date":"{date}","clientName":"a","requests":600}}"#))
            .join(",")
    );
    let files = Files::new(&[
        ("weeks.csv", rows(&weeks, 700).as_bytes()),
        ("longer.csv", rows(&longer, 700).as_bytes()),
        ("months.csv", rows(&["2026-08-01", "2026-09-01", "2026-10-01"], 3_000).as_bytes()),
        (
            "cut.csv",
            rows(&["2026-09-01", "2026-09-07", "2026-09-14", "2026-09-21", "2026-09-28"], 600).as_bytes(),
        ),
        (
            "june.csv",
            rows(&["2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"], 700).as_bytes(),
        ),
        ("scoped.json", scoped.as_bytes()),
    ]);
    let report = |arguments: &[&str]| {
        json(&files.report(&[arguments, &["--format", "json", "--allowance", "3000"]].concat()))
    };
    let september = ["--month", "2026-09", "--granularity", "week"];
    for (file, used, totals, days) in [
        ("weeks.csv", 3_000, 3_500, ["2026-08-31", "2026-10-04"]),
        ("longer.csv", 3_000, 3_500, ["2026-08-31", "2026-10-04"]),
        // The rows of a query for the period are complete.
        ("cut.csv", 3_000, 3_000, ["2026-09-01", "2026-09-30"]),
        ("scoped.json", 3_000, 3_000, ["2026-09-01", "2026-09-30"]),
    ] {
        let report = report(&[&[file][..], &september].concat());
        let months = report["allowance"]["months"].as_array().unwrap();
        assert_eq!(months.len(), 1, "{file}: {months:?}");
        assert_eq!(
            (&months[0]["used"], &report["totals"]["requests"]),
            (&used.into(), &totals.into()),
            "{file}"
        );
        assert_eq!([&report["totals"]["from"], &report["totals"]["to"]], days, "{file}");
    }
    let months = report(&["months.csv", "--granularity", "month", "--interval", "2026-08-15/2026-09-14"]);
    assert_eq!(months["totals"]["requests"], 6_000);
    assert_eq!([&months["totals"]["from"], &months["totals"]["to"]], ["2026-08-01", "2026-09-30"]);

    let compared =
        report(&["longer.csv", "--granularity", "week", "--interval", "2026-09-02/2026-09-10", "--compare"]);
    assert_eq!(
        (&compared["totals"]["requests"], &compared["totals"]["to"]),
        (&1_400.into(), &"2026-09-13".into())
    );
    let earlier = &compared["comparison"];
    assert_eq!(
        (&earlier["totals"]["requests"], &earlier["period"]["from"]),
        (&1_400.into(), &"2026-08-17".into())
    );
    let with = report(&[&["weeks.csv", "--compare-with", "june.csv"][..], &september].concat());
    assert_eq!(with["allowance"]["months"][0]["used"], 3_000);
    // The week in the middle belongs to neither half.
    let halves = report(&["scoped.json", "--compare"]);
    assert_eq!(
        (&halves["totals"]["requests"], &halves["totals"]["from"]),
        (&1_200.into(), &"2026-09-21".into())
    );
    assert_eq!(halves["comparison"]["totals"]["requests"], 1_200);

    // It is unknown whether the last week of June was cut, but not what the dates are.
    let june = report(&["june.csv", "--granularity", "week", "--month", "2026-06"]);
    assert_eq!(june["limitations"], serde_json::json!(["period"]));
    let unclear = report(&["weeks.csv", "--month", "2026-09"]);
    assert!(unclear["allowance"]["months"].as_array().unwrap().is_empty(), "{unclear}");
}

/// The filters of one file apply to the report, whatever the other files contain.
#[test]
fn filters_of_one_file_are_never_lost() {
    let document = |query: &str, day: u8| {
        let query = format!(
            r#""query":{{"interval":"2026-10-0{day}T00:00:00.000Z/2026-10-0{}T00:00:00.000Z","granularity":"Day"{query}}}"#,
            day + 1
        );
        format!(
            r#"{{"scope":{{"complete":true,"dataUntil":"2026-10-30",{query}}},"rows":[{{"date":"2026-10-0{day}","clientName":"a","requests":7}}]}}"#
        )
    };
    let files = Files::new(&[
        ("filtered.json", document(r#","filters":{"oauthClientIds":["a"]}"#, 1).as_bytes()),
        ("other.json", document(r#","filters":{"platforms":["api"]}"#, 2).as_bytes()),
        ("all.json", document("", 3).as_bytes()),
        ("plain.csv", b"date,clientName,requests\n2026-10-04,b,9\n"),
    ]);
    for (arguments, filters) in [
        (&["filtered.json"][..], &["oauthClientIds"][..]),
        (&["filtered.json", "plain.csv"], &["oauthClientIds"]),
        (&["plain.csv", "filtered.json"], &["oauthClientIds"]),
        (&["filtered.json", "other.json"], &["oauthClientIds", "platforms"]),
        (&["all.json", "filtered.json"], &["oauthClientIds"]),
        (&["all.json", "other.json", "plain.csv", "filtered.json"], &["oauthClientIds", "platforms"]),
        (&["all.json", "plain.csv"], &[]),
    ] {
        let arguments = [arguments, &["--allowance", "1000000"]].concat();
        let limitations =
            json(&files.report(&[&arguments[..], &["--format", "json"]].concat()))["limitations"].to_string();
        assert_eq!(limitations.contains("filter"), !filters.is_empty(), "{arguments:?}: {limitations}");
        let text = files.report(&arguments).stdout;
        assert!(filters.iter().all(|name| text.contains(name)), "{arguments:?}: {text}");
    }
}

/// The text of rows over very many months is as long as that of a few years.
#[test]
fn the_text_of_very_many_months_is_bounded() {
    let rows = (0..24_000).fold("date,clientName,requests\n".to_owned(), |text, month| {
        text + &format!("{:04}-{:02}-01,a,5\n", 1 + month / 12, 1 + month % 12)
    });
    let files = Files::new(&[("months.csv", rows.as_bytes())]);
    let ran = files.report(&["months.csv", "--granularity", "month", "--allowance", "1000"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.len() < 60_000, "{}", ran.stdout.len());
    assert!(ran.stdout.contains("… and 23,880 earlier months"), "{}", ran.stdout);
    assert!(ran.stdout.contains("… and 1,164 earlier months"), "{}", ran.stdout);
    assert!(ran.stdout.contains("2000-12"));
}
