//! A report of a history keeps its result in memory, not its rows, and a crafted file takes no more memory than its bytes
//! can stand for. This is a binary of its own, because the system reports the largest peak of all children of a process,
//! and the allocator the peak of the process itself.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what it measured, or fails")]
#![expect(clippy::disallowed_methods, reason = "tests choose the environment of the program")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

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

/// How many changed files are read.
const CHANGED: u64 = 8_000;

/// The most that a changed file may need, in bytes. It can claim a million rows in a few bytes, but not 2 GB in a page.
const MOST: usize = 256 << 20;

/// Numbers that look random, the same in every run (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    /// Changes a few bytes: metadata, headers of pages, levels or values.
    fn change(&mut self, file: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(file.len());
            match self.below(6) {
                0 => file[at] ^= 1 << self.below(8),
                1 => file[at] = u8::try_from(self.below(256)).unwrap(),
                // The largest numbers of 32 and of 64 bits.
                2 => drop(file.splice(at..at, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F])),
                3 => {
                    let end = file.len().min(at + 5);
                    file.splice(at..end, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]);
                }
                4 => drop(file.splice(at..at, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])),
                _ => drop(file.drain(at..file.len().min(at + 1 + self.below(8)))),
            }
        }
    }
}

#[test]
fn a_crafted_file_needs_little_memory_and_causes_no_panic() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    genesys_usage::fuzzing::write_history(directory.path(), 1, 30);
    let file = fs::read(directory.path().join("organization=acme/date=2026-01-01/usage.parquet")).unwrap();
    assert_eq!(genesys_usage::fuzzing::history_file(&file), Some(30));
    let before = MEMORY.current_usage();
    let (mut numbers, mut read) = (Numbers(1), 0);
    for _ in 0..CHANGED {
        let mut changed = file.clone();
        numbers.change(&mut changed);
        MEMORY.reset_peak_usage();
        read += u64::from(genesys_usage::fuzzing::history_file(&changed).is_some());
        // The other test may free memory meanwhile.
        let peak = MEMORY.peak_usage().saturating_sub(before);
        assert!(peak <= MOST, "{peak} bytes for a file of {}", changed.len());
    }
    println!("{read} of {CHANGED} changed files were read");
    assert!(read > CHANGED / 100, "{read}: the changes are all found at once");
}
