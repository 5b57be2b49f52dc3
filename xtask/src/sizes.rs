//! The lines of code of files and drivers, without comments and tests.

use std::error::Error;

use crate::report::Report;
use crate::workspace::Workspace;

/// The drivers, which are small enough to be read side by side.
const DRIVERS: &[&str] = &["usage-blocking", "usage-tokio", "usage-async-std"];

/// The maximum lines of code of a driver.
const DRIVER_LIMIT: usize = 300;

/// Files with more lines of code than this are noted.
const LARGE: usize = 400;

/// Fails for drivers over their limit, and notes large files.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for name in DRIVERS {
        let package = workspace.package(name).ok_or_else(|| format!("there is no package {name}"))?;
        let lines: usize = package.sources.iter().map(|source| source.code_lines).sum();
        if lines >= DRIVER_LIMIT {
            report
                .problem(format!("{name} has {lines} lines of code; a driver has fewer than {DRIVER_LIMIT}"));
        }
    }
    for source in workspace.packages.iter().flat_map(|package| &package.sources) {
        if source.code_lines > LARGE {
            report.note(format!("{} has {} lines of code", source.path.display(), source.code_lines));
        }
    }
    Ok(report)
}

/// Prints the lines of code of every package.
pub(crate) fn print(workspace: &Workspace) {
    for package in &workspace.packages {
        let lines: usize = package.sources.iter().map(|source| source.code_lines).sum();
        println!("{lines:>7} {} in {} files", package.name, package.sources.len());
    }
}
