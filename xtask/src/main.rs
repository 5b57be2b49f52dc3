//! The checks and generators of this workspace, run as `cargo xtask COMMAND`.

#![expect(clippy::print_stdout, reason = "a program reports on its standard output")]

mod dependencies;
mod documents;
mod layers;
mod packages;
mod report;
mod sizes;
mod source;
mod words;
mod workspace;

use std::error::Error;
use std::process::ExitCode;

use crate::report::Report;
use crate::workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  check     Check everything that is read from sources and manifests; takes seconds
  generate  Write the generated documents
  layers    Print the layers of each crate's modules, lowest first
  sizes     Print the lines of code of each package
";

/// A check: its name, as printed, and what it does.
type Check = (&'static str, fn(&Workspace) -> Result<Report, Box<dyn Error>>);

const CHECKS: &[Check] = &[
    ("generated documents", documents::check),
    ("layers", |workspace| Ok(layers::check(workspace))),
    ("words", words::check),
    ("sizes", sizes::check),
    ("dependencies of usage-core", dependencies::check),
    ("packages", packages::check),
];

/// Checks whose problems are reported and fail nothing yet: what they find is being removed.
const REPORTED_ONLY: &[&str] = &["layers", "words"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = arguments.first().map_or("", String::as_str);
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            println!("cargo xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str) -> Result<ExitCode, Box<dyn Error>> {
    let workspace = Workspace::read()?;
    match command {
        "check" => return check(&workspace),
        "generate" => documents::generate(&workspace)?,
        "layers" => layers::print(&workspace),
        "sizes" => sizes::print(&workspace),
        _ => {
            print!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs every check, also after one of them failed.
fn check(workspace: &Workspace) -> Result<ExitCode, Box<dyn Error>> {
    let mut failed = 0;
    for (name, check) in CHECKS {
        let mut report = check(workspace)?;
        if REPORTED_ONLY.contains(name) {
            report.notes.append(&mut report.problems);
        }
        failed += report.problems.len();
        report.print(name);
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
