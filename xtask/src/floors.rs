//! Checks that the libraries compile, and their tests pass, with the lowest versions that their manifests allow.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{Workspace, cargo, output};

/// Resolves the libraries in a copy of the workspace, with the lowest version of each direct dependency, and checks them
/// with all features, or runs their tests. The program is left out: it has a lock file.
pub(crate) fn check(workspace: &Workspace, runs_tests: bool) -> Result<(), Box<dyn Error>> {
    let copy = workspace.target.join("floors");
    if copy.exists() {
        fs::remove_dir_all(&copy)?;
    }
    let libraries: Vec<&str> = workspace
        .published()
        .filter(|package| package.name != "genesys-usage")
        .map(|package| package.folder.as_str())
        .collect();
    for path in workspace.tracked(&[""])? {
        if libraries.iter().any(|folder| path.starts_with(&format!("{folder}/"))) {
            copy_file(&workspace.root.join(&path), &copy.join(&path))?;
        }
    }
    fs::write(copy.join("Cargo.toml"), manifest(&workspace.read_file("Cargo.toml")?, &libraries))?;

    // The option is unstable. The variable is set for this command alone, because crates compile differently with it.
    let mut resolve = Command::new(cargo());
    resolve.current_dir(&copy).env("RUSTC_BOOTSTRAP", "1");
    output(resolve.args(["generate-lockfile", "-Z", "direct-minimal-versions"]))?;
    let (command, problem) =
        if runs_tests { ("test", "fails its tests") } else { ("check", "does not compile") };
    let mut check = Command::new(cargo());
    check.current_dir(&copy).args([command, "--workspace", "--all-features", "--target-dir", ".."]);
    if runs_tests {
        // The sizes of types differ between versions.
        check.args(["--tests", "--no-fail-fast", "--", "--skip", "stay_small"]);
    }
    if !check.status()?.success() {
        let message =
            format!("a library {problem} with the lowest versions it allows: raise them in Cargo.toml");
        return Err(message.into());
    }
    Ok(())
}

/// Returns the workspace's manifest with only the libraries as members.
fn manifest(text: &str, libraries: &[&str]) -> String {
    let members = libraries.iter().map(|folder| format!("\"{folder}\"")).collect::<Vec<_>>().join(", ");
    let lines = text.lines().filter(|line| !line.starts_with("default-members ="));
    let lines = lines.map(|line| {
        if line.starts_with("members =") { format!("members = [{members}]\n") } else { format!("{line}\n") }
    });
    lines.collect::<Vec<_>>().concat()
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::copy(from, to).map(drop)
}
