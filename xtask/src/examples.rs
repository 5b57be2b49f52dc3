//! Public types whose documentation has no example. Their number may only fall.

use std::error::Error;
use std::fs;

use crate::report::Report;
use crate::workspace::Workspace;

/// The number of types without an example, by package. They are members of types that have one.
const WITHOUT_EXAMPLE: &[(&str, usize)] = &[
    ("usage-core", 18),
    ("usage-driver", 18),
    ("usage-report", 19),
    ("usage-sim", 10),
    ("usage-blocking", 0),
    ("usage-tokio", 0),
    ("usage-async-std", 0),
];

/// Fails if a package has more types without an example than are listed, or fewer: then the list is to be shortened.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for (name, allowed) in WITHOUT_EXAMPLE {
        let package = workspace.package(name).ok_or("a listed package does not exist")?;
        let mut missing = Vec::new();
        for source in &package.sources {
            // The functions for fuzz targets are hidden.
            if source.module.first().is_some_and(|module| module == "fuzzing") {
                continue;
            }
            let text = fs::read_to_string(workspace.root.join(&source.path))?;
            missing.extend(types_without_example(&text));
        }
        if missing.len() != *allowed {
            let (found, names) = (missing.len(), missing.join(", "));
            report.problem(format!("{name}: {found} types have no example, {allowed} are listed: {names}"));
        }
    }
    Ok(report)
}

/// Returns the public types in `text`, up to its tests, whose doc comment has no code block.
fn types_without_example(text: &str) -> Vec<String> {
    let (mut missing, mut has_example) = (Vec::new(), false);
    for line in text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]") {
        let declaration = ["pub struct ", "pub enum ", "pub trait "];
        if let Some(rest) = declaration.iter().find_map(|start| line.strip_prefix(start)) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            // A macro's types have no name yet.
            if !has_example && !name.is_empty() {
                missing.push(name);
            }
            has_example = false;
        } else if line.starts_with("///") {
            has_example |= line.starts_with("/// ```");
        } else if line.is_empty() || line.ends_with(['}', ';', ',']) {
            has_example = false;
        }
    }
    missing
}
