//! Reports of saved rows, beside what other programs need to read the same file and make five group-by sums: whole
//! processes, processor time and the most memory.
//!
//! `cargo bench -p genesys-usage --bench saved_rows` ends with lines `target NAME measured limit`. Peers that are not installed
//! are left out with a note: `pip install polars duckdb pandas`, Node.js.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark says what it measured, or fails")]

#[path = "saved_rows/files.rs"]
mod files;
#[path = "saved_rows/peers.rs"]
mod peers;

use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::files::Kind;

/// How often each program runs; the median counts.
const RUNS: usize = 3;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--measure", program, ref arguments @ ..] => print_measure(program, arguments),
        _ => compare(),
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

/// What a process needs.
struct Measure {
    /// Processor time, of the user and of the system.
    seconds: f64,
    /// The most memory that it held.
    megabytes: u64,
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} s CPU, {} MB", self.seconds, self.megabytes)
    }
}

/// The median of some runs. A process of its own starts each, because the system only tells what all children needed.
fn measure(program: &str, arguments: &[&str]) -> Measure {
    let mut runs: Vec<_> = (0..RUNS)
        .map(|_| {
            let mut measuring = Command::new(std::env::current_exe().unwrap());
            let output = measuring.arg("--measure").arg(program).args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            let (milliseconds, kilobytes) = text.trim().split_once(' ').unwrap();
            (milliseconds.parse::<u32>().unwrap(), kilobytes.parse::<u64>().unwrap())
        })
        .collect();
    runs.sort_unstable();
    let (milliseconds, kilobytes) = runs[RUNS / 2];
    Measure { seconds: f64::from(milliseconds) / 1e3, megabytes: kilobytes / 1024 }
}

fn print_measure(program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    let status = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let time = usage.user_time() + usage.system_time();
    println!("{} {}", time.num_milliseconds(), usage.max_rss());
}
