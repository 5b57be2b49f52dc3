//! The public API of each library as a text file, so that changes of it show in a diff.

use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};

use crate::report::Report;
use crate::workspace::{Package, Workspace, cargo, output};

/// A variable that is set for cargo, and inherited by this program when cargo starts it in place of rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

/// The number of differences that are printed for a library.
const PRINTED: usize = 20;

/// Fails for listings that differ from the public API. A note says so where the compiler cannot describe it.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    describe(workspace)?;
    for library in libraries(workspace) {
        let found = match listing(workspace, library) {
            Ok(found) => found,
            Err(error) => {
                report.note(format!("{} is not compared: {error}", library.name));
                continue;
            }
        };
        let path = path(library);
        let committed = workspace.read_file(&path).unwrap_or_default();
        let differences: Vec<String> = difference("-", &committed, &found)
            .chain(difference("+", &found, &committed))
            .take(PRINTED)
            .collect();
        if !differences.is_empty() {
            report.problem(format!("{path} is stale; run: cargo xtask api\n{}", differences.join("\n")));
        }
    }
    Ok(report)
}

/// Writes the listing of every library.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Box<dyn Error>> {
    describe(workspace)?;
    for library in libraries(workspace) {
        let path = workspace.root.join(path(library));
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, listing(workspace, library)?)?;
    }
    Ok(())
}

/// Returns the published libraries; the program has no API.
fn libraries(workspace: &Workspace) -> impl Iterator<Item = &Package> {
    workspace.published().filter(|package| package.name != "genesys-usage")
}

fn path(library: &Package) -> String {
    format!("{}/docs/public-api.txt", library.folder)
}

/// Returns the lines of `text` that `other` lacks.
fn difference<'a>(mark: &'a str, text: &'a str, other: &'a str) -> impl Iterator<Item = String> + 'a {
    let missing = text.lines().filter(move |line| !other.lines().any(|there| there == *line));
    missing.map(move |line| format!("  {mark} {line}"))
}

/// Lists the public items of a library with all of its features. Requires [`describe`].
fn listing(workspace: &Workspace, library: &Package) -> Result<String, Box<dyn Error>> {
    let described = workspace.target.join(format!("doc/{}.json", library.name.replace('-', "_")));
    let api = public_api::Builder::from_rustdoc_json(described)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(api.items().map(|item| format!("{item}\n")).collect::<Vec<_>>().concat())
}

/// Makes rustdoc describe the libraries in JSON. That option is unstable. The variable that allows it on a stable
/// compiler is set for rustdoc alone, because with it all dependencies would be compiled anew.
///
/// # Errors
///
/// Returns an error if a library does not compile.
fn describe(workspace: &Workspace) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).env("RUSTDOC", std::env::current_exe()?).env(AS_RUSTDOC, "1");
    command.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    output(command.args(["doc", "--quiet", "--workspace", "--all-features", "--no-deps", "--lib"])).map(drop)
}

/// Runs rustdoc with unstable options allowed, if cargo started this program in its place.
pub(crate) fn run_as_rustdoc() -> Option<ExitCode> {
    std::env::var_os(AS_RUSTDOC)?;
    let mut command = Command::new("rustdoc");
    command.args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1");
    let succeeded = command.status().is_ok_and(|status| status.success());
    Some(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
