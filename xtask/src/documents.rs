//! Documents that are generated from the code they describe.

mod coverage;
mod picture;
mod state_machine;

use std::error::Error;
use std::fs;

use crate::report::Report;
use crate::workspace::Workspace;

/// A generated file and the function that generates it.
type Document = (&'static str, fn() -> String);

const DOCUMENTS: &[Document] = &[
    ("usage-core/docs/coverage.md", coverage::document),
    ("usage-core/docs/state-machine.md", state_machine::document),
    ("usage-core/docs/state-machine.svg", picture::svg),
];

/// The file with the tests that `coverage.md` names, and the files that show the picture.
const COVERAGE_TESTS: &str = "usage-blocking/tests/it/coverage.rs";
const PICTURE: &str = "](usage-core/docs/state-machine.svg)";

/// Writes every generated document.
pub(crate) fn generate(workspace: &Workspace) -> Result<(), Box<dyn Error>> {
    for (path, document) in DOCUMENTS {
        fs::write(workspace.root.join(path), document())?;
    }
    Ok(())
}

/// Fails for documents that differ from what would be generated, and for missing tests and files that they name.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for (path, document) in DOCUMENTS {
        if workspace.read_file(path)? != document() {
            report.problem(format!("{path} is stale; run: cargo xtask generate"));
        }
    }
    let tests = workspace.read_file(COVERAGE_TESTS)?;
    for row in coverage::rows().into_iter().chain(coverage::platform_rows()) {
        if !tests.contains(&format!("#[test]\nfn {}() {{", row.test)) {
            report.problem(format!(
                "{COVERAGE_TESTS} has no test {}, which {} names",
                row.test, DOCUMENTS[0].0
            ));
        }
    }
    if !workspace.read_file("README.md")?.contains(PICTURE) {
        report.problem("README.md does not show usage-core/docs/state-machine.svg");
    }
    Ok(report)
}
