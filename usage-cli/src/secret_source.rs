//! Where a secret is taken from when it is wanted.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use usage_core::Secret;

use crate::children::shell;
use crate::exit::Problem;

/// A secret is short; more than this is the wrong file.
const MAX_SECRET: u64 = 64 * 1024;

/// The secret, or how to get it.
#[derive(Clone, Debug)]
pub(crate) enum SecretFrom {
    Value(Secret<String>),
    /// The text of a file.
    File(PathBuf),
    /// What a command of the shell writes to its standard output.
    Command(String),
}

impl SecretFrom {
    /// The secret, without white space around it.
    pub(crate) fn read(&self) -> Result<Secret<String>, Problem> {
        let (text, source) = match self {
            Self::Value(secret) => return Ok(secret.clone()),
            Self::File(path) => (of_file(path)?, format!("the file {}", path.display())),
            Self::Command(command) => (of_command(command)?, format!("the command '{command}'")),
        };
        let trimmed = text.expose().trim();
        if trimmed.is_empty() {
            return Err(Problem::usage(format!("{source} should hold a secret, but is empty")));
        }
        if text.expose().len() as u64 > MAX_SECRET {
            return Err(Problem::usage(format!("{source} should hold a secret, but is far too long")));
        }
        Ok(Secret::new(trimmed.to_owned()))
    }
}

fn of_file(path: &Path) -> Result<Secret<String>, Problem> {
    let read = File::open(path).and_then(limited);
    read.map_err(|error| Problem::usage(format!("cannot read the secret from {}: {error}", path.display())))
}

/// Password managers may ask on the terminal: the command has this program's input and error output.
fn of_command(command: &str) -> Result<Secret<String>, Problem> {
    let problem = |problem: String| Problem::usage(format!("the secret command '{command}' {problem}"));
    let mut shell = shell(command);
    let mut child = shell
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| problem(format!("cannot be started: {error}")))?;
    let text = child.stdout.take().map_or_else(|| Ok(Secret::new(String::new())), limited);
    if let Ok(text) = &text
        && text.expose().len() as u64 > MAX_SECRET
    {
        // It may write for ever; whoever wanted the secret says that it is too long.
        drop(child.kill().and_then(|()| child.wait()));
        return Ok(text.clone());
    }
    let status = child.wait().map_err(|error| problem(format!("cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(problem(format!("ended with {status}")));
    }
    text.map_err(|error| problem(format!("wrote what cannot be read: {error}")))
}

fn limited(from: impl Read) -> io::Result<Secret<String>> {
    let mut text = String::new();
    from.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    Ok(Secret::new(text))
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
            assert!(said.contains(problem), "{said}");
        }
    }
}
