//! The texts of the program, compared with `tests/snapshots`. `UPDATE_SNAPSHOTS=1` rewrites them; review the
//! difference.

use std::fs;
use std::path::Path;

use crate::support::{Ran, Service, program, without_the_time};

/// All commands.
pub(crate) const COMMANDS: [&[&str]; 21] = [
    &["query"],
    &["summary"],
    &["search"],
    &["aggregate"],
    &["report"],
    &["resume"],
    &["watch"],
    &["events"],
    &["events", "definitions"],
    &["events", "definition"],
    &["events", "query"],
    &["events", "aggregate"],
    &["login"],
    &["logout"],
    &["config"],
    &["config", "show"],
    &["config", "path"],
    &["doctor"],
    &["simulate"],
    &["completions"],
    &["man"],
];

/// Compares `text` with the file of this name.
#[track_caller]
pub(crate) fn matches(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // A checkout may have other line endings.
    let wanted = wanted.replace("\r\n", "\n");
    assert!(text == wanted, "{name} is not what it was; it is now:\n{text}");
}

#[test]
#[cfg_attr(
    any(not(feature = "parquet"), feature = "png", feature = "xlsx"),
    ignore = "the help lists the formats of the default build"
)]
fn help() {
    matches("help/genesys-usage.txt", &Ran::of(&mut program(&["--help"])).well());
    matches("help/short.txt", &Ran::of(&mut program(&["-h"])).well());
    for command in COMMANDS {
        let text = Ran::of(&mut program(&[command, &["--help"]].concat())).well();
        matches(&format!("help/{}.txt", command.join("-")), &text);
    }
    matches("help/query-short.txt", &Ran::of(&mut program(&["query", "-h"])).well());
}

#[test]
fn results() {
    let service = Service::fixed();
    let period = ["--interval", "2026-10-14/2026-10-15"];
    for (name, command) in [
        ("query.txt", &["query", "--group-by", "client", "--granularity", "day"][..]),
        ("query.csv", &["query", "--group-by", "client,method", "--format", "csv"]),
        ("query.json", &["query", "--group-by", "method", "--format", "json"]),
        ("query.jsonl", &["query", "--group-by", "method", "--granularity", "day", "--format", "jsonl"]),
        ("search.txt", &["search", "--client-name", "Nightly Export"]),
        ("events.txt", &["events", "aggregate"]),
        ("events.csv", &["events", "query", "--limit", "5", "--format", "csv"]),
    ] {
        let text = service.run(&[command, &period].concat()).well();
        matches(&format!("results/{name}"), &without_the_time(&text));
    }
    matches("results/definitions.txt", &service.run(&["events", "definitions"]).well());
}

/// Jobs look back a year from now, so only the form of their result is constant.
#[test]
fn the_form_of_a_job() {
    let command = ["aggregate", "--last", "14d", "--group-by", "platform", "--sort", "platform:asc"];
    let text = Service::new().run(&command).well();
    let form = |word: &str| match word {
        word if word.starts_with('─') => "─".to_owned(),
        word if word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',') => "N".to_owned(),
        word => word.to_owned(),
    };
    let line = |line: &str| line.split_whitespace().map(form).collect::<Vec<_>>().join(" ");
    matches("results/aggregate.txt", &(text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"));
}

#[test]
fn dry_runs() {
    let options = ["--region", "eu-central-1", "--interval", "2026-10-01/2026-10-31", "--group-by", "client"];
    for (name, form) in [("text", "--dry-run"), ("curl", "--dry-run=curl")] {
        let text = Ran::of(&mut program(&[&["query", form], &options[..]].concat())).well();
        matches(&format!("results/dry-run-{name}.txt"), &text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }
}
