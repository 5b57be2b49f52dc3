//! What a package has to have before it can be published.

use std::error::Error;

use crate::report::Report;
use crate::workspace::{Package, Workspace};

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
    let mut documents = workspace.read_file(&format!("{folder}/src/lib.rs"))?;
    if exists("README.md") {
        documents += &workspace.read_file(&format!("{folder}/README.md"))?;
    }
    for feature in package.features.iter().filter(|feature| *feature != "default") {
        if !documents.contains(&format!("`{feature}`")) {
            problems
                .push(format!("the feature {feature} is described neither in src/lib.rs nor in README.md"));
        }
    }
    Ok(problems)
}
