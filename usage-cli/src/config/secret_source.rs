//! The sources of a secret.

use std::fmt::Display;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use usage_core::Secret;

use crate::config::settings::Said;
use crate::files::trust::{self, Role};
use crate::problem::Problem;
use crate::process::children::shell;
use crate::text::secrets;
use crate::text::{decoded, trimmed};

/// Maximum size of a secret in bytes. A longer text is the wrong file.
const MAX_SECRET: u64 = 64 * 1024;

/// A secret, or where to read it.
#[derive(Clone, Debug)]
pub(crate) enum SecretFrom {
    Value(Secret<String>),
    /// The content of a file.
    File(PathBuf),
    /// The standard output of a shell command.
    Command(String),
}

impl SecretFrom {
    /// Returns the secret, without surrounding whitespace and byte order marks, which files and clipboards add.
    ///
    /// # Errors
    ///
    /// Returns a problem if the source cannot be read or trusted, or if its text is empty, has more than one line or
    /// is longer than 64 KiB. The problem repeats no part of the secret, and names only the program of a command.
    pub(crate) fn read(&self) -> Result<Secret<String>, Problem> {
        self.read_at("the setting")
    }

    /// Does the same. `place` is where a value was given, for messages.
    fn read_at(&self, place: &str) -> Result<Secret<String>, Problem> {
        let (text, source) = match self {
            Self::Value(secret) => (secret.clone(), place.to_owned()),
            Self::File(path) => (of_file(path)?, format!("the file {}", path.display())),
            Self::Command(command) => (of_command(command)?, format!("the command {}", program_of(command))),
        };
        let wrong = |problem| Problem::usage(format!("{source} should hold a secret, but {problem}"));
        let secret = trimmed(text.expose());
        if secret.is_empty() {
            return Err(wrong("is empty"));
        }
        if text.expose().len() as u64 > MAX_SECRET {
            return Err(wrong("is far too long"));
        }
        if secret.contains(char::is_control) {
            return Err(wrong("holds more than one line"));
        }
        secrets::know(secret);
        Ok(Secret::new(secret.to_owned()))
    }
}

impl Said<SecretFrom> {
    /// Returns the secret, as [`SecretFrom::read`] does.
    pub(crate) fn read(&self) -> Result<Secret<String>, Problem> {
        self.value.read_at(&self.place)
    }
}

fn of_file(path: &Path) -> Result<Secret<String>, Problem> {
    let file =
        trust::open(path, Role::Secret).map_err(|distrust| distrust.problem("the secret from ", path))?;
    let problem = |problem: &dyn Display| {
        Problem::usage(format!("cannot read the secret from {}: {problem}", path.display()))
    };
    let bytes = limited(file).map_err(|error| problem(&error))?;
    decoded(bytes).map(Secret::new).map_err(|error| problem(&error))
}

/// Returns the program that `command` starts, for messages. Its arguments, and an assignment before it, may contain a
/// secret.
pub(crate) fn program_of(command: &str) -> String {
    let mut words = command.split_whitespace();
    match words.next() {
        Some(program) if !program.contains('=') => match words.next() {
            None => format!("'{program}'"),
            Some(_) => format!("'{program} …'"),
        },
        _ => "'…'".into(),
    }
}

/// Runs `command` and returns its output. It inherits this program's stdin and stderr, because password managers may
/// ask on the terminal.
fn of_command(command: &str) -> Result<Secret<String>, Problem> {
    let problem =
        |problem: String| Problem::usage(format!("the secret command {} {problem}", program_of(command)));
    let mut shell = shell(command);
    let mut child = shell
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| problem(format!("cannot be started: {error}")))?;
    let bytes = child.stdout.take().map_or_else(|| Ok(Vec::new()), limited);
    if bytes.as_ref().is_ok_and(|bytes| bytes.len() as u64 > MAX_SECRET) {
        // The command may write forever.
        drop(child.kill().and_then(|()| child.wait()));
        return Err(problem("writes far too long a text for a secret".into()));
    }
    let status = child.wait().map_err(|error| problem(format!("cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(problem(format!("ended with {status}")));
    }
    let unreadable = |error: &dyn Display| problem(format!("wrote what cannot be read: {error}"));
    let bytes = bytes.map_err(|error| unreadable(&error))?;
    decoded(bytes).map(Secret::new).map_err(|error| unreadable(&error))
}

fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_SECRET + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn of(command: &str) -> Result<String, String> {
        let secret = SecretFrom::Command(command.into()).read();
        secret.map(|secret| secret.expose().clone()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_commands_output_is_the_secret() {
        assert_eq!(of("printf ' hunter2\\n'"), Ok("hunter2".into()));
        for (command, problem) in [
            ("echo hunter2; exit 3", "ended with exit status: 3"),
            ("true", "is empty"),
            ("printf '\\377'", "cannot be read"),
            ("head -c 100000 /dev/zero | tr '\\0' x", "far too long"),
        ] {
            let said = of(command).unwrap_err();
            assert!(said.contains(problem) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn what_is_around_a_secret_is_left_out_and_what_is_no_secret_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let secret = SecretFrom::File(path.clone()).read();
            secret.map(|secret| secret.expose().clone()).map_err(|problem| problem.to_string())
        };
        let wide: Vec<u8> = "\u{feff}hunter2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [&b"hunter2"[..], b" hunter2\r\n", b"\xef\xbb\xbfhunter2\n\n", b"\thunter2 ", &wide] {
            assert_eq!(read(bytes), Ok("hunter2".into()), "{bytes:?}");
        }
        for bytes in [
            &b"hunter2\nhunter3"[..],
            b"hunter2\0",
            b"hunter2\x1b[0m",
            b"\n",
            b"\xef\xbb\xbf",
            b"hunter2\xff",
        ] {
            let said = read(bytes).unwrap_err();
            assert!(!said.contains("hunter"), "{said}");
        }
        let value = |text: &str| SecretFrom::Value(Secret::new(text.to_owned())).read_at("VARIABLE");
        assert_eq!(value("s3cret\r\n").unwrap().expose(), "s3cret");
        assert_eq!(value(" \r\n").unwrap_err().to_string(), "VARIABLE should hold a secret, but is empty");
    }

    #[test]
    fn of_a_command_only_the_program_is_shown() {
        for (command, shown) in [
            ("pass show it", "'pass …'"),
            ("pass", "'pass'"),
            ("TOKEN=hunter2 curl x", "'…'"),
            ("curl -H hunter2", "'curl …'"),
            ("", "'…'"),
        ] {
            assert_eq!(program_of(command), shown);
        }
    }
}
