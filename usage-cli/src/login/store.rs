//! The file that stores a log-in, and its lock.

use std::fs::{self, DirBuilder, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Once;

use fs4::FileExt;
use serde::{Deserialize, Serialize};
use usage_core::{BaseUrl, Secret, Timestamp};

use crate::config;
use crate::config::secret_source::SecretFrom;
use crate::files::directory;
use crate::files::draft;
use crate::files::private_file;
use crate::files::trust::{self, Distrust, Role};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::text::quoting::shell_word;
use crate::text::secrets;

const FORMAT: &str = "genesys-usage login";
const VERSION: u32 = 1;

/// Maximum size of the file, in bytes. Tokens are short, so a longer file is the wrong one.
const MAX_BYTES: u64 = 1024 * 1024;

/// How much longer renewed tokens may be than the current ones, in bytes.
const TOKEN_ROOM: usize = 16 * 1024;

/// A stored log-in. `Debug` redacts its secrets.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the login host is one of the two")]
pub(crate) struct Login {
    pub(crate) api_url: BaseUrl,
    pub(crate) login_url: BaseUrl,
    pub(crate) client_id: String,
    /// The source of the client's secret; `None` for a public client.
    pub(crate) secret: Option<SecretFrom>,
    pub(crate) access_token: Secret<String>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) refresh_token: Option<Secret<String>>,
}

/// Where a profile's log-in is stored.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    path: PathBuf,
}

/// The lock held while a log-in is renewed or written.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// The content of the file. Private to this module, because its secrets are plain text.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    format: String,
    version: u32,
    api_url: BaseUrl,
    login_url: BaseUrl,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret_file: Option<PathBuf>,
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// The members that every version has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Store {
    /// Returns where the log-in of `profile` is stored, or `None` if this account has no home directory.
    pub(crate) fn of(profile: Option<&str>) -> Option<Self> {
        let name = profile.map_or_else(|| "login.json".into(), |profile| format!("login-{profile}.json"));
        config::directory().map(|directory| Self { path: directory.join(name) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until no other process holds the lock, and takes it. Removes leftovers of earlier processes.
    pub(crate) fn lock(&self) -> Result<Lock, Problem> {
        let path = self.path.with_extension("json.lock");
        let lock = || {
            private_directory(&directory(&path))?;
            let file = File::options().write(true).create(true).truncate(false).open(&path)?;
            FileExt::lock(&file)?;
            private_file::sweep(&self.path);
            Ok(Lock { _file: file })
        };
        lock().map_err(|error: std::io::Error| {
            Problem::usage(format!("cannot lock {}: {error}", path.display()))
        })
    }

    /// Reads the log-in, if there is one.
    pub(crate) fn read(&self) -> Result<Option<Login>, Problem> {
        let name = self.path.display();
        let problem = |problem: &dyn std::fmt::Display| {
            Problem::usage(format!("the log-in in {name} cannot be used: {problem}"))
                .with_hint("log in again: genesys-usage login")
        };
        let file = match trust::open(&self.path, Role::Login) {
            Ok(file) => file,
            Err(distrust) if distrust.is_missing() => return Ok(None),
            Err(Distrust::Io(error)) => return Err(problem(&error)),
            Err(distrust) => return Err(distrust.problem("the log-in ", &self.path)),
        };
        private_file::sweep(&self.path);
        self.warn_of_readers(&file);
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| problem(&error))?;
        let bytes = Secret::new(bytes);
        // The parser's error would repeat a part of the file.
        let damaged = || problem(&"it is damaged");
        let Header { format, version } = serde_json::from_slice(bytes.expose()).map_err(|_| damaged())?;
        if format != FORMAT {
            return Err(problem(&"it is another program's"));
        }
        if version > VERSION {
            return Err(problem(&format!("it has format {version}, of a later genesys-usage")));
        }
        let document: Document = serde_json::from_slice(bytes.expose()).map_err(|_| damaged())?;
        secrets::know(&document.access_token);
        document.refresh_token.iter().for_each(|token| secrets::know(token));
        Ok(Some(document.into()))
    }

    /// Checks, before there is a log-in, that one can be stored where other commands trust it.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        drop(self.lock()?);
        self.check_link()?;
        trust::check_place(&self.path, Role::Login)
            .map_err(|distrust| distrust.problem("the log-in ", &self.path))?;
        draft::prove(&directory(&self.path)).map_err(|error| self.cannot_keep(&error))
    }

    /// Warns, once, if other accounts may read the tokens.
    fn warn_of_readers(&self, file: &File) {
        static WARNED: Once = Once::new();
        if trust::is_readable_by_others(file) {
            let (name, word) = (self.path.display(), shell_word(&self.path));
            let text = format!("others may read the tokens in {name}; to keep them out: chmod 600 {word}");
            WARNED.call_once(|| stderr::labelled("warning", WARNING, text));
        }
    }

    /// Checks that `login` can be stored. Call it before asking the service for tokens that must not be lost.
    pub(crate) fn prove(&self, login: &Login, _: &Lock) -> Result<(), Problem> {
        let prove = || {
            // A renewed token may be longer than the one before.
            let text = Secret::new(serde_json::to_string(&Document::from(login))? + &" ".repeat(TOKEN_ROOM));
            private_directory(&directory(&self.path))?;
            private_file::prove_room(&self.path, text.expose())
        };
        prove().map_err(|error: std::io::Error| self.cannot_keep(&error))
    }

    /// Replaces the stored log-in with `login`. Only the holder of the lock writes.
    pub(crate) fn write(&self, login: &Login, _: &Lock) -> Result<(), Problem> {
        let write = || {
            let text = Secret::new(serde_json::to_string(&Document::from(login))? + "\n");
            private_directory(&directory(&self.path))?;
            private_file::replace(&self.path, text.expose()).map(drop)
        };
        write().map_err(|error: std::io::Error| self.cannot_keep(&error))
    }

    fn cannot_keep(&self, error: &std::io::Error) -> Problem {
        Problem::usage(format!("cannot keep the log-in in {}: {error}", self.path.display()))
    }

    /// Refuses a link to a file that holds no log-in: the file would be replaced, or removed.
    fn check_link(&self) -> Result<(), Problem> {
        match fs::canonicalize(&self.path) {
            Ok(target) if self.path.is_symlink() && !holds_log_in(&target) => {
                let (name, target) = (self.path.display(), target.display());
                Err(Problem::usage(format!("{name} is a link to {target}, which holds no log-in"))
                    .with_hint(format!("remove the link: rm {}", shell_word(&self.path))))
            }
            _ => Ok(()),
        }
    }

    /// Removes the log-in. Returns `false` if there was none.
    pub(crate) fn remove(&self, _: &Lock) -> Result<bool, Problem> {
        self.check_link()?;
        private_file::remove(&self.path)
            .map_err(|error| Problem::usage(format!("cannot remove {}: {error}", self.path.display())))
    }
}

/// Returns whether the file at `path` is empty, or holds a log-in of any version.
fn holds_log_in(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let mut read = || File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes);
    if !path.is_file() || read().is_err() {
        return false;
    }
    let bytes = Secret::new(bytes);
    let header = serde_json::from_slice::<Header>(bytes.expose());
    bytes.expose().is_empty() || header.is_ok_and(|header| header.format == FORMAT)
}

/// Creates the directory at `path`, accessible to this account only, if it does not exist.
fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

impl From<&Login> for Document {
    fn from(login: &Login) -> Self {
        let (secret_command, secret_file) = match &login.secret {
            Some(SecretFrom::Command(command)) => (Some(command.clone()), None),
            Some(SecretFrom::File(path)) => (None, Some(path.clone())),
            Some(SecretFrom::Value(_)) | None => (None, None),
        };
        Self {
            format: FORMAT.into(),
            version: VERSION,
            api_url: login.api_url.clone(),
            login_url: login.login_url.clone(),
            client_id: login.client_id.clone(),
            secret_command,
            secret_file,
            access_token: login.access_token.expose().clone(),
            expires_at: login.expires_at,
            refresh_token: login.refresh_token.as_ref().map(|token| token.expose().clone()),
        }
    }
}

impl From<Document> for Login {
    fn from(document: Document) -> Self {
        let secret = document.secret_command.map(SecretFrom::Command);
        Self {
            api_url: document.api_url,
            login_url: document.login_url,
            client_id: document.client_id,
            secret: secret.or(document.secret_file.map(SecretFrom::File)),
            access_token: document.access_token.into(),
            expires_at: document.expires_at,
            refresh_token: document.refresh_token.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            api_url: "https://api.mypurecloud.de".parse().unwrap(),
            login_url: "https://login.mypurecloud.de".parse().unwrap(),
            client_id: "id".into(),
            secret: Some(SecretFrom::Command("pass show it".into())),
            access_token: String::from("hunter2").into(),
            expires_at: Some(Timestamp::from_unix_millis(1_782_864_000_000)),
            refresh_token: Some(String::from("hunter3").into()),
        }
    }

    #[test]
    fn a_log_in_reads_back_from_a_private_file_and_does_not_print() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store { path: directory.path().join("new").join("login.json") };
        assert!(store.read().unwrap().is_none());
        let lock = store.lock().unwrap();
        store.write(&login(), &lock).unwrap();
        let read = store.read().unwrap().unwrap();
        assert_eq!((read.access_token.expose().as_str(), read.expires_at), ("hunter2", login().expires_at));
        assert_eq!(read.refresh_token.as_ref().unwrap().expose(), "hunter3");
        assert!(!format!("{read:?}").contains("hunter"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(store.path()), mode(store.path().parent().unwrap())), (0o600, 0o700));
        }
        assert!(store.remove(&lock).unwrap() && !store.remove(&lock).unwrap());
    }

    #[test]
    fn what_is_not_ours_or_later_is_refused_without_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store { path: directory.path().join("login.json") };
        for (text, problem) in [
            ("", "is damaged"),
            (r#"{"format":"genesys-usage login","version":1,"accessToken":hunter2"#, "is damaged"),
            (r#"{"format":"genesys-usage login","version":1,"accessToken":["hunter2"]}"#, "is damaged"),
            (r#"{"format":"hunter2","version":1}"#, "another program's"),
            (r#"{"format":"genesys-usage login","version":2,"x":"hunter2"}"#, "of a later genesys-usage"),
        ] {
            fs::write(store.path(), text).unwrap();
            let said = store.read().unwrap_err().to_string();
            assert!(said.contains(problem) && !said.contains("hunter"), "{said}");
        }
    }
}
