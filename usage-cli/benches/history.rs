//! Compares a report of a year's history of three million rows with DuckDB's five group-by sums over the same files:
//! processor time and peak memory of whole processes.
//!
//! `cargo bench -p genesys-usage --features fuzzing --bench history` ends with lines `target NAME measured limit`. Without
//! DuckDB for Python (`pip install duckdb`), there is no limit.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark says what it measured, or fails"
)]

#[path = "saved_rows/measure.rs"]
mod measure;

use std::process::{Command, Stdio};

use crate::measure::measure;

const DAYS: u16 = 365;
const ROWS: u64 = 8_220;

const DUCKDB: &str = "
import sys, duckdb
files = f\"read_parquet('{sys.argv[1]}/*/*/*.parquet', hive_partitioning = true)\"
for k in ['date', 'clientId', 'templateUri', 'httpMethod', 'userId']:
    duckdb.sql(f'select \"{k}\", sum(requests) from {files} group by 1').fetchall()";

fn main() {
    if measure::is_measuring() {
        return;
    }
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    genesys_usage::fuzzing::write_history(directory.path(), DAYS, ROWS);
    let path = directory.path().to_str().unwrap();
    println!("a history of {DAYS} days with {ROWS} rows each");
    let program = env!("CARGO_BIN_EXE_genesys-usage");
    let text = measure(program, &["report", path, "--format", "csv"]);
    println!("  genesys-usage, all lists: {text}");
    println!("  genesys-usage, with drill-down: {}", measure(program, &["report", path, "--format", "json"]));
    let mut probe = Command::new("python3");
    probe.args(["-c", "import duckdb"]).stdout(Stdio::null()).stderr(Stdio::null());
    let limit = if probe.status().is_ok_and(|status| status.success()) {
        let duckdb = measure("python3", &["-c", DUCKDB, path]);
        println!("  DuckDB, five sums: {duckdb}");
        format!("{:.2}", duckdb.seconds)
    } else {
        println!("  DuckDB: not installed");
        "none".to_owned()
    };
    println!("target report_of_history_cpu_seconds {:.2} {limit}", text.seconds);
    println!("target report_of_history_megabytes {} 110", text.megabytes);
}
