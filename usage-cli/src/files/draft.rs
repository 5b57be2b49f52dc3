//! A file that gets its name when it is complete.
//!
//! Where the system has files without a name (`O_TMPFILE`, on Linux), a draft is one until it is complete: whatever ends
//! the process before that, a kill, a full disk, a limit, the system removes it. To replace a file it has a temporary
//! name between two system calls. Elsewhere it has a temporary name from the beginning. A draft is locked as long as its
//! process has it open, so [`sweep`] can tell a leftover from a draft that is being written.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};
use tempfile::{Builder, TempPath};

use crate::files::directory;

/// The prefix of temporary names.
const PREFIX: &str = ".genesys-usage-";

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    directory: PathBuf,
    /// Its temporary name, where it has one.
    name: Option<TempPath>,
}

/// The permissions of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// This account alone.
    Private,
    /// According to the umask.
    Shared,
}

impl Access {
    #[cfg(unix)]
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Shared => 0o666,
        }
    }
}

impl Draft {
    /// Begins a file that is to stand at `path`.
    pub(crate) fn beside(path: &Path, access: Access) -> io::Result<Self> {
        Self::within(&directory(path), access)
    }

    /// Begins a file in `directory`.
    pub(crate) fn within(directory: &Path, access: Access) -> io::Result<Self> {
        let draft = match unnamed(directory, access) {
            Some(file) => Self { file, directory: directory.to_owned(), name: None },
            None => Self::named(directory, access)?,
        };
        // The lock stays with the file when it gets its name.
        lock(&draft.file)?;
        Ok(draft)
    }

    fn named(directory: &Path, access: Access) -> io::Result<Self> {
        let (file, name) = builder(access).tempfile_in(directory).map_err(without_path)?.into_parts();
        Ok(Self { file, directory: directory.to_owned(), name: Some(name) })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Puts the file at `path`; an error if there is one.
    pub(crate) fn create(self, path: &Path) -> io::Result<File> {
        match self.name {
            Some(name) => name.persist_noclobber(path)?,
            None => link(&self.file, path)?,
        }
        Ok(self.file)
    }

    /// Puts the file at `path`, in the place of what is there.
    pub(crate) fn replace(self, path: &Path) -> io::Result<File> {
        let name = match self.name {
            Some(name) => name,
            // Where there is nothing to replace, it never has another name.
            None if link(&self.file, path).is_ok() => return Ok(self.file),
            None => Builder::new()
                .prefix(PREFIX)
                .make_in(&self.directory, |name| link(&self.file, name))?
                .into_temp_path(),
        };
        name.persist(path)?;
        Ok(self.file)
    }
}

/// Shows that a file can be written in `directory`, and removes what earlier processes left there.
pub(crate) fn prove(directory: &Path) -> io::Result<()> {
    Draft::within(directory, Access::Private)?;
    sweep(directory);
    Ok(())
}

/// Removes the drafts in `directory` whose processes have ended. A directory that cannot be read is ignored.
pub(crate) fn sweep(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let is_draft = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    for entry in entries.flatten().filter(is_draft) {
        let path = entry.path();
        if entry.metadata().is_ok_and(|metadata| is_ours(&metadata))
            && let Ok(file) = File::open(&path)
            && FileExt::try_lock(&file).is_ok()
        {
            drop(fs::remove_file(&path));
        }
    }
}

/// Locks `file`; [`WouldBlock`](ErrorKind::WouldBlock) if another process has. Not every file system has locks.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    match FileExt::try_lock(file) {
        Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn builder(access: Access) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(access.mode()));
    #[cfg(not(unix))]
    let _ = access;
    builder
}

/// Returns `error` of the crate `tempfile` without the path of the draft, which says nothing to the user.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((cause, _)) => io::Error::new(error.kind(), cause),
        None => error,
    }
}

/// For a link, this is the link itself.
fn is_ours(metadata: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// A file without a name, where the system and the file system have such files.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn unnamed(directory: &Path, access: Access) -> Option<File> {
    use rustix::fs::{Mode, OFlags};

    // Without this directory it could not be given a name.
    if !Path::new(DESCRIPTORS).exists() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::open(directory, flags, Mode::from_raw_mode(access.mode())).ok().map(File::from)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn unnamed(_: &Path, _: Access) -> Option<File> {
    None
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const DESCRIPTORS: &str = "/proc/self/fd";

/// Gives `file`, which has no name, the name `path`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD};

    let descriptor = format!("{DESCRIPTORS}/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A draft with and one without a temporary name, as far as the system has the latter.
    fn drafts(directory: &Path) -> [Draft; 2] {
        [
            Draft::within(directory, Access::Private).unwrap(),
            Draft::named(directory, Access::Private).unwrap(),
        ]
    }

    #[test]
    fn a_draft_is_created_once_and_then_replaces() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for _ in 0..2 {
            for draft in drafts(directory.path()) {
                draft.file().write_all(b"text").unwrap();
                let is_there = path.exists();
                let created = draft.create(&path);
                assert_eq!(
                    created.map_err(|error| error.kind()).err(),
                    is_there.then_some(ErrorKind::AlreadyExists)
                );
            }
            for draft in drafts(directory.path()) {
                draft.file().write_all(b"another").unwrap();
                draft.replace(&path).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), "another");
            }
            assert_eq!(names(directory.path()), ["file"]);
        }
    }

    #[test]
    fn an_error_does_not_name_the_draft() {
        let directory = tempfile::tempdir().unwrap();
        let error = Draft::named(&directory.path().join("missing"), Access::Private).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(!error.to_string().contains(PREFIX), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_draft_has_no_name_on_linux() {
        let directory = tempfile::tempdir().unwrap();
        let draft = Draft::within(directory.path(), Access::Shared).unwrap();
        draft.file().write_all(b"secret").unwrap();
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn leftovers_are_swept_and_drafts_in_use_are_not() {
        let directory = tempfile::tempdir().unwrap();
        for name in [".genesys-usage-Ab12Cd", ".genesys-usage-x", "other", ".genesys"] {
            fs::write(directory.path().join(name), "token").unwrap();
        }
        fs::create_dir(directory.path().join(".genesys-usage-directory")).unwrap();
        let draft = Draft::named(directory.path(), Access::Private).unwrap();
        lock(draft.file()).unwrap();
        prove(directory.path()).unwrap();
        let left = names(directory.path());
        assert_eq!(left.len(), 4, "{left:?}");
        assert!(draft.name.as_ref().unwrap().exists());
        drop(draft);
        assert_eq!(names(directory.path()), [".genesys", ".genesys-usage-directory", "other"]);
    }
}
