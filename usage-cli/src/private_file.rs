//! A private file that is replaced as a whole.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::paths::directory;

/// Makes the file at `path`; an error if there is one.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    if path.file_name().is_none() {
        return Err(ErrorKind::InvalidFilename.into());
    }
    // The renaming below would see it, too, but not on every file system.
    if fs::symlink_metadata(path).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    temporary(path, text)?.persist_noclobber(path)?;
    Ok(())
}

/// Puts `text` in the place of the file at `path`.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    temporary(path, text)?.persist(path)?;
    Ok(())
}

/// Removes the file at `path`, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A complete file beside `path`. Temporary files are private by themselves.
fn temporary(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut temporary = Builder::new().prefix(".genesys-usage-").tempfile_in(directory(path))?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_then_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        create(&path, "one").unwrap();
        assert_eq!(create(&path, "two").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        replace(&path, "two").unwrap();
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

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_there_already() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        std::os::unix::fs::symlink(directory.path().join("none"), &path).unwrap();
        assert_eq!(create(&path, "").unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
}
