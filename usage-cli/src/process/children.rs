//! Programs that this one starts: the shell with the user's commands, a pager, a browser.

use std::env;
use std::ffi::OsStr;
use std::process::Command;

/// Prefixes and parts of the names of variables that hold secrets.
const PREFIX: &str = "GENESYSCLOUD_";
const SECRET_WORDS: [&str; 3] = ["SECRET", "TOKEN", "PASSWORD"];

/// Returns a command for `program` with this program's environment, without its secrets.
#[expect(clippy::disallowed_methods, reason = "this is where the secrets are left out")]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| is_secret(name)) {
        command.env_remove(name);
    }
    command
}

/// `command`, as the shell understands it, in the same environment.
pub(crate) fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = self::command(program);
    shell.args([option, command]);
    shell
}

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    name.starts_with(PREFIX) && SECRET_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        for (name, is) in [
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", true),
            ("GENESYSCLOUD_ACCESS_TOKEN", true),
            ("GENESYSCLOUD_PROXY_AUTH_PASSWORD", true),
            ("genesyscloud_oauthclient_secret", true),
            ("GENESYSCLOUD_OAUTHCLIENT_ID", false),
            ("GENESYSCLOUD_REGION", false),
            ("SLACK_TOKEN", false),
        ] {
            assert_eq!(is_secret(OsStr::new(name)), is, "{name}");
        }
    }
}
