//! `config.toml`: settings for all profiles, and tables `[profiles.NAME]` with those of one.
//!
//! ```toml
//! profile = "prod"        # used if no option or variable names one
//! deadline = "30m"
//!
//! [profiles.prod]
//! region = "eu-central-1"
//! oauth-client-id = "7de3af06-c0b3-4f9b-af45-72f4a14037cc"
//! secret-command = "pass show genesys/usage"
//! ```
//!
//! The keys are the names of the options. A relative path starts at the file's directory, `~/` at the home directory.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use toml::{Table, Value};
use usage_core::Secret;

use crate::arguments::region::region;
use crate::arguments::value_parsers::duration;
use crate::config::settings::{Settings, profile_name};
use crate::config::transport::Transport;
use crate::files::directory;
use crate::problem::Problem;
use crate::text::meant;

/// The keys that profiles and the top level accept.
const KEYS: [&str; 17] = [
    "region",
    "api-url",
    "login-url",
    "oauth-client-id",
    "oauth-client-secret",
    "oauth-client-secret-file",
    "secret-command",
    "access-token",
    "access-token-file",
    "login-port",
    "transport",
    "deadline",
    "allowance",
    "licenses",
    "ca-file",
    "system-roots",
    "names",
];

/// The parsed file.
#[derive(Debug)]
pub(super) struct ConfigFile {
    /// The profile used if no option or variable names one.
    pub(super) profile: Option<String>,
    pub(super) common: Settings,
    pub(super) profiles: BTreeMap<String, Settings>,
}

/// Parses `text`, the content of the file at `path`.
pub(super) fn parse(path: &Path, text: &str) -> Result<ConfigFile, Problem> {
    let wrong = |problem: &dyn Display| Problem::usage(format!("{}: {problem}", path.display()));
    let mut table: Table =
        text.parse().map_err(|error: toml::de::Error| wrong(&parse_error(text, &error)))?;
    let profile = match table.remove("profile") {
        None => None,
        Some(name) => {
            let name = text_of(&name).and_then(profile_name);
            Some(name.map_err(|problem| wrong(&format!("profile: {problem}")))?)
        }
    };
    let mut profiles = BTreeMap::new();
    match table.remove("profiles") {
        None => {}
        Some(Value::Table(tables)) => {
            for (name, settings) in tables {
                let Value::Table(settings) = settings else {
                    return Err(wrong(&format!("profiles.{name} is no table")));
                };
                profile_name(&name).map_err(|problem| wrong(&problem))?;
                let place = format!("{} [profiles.{name}]", path.display());
                let read = read(path, place, &settings, &[]);
                profiles.insert(name.clone(), read.map_err(|p| wrong(&format!("profiles.{name}: {p}")))?);
            }
        }
        Some(_) => return Err(wrong(&"profiles is no table; write [profiles.NAME]")),
    }
    let place = path.display().to_string();
    let common = read(path, place, &table, &["profile", "profiles"]).map_err(|problem| wrong(&problem))?;
    Ok(ConfigFile { profile, common, profiles })
}

/// Describes where and what the error is, without quoting lines: they may contain a secret.
fn parse_error(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

fn read(path: &Path, place: String, table: &Table, others: &[&str]) -> Result<Settings, String> {
    let mut settings = Settings { place, ..Settings::default() };
    for (key, value) in table {
        let Some(known) = KEYS.iter().find(|known| *known == key) else {
            let known = KEYS.iter().chain(others).copied();
            return Err(match meant(key, known) {
                Some(word) => format!("there is no key '{key}'; did you mean '{word}'?"),
                None => format!("there is no key '{key}'; there are {}", KEYS.join(", ")),
            });
        };
        // A value may be a secret, so the error must not repeat it.
        set(&mut settings, path, known, value).map_err(|problem| format!("{key}: {problem}"))?;
    }
    if settings.allowance.is_some() && settings.licenses.is_some() {
        return Err("allowance and licenses say the same: keep one of them".into());
    }
    Ok(settings)
}

fn set(settings: &mut Settings, path: &Path, key: &str, value: &Value) -> Result<(), String> {
    match key {
        "region" => settings.region = Some(region(text_of(value)?)?),
        "api-url" => settings.api_url = Some(parsed(value)?),
        "login-url" => settings.login_url = Some(parsed(value)?),
        "oauth-client-id" => settings.client_id = Some(text_of(value)?.to_owned()),
        "oauth-client-secret" => settings.client_secret = Some(secret(value)?),
        "oauth-client-secret-file" => settings.client_secret_file = Some(file(path, value)?),
        "secret-command" => settings.secret_command = Some(text_of(value)?.to_owned()),
        "access-token" => settings.access_token = Some(secret(value)?),
        "access-token-file" => settings.access_token_file = Some(file(path, value)?),
        "login-port" => settings.login_port = Some(number(value)?),
        "transport" => settings.transport = Some(Transport::from_str(text_of(value)?, true)?),
        "deadline" => settings.deadline = Some(duration(text_of(value)?)?),
        "ca-file" => settings.ca_file = Some(file(path, value)?),
        "system-roots" => settings.system_roots = Some(truth(value)?),
        "names" => settings.names = Some(truth(value)?),
        "licenses" => settings.licenses = Some(parsed(value)?),
        _ => settings.allowance = Some(number(value)?),
    }
    Ok(())
}

fn truth(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "is neither true nor false".into())
}

fn text_of(value: &Value) -> Result<&str, String> {
    value.as_str().filter(|text| !text.trim().is_empty()).ok_or_else(|| "is no text in quotes".into())
}

fn parsed<T: FromStr<Err: Display>>(value: &Value) -> Result<T, String> {
    text_of(value)?.parse().map_err(|error: T::Err| error.to_string())
}

fn secret(value: &Value) -> Result<Secret<String>, String> {
    text_of(value).map(|text| Secret::new(text.to_owned()))
}

fn number<T: TryFrom<i64>>(value: &Value) -> Result<T, String> {
    value.as_integer().and_then(|n| T::try_from(n).ok()).ok_or_else(|| "is no number that fits".into())
}

fn file(config: &Path, value: &Value) -> Result<PathBuf, String> {
    let text = text_of(value)?;
    match text.strip_prefix("~/") {
        Some(rest) => Ok(etcetera::home_dir().map_err(|error| error.to_string())?.join(rest)),
        None => Ok(directory(config).join(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        super::parse(Path::new("/etc/it/config.toml"), text).map_err(|problem| problem.to_string())
    }

    #[test]
    fn every_key_is_read() {
        let text = r#"
            profile = "prod"
            region = "eu-central-1"
            transport = "tokio"
            deadline = "30m"
            licenses = "cx2-named=40"
            [profiles.prod]
            api-url = "https://gateway.example/api"
            login-url = "https://gateway.example/login"
            oauth-client-id = "id"
            oauth-client-secret = "hunter2"
            oauth-client-secret-file = "secret"
            secret-command = "pass show it"
            access-token = "hunter3"
            access-token-file = "/run/token"
            login-port = 9000
            allowance = 1000000
            ca-file = "company.pem"
            system-roots = true
            names = true
        "#;
        let file = parse(text).unwrap();
        assert_eq!(file.profile.as_deref(), Some("prod"));
        assert_eq!(file.common.region.as_ref().unwrap().domain(), "mypurecloud.de");
        assert_eq!(file.common.transport, Some(Transport::Tokio));
        assert_eq!(
            file.common.licenses.as_ref().map(usage_report::Licenses::requests_a_month),
            Some(4_400_000)
        );
        let prod = &file.profiles["prod"];
        assert_eq!(prod.client_secret_file.as_deref(), Some(Path::new("/etc/it/secret")));
        assert_eq!(prod.access_token_file.as_deref(), Some(Path::new("/run/token")));
        assert_eq!((prod.login_port, prod.allowance), (Some(9000), Some(1_000_000)));
        assert_eq!(prod.ca_file.as_deref(), Some(Path::new("/etc/it/company.pem")));
        assert_eq!((prod.system_roots, prod.names), (Some(true), Some(true)));
        assert!(!format!("{file:?}").contains("hunter"));
        assert!(KEYS.iter().all(|key| text.contains(&format!("{key} = "))));
    }

    #[test]
    fn what_is_wrong_is_named_and_secrets_are_not_repeated() {
        for (text, problem) in [
            ("regoin = 'x'", "no key 'regoin'; did you mean 'region'?"),
            (
                "[profiles.a]\noauth-clientid = 'x'",
                "profiles.a: there is no key 'oauth-clientid'; did you mean",
            ),
            ("xyz = 1", "there are region, api-url"),
            ("region = 'nowhere'", "region: "),
            ("region = 3", "is no text in quotes"),
            ("system-roots = 'yes'", "system-roots: is neither true nor false"),
            ("login-port = 70000", "login-port: is no number that fits"),
            ("transport = 'pigeon'", "transport: "),
            ("licenses = 'cx9=4'", "licenses: "),
            ("licenses = 'cx2-named=4'\nallowance = 4", "say the same"),
            ("deadline = 'soon'", "deadline: "),
            ("profiles = 3", "profiles is no table"),
            ("[profiles]\na = 1", "profiles.a is no table"),
            ("[profiles.'../a']", "a profile's name"),
            ("profile = '../a'", "a profile's name"),
            ("\n\naccess-token = hunter2", "line 3: "),
            ("access-token = ['hunter2']", "access-token: is no text"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains(problem), "{text}: {said}");
            assert!(!said.contains("hunter"), "{said}");
        }
    }
}
