//! Documents of the program match `docs/output.schema.json`.

use std::fs;
use std::path::Path;

use jsonschema::{Validator, options};
use serde_json::{Value, json};

use crate::organizations::Several;
use crate::support::{Ran, Service, last_month, program};

/// Returns the validator of one of the documents.
fn schema(name: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join("output.schema.json");
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(schema["$defs"].get(name).is_some(), "there is no {name}");
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    options().build(&schema).unwrap()
}

/// Asserts that each line of `text` is a document of this name.
#[track_caller]
fn fits(name: &str, text: &str) {
    let schema = schema(name);
    assert!(!text.is_empty());
    for line in text.lines() {
        let document: Value = serde_json::from_str(line).unwrap();
        let problems: Vec<_> = schema
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{name}: {problems:?} in {document}");
        // The schema is strict: it refuses unknown members and other types.
        let mut other = document.clone();
        other["noSuchMember"] = json!(1);
        assert!(!schema.is_valid(&other) && !schema.is_valid(&json!([])), "{name} takes anything");
    }
}

#[test]
fn documents_of_several_organizations_fit_their_schema() {
    let several = Several::new(&[20, 3, 2], &["allowance = 1", "licenses = 'cx2-named=4'"]);
    let run = |arguments: &[&str], code: i32| {
        let period = ["--interval", "2026-10-01/2026-10-15", "--all-profiles"];
        let ran = several.run(&[arguments, &period].concat());
        assert_eq!(ran.code, Some(code), "{ran:?}");
        ran.stdout
    };
    let rows = ["query", "--group-by", "client", "--format"];
    fits("rows", &run(&[&rows[..], &["json"]].concat(), 0));
    fits("row", &run(&[&rows[..], &["jsonl"]].concat(), 0));
    fits("report", &run(&["report", "--format", "json"], 0));
    several.break_two(2, 2);
    fits("rows", &run(&[&rows[..], &["json"]].concat(), 8));
    fits("report", &run(&["report", "--format", "json"], 8));
}

#[test]
fn documents_fit_their_schema() {
    let service = Service::new();
    let run = |arguments: &[&str]| service.run(arguments).well();
    let by = "client,user,organization,uri,method";
    for query in [
        &["query", "--last", "1d", "--group-by", by, "--granularity", "day"][..],
        &["aggregate", "--last", "1d", "--group-by", "client,client-name,platform"],
        &["search", "--last", "1d"],
    ] {
        fits("rows", &run(&[query, &["--format", "json"]].concat()));
        fits("row", &run(&[query, &["--format", "jsonl"]].concat()));
        fits("rows", &run(&[query, &["--format", "json", "--names"]].concat()));
    }
    fits("eventDefinitions", &run(&["events", "definitions", "--format", "json"]));
    fits("eventDefinition", &run(&["events", "definitions", "--format", "jsonl"]));
    fits("events", &run(&["events", "query", "--last", "2d", "--format", "json"]));
    fits("event", &run(&["events", "query", "--last", "2d", "--format", "jsonl"]));
    fits("eventAggregates", &run(&["events", "aggregate", "--last", "2d", "--format", "json"]));
    fits("eventAggregate", &run(&["events", "aggregate", "--last", "2d", "--format", "jsonl"]));
    fits("settings", &run(&["config", "show", "--format", "json"]));
    fits("setting", &run(&["config", "show", "--format", "jsonl"]));
    fits("checks", &run(&["doctor", "--format", "json"]));
    fits("check", &run(&["doctor", "--format", "jsonl"]));
    fits("report", &run(&["report", "--month", &last_month(), "--format", "json"]));
    fits(
        "report",
        &run(&[&REPORT[..], &["--compare", "--licenses", "cx2-named=40,communicate=10"]].concat()),
    );
    fits(
        "report",
        &run(&[&REPORT[..], &["--granularity", "week", "--top", "2", "--allowance", "0"]].concat()),
    );
    fits("watch", &run(&["watch", "--once", "--format", "json"]));
    fits("watch", &run(&["watch", "--once", "--format", "json", "--allowance", "999999999999"]));
}

/// Creates a report over three months, with every list.
const REPORT: [&str; 7] = [
    "report",
    "--interval",
    "2026-07-20/2026-09-10",
    "--group-by",
    "client,user,organization,uri,method",
    "--format",
    "json",
];

#[test]
fn so_do_those_of_bad_days() {
    // Rows without date, period and count.
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let (poor, empty) = (
        file("poor.json", r#"[{"requests":3}]"#),
        file("empty.json", r#"{"results":[],"queryStatus":"Complete"}"#),
    );
    for files in [&[&*poor][..], &[&*empty], &[&*poor, "--compare-with", &*empty, "--allowance", "1"]] {
        let ran = Ran::of(&mut program(&[&["report", "--format", "json"], files].concat()));
        fits("report", &ran.stdout);
    }
    fits("checks", &Ran::of(&mut program(&["doctor", "--format", "json"])).stdout);
    let service = Service::new();
    let crossed = ["watch", "--once", "--format", "json", "--allowance", "1", "--alert-share", "1%"];
    fits("watch", &service.run(&crossed).stdout);
}
