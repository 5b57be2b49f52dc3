//! A report of a history keeps its result in memory, not its rows. This is a binary of its own, because the system
//! reports the largest peak of all children of a process.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what it measured, or fails")]
#![expect(clippy::disallowed_methods, reason = "tests choose the environment of the program")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

const DAYS: u16 = 20;

/// Rows of a day: enough for all clients, users and URIs to occur, and many more.
const ROWS: [u64; 2] = [4_000, 16_000];

/// How much more memory many rows may need than few, in kilobytes. All rows in memory take 20 MB.
const MORE: i64 = 7 * 1024;

#[test]
fn a_report_of_many_rows_needs_little_more_memory_than_one_of_few() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let [few, many] = ROWS.map(|rows| {
        let lake = directory.path().join(format!("lake-{rows}"));
        genesys_usage::fuzzing::write_history(&lake, DAYS, rows);
        lake
    });
    let before = directory.path().join("before.jsonl");
    fs::write(&before, "{\"date\":\"2025-12-31\",\"requests\":1}\n").unwrap();
    let cases = [
        &[][..],
        &["--client", "Client number 7"],
        &["--granularity", "month"],
        &["--compare"],
        &["--compare-with", before.to_str().unwrap()],
    ];
    let little = cases.map(|options| most_after(&few, options)).into_iter().max().unwrap();
    for options in cases {
        let more = most_after(&many, options) - little;
        println!("{options:?}: {more} kB more than {little} kB");
        assert!(more <= MORE, "{options:?}: {more} kB more than {little} kB");
    }
}

/// Reports on `lake`, and returns the largest peak of any process so far.
fn most_after(lake: &Path, options: &[&str]) -> i64 {
    let mut program = Command::new(env!("CARGO_BIN_EXE_genesys-usage"));
    program
        .arg("report")
        .arg(lake)
        .args(options)
        .env("HOME", lake)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    assert!(program.status().unwrap().success());
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss()
}
