//! Compares reports of saved rows with other programs that read the same file and compute five group-by sums: processor
//! time and peak memory of whole processes.
//!
//! `cargo bench -p genesys-usage --bench saved_rows` ends with lines `target NAME measured limit`. Peers that are not
//! installed are skipped with a note: `pip install polars duckdb pandas`, Node.js.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark says what it measured, or fails"
)]

#[path = "saved_rows/files.rs"]
mod files;
#[path = "saved_rows/measure.rs"]
mod measure;
#[path = "saved_rows/peers.rs"]
mod peers;

use crate::files::Kind;
use crate::measure::measure;

fn main() {
    if !measure::is_measuring() {
        compare();
    }
}

fn compare() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut targets = Vec::new();
    for (kind, seconds, megabytes) in [(Kind::Csv, 0.6, 110), (Kind::Lines, 0.9, 110), (Kind::Page, 0.45, 80)]
    {
        let path = kind.write_to(directory.path());
        println!("{kind}, {} rows, {} MB", kind.rows(), path.metadata().unwrap().len() / 1_000_000);
        let path = path.to_str().unwrap();
        let ours = measure(env!("CARGO_BIN_EXE_genesys-usage"), &["report", path, "--format", "json"]);
        println!("  genesys-usage: {ours}");
        for peer in peers::of(kind) {
            let name = peer.name;
            if peer.is_installed() {
                let (program, arguments) = peer.command(path);
                println!("  {name}: {}", measure(program, &arguments));
            } else {
                println!("  {name}: not installed");
            }
        }
        targets.push(format!("target report_of_{}_cpu_seconds {:.2} {seconds}", kind.name(), ours.seconds));
        targets.push(format!("target report_of_{}_megabytes {} {megabytes}", kind.name(), ours.megabytes));
    }
    for target in targets {
        println!("{target}");
    }
}
