//! Builds every package from its own archive, as downloaded from a registry.

use std::error::Error;
use std::process::Command;

use crate::workspace::{Workspace, cargo};

/// Prints the files of each package and verifies that it compiles, in the order of publication.
pub(crate) fn package(workspace: &Workspace) -> Result<(), Box<dyn Error>> {
    for package in workspace.published() {
        println!("{}:", package.name);
        run(workspace, &["package", "--list", "--allow-dirty", "--quiet", "--package", &package.name])?;
    }
    let mut arguments = vec!["package", "--workspace", "--allow-dirty"];
    for package in workspace.packages.iter().filter(|package| !package.is_published) {
        arguments.extend(["--exclude", &package.name]);
    }
    run(workspace, &arguments)
}

fn run(workspace: &Workspace, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = Command::new(cargo()).current_dir(&workspace.root).args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo {} failed", arguments.join(" ")).into()) }
}
