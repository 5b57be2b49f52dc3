//! Whether the libraries compile with the lowest versions that their manifests allow.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::{Workspace, cargo, output};

/// Resolves the libraries in a copy of the workspace, with the lowest version of each direct dependency, and checks them
/// with all features. The program is left out: it has a lock file.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Box<dyn Error>> {
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

    // The option is unstable. The variable is for this command alone: it would change what crates are compiled to.
    let mut resolve = Command::new(cargo());
    resolve.current_dir(&copy).env("RUSTC_BOOTSTRAP", "1");
    output(resolve.args(["generate-lockfile", "-Z", "direct-minimal-versions"]))?;
    let mut check = Command::new(cargo());
    check.current_dir(&copy).args(["check", "--workspace", "--all-features", "--target-dir", ".."]);
    if !check.status()?.success() {
        return Err(
            "a library does not compile with the lowest versions it allows: raise them in Cargo.toml".into(),
        );
    }
    Ok(())
}

/// The workspace's manifest with only the libraries as members.
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
