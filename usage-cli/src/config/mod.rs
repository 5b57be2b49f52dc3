//! Settings that are not given as options: files, each with the places of its values.
//!
//! # Precedence
//!
//! For every setting the first of these that has it wins:
//!
//! 1. an option of the command
//! 2. a variable of the environment (`GENESYSCLOUD_REGION`, `GENESYSCLOUD_OAUTHCLIENT_ID`,
//!    `GENESYSCLOUD_OAUTHCLIENT_SECRET`, `GENESYSCLOUD_ACCESS_TOKEN`)
//! 3. the profile in `config.toml`, then that file's settings for all profiles
//! 4. the profile in the official command-line client's `~/.gc/config.toml`: `environment`, `client_credentials`,
//!    `client_secret`, `access_token`, `gateway_*`
//! 5. the SDKs' configuration files, `~/.genesyscloud{go,python,java,dotnet,javascript}/config`: `host`, `[gateway]`
//! 6. what `genesys-usage login` keeps
//! 7. the program's default
//!
//! The place that names a host names both: a region in `config.toml` is not mixed with a gateway of `~/.gc`. The files of
//! 4 and 5 are read only if a host or a credential is still wanted. `genesys-usage config show` prints every setting
//! with where it came from.

mod file;
mod official;
mod sdk;
mod settings;

use std::cell::OnceCell;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Once;

use clap::Args;
use etcetera::BaseStrategy;

use crate::exit::Problem;
use crate::paths::shell_word;
use crate::stderr::{self, WARNING};
use crate::variables::{Variables, variable};
use crate::words::meant;
pub(crate) use settings::Settings;
use settings::{profile_name, read};

/// The variable that names the profile.
pub(crate) const PROFILE: &str = "GENESYS_USAGE_PROFILE";

/// Which configuration.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ProfileArgs {
    /// Read this file in place of ~/.config/genesys-usage/config.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The profile of the configuration to use [env: GENESYS_USAGE_PROFILE]
    #[arg(long, value_name = "NAME", value_parser = profile_name)]
    profile: Option<String>,
}

impl ProfileArgs {
    /// Whether an option names the profile.
    pub(crate) fn is_named(&self) -> bool {
        self.profile.is_some()
    }
}

/// All files, as far as they were needed.
#[derive(Debug)]
pub(crate) struct Config {
    profile: Option<String>,
    /// The profile, then what holds for all.
    own: Vec<Settings>,
    home: Option<PathBuf>,
    official: OnceCell<Option<Settings>>,
    sdk: OnceCell<Option<Settings>>,
}

impl Config {
    /// Reads `config.toml`. It need not be there, unless it was named.
    pub(crate) fn load(args: &ProfileArgs, variables: Variables<'_>) -> Result<Self, Problem> {
        let profile = match &args.profile {
            Some(name) => Some(name.clone()),
            None => variable(variables, PROFILE)?
                .map(|name| {
                    profile_name(&name).map_err(|problem| Problem::usage(format!("{PROFILE}: {problem}")))
                })
                .transpose()?,
        };
        let text = match &args.config {
            Some(path) => Some((path.clone(), read(path)?.ok_or_else(|| no_such_file(path))?)),
            None => match default_path() {
                Some(path) => read(&path)?.map(|text| (path, text)),
                None => None,
            },
        };
        let home = etcetera::home_dir().ok();
        let mut config =
            Self { profile, own: Vec::new(), home, official: OnceCell::new(), sdk: OnceCell::new() };
        let mut others = Vec::new();
        if let Some((path, (text, is_readable))) = text {
            let mut file = file::parse(&path, &text)?;
            config.profile = config.profile.or(file.profile);
            let own = config.profile.as_ref().and_then(|name| file.profiles.remove(name));
            config.own = own.into_iter().chain([file.common]).collect();
            others = file.profiles.into_keys().collect();
            if is_readable {
                warn_of_secrets(&path, &config.own);
            }
        }
        match &config.profile {
            Some(name) if config.own.len() < 2 && config.official()?.is_none() => {
                Err(no_profile(name, &others))
            }
            _ => Ok(config),
        }
    }

    /// That of a test: nobody's files are read.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self { profile: None, own: Vec::new(), home: None, official: OnceCell::new(), sdk: OnceCell::new() }
    }

    /// The profile that is used, if one is.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// What the places say, those of the highest precedence first, each read when it is reached.
    pub(crate) fn places(&self) -> impl Iterator<Item = Result<&Settings, Problem>> {
        let own = self.own.iter().map(Ok);
        let official = iter::once_with(|| self.official().transpose()).flatten();
        let sdk = iter::once_with(|| self.sdk().transpose()).flatten();
        own.chain(official).chain(sdk)
    }

    /// The places of our own configuration.
    pub(crate) fn own_places(&self) -> impl Iterator<Item = &Settings> {
        self.own.iter()
    }

    /// The first value of our own files: for what no other program's file has.
    pub(crate) fn own<T>(&self, read: impl Fn(&Settings) -> Option<T>) -> Option<(T, &str)> {
        self.own.iter().find_map(|settings| Some((read(settings)?, &*settings.place)))
    }

    fn official(&self) -> Result<Option<&Settings>, Problem> {
        let path = self.home.as_ref().map(|home| home.join(".gc").join("config.toml"));
        once(&self.official, || match path {
            Some(path) => official::load(&path, self.profile.as_deref()),
            None => Ok(None),
        })
    }

    fn sdk(&self) -> Result<Option<&Settings>, Problem> {
        once(&self.sdk, || self.home.as_deref().map_or(Ok(None), sdk::load))
    }
}

fn once(
    cell: &OnceCell<Option<Settings>>,
    load: impl FnOnce() -> Result<Option<Settings>, Problem>,
) -> Result<Option<&Settings>, Problem> {
    if cell.get().is_none() {
        // Nobody else can have set it in between.
        let _ = cell.set(load()?);
    }
    Ok(cell.get().and_then(Option::as_ref))
}

/// How many requests a month may have, if our own configuration says it. It speaks of no simulated organisation.
pub(crate) fn allowance(profile: &ProfileArgs, is_simulated: bool) -> Result<Option<u64>, Problem> {
    if is_simulated {
        return Ok(None);
    }
    let config = Config::load(profile, &|name| std::env::var_os(name))?;
    Ok(config.own(|settings| settings.allowance).map(|(allowance, _)| allowance))
}

/// Where this program keeps its files: `~/.config/genesys-usage`, or as the platform has it.
pub(crate) fn directory() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir().join("genesys-usage"))
}

/// Where `config.toml` is looked for.
pub(crate) fn default_path() -> Option<PathBuf> {
    directory().map(|directory| directory.join("config.toml"))
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

/// A warning, the first time, if the file at `path`, which other accounts can read, holds a secret.
fn warn_of_secrets(path: &Path, settings: &[Settings]) {
    static WARNED: Once = Once::new();
    if settings.iter().any(|s| s.client_secret.is_some() || s.access_token.is_some()) {
        let (name, word) = (path.display(), shell_word(path));
        let text = format!("others may read the secrets in {name}; to keep them out: chmod 600 {word}");
        WARNED.call_once(|| stderr::labelled("warning", WARNING, text));
    }
}

/// Reads `text` as each kind of file, and shows the settings that it has as such.
#[cfg(feature = "fuzzing")]
pub(crate) fn parse_each_way(text: &str, mut show: impl FnMut(&Settings)) {
    let path = Path::new("config");
    if let Ok(file) = file::parse(path, text) {
        iter::once(&file.common).chain(file.profiles.values()).for_each(&mut show);
    }
    if let Ok(Some(settings)) = official::parse(path, text, "DEFAULT") {
        show(&settings);
    }
    if let Ok(settings) = sdk::parse(path, text) {
        show(&settings);
    }
}
