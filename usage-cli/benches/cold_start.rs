//! From the start of the process to the last row: the program against a client that is written by hand for just that.
//!
//! `cargo bench -p genesys-usage --bench cold_start` ends with lines `target NAME measured limit`. It measures the program
//! as released, with fat LTO. `GENESYS_USAGE_PROGRAM=target/release/genesys-usage` measures what `cargo install` builds.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark says what it measured, or fails"
)]

#[path = "cold_start/by_hand.rs"]
mod by_hand;
#[path = "cold_start/service.rs"]
mod service;

use std::fs;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use tempfile::TempDir;

/// How much longer the program may take.
const LIMIT: f64 = 1.25;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--by-hand", address] => by_hand::query(address.parse().unwrap(), std::io::stdout().lock()).unwrap(),
        ["--peak", program, ref arguments @ ..] => print_peak(program, arguments),
        _ => compare(),
    }
}

fn compare() {
    let installed = tempfile::tempdir().unwrap();
    let by_hand_program = install(&std::env::current_exe().unwrap(), &installed);
    let our_program = std::env::var_os("GENESYS_USAGE_PROGRAM");
    let our_program =
        our_program.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_genesys-usage")), PathBuf::from);
    let our_program = install(&our_program, &installed);
    let mut targets = Vec::new();
    for (rows, runs) in [(100, 41), (20_000, 21)] {
        let address = service::serve(rows).to_string();
        let url = format!("http://{address}");
        let by_hand = Contestant::new(&by_hand_program, &["--by-hand", &address]);
        let query = ["query", "--group-by", "client,uri,method", "--interval", "2026-06/2026-06"];
        let options = ["--format", "csv", "--initial-delay", "0s", "--api-url", &url];
        let program = Contestant::new(&our_program, &[&query[..], &options].concat());
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            theirs.push(by_hand.run(rows));
            ours.push(program.run(rows));
        }
        let (theirs, ours) = (median(theirs), median(ours));
        println!(
            "{rows} rows: by hand {:.1} ms and {} KB at most, genesys-usage {:.1} ms and {} KB",
            theirs.as_secs_f64() * 1e3,
            by_hand.peak(),
            ours.as_secs_f64() * 1e3,
            program.peak(),
        );
        targets.push((rows, ours.as_secs_f64() / theirs.as_secs_f64()));
    }
    for (rows, ratio) in targets {
        println!("target query_of_{rows}_rows_vs_by_hand {ratio:.2} {LIMIT}");
    }
}

/// Copies `program`, as an installer does. The linker writes page by page, and a system that keeps those pages starts a
/// program more slowly right after it was linked.
fn install(program: &Path, directory: &TempDir) -> PathBuf {
    let copy = directory.path().join(program.file_name().unwrap());
    // Not `fs::copy`: both files may share pages after it.
    fs::write(&copy, fs::read(program).unwrap()).unwrap();
    fs::set_permissions(&copy, fs::metadata(program).unwrap().permissions()).unwrap();
    copy
}

struct Contestant {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Contestant {
    fn new(program: &Path, arguments: &[&str]) -> Self {
        Self { program: program.to_owned(), arguments: arguments.iter().map(|&text| text.into()).collect() }
    }

    /// Returns the time that the client takes for `rows` rows.
    fn run(&self, rows: usize) -> Duration {
        let started = Instant::now();
        let output = command(&self.program).args(&self.arguments).output().unwrap();
        let took = started.elapsed();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // The header, and one line for each row.
        assert_eq!(output.stdout.lines().count(), rows + 1);
        took
    }

    /// Returns the peak memory in KB. A process of its own starts the client, because the system only reports the
    /// largest peak of all children.
    fn peak(&self) -> u64 {
        let mut measuring = command(&std::env::current_exe().unwrap());
        let output = measuring.arg("--peak").arg(&self.program).args(&self.arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }
}

fn print_peak(program: &str, arguments: &[&str]) {
    let status = command(program.as_ref()).args(arguments).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss());
}

/// Returns a command for `program` whose environment holds only the credentials, and which finds no configuration.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    command.env("GENESYSCLOUD_OAUTHCLIENT_ID", "id").env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "secret");
    command
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
