//! The requirements of a package that is to be published.

use std::error::Error;

use crate::report::Report;
use crate::workspace::{Package, Workspace};

/// Features that are no part of a package's documented surface.
const INTERNAL: &[&str] = &["default", "fuzzing"];

/// Fails for published packages without their own README, licence texts, settings for docs.rs or documented features.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for package in workspace.published() {
        for problem in problems(workspace, package)? {
            report.problem(format!("{}: {problem}", package.name));
        }
    }
    Ok(report)
}

fn problems(workspace: &Workspace, package: &Package) -> Result<Vec<String>, Box<dyn Error>> {
    let folder = &package.folder;
    let exists = |name: &str| workspace.root.join(folder).join(name).exists();
    let mut problems = Vec::new();
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        if !exists(name) {
            problems.push(format!("{folder}/{name} is missing"));
        }
    }
    let manifest = &package.manifest;
    if manifest["readme"].as_str() != Some("README.md") {
        problems.push("the manifest does not say readme = \"README.md\"".to_owned());
    }
    for member in ["description", "license", "rust_version"] {
        if manifest[member].as_str().is_none_or(str::is_empty) {
            problems.push(format!("the manifest has no {member}"));
        }
    }
    if manifest["metadata"]["docs"]["rs"]["all-features"] != true {
        problems.push("[package.metadata.docs.rs] does not say all-features = true".to_owned());
    }
    problems.extend(paths_out_of(workspace, package)?);
    let mut documents = workspace.read_file(&format!("{folder}/src/lib.rs"))?;
    if exists("README.md") {
        documents += &workspace.read_file(&format!("{folder}/README.md"))?;
    }
    for feature in package.features.iter().filter(|feature| !INTERNAL.contains(&feature.as_str())) {
        if !documents.contains(&format!("`{feature}`")) {
            problems
                .push(format!("the feature {feature} is described neither in src/lib.rs nor in README.md"));
        }
    }
    Ok(problems)
}

/// Finds references of a shipped file to files outside of its package, which are missing there.
fn paths_out_of(workspace: &Workspace, package: &Package) -> Result<Vec<String>, Box<dyn Error>> {
    let shipped = ["README.md", "docs/", "src/"].map(|part| format!("{}/{part}", package.folder));
    let mut problems = Vec::new();
    for path in workspace.tracked(&[".rs", ".md"])? {
        if !shipped.iter().any(|part| path.starts_with(part)) {
            continue;
        }
        let inside = path.matches('/').count() - package.folder.matches('/').count() - 1;
        let out = format!("{}../", "../".repeat(inside));
        let marks = ["](", "include_str!(\"", "include_bytes!(\"", "#[path = \""];
        for (number, line) in (1..).zip(workspace.read_file(&path)?.lines()) {
            if marks.iter().any(|mark| line.contains(&format!("{mark}{out}"))) {
                problems.push(format!("{path}:{number} refers to a file outside of the package"));
            }
        }
    }
    Ok(problems)
}
