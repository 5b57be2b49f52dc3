//! Resources of the process on Linux: open files and memory.

use std::fs;

/// Tolerated fluctuation of open files and kilobytes.
const FILES: u64 = 8;
const KILOBYTES: u64 = 16 * 1024;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    files: u64,
    kilobytes: u64,
}

/// Returns the current use, or `None` if the system does not report it.
pub(crate) fn used() -> Option<Used> {
    let files = u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Used { files, kilobytes })
}

/// Returns the lower of each of two readings.
pub(crate) fn lowest(one: Option<Used>, other: Option<Used>) -> Option<Used> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    Some(Used { files: one.files.min(other.files), kilobytes: one.kilobytes.min(other.kilobytes) })
}

/// Asserts that files and memory did not grow beyond their fluctuation.
pub(crate) fn check(before: Option<Used>, after: Option<Used>) {
    let Some((before, after)) = before.zip(after) else { return };
    assert!(after.files <= before.files + FILES, "open files: {before:?}, {after:?}");
    assert!(after.kilobytes <= before.kilobytes + KILOBYTES, "memory: {before:?}, {after:?}");
}
