//! `--output`: whole or not at all.

use std::fs;
use std::path::Path;

use usage_sim::{Fault, Match, Rule};

use crate::support::Service;

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
