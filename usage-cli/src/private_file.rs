//! A private file that is replaced as a whole, and that one process at a time holds.
//!
//! The lock is on the file itself, not on its name: whoever replaces the file locks the new one before it takes the old
//! one's place, so there is no moment at which a file of a running process is not locked. A lock ends with its process.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use fs4::{FileExt, TryLockError};
use tempfile::{Builder, NamedTempFile};

use crate::paths::directory;

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

/// Makes the file at `path`; an error if there is one.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<Held> {
    if path.file_name().is_none() {
        return Err(ErrorKind::InvalidFilename.into());
    }
    // The renaming below would see it, too, but not on every file system.
    if fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    Ok(Held { file: temporary(path, text)?.persist_noclobber(path)? })
}

/// Puts `text` in the place of the file at `path`. Whoever held that one must keep it until this is done.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<Held> {
    Ok(Held { file: temporary(path, text)?.persist(path)? })
}

/// Removes the file at `path`, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens and holds the file at `path`; [`WouldBlock`](ErrorKind::WouldBlock) if another process holds it.
pub(crate) fn hold(path: &Path) -> io::Result<Held> {
    let file = File::open(path)?;
    lock(&file)?;
    // The one who held it may have replaced it before it let go.
    if is_at(&file, path)? { Ok(Held { file }) } else { Err(ErrorKind::WouldBlock.into()) }
}

/// A complete and locked file beside `path`. Temporary files are private by themselves.
fn temporary(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut temporary = Builder::new().prefix(".genesys-usage-").tempfile_in(directory(path))?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    lock(temporary.as_file())?;
    Ok(temporary)
}

/// A file system without locks has none to offer.
fn lock(file: &File) -> io::Result<()> {
    match FileExt::try_lock(file) {
        Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
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
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn one_at_a_time_holds_it_through_every_replacement() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        let busy = || hold(&path).unwrap_err().kind() == ErrorKind::WouldBlock;
        let first = create(&path, "one").unwrap();
        assert!(busy());
        let second = replace(&path, "two").unwrap();
        assert!(busy());
        drop(first);
        assert!(busy());
        drop(second);
        let held = hold(&path).unwrap();
        assert!(busy());
        drop(held);
        drop(hold(&path).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_there_already() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        std::os::unix::fs::symlink(directory.path().join("none"), &path).unwrap();
        assert_eq!(create(&path, "").unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
}
