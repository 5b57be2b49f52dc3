//! A private file that is replaced as a whole, and that one process at a time holds.
//!
//! The lock is on the file itself, not on its name: a process that replaces the file locks the new one before it takes
//! the old one's place, so there is no moment at which the file of a running process is not locked. A lock ends with
//! its process.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::files::directory;
use crate::files::draft::{self, Access, Draft, lock};
use crate::files::trust::{self, Distrust, Role};

/// Keeps other processes from the file as long as it lives.
#[derive(Debug)]
pub(crate) struct Held {
    file: File,
}

impl Held {
    /// The file, to be read.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Shows that a file can be made at `path`, where there is none, and removes what earlier processes left beside it.
pub(crate) fn prove(path: &Path) -> io::Result<()> {
    if path.file_name().is_none() {
        return Err(ErrorKind::InvalidFilename.into());
    }
    // Creating it would see this, too, but not on every file system.
    if fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    draft::prove(&directory(path))
}

/// Creates the file at `path`, and fails if there is one.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<Held> {
    prove(path)?;
    Ok(Held { file: written(path, text)?.create(path)? })
}

/// Puts `text` in the place of the file at `path`. The caller that held that one keeps it until this is done.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<Held> {
    let path = followed(path);
    Ok(Held { file: written(&path, text)?.replace(&path)? })
}

/// Shows that a file as long as `text` can be written beside `path`: for what must not be lost once it is there.
pub(crate) fn prove_room(path: &Path, text: &str) -> io::Result<()> {
    written(&followed(path), text).map(drop)
}

/// Removes the file at `path`, and the link that leads to it if `path` is one; `false` if there is none.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    let target = followed(path);
    let is_linked = target != path && removed(&target)?;
    Ok(removed(path)? || is_linked)
}

fn removed(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens and holds the file at `path`, if it can be trusted as a `role`; [`WouldBlock`](ErrorKind::WouldBlock) if
/// another process holds it. What earlier processes left beside it is removed.
pub(crate) fn hold(path: &Path, role: Role) -> Result<Held, Distrust> {
    let file = trust::open(path, role)?;
    lock(&file)?;
    // The process that held it may have replaced it before it let go.
    if !is_at(&file, path)? {
        return Err(io::Error::from(ErrorKind::WouldBlock).into());
    }
    sweep(path);
    Ok(Held { file })
}

/// Removes what earlier processes left beside the file at `path`, and beside the one that it leads to.
pub(crate) fn sweep(path: &Path) {
    draft::sweep(&directory(path));
    let target = followed(path);
    if target != path {
        draft::sweep(&directory(&target));
    }
}

/// A complete and locked file that has no place yet.
fn written(path: &Path, text: &str) -> io::Result<Draft> {
    let draft = Draft::beside(path, Access::Private)?;
    draft.file().write_all(text.as_bytes())?;
    draft.file().sync_all()?;
    Ok(draft)
}

/// Returns the target of a link: the file is replaced, not the link.
fn followed(path: &Path) -> PathBuf {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
        _ => path.to_owned(),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let (held, named) = (file.metadata()?, fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (named.dev(), named.ino()))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_then_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        drop(create(&path, "one").unwrap());
        assert_eq!(create(&path, "two").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        drop(replace(&path, "two").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(remove(&path).unwrap() && !remove(&path).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn one_at_a_time_holds_it_through_every_replacement() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        let open = || hold(&path, Role::State);
        let busy = || matches!(open(), Err(Distrust::Io(error)) if error.kind() == ErrorKind::WouldBlock);
        let first = create(&path, "one").unwrap();
        assert!(busy());
        let second = replace(&path, "two").unwrap();
        assert!(busy());
        drop(first);
        assert!(busy());
        drop(second);
        let held = open().unwrap();
        assert!(busy());
        drop(held);
        drop(open().unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_there_already() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        std::os::unix::fs::symlink(directory.path().join("none"), &path).unwrap();
        assert_eq!(create(&path, "").unwrap_err().kind(), ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn of_a_link_the_file_is_replaced_and_both_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("run.json"), directory.path().join("link.json"));
        drop(create(&path, "one").unwrap());
        std::os::unix::fs::symlink(&path, &link).unwrap();
        drop(replace(&link, "two").unwrap());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert!(remove(&link).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
