//! The dependencies of usage-core, which are free of I/O.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::Command;

use crate::report::Report;
use crate::workspace::{Workspace, cargo, output};

/// The crates that usage-core may depend on, one a line.
const LIST: &str = ".ci/core-dependencies.txt";

/// Fails for dependencies that are not on the list, and for lines of the list without a dependency.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    let tree = tree(workspace, "usage-core", &["--all-features"])?;
    let names = tree.iter().filter_map(|line| line.split(' ').next()).filter(|name| *name != "usage-core");
    let (found, listed): (BTreeSet<&str>, String) = (names.collect(), workspace.read_file(LIST)?);
    let listed: BTreeSet<&str> = listed.lines().collect();
    for name in found.difference(&listed) {
        report.problem(format!("usage-core depends on {name}: if it does no I/O, add it to {LIST}"));
    }
    for name in listed.difference(&found) {
        report.problem(format!("{LIST} names {name}, on which usage-core does not depend"));
    }
    Ok(report)
}

/// Returns the distinct lines of `cargo tree` for the normal dependencies of a package, itself included.
pub(crate) fn tree(
    workspace: &Workspace,
    package: &str,
    options: &[&str],
) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).args([
        "tree",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]);
    let printed = output(command.args(options))?;
    let without_mark = |line: &str| line.trim_end_matches(" (*)").to_owned();
    Ok(printed.lines().map(without_mark).filter(|line| !line.is_empty()).collect())
}
