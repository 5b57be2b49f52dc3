//! Settings that are not given as options: files, each with the places of its values.
//!
//! # Precedence
//!
//! For each setting, the first of these sources that has it wins:
//!
//! 1. an option of the command
//! 2. an environment variable (`GENESYSCLOUD_REGION`, `GENESYSCLOUD_OAUTHCLIENT_ID`,
//!    `GENESYSCLOUD_OAUTHCLIENT_SECRET`, `GENESYSCLOUD_ACCESS_TOKEN`; the Terraform provider's
//!    `GENESYSCLOUD_GATEWAY_*`, which take precedence over a region, and `GENESYSCLOUD_PROXY_*`)
//! 3. the profile in `config.toml`, then that file's settings for all profiles
//! 4. the profile in the official command-line client's `~/.gc/config.toml`: `environment`, `client_credentials`,
//!    `client_secret`, `access_token`, `gateway_*`
//! 5. the SDKs' configuration files, `~/.genesyscloud{go,python,java,dotnet,javascript}/config`: `host`, `[gateway]`
//! 6. the log-in stored by `genesys-usage login`
//! 7. the program's default
//!
//! If a file of 4 or 5 exists but names no host, and no earlier source does, that is an error: the program does not
//! guess the default region. Settings of these files that have no effect here are named in a warning.
//!
//! The source that names a host provides both hosts: a region in `config.toml` is not mixed with a gateway of
//! `~/.gc`. The files of 4 and 5 are read only if a host or a credential is still missing. `genesys-usage config
//! show` prints every setting with its source.

mod file;
mod gateway;
mod official;
mod sdk;
pub(crate) mod secret_source;
mod settings;
pub(crate) mod terraform;
pub(crate) mod transport;

use std::cell::OnceCell;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Once;

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use etcetera::BaseStrategy;
use usage_driver::Proxy;
use usage_report::Allowance;

use crate::config::official::Official;
use crate::files::draft;
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::process::variables::{Variables, variable};
use crate::text::meant;
use crate::text::quoting::shell_word;
use crate::text::secrets;
pub(crate) use settings::{Hosts, Said, Settings};
use settings::{profile_name, read};

/// The variable that names the profile.
pub(crate) const PROFILE: &str = "GENESYS_USAGE_PROFILE";

/// The options that select the configuration.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ProfileArgs {
    /// Read this file instead of ~/.config/genesys-usage/config.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Use this profile of the configuration. Commands with --all-profiles take several, separated by commas [env, for
    /// one: GENESYS_USAGE_PROFILE]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = profile_name, add = ArgValueCandidates::new(completed_profiles))]
    profile: Vec<String>,
}

impl ProfileArgs {
    /// Returns whether an option names a profile.
    pub(crate) fn is_named(&self) -> bool {
        !self.profile.is_empty()
    }

    /// Returns the profile if the options name exactly one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self.names()[..] {
            [name] => Some(name),
            _ => None,
        }
    }

    /// Returns each named profile once, as arguments of its own.
    pub(crate) fn each(&self) -> Vec<Self> {
        self.names().into_iter().map(|name| self.of(name.to_owned())).collect()
    }

    /// Returns each named profile once.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in &self.profile {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns arguments for the profile `name` of this configuration.
    fn of(&self, name: String) -> Self {
        Self { config: self.config.clone(), profile: vec![name] }
    }
}

/// All configuration files, each read when it is first needed.
#[derive(Debug)]
pub(crate) struct Config {
    profile: Option<String>,
    /// The profile's settings, then those for all profiles.
    own: Vec<Settings>,
    /// All profiles of `config.toml`, in alphabetical order.
    profiles: Vec<String>,
    /// If no profile is used: the path of the file, and its profiles that name hosts.
    unused: Option<(PathBuf, Vec<String>)>,
    home: Option<PathBuf>,
    official: OnceCell<Option<Settings>>,
    sdk: OnceCell<Option<Settings>>,
}

impl Config {
    /// Reads `config.toml`. The file may be missing unless an option names it.
    pub(crate) fn load(args: &ProfileArgs, variables: Variables<'_>) -> Result<Self, Problem> {
        let profile = match args.names()[..] {
            [name] => Some(name.to_owned()),
            [_, ..] => {
                return Err(Problem::usage("this command is about one organization: name one profile"));
            }
            [] => variable(variables, PROFILE)?.map(|name| profile_of_variable(&name)).transpose()?,
        };
        if let Some(directory) = directory() {
            // A killed command may have left a draft of a log-in here.
            draft::sweep(&directory);
        }
        let text = match &args.config {
            Some(path) => Some((path.clone(), read(path)?.ok_or_else(|| no_such_file(path))?)),
            None => match default_path() {
                Some(path) => read(&path)?.map(|text| (path, text)),
                None => None,
            },
        };
        let home = etcetera::home_dir().ok();
        let mut config = Self {
            profile,
            own: Vec::new(),
            profiles: Vec::new(),
            unused: None,
            home,
            official: OnceCell::new(),
            sdk: OnceCell::new(),
        };
        let mut others = Vec::new();
        if let Some((path, (text, is_readable))) = text {
            let mut file = file::parse(&path, &text)?;
            config.profiles = file.profiles.keys().cloned().collect();
            config.profile = config.profile.or(file.profile);
            let own = config.profile.as_ref().and_then(|name| file.profiles.remove(name));
            config.own = own.into_iter().chain([file.common]).collect();
            if config.profile.is_none() {
                let with_host = file.profiles.iter().filter(|(_, settings)| settings.has_host());
                config.unused = Some((path.clone(), with_host.map(|(name, _)| name.clone()).collect()));
            }
            others = file.profiles.into_keys().collect();
            if is_readable {
                warn_of_secrets(&path, &config.own);
            }
        }
        match &config.profile {
            Some(name)
                if config.own.len() < 2
                    && config.official()?.is_none_or(|settings| settings.lacks_profile) =>
            {
                Err(no_profile(name, &others))
            }
            _ => Ok(config),
        }
    }

    /// Refuses to guess a host that no source names, if a profile is in use, or if profiles that are not in use name hosts.
    pub(crate) fn check_guess(&self) -> Result<(), Problem> {
        if let Some((path, names)) = self.unused.as_ref().filter(|(_, names)| !names.is_empty()) {
            let problem = format!("{} names hosts in profiles, and no profile is named", path.display());
            return Err(Problem::usage(problem).with_hint(format!(
                "name one with --profile, or give --region; there are {}",
                names.join(", ")
            )));
        }
        match self.own.first().filter(|_| self.profile.is_some()) {
            Some(settings) => Err(Problem::usage(format!("{} names no region", settings.place))
                .with_hint("add region = \"eu-central-1\" or another one to it, or give --region")),
            None => Ok(()),
        }
    }

    /// Returns an empty configuration for tests, which must not read the user's files.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self {
            profile: None,
            own: Vec::new(),
            profiles: Vec::new(),
            unused: None,
            home: None,
            official: OnceCell::new(),
            sdk: OnceCell::new(),
        }
    }

    /// Returns the profile in use, if any.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// Returns the names of all profiles of `config.toml`, in alphabetical order.
    pub(crate) fn profiles(&self) -> &[String] {
        &self.profiles
    }

    /// Returns the settings of each source in order of precedence. Each file is read when the iterator reaches it.
    pub(crate) fn places(&self) -> impl Iterator<Item = Result<&Settings, Problem>> {
        let own = self.own.iter().map(Ok);
        let official = iter::once_with(|| self.official().transpose()).flatten();
        let sdk = iter::once_with(|| self.sdk().transpose()).flatten();
        own.chain(official).chain(sdk)
    }

    /// Returns the settings of this program's own configuration.
    pub(crate) fn own_places(&self) -> impl Iterator<Item = &Settings> {
        self.own.iter()
    }

    /// Returns the first value in this program's own files, for settings that other programs' files do not have.
    pub(crate) fn own<T>(&self, read: impl Fn(&Settings) -> Option<T>) -> Option<(T, &str)> {
        self.own.iter().find_map(|settings| Some((read(settings)?, &*settings.place)))
    }

    fn official(&self) -> Result<Option<&Settings>, Problem> {
        let path = self.home.as_deref().map(official::path);
        once(&self.official, || {
            let Some(path) = path else { return Ok(None) };
            match official::load(&path, self.profile.as_deref())? {
                Official::NoFile => Ok(None),
                Official::Profile(settings) => Ok(Some(*settings)),
                // The file exists, but says nothing about the service.
                Official::NoProfile => Ok(Some(Settings {
                    place: path.display().to_string(),
                    is_foreign: true,
                    lacks_profile: true,
                    ..Settings::default()
                })),
            }
        })
    }

    fn sdk(&self) -> Result<Option<&Settings>, Problem> {
        once(&self.sdk, || self.home.as_deref().map_or(Ok(None), sdk::load))
    }

    /// Returns the proxy that other programs' settings name: the Terraform provider's variables, or the official
    /// client's profile if a host or a credential was read from it. Returns `None` if the common variables
    /// (`HTTPS_PROXY`, `ALL_PROXY`) name a proxy, because the drivers read them.
    ///
    /// # Errors
    ///
    /// Returns a problem if the proxy is incomplete or of an unsupported kind. It is never bypassed.
    pub(crate) fn proxy(&self, variables: Variables<'_>) -> Result<Option<Said<Proxy>>, Problem> {
        if ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .any(|name| variables(name).is_some_and(|value| !value.is_empty()))
        {
            let text = |name: &str| variables(name).and_then(|value| value.into_string().ok());
            // The drivers report what is wrong with these variables.
            if let Ok(Some(proxy)) = Proxy::from_variables(text)
                && let Some((user, password)) = proxy.credentials()
            {
                secrets::know_client(user, password.expose());
            }
            return Ok(None);
        }
        let exceptions = match variable(variables, "NO_PROXY")? {
            Some(exceptions) => Some(exceptions),
            None => variable(variables, "no_proxy")?,
        };
        let official = self.official.get().and_then(Option::as_ref);
        let places = [
            Some((terraform::proxy(variables)?, terraform::PROXY_PLACE)),
            official.map(|settings| (settings.proxy.clone().unwrap_or_default(), &*settings.place)),
        ];
        for (settings, place) in places.into_iter().flatten() {
            let wrong = |problem| {
                Problem::usage(format!("{place}: the proxy cannot be used: {problem}"))
                    .with_hint("name an http proxy: HTTPS_PROXY=http://host:port")
            };
            if let Some(proxy) = settings.proxy(exceptions.as_deref()).map_err(wrong)? {
                return Ok(Some(Said::new(proxy, place)));
            }
        }
        Ok(None)
    }
}

fn once(
    cell: &OnceCell<Option<Settings>>,
    load: impl FnOnce() -> Result<Option<Settings>, Problem>,
) -> Result<Option<&Settings>, Problem> {
    if cell.get().is_none() {
        let settings = load()?;
        if let Some(Settings { place, not_honoured, .. }) = &settings
            && !not_honoured.is_empty()
        {
            let text = format!("{place}: not honoured here: {}", not_honoured.join(", "));
            stderr::labelled("warning", WARNING, text);
        }
        // The cell was empty above, and no other thread can set it.
        let _ = cell.set(settings);
    }
    Ok(cell.get().and_then(Option::as_ref))
}

/// Returns all profiles of the configuration that `args` name, each as arguments of its own.
///
/// # Errors
///
/// Returns a problem if there is none.
pub(crate) fn profiles(args: &ProfileArgs) -> Result<Vec<ProfileArgs>, Problem> {
    let config = Config::load(args, &|name| std::env::var_os(name))?;
    if config.profiles.is_empty() {
        return Err(Problem::usage("the configuration has no profiles").with_hint(
            "genesys-usage config path says where they are kept; each is a table [profiles.NAME]",
        ));
    }
    Ok(config.profiles.into_iter().map(|name| args.of(name)).collect())
}

/// Returns the profile called `name`, if the configuration that `args` name has one.
///
/// # Errors
///
/// Returns a problem if the configuration cannot be read.
pub(crate) fn profile_called(args: &ProfileArgs, name: &str) -> Result<Option<ProfileArgs>, Problem> {
    let config = Config::load(args, &|name| std::env::var_os(name))?;
    Ok(config.profiles.into_iter().find(|profile| profile == name).map(|name| args.of(name)))
}

/// Returns the profiles of `config.toml`, and of the official client's file, for a shell to complete. A file that cannot
/// be read has none.
fn completed_profiles() -> Vec<CompletionCandidate> {
    let text = |path: Option<PathBuf>| Some((read(path.as_deref()?).ok()??.0, path?));
    let own = text(default_path()).and_then(|(text, path)| file::parse(&path, &text).ok());
    let own = own.into_iter().flat_map(|file| file.profiles.into_keys());
    let official = text(etcetera::home_dir().ok().map(|home| official::path(&home)));
    let official = official.map(|(text, _)| official::profiles(&text)).unwrap_or_default();
    let mut names: Vec<String> = own.chain(official).filter(|name| profile_name(name).is_ok()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Returns the monthly allowance of requests in this program's own configuration: `allowance`, or that of `licenses`. It
/// does not apply to a simulated organization.
pub(crate) fn allowance(profile: &ProfileArgs, is_simulated: bool) -> Result<Option<Allowance>, Problem> {
    if is_simulated {
        return Ok(None);
    }
    let config = Config::load(profile, &|name| std::env::var_os(name))?;
    let allowance = |settings: &Settings| {
        let of_licenses = settings.licenses.clone().map(Allowance::from);
        settings.allowance.map(Allowance::requests).or(of_licenses)
    };
    Ok(config.own(allowance).map(|(allowance, _)| allowance))
}

/// Returns whether this program's own configuration asks for names. It does not apply to a simulated organization.
pub(crate) fn names(profile: &ProfileArgs, is_simulated: bool) -> Result<bool, Problem> {
    if is_simulated {
        return Ok(false);
    }
    let config = Config::load(profile, &|name| std::env::var_os(name))?;
    Ok(config.own(|settings| settings.names).is_some_and(|(names, _)| names))
}

/// Returns the directory of this program's files: `~/.config/genesys-usage`, or the platform's equivalent.
pub(crate) fn directory() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir().join("genesys-usage"))
}

/// Returns the default path of `config.toml`.
pub(crate) fn default_path() -> Option<PathBuf> {
    directory().map(|directory| directory.join("config.toml"))
}

/// Parses the value of the variable that names the profile.
fn profile_of_variable(text: &str) -> Result<String, Problem> {
    profile_name(text).map_err(|problem| {
        let problem = Problem::usage(format!("{PROFILE}: {problem}"));
        if text.contains(',') {
            problem
                .with_hint(format!("{PROFILE} names one profile; the option names several: --profile {text}"))
        } else {
            problem
        }
    })
}

fn no_profile(name: &str, others: &[String]) -> Problem {
    let problem = Problem::usage(format!("there is no profile '{name}'"));
    match meant(name, others.iter().map(String::as_str)) {
        Some(other) => problem.with_hint(format!("did you mean '{other}'?")),
        None if others.is_empty() => {
            problem.with_hint("genesys-usage config path says where profiles are kept")
        }
        None => problem.with_hint(format!("there are {}", others.join(", "))),
    }
}

fn no_such_file(path: &Path) -> Problem {
    Problem::usage(format!("there is no configuration {}", path.display()))
}

/// Warns, once, if the file at `path` holds a secret and other accounts can read it.
fn warn_of_secrets(path: &Path, settings: &[Settings]) {
    static WARNED: Once = Once::new();
    if settings.iter().any(|s| s.client_secret.is_some() || s.access_token.is_some()) {
        let (name, word) = (path.display(), shell_word(path));
        let text = format!("others may read the secrets in {name}; to keep them out: chmod 600 {word}");
        WARNED.call_once(|| stderr::labelled("warning", WARNING, text));
    }
}

/// Parses `text` as each kind of file, and passes the settings found to `show`.
#[cfg(feature = "fuzzing")]
pub(crate) fn parse_each_way(text: &str, mut show: impl FnMut(&Settings)) {
    let path = Path::new("config");
    if let Ok(file) = file::parse(path, text) {
        iter::once(&file.common).chain(file.profiles.values()).for_each(&mut show);
    }
    if let Ok(Official::Profile(settings)) = official::parse(path, text, "DEFAULT") {
        show(&settings);
    }
    if let Ok(settings) = sdk::parse(path, text) {
        show(&settings);
    }
}
