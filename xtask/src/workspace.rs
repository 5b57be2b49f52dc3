//! The packages and files of this workspace.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::source::Source;

/// The packages of this workspace and its tracked text files.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// The folder that cargo builds into.
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, relative to the workspace.
    pub(crate) folder: String,
    /// Whether it is published to a registry.
    pub(crate) is_published: bool,
    pub(crate) features: Vec<String>,
    /// Its manifest, as resolved by cargo.
    pub(crate) manifest: Value,
    /// The files in `src`, without unit tests.
    pub(crate) sources: Vec<Source>,
}

impl Workspace {
    /// Reads the workspace in which this program was built.
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let metadata =
            output(Command::new(cargo()).args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let root = PathBuf::from(metadata["workspace_root"].as_str().unwrap_or("."));
        let target = PathBuf::from(metadata["target_directory"].as_str().unwrap_or("target"));
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let packages = packages.map(|manifest| Package::read(&root, manifest)).collect::<Result<_, _>>()?;
        Ok(Self { root, target, packages })
    }

    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Returns the packages that are published.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published)
    }

    /// Returns the tracked files whose names end with one of `extensions`, relative to the workspace.
    pub(crate) fn tracked(&self, extensions: &[&str]) -> Result<Vec<String>, Box<dyn Error>> {
        let listed = output(Command::new("git").current_dir(&self.root).args([
            "ls-files",
            "-co",
            "--exclude-standard",
        ]))?;
        let has_extension = |name: &&str| extensions.iter().any(|extension| name.ends_with(extension));
        let is_there = |name: &&str| self.root.join(name).exists();
        Ok(listed.lines().filter(has_extension).filter(is_there).map(str::to_owned).collect())
    }

    pub(crate) fn read_file(&self, path: &str) -> Result<String, Box<dyn Error>> {
        std::fs::read_to_string(self.root.join(path)).map_err(|error| format!("{path}: {error}").into())
    }
}

impl Package {
    fn read(root: &Path, manifest: &Value) -> Result<Self, Box<dyn Error>> {
        let text = |name: &str| manifest[name].as_str().unwrap_or_default().to_owned();
        let path = PathBuf::from(text("manifest_path"));
        let folder = path.parent().unwrap_or(root).strip_prefix(root)?;
        let features = manifest["features"].as_object().map(|features| features.keys().cloned().collect());
        Ok(Self {
            name: text("name"),
            folder: folder.to_string_lossy().into_owned(),
            is_published: manifest["publish"].as_array().is_none_or(|registries| !registries.is_empty()),
            features: features.unwrap_or_default(),
            manifest: manifest.clone(),
            sources: Source::read_all(root, &folder.join("src"))?,
        })
    }
}

/// Returns the cargo that runs this program.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Runs `command` and returns its standard output.
///
/// # Errors
///
/// When it cannot be started or fails; the error carries its standard error.
pub(crate) fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let done = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !done.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}
