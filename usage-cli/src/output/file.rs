//! A file that is written whole or not at all: a temporary one beside it, renamed when it is complete.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use tempfile::Builder;

use crate::paths::directory;

/// What can be seen before there is anything to write.
pub(super) fn check(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if path.file_name().is_none() {
        return Err(ErrorKind::InvalidFilename.into());
    }
    let directory = directory(path);
    if !fs::metadata(directory)?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    Ok(())
}

/// Lets `content` write the file at `path`. If that fails, what was there before is still there.
pub(super) fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match fs::metadata(path) {
        // A device or a pipe cannot be replaced: it is written to.
        Ok(metadata) if !metadata.is_file() => fill(File::options().write(true).open(path)?, content),
        // What a link leads to is replaced, not the link, and the permissions stay.
        Ok(metadata) => replace(&fs::canonicalize(path)?, Some(metadata.permissions()), content),
        Err(error) if error.kind() == ErrorKind::NotFound => replace(path, None, content),
        Err(error) => Err(error),
    }
}

fn replace(
    path: &Path,
    permissions: Option<Permissions>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary_file().tempfile_in(directory(path))?;
    fill(temporary.as_file(), content)?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
}

fn fill(to: impl Write, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    content(&mut to)?;
    to.flush()
}

/// A temporary file with the permissions of any new file; it would be private otherwise.
fn temporary_file() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".genesys-usage-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_failure_leaves_everything_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows.csv");
        fs::write(&path, "before").unwrap();
        let failed = write(&path, |to| {
            to.write_all(b"half")?;
            Err(io::Error::other("full"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(entries(directory.path()), ["rows.csv"]);
    }

    #[test]
    fn a_success_replaces_the_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rows.csv");
        for text in ["a longer text", "short"] {
            write(&path, |to| to.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(entries(directory.path()), ["rows.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("rows.csv"), directory.path().join("link.csv"));
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, |to| to.write_all(b"after")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        write(Path::new("/dev/null"), |to| to.write_all(b"away")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_cannot_work_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        assert!(check(directory.path()).is_err());
        assert!(check(&directory.path().join("none").join("rows.csv")).is_err());
        assert!(check(Path::new("")).is_err());
        assert!(check(Path::new("rows.csv")).is_ok());
    }
}
