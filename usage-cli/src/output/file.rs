//! A file that is written whole or not at all, and what is no such file.
//!
//! | `--output` | what happens |
//! |---|---|
//! | a regular file, or none | a complete file takes its place; permissions stay |
//! | a symbolic link | the file that it leads to is replaced or made, if the link is this account's or root's |
//! | a FIFO | it is written to; an error if no process reads from it |
//! | a character device, `/dev/stderr`, `/dev/fd/N` | it is written to |
//! | `-`, `/dev/stdout`, `/dev/fd/1` | standard output |
//! | a directory, a socket, a block device | refused |

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::files::directory;
use crate::files::draft::{self, Access, Draft};

/// In such a directory, each account has its own files.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

/// Maximum number of links that are followed.
const MAX_LINKS: usize = 40;

/// How a path is written.
#[derive(Debug)]
enum Target {
    /// A complete file is put there, with these permissions.
    Replaced(PathBuf, Option<Permissions>),
    /// The file cannot be replaced, and is written to.
    Written,
}

/// Shows that the file at `path` can be written, before there is anything to write; leftovers beside it are removed.
pub(super) fn check(path: &Path) -> io::Result<()> {
    match target(path)? {
        Target::Replaced(path, _) => check_directory(&directory(&path)),
        // Opening a pipe now and closing it again would end its reader.
        Target::Written => Ok(()),
    }
}

/// Shows that files can be made in `directory`.
pub(super) fn check_directory(directory: &Path) -> io::Result<()> {
    if !fs::metadata(directory)?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    draft::prove(directory)
}

/// Whether `one` and `other` name the same place, whether or not there is a file.
pub(super) fn is_same_place(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let path = followed(path).ok()?;
        Some(fs::canonicalize(directory(&path)).ok()?.join(path.file_name()?))
    };
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// Lets `content` write the file at `path`. If that fails, what was there before is still there.
pub(super) fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match target(path)? {
        Target::Replaced(path, permissions) => replace(&path, permissions, content),
        Target::Written => fill(open(path)?, content),
    }
}

fn target(path: &Path) -> io::Result<Target> {
    if is_descriptor(path) {
        // Standard output may have been closed.
        fs::metadata(path)?;
        return Ok(Target::Written);
    }
    let is_directory_named = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let path = followed(path)?;
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Err(ErrorKind::IsADirectory.into()),
        _ if is_directory_named => Err(ErrorKind::IsADirectory.into()),
        Ok(metadata) if metadata.is_file() => {
            check_access(&path)?;
            check_replaceable(&path, &metadata)?;
            Ok(Target::Replaced(path, Some(metadata.permissions())))
        }
        Ok(metadata) if is_stream(&metadata) => {
            check_access(&path)?;
            check_stream(&path, &metadata)?;
            Ok(Target::Written)
        }
        Ok(_) => {
            Err(io::Error::new(ErrorKind::Unsupported, "it is neither a file nor a pipe nor a terminal"))
        }
        Err(_) if path.file_name().is_none() => Err(ErrorKind::InvalidFilename.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Target::Replaced(path, None)),
        Err(error) => Err(error),
    }
}

/// Where `path` leads, whether or not there is a file.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(link) if link.is_symlink() => {
                check_link(&link)?;
                path = directory(&path).join(fs::read_link(&path)?);
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("it leads through too many links"))
}

fn replace(
    path: &Path,
    permissions: Option<Permissions>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    draft::sweep(&directory(path));
    let draft = Draft::beside(path, Access::Shared)?;
    // Before there is anything in it that others could read.
    if let Some(permissions) = permissions {
        draft.file().set_permissions(permissions)?;
    }
    fill(draft.file(), content)?;
    draft.file().sync_all()?;
    draft.replace(path).map(drop)
}

fn fill(to: impl Write, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    content(&mut to)?;
    to.flush()
}

/// Whether `path` is a descriptor of this process: what it leads to may have no name.
fn is_descriptor(path: &Path) -> bool {
    cfg!(unix)
        && (path == Path::new("/dev/stderr")
            || path.starts_with("/dev/fd")
            || path.starts_with("/proc/self/fd"))
}

#[cfg(unix)]
fn is_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo() || metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn is_stream(_: &Metadata) -> bool {
    true
}

/// A link of another account could lead the result over one of this account's own files.
#[cfg(unix)]
fn check_link(link: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    if link.uid() == rustix::process::geteuid().as_raw() || link.uid() == 0 {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::PermissionDenied, "it is a link that belongs to another account"))
}

#[cfg(not(unix))]
fn check_link(_: &Metadata) -> io::Result<()> {
    Ok(())
}

/// A file that is write-protected is not replaced, though its directory would let it be.
#[cfg(unix)]
fn check_access(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::WRITE_OK)?)
}

#[cfg(not(unix))]
fn check_access(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.permissions().readonly() {
        Err(ErrorKind::PermissionDenied.into())
    } else {
        Ok(())
    }
}

/// A file of another account in a directory such as `/tmp`, and one that is a mount point, cannot be replaced, whoever
/// may write to it.
#[cfg(unix)]
fn check_replaceable(path: &Path, file: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let (me, directory) = (rustix::process::geteuid().as_raw(), fs::metadata(directory(path))?);
    let is_kept = directory.mode() & STICKY != 0 && ![file.uid(), directory.uid(), 0].contains(&me);
    if is_kept {
        let problem = "it belongs to another account, in a directory where each account has its own files";
        return Err(io::Error::new(ErrorKind::PermissionDenied, problem));
    }
    if is_mount_point(path) {
        return Err(io::Error::new(
            ErrorKind::ResourceBusy,
            "it is a mount point: mount its directory instead",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_replaceable(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// A pipe in a directory such as `/tmp` may have been put there for rows of others.
#[cfg(unix)]
fn check_stream(path: &Path, stream: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let (me, directory) = (rustix::process::geteuid().as_raw(), fs::metadata(directory(path))?);
    let is_theirs = ![me, directory.uid()].contains(&stream.uid());
    if stream.file_type().is_fifo() && directory.mode() & STICKY != 0 && is_theirs {
        let problem = "it is a pipe that belongs to another account, in a directory where each account has its own files";
        return Err(io::Error::new(ErrorKind::PermissionDenied, problem));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_stream(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Containers mount single files.
#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

    statx(CWD, path, AtFlags::empty(), StatxFlags::TYPE)
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_mount_point(_: &Path) -> bool {
    false
}

/// Opens what is written to. A pipe without a reader would wait for one for ever.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    use rustix::io::Errno;

    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().append(true).custom_flags(flags).open(path).map_err(|error| {
        let is_unread = error.raw_os_error() == Some(Errno::NXIO.raw_os_error());
        if is_unread { io::Error::new(error.kind(), "no process reads from it") } else { error }
    })?;
    rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
    Ok(file)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_mount_point_is_told_from_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(is_mount_point(Path::new("/")) && !is_mount_point(file.path()));
        assert!(!is_mount_point(Path::new("/none/at/all")));
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

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_yet_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("rows.csv"), directory.path().join("link.csv"));
        std::os::unix::fs::symlink("rows.csv", &link).unwrap();
        check(&link).unwrap();
        write(&link, |to| to.write_all(b"after")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        let turn = directory.path().join("turn");
        std::os::unix::fs::symlink("turn", &turn).unwrap();
        assert!(check(&turn).is_err() && write(&turn, |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_if_a_process_reads_from_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        check(&path).unwrap();
        let unread = write(&path, |to| to.write_all(b"rows")).unwrap_err();
        assert_eq!(unread.to_string(), "no process reads from it");
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        // More than a pipe holds: it has to wait for the reader.
        let rows = "rows\n".repeat(100_000);
        while let Err(error) = write(&path, |to| to.write_all(rows.as_bytes())) {
            assert_eq!(error.to_string(), "no process reads from it");
            std::thread::yield_now();
        }
        assert_eq!(reader.join().unwrap(), rows);
    }

    #[cfg(unix)]
    #[test]
    fn sockets_are_refused_and_leftovers_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(check(&path).is_err() && write(&path, |_| Ok(())).is_err());
        fs::write(directory.path().join(".genesys-usage-Ab12Cd"), "half").unwrap();
        check(&directory.path().join("rows.csv")).unwrap();
        assert_eq!(entries(directory.path()), ["socket"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_full_device_and_a_directory_without_room_for_files_are_errors() {
        let full = write(Path::new("/dev/full"), |to| to.write_all(b"rows")).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        // Not even root can create a file there.
        assert!(check(Path::new("/proc/rows.csv")).is_err());
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
