//! The settings of one source.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use usage_core::{BaseUrl, Region, Secret};
use usage_report::Licenses;

use crate::config::gateway::ProxySettings;
use crate::config::transport::Transport;
use crate::files::trust::{self, Role};
use crate::problem::Problem;
use crate::text::decoded;

/// Maximum size of a configuration file in bytes. A longer file is the wrong one.
const MAX_BYTES: u64 = 1024 * 1024;

/// The settings of one source.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The name of the source, for messages.
    pub(crate) place: String,
    /// Whether the source is another program's file.
    pub(crate) is_foreign: bool,
    /// Whether the source is another program's file that lacks the profile in use.
    pub(crate) lacks_profile: bool,
    /// Another program's settings that change how the service is reached and have no effect here.
    pub(crate) not_honoured: Vec<String>,
    pub(crate) proxy: Option<ProxySettings>,
    pub(crate) region: Option<Region>,
    pub(crate) api_url: Option<BaseUrl>,
    pub(crate) login_url: Option<BaseUrl>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret<String>>,
    pub(crate) client_secret_file: Option<PathBuf>,
    pub(crate) secret_command: Option<String>,
    pub(crate) access_token: Option<Secret<String>>,
    pub(crate) access_token_file: Option<PathBuf>,
    pub(crate) login_port: Option<u16>,
    pub(crate) transport: Option<Transport>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) allowance: Option<u64>,
    pub(crate) licenses: Option<Licenses>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) system_roots: Option<bool>,
    pub(crate) names: Option<bool>,
}

impl Settings {
    /// Returns whether the source says where the service is.
    pub(crate) fn has_host(&self) -> bool {
        self.region.is_some() || self.api_url.is_some()
    }
}

/// Checks the name of a profile, which is also a part of a file name.
pub(super) fn profile_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(is_plain) {
        return Err("a profile's name is 1 to 64 letters, digits, '-' and '_'".into());
    }
    Ok(text.to_owned())
}

/// Returns a problem if `path`, which does not exist, contains a dangling link. Its target may be on a disk that is
/// not mounted, so the file must not count as missing.
fn leads_nowhere(path: &Path) -> Option<Problem> {
    let link = path.ancestors().find(|step| step.is_symlink() && !step.exists())?;
    let (name, link_name) = (path.display(), link.display());
    let problem = format!("cannot read {name}: {link_name} is a link that leads nowhere");
    Some(Problem::usage(problem).with_hint("make what it should lead to available, or remove the link"))
}

/// Reads the file at `path`. Returns its text and whether other accounts can read it, or `None` if it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<(String, bool)>, Problem> {
    let file = match trust::open(path, Role::Configuration) {
        Ok(file) => file,
        Err(distrust) if distrust.is_missing() => return leads_nowhere(path).map_or(Ok(None), Err),
        Err(distrust) => return Err(distrust.problem("", path)),
    };
    let is_readable = trust::is_readable_by_others(&file);
    let mut bytes = Vec::new();
    let name = path.display();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Problem::usage(format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Problem::usage(format!("{name} is far too long for a configuration")));
    }
    let text = decoded(bytes).map_err(|problem| Problem::usage(format!("cannot read {name}: {problem}")))?;
    Ok(Some((text, is_readable)))
}

/// A value and its source.
#[derive(Clone, Debug)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) place: String,
}

impl<T> Said<T> {
    pub(crate) fn new(value: T, place: impl Into<String>) -> Self {
        Self { value, place: place.into() }
    }
}

/// The API host and the login host.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    pub(crate) api: BaseUrl,
    /// `None` if the source that names the API host does not name a login host.
    pub(crate) login: Option<BaseUrl>,
}
