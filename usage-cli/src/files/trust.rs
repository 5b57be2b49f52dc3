//! Which files are trusted with hosts, commands, tokens and secrets.
//!
//! A file that says where a credential goes, or which command prints one, is worth as much as the accounts that can
//! change it. State files, log-ins, configurations (this program's and other programs'), files with secrets and
//! root certificates are all opened by [`open`], which accepts a file if
//!
//! - it is a regular file: a FIFO would block, and a device has no owner who answers for its content;
//! - it belongs to the effective user, or to root where an administrator may provide it ([`Role::is_provided`]);
//! - nobody else may write to it;
//! - no other account can put another file in its place: each directory on the way to it belongs to the effective user
//!   or to root and is writable by nobody else, unless it is sticky (`/tmp`), and so does each symbolic link.
//!
//! Descriptors that the caller passes (`/dev/fd/63` of `<(pass show it)`, `/dev/stdin`) are as good as the command line
//! and are not checked. Where there are no Unix permissions, only the first rule holds.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::problem::Problem;

/// The purpose of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The state of a run, which names hosts.
    State,
    /// Which alerts `watch` sent.
    Alerts,
    /// What `login` keeps: tokens, hosts and perhaps a command.
    Login,
    /// A configuration: names hosts and commands.
    Configuration,
    /// A secret or a token, named by the user.
    Secret,
    /// Root certificates: say which hosts are the service.
    Certificates,
}

impl Role {
    /// Whether root may own the file in place of the effective user.
    fn is_provided(self) -> bool {
        matches!(self, Self::Configuration | Self::Secret | Self::Certificates)
    }

    /// Returns why the writer of the file matters.
    fn reason(self) -> &'static str {
        match self {
            Self::State | Self::Configuration => "it says where credentials go",
            Self::Alerts => "it says which alerts were sent",
            Self::Login => "it holds tokens and says where they go",
            Self::Secret => "it should hold a secret",
            Self::Certificates => "it says who is trusted with credentials",
        }
    }
}

/// The reason why a file was not opened.
#[derive(Debug)]
pub(crate) enum Distrust {
    Io(io::Error),
    /// It is not a regular file.
    Kind,
    /// Other accounts may have written it.
    Writers {
        problem: String,
        /// The advice to the user.
        mend: String,
    },
}

impl From<io::Error> for Distrust {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Distrust {
    /// Whether there is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
    }

    /// The problem; `what` stands before the path where the file cannot be read: "the secret from ".
    pub(crate) fn problem(self, what: impl Display, path: &Path) -> Problem {
        let name = path.display();
        match self {
            Self::Io(error) => Problem::usage(format!("cannot read {what}{name}: {error}")),
            Self::Kind => Problem::usage(format!("cannot read {what}{name}: it is not a regular file")),
            Self::Writers { problem, mend } => Problem::usage(problem).with_hint(mend),
        }
    }
}

/// Opens the file at `path` for reading, if it can be trusted as a `role`.
pub(crate) fn open(path: &Path, role: Role) -> Result<File, Distrust> {
    if !matches!(role, Role::State | Role::Alerts | Role::Login) && is_passed(path) {
        return Ok(File::open(path)?);
    }
    let file = open_without_waiting(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Distrust::Kind);
    }
    #[cfg(unix)]
    unix::Check { path, role, me: rustix::process::geteuid().as_raw() }.check(&metadata)?;
    Ok(file)
}

/// Shows that a file at `path`, which need not be there, would be trusted as a `role` if this account makes it: so that no
/// file is written that is refused later.
pub(crate) fn check_place(path: &Path, role: Role) -> Result<(), Distrust> {
    #[cfg(unix)]
    unix::Check { path, role, me: rustix::process::geteuid().as_raw() }.check_place()?;
    #[cfg(not(unix))]
    let _ = (path, role);
    Ok(())
}

/// Whether accounts other than the owner may read `file`.
pub(crate) fn is_readable_by_others(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// Whether `path` is a descriptor that the caller of the program opened.
fn is_passed(path: &Path) -> bool {
    cfg!(unix)
        && (path == Path::new("/dev/stdin")
            || path.starts_with("/dev/fd")
            || path.starts_with("/proc/self/fd"))
}

/// Opening a FIFO would wait for a writer.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    options.open(path)
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Metadata};
    use std::io::ErrorKind;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::{Distrust, Role};
    use crate::files::directory;
    use crate::text::quoting::shell_word;

    /// Permissions to write of accounts other than the owner's.
    const OTHERS_WRITE: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    const ROOT: u32 = 0;

    /// A file that is looked at by the account `me`.
    pub(super) struct Check<'a> {
        pub(super) path: &'a Path,
        pub(super) role: Role,
        pub(super) me: u32,
    }

    impl Check<'_> {
        pub(super) fn check(&self, file: &Metadata) -> Result<(), Distrust> {
            self.check_file(file)?;
            self.check_names(file)?;
            // The way that the path names, and the one that it leads to through links.
            self.check_way(&std::path::absolute(self.path)?)?;
            self.check_way(&fs::canonicalize(self.path)?)
        }

        pub(super) fn check_place(&self) -> Result<(), Distrust> {
            self.check_way(&std::path::absolute(self.path)?)?;
            let place = fs::canonicalize(directory(self.path))?;
            self.check_way(&place.join(self.path.file_name().unwrap_or_default()))
        }

        fn check_file(&self, file: &Metadata) -> Result<(), Distrust> {
            let (name, reason) = (self.path.display(), self.role.reason());
            let word = shell_word(self.path);
            let is_provided = self.role.is_provided() && file.uid() == ROOT;
            if file.uid() != self.me && !is_provided {
                let owner = file.uid();
                return Err(Distrust::Writers {
                    problem: format!("{name} belongs to another account (uid {owner}), and {reason}"),
                    mend: format!(
                        "use a file of your own; if its content is what you want: chown {} {word} && chmod 600 {word}",
                        self.me
                    ),
                });
            }
            if file.mode() & OTHERS_WRITE != 0 {
                return Err(Distrust::Writers {
                    problem: format!("others may write to {name}, and {reason}"),
                    mend: format!(
                        "if nobody else changed it: chmod go-w {word} (chmod 600 {word} keeps others from reading it, too)"
                    ),
                });
            }
            Ok(())
        }

        /// In a directory such as `/tmp`, another account may have given a file of this account a name that it does not
        /// have elsewhere.
        fn check_names(&self, file: &Metadata) -> Result<(), Distrust> {
            let place = fs::metadata(directory(&fs::canonicalize(self.path)?))?;
            let is_shared = place.mode() & OTHERS_WRITE & !self.private_group(&place) != 0;
            if file.nlink() < 2 || !is_shared || (file.uid() == ROOT && self.me != ROOT) {
                return Ok(());
            }
            let (name, reason) = (self.path.display(), self.role.reason());
            Err(Distrust::Writers {
                problem: format!(
                    "{name} is a hard link in a directory that others write to, so others may have put it there, and {reason}"
                ),
                mend: "name the file where it is kept".into(),
            })
        }

        /// Each directory and link above `path`, and `path` itself if it is a link.
        fn check_way(&self, path: &Path) -> Result<(), Distrust> {
            for step in path.ancestors() {
                let found = match fs::symlink_metadata(step) {
                    // The file is yet to be created.
                    Err(error) if error.kind() == ErrorKind::NotFound && step == path => continue,
                    found => found?,
                };
                if found.is_symlink() {
                    self.check_link(step, &found)?;
                }
                if step != path {
                    self.check_directory(step, &fs::metadata(step)?)?;
                }
            }
            Ok(())
        }

        fn check_link(&self, link: &Path, found: &Metadata) -> Result<(), Distrust> {
            if self.is_trusted(found.uid()) {
                return Ok(());
            }
            let (name, reason) = (self.path.display(), self.role.reason());
            let (link, owner) = (link.display(), found.uid());
            Err(Distrust::Writers {
                problem: format!("the link {link} on the way to {name} belongs to uid {owner}, and {reason}"),
                mend: "name the file itself, without the link".into(),
            })
        }

        fn check_directory(&self, directory: &Path, found: &Metadata) -> Result<(), Distrust> {
            let (name, reason) = (self.path.display(), self.role.reason());
            let (place, word) = (directory.display(), shell_word(directory));
            if !self.is_trusted(found.uid()) {
                let owner = found.uid();
                return Err(Distrust::Writers {
                    problem: format!("uid {owner}, which owns {place}, may replace {name}, and {reason}"),
                    mend: "move the file to a directory of your own".into(),
                });
            }
            let others = found.mode() & OTHERS_WRITE & !self.private_group(found);
            if others != 0 && found.mode() & STICKY == 0 {
                return Err(Distrust::Writers {
                    problem: format!("others may replace {name} in {place}, and {reason}"),
                    mend: format!("if nobody else changed it: chmod go-w {word}"),
                });
            }
            Ok(())
        }

        fn is_trusted(&self, owner: u32) -> bool {
            owner == self.me || owner == ROOT
        }

        /// The permission of a group that is the user's alone: many systems give each account a group with its own
        /// number, and a umask that lets it write.
        fn private_group(&self, directory: &Metadata) -> u32 {
            if directory.gid() == self.me && self.me != ROOT { 0o020 } else { 0 }
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    const ROLES: [Role; 6] =
        [Role::State, Role::Alerts, Role::Login, Role::Configuration, Role::Secret, Role::Certificates];

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn refused(path: &Path, role: Role) -> String {
        match open(path, role) {
            Ok(_) => "nothing".into(),
            Err(distrust) => {
                let problem = distrust.problem("", path);
                format!("{problem}; {}", problem.hints().join("; "))
            }
        }
    }

    #[test]
    fn a_file_of_this_account_is_trusted_unless_others_may_write_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a file");
        fs::write(&path, "text").unwrap();
        for role in ROLES {
            for mode in [0o600, 0o400, 0o644, 0o755] {
                chmod(&path, mode);
                assert_eq!(refused(&path, role), "nothing", "{role:?} {mode:o}");
            }
            for mode in [0o620, 0o602, 0o666, 0o660] {
                chmod(&path, mode);
                let said = refused(&path, role);
                assert!(said.contains("others may write to ") && said.contains("chmod 600 '"), "{said}");
            }
        }
    }

    #[test]
    fn a_directory_of_others_is_one_in_which_they_replace_the_file() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let path = inner.join("file");
        fs::write(&path, "text").unwrap();
        for directory in [&inner, outer.path()] {
            for (mode, is_refused) in [(0o777, true), (0o1777, false), (0o702, true), (0o755, false)] {
                chmod(directory, mode);
                let said = refused(&path, Role::State);
                assert_eq!(said.contains("others may replace "), is_refused, "{mode:o}: {said}");
                assert_eq!(said.contains("chmod go-w "), is_refused, "{mode:o}: {said}");
                for place in [&path, &inner.join("none")] {
                    assert_eq!(check_place(place, Role::State).is_err(), is_refused, "{mode:o}");
                }
            }
            chmod(directory, 0o700);
        }
        // A link does not hide the directory that the file is in.
        let link = outer.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(refused(&link, Role::Configuration), "nothing");
        chmod(&inner, 0o777);
        assert!(refused(&link, Role::Configuration).contains("others may replace "));
    }

    #[test]
    fn a_hard_link_in_a_directory_of_all_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (path, shared) = (directory.path().join("file"), directory.path().join("shared"));
        fs::write(&path, "text").unwrap();
        fs::create_dir(&shared).unwrap();
        let link = shared.join("link");
        fs::hard_link(&path, &link).unwrap();
        for role in ROLES {
            for (mode, is_refused) in [(0o1777, true), (0o1772, true), (0o755, false), (0o700, false)] {
                chmod(&shared, mode);
                let said = refused(&link, role);
                assert_eq!(said.contains("is a hard link"), is_refused, "{role:?} {mode:o}: {said}");
                assert_eq!(refused(&path, role), "nothing");
            }
        }
        chmod(&shared, 0o1777);
        fs::remove_file(&path).unwrap();
        assert_eq!(refused(&link, Role::State), "nothing");
    }

    #[test]
    fn what_belongs_to_another_account_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, "text").unwrap();
        let metadata = fs::metadata(&path).unwrap();
        let owner = metadata.uid();
        for role in ROLES {
            let check = unix::Check { path: &path, role, me: owner + 1 };
            let is_provided = role.is_provided() && owner == 0;
            assert_eq!(check.check(&metadata).is_ok(), is_provided, "{role:?}");
            if let Err(distrust) = check.check(&metadata) {
                let problem = distrust.problem("", &path);
                assert!(problem.to_string().contains("belongs to another account"), "{problem}");
                assert!(problem.hints()[0].contains("chmod 600 "), "{problem:?}");
            }
        }
    }

    #[test]
    fn a_pipe_is_refused_at_once_and_a_passed_descriptor_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        for role in ROLES {
            for path in [&path, directory.path(), Path::new("/dev/null")] {
                let said = refused(path, role);
                assert!(said.contains("it is not a regular file"), "{role:?} {said}");
            }
        }
        let file = File::open("/dev/null").unwrap();
        let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        assert_eq!(refused(Path::new(&path), Role::Secret), "nothing");
        assert!(refused(Path::new(&path), Role::State).contains("not a regular file"));
    }
}
