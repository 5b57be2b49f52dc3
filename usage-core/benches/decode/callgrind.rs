//! Counting instructions of a part of this program: the same on a noisy machine as on a quiet one.

use std::process::Command;

/// Returns the instructions of the functions `counted_*` when this program runs with `--count what`, divided by
/// `times`; `None` if there is no valgrind.
pub(crate) fn count(what: &str, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg("--toggle-collect=*counted_*")
        .arg(std::env::current_exe().ok()?)
        .args(["--count", what])
        .output()
        .ok()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected :"))?.1;
    Some(collected.trim().parse::<u64>().ok()? / times)
}
