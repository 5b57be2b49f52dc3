//! `--output`: whole or not at all.

use std::fs;
use std::path::Path;

use usage_sim::{Fault, Match, Rule};

use crate::support::{Ran, Service};

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_good_run_replaces_the_file_and_leaves_nothing_else() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    fs::write(&path, "before").unwrap();
    let arguments = ["query", "--last", "1d", "--format", "json"];
    let wanted = service.run(&arguments).well();
    let stdout = service.run(&[&arguments[..], &["--output", path.to_str().unwrap()]].concat()).well();
    assert_eq!(stdout, "");
    assert_eq!(fs::read_to_string(&path).unwrap(), wanted);
    assert_eq!(names(directory.path()), ["rows.json"]);
}

#[test]
fn a_bad_run_touches_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    let output = ["--output", path.to_str().unwrap()];
    // The second page fails for good: there were rows already.
    let rule = || Rule::new(Match::Results, Fault::Status(500)).skip(1).always();
    let search = [&["search", "--last", "30d"][..], &output].concat();
    Service::misbehaving([rule()]).run(&search).failed(5, &[]);
    assert!(names(directory.path()).is_empty());
    fs::write(&path, "before").unwrap();
    Service::misbehaving([rule()]).run(&search).failed(5, &[]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(names(directory.path()), ["rows.json"]);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_sent() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none").join("rows.json");
    for path in [directory.path(), &missing] {
        service
            .run(&["query", "--last", "1d", "--output", path.to_str().unwrap()])
            .failed(2, &["cannot write to"]);
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn the_name_says_the_format_unless_an_option_does() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let query = ["query", "--interval", "2026-09-01/2026-09-02", "--group-by", "method"];
    for (name, option, wanted) in [
        ("rows.csv", &[][..], "csv"),
        ("rows.json", &[], "json"),
        ("rows.JSON", &[], "json"),
        ("rows.jsonl", &[], "jsonl"),
        ("rows.prom", &[], "openmetrics"),
        ("rows.txt", &[], "table"),
        ("rows.xls", &[], "table"),
        ("rows", &[], "table"),
        (".csv", &[], "table"),
        ("rows.csv", &["--format", "json"], "json"),
        ("rows.xls", &["--format", "csv"], "csv"),
    ] {
        let path = directory.path().join(name);
        service.run(&[&query[..], option, &["--output", path.to_str().unwrap()]].concat()).well();
        let wanted = service.run(&[&query[..], &["--format", wanted]].concat()).well();
        assert_eq!(fs::read_to_string(&path).unwrap(), wanted, "{name} {option:?}");
    }
    // Of a directory it says nothing.
    let lake = directory.path().join("lake.csv");
    let options = ["--granularity", "day", "--partition-by", "date", "--output", lake.to_str().unwrap()];
    service.run(&[&query[..], &options].concat()).well();
    assert_eq!(names(&lake.join("date=2026-09-01")), ["usage.txt"]);
}

#[test]
fn the_name_says_the_format_of_lists_and_reports_too() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let written = |command: &[&str], name: &str| {
        let path = directory.path().join(name);
        service.run(&[command, &["--output", path.to_str().unwrap()]].concat()).well();
        fs::read_to_string(path).unwrap()
    };
    let events = ["events", "definitions"];
    assert!(written(&events, "kinds.csv").starts_with("id,name,description\n"));
    assert!(written(&events, "kinds.json").starts_with("{\"definitions\":["));
    assert!(written(&events, "kinds.jsonl").starts_with("{\"id\":"));
    assert!(written(&events, "kinds.txt").starts_with("Id "));
    let report = ["report", "--last", "2d"];
    for (name, start) in [
        ("report.html", "<!DOCTYPE html>"),
        ("report.json", "{"),
        ("report.csv", "list,place,id,"),
        ("report.svg", "<svg "),
        ("report.prom", "# "),
        ("report.txt", "API usage from "),
        ("report", "API usage from "),
    ] {
        let text = written(&report, name);
        assert!(text.starts_with(start), "{name}: {text}");
    }
    let html = directory.path().join("explicit.html");
    let explicit = [&report[..], &["--format", "svg", "--output", html.to_str().unwrap()]].concat();
    service.run(&explicit).well();
    assert!(fs::read_to_string(html).unwrap().starts_with("<svg "));
}

#[test]
fn a_format_that_this_build_lacks_is_not_written_as_another() {
    let directory = tempfile::tempdir().unwrap();
    for (command, extension, is_built) in
        [("query", "parquet", cfg!(feature = "parquet")), ("report", "png", cfg!(feature = "png"))]
    {
        let path = directory.path().join("rows").with_extension(extension);
        let service = Service::new();
        let ran = service.run(&[command, "--last", "1d", "--output", path.to_str().unwrap()]);
        if is_built {
            ran.well();
            assert!(String::from_utf8(fs::read(path).unwrap()).is_err(), "{extension} is no text");
        } else {
            ran.failed(2, &[&format!("cannot write {extension}"), "hint: build one that can"]);
            assert!(service.server.simulator().journal().is_empty());
        }
    }
}

#[test]
fn a_dash_is_standard_output() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let query = ["query", "--last", "1d", "--group-by", "method"];
    let wanted = service.run(&query).well();
    let mut command = service.command(&[&query[..], &["--output", "-"]].concat());
    assert_eq!(Ran::of(command.current_dir(directory.path())).well(), wanted);
    assert!(names(directory.path()).is_empty());
    let parts = [&query[..], &["--output", "-", "--partition-by", "date"]].concat();
    service.run(&parts).failed(2, &["--partition-by writes to a directory"]);
}
