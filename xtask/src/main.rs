//! The checks and generators of this workspace, run as `cargo xtask COMMAND`.

#![expect(clippy::print_stdout, reason = "a program reports on its standard output")]

mod api;
mod dependencies;
mod documents;
mod examples;
mod floors;
mod holders;
mod layers;
mod packages;
mod parsers;
mod publish;
mod report;
mod sizes;
mod source;
mod terminal;
mod weight;
mod words;
mod workspace;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use crate::report::Report;
use crate::workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  check         Check everything that is read from sources and manifests; takes seconds
  generate      Write the generated documents
  api           Write the listings of the public API
  api --check   Compare them with the code
  layers        Print the layers of each crate's modules, lowest first
  sizes         Print the lines of code of each package
  weight        Print how many crates each library brings, beside its limit
  floors        Compile the libraries with the lowest versions that they allow; takes minutes
  floors --tests  Run their tests with these versions
  picture       Draw text with colours, from standard input, as an SVG of a terminal
  package       Build every package from its own archive; takes minutes
";

/// A check: its name, as printed, and what it does.
type Check = (&'static str, fn(&Workspace) -> Result<Report, Box<dyn Error>>);

const CHECKS: &[Check] = &[
    ("generated documents", documents::check),
    ("layers", |workspace| Ok(layers::check(workspace))),
    ("former names", words::check_names),
    ("phrases", words::check_phrases),
    ("sizes", sizes::check),
    ("secrets in Debug", holders::check),
    ("round trips", parsers::check),
    ("dependencies of usage-core", dependencies::check),
    ("packages", packages::check),
    ("weight", weight::check),
    ("examples", examples::check),
];

fn main() -> ExitCode {
    if let Some(code) = api::run_as_rustdoc() {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let command = arguments.first().map_or("", String::as_str);
    let option = arguments.get(1).map_or("", String::as_str);
    match run(command, option) {
        Ok(code) => code,
        Err(error) => {
            println!("cargo xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, option: &str) -> Result<ExitCode, Box<dyn Error>> {
    if command == "picture" {
        print!("{}", terminal::picture(&io::read_to_string(io::stdin())?));
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::read()?;
    match command {
        "check" => return check(&workspace, CHECKS),
        "api" if option == "--check" => return check(&workspace, &[("public API", api::check)]),
        "generate" => documents::generate(&workspace)?,
        "api" => api::write(&workspace)?,
        "floors" => floors::check(&workspace, option == "--tests")?,
        "layers" => layers::print(&workspace),
        "package" => publish::package(&workspace)?,
        "sizes" => sizes::print(&workspace),
        "weight" => weight::print(&workspace)?,
        _ => {
            print!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs every check, even after one failed.
fn check(workspace: &Workspace, checks: &[Check]) -> Result<ExitCode, Box<dyn Error>> {
    let mut failed = 0;
    for (name, check) in checks {
        let report = check(workspace)?;
        failed += report.problems.len();
        report.print(name);
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
