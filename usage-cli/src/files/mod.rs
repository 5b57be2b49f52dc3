//! Files that are written whole or not at all, and read only if their owner can be trusted.

pub(crate) mod draft;
pub(crate) mod lock;
pub(crate) mod private_file;
pub(crate) mod trust;

use std::path::{Path, PathBuf};

/// Returns the directory of the file at `path`.
pub(crate) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
