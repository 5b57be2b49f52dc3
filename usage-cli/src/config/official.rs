//! `~/.gc/config.toml` of the official command-line client: one table for each profile.
//!
//! | key | used as |
//! |---|---|
//! | `environment` | the region, or `localhost:PORT` |
//! | `gateway_protocol`, `gateway_host` (with a stage), `gateway_port`, `gateway_pathparams` | both hosts, instead of the region |
//! | `client_credentials`, `client_secret`, if `grant_type` is 1 (client credentials) or none | the OAuth client |
//! | `access_token` | the token |
//! | `proxy_protocol`, `proxy_host`, `proxy_port`, `proxy_username`, `proxy_password` | the proxy, if no variable names one |
//! | `gateway_username`, `gateway_password`, `proxy_pathparams`, other keys that begin with `proxy` | not honoured, with a warning |
//! | other keys that begin with `gateway` | an error |
//! | others (logging, formats, pagination, `oauth_token_data`, `redirect_uri`) | ignored: they do not concern the service |

use std::path::{Path, PathBuf};

use toml::{Table, Value};
use usage_core::{BaseUrl, Secret};

use crate::config::gateway::{Gateway, ProxySettings};
use crate::config::settings::{Settings, read};
use crate::problem::Problem;

/// The official client's default profile.
const DEFAULT: &str = "DEFAULT";

/// Values of `grant_type` that mean client credentials or none. The other grants need a browser.
const CLIENT_CREDENTIALS: [&str; 3] = ["1", "0", ""];

/// Keys that change how the service is reached but that this program does not support.
const NOT_HONOURED: [&str; 3] = ["gateway_username", "gateway_password", "proxy_pathparams"];

const GATEWAY_KEYS: [&str; 6] = [
    "gateway_protocol",
    "gateway_host",
    "gateway_port",
    "gateway_pathparams",
    "gateway_username",
    "gateway_password",
];

const PROXY_KEYS: [&str; 6] =
    ["proxy_protocol", "proxy_host", "proxy_port", "proxy_pathparams", "proxy_username", "proxy_password"];

/// The result of looking up a profile in the file.
#[derive(Debug)]
pub(super) enum Official {
    /// The file does not exist.
    NoFile,
    /// The file does not have the profile.
    NoProfile,
    Profile(Box<Settings>),
}

/// Returns where the file is, in the home directory `home`.
pub(super) fn path(home: &Path) -> PathBuf {
    home.join(".gc").join("config.toml")
}

/// Returns the names of the profiles in `text`; none if it is not TOML.
pub(super) fn profiles(text: &str) -> Vec<String> {
    let table = text.parse::<Table>().unwrap_or_default();
    table.into_iter().filter(|(_, value)| value.is_table()).map(|(name, _)| name).collect()
}

/// Reads the profile `name` of the file at `path`.
pub(super) fn load(path: &Path, name: Option<&str>) -> Result<Official, Problem> {
    read(path)?.map_or(Ok(Official::NoFile), |(text, _)| parse(path, &text, name.unwrap_or(DEFAULT)))
}

pub(super) fn parse(path: &Path, text: &str, name: &str) -> Result<Official, Problem> {
    let wrong = |problem: &str| Problem::usage(format!("{} [{name}]: {problem}", path.display()));
    let table: Table = text.parse().map_err(|error: toml::de::Error| wrong(error.message()))?;
    // The official client ignores the case of names.
    let Some((name, Value::Table(profile))) = table.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))
    else {
        return Ok(Official::NoProfile);
    };
    let profile = Profile(profile);
    let mut settings =
        Settings { place: format!("{} [{name}]", path.display()), is_foreign: true, ..Settings::default() };
    profile.set_hosts(&mut settings).map_err(|problem| wrong(&problem))?;
    settings.proxy = profile.proxy().map_err(|problem| wrong(&problem))?;
    settings.not_honoured = NOT_HONOURED
        .into_iter()
        .filter(|key| profile.value(key).is_some())
        .chain(profile.unknown("proxy"))
        .map(Into::into)
        .collect();
    settings.access_token = profile.text("access_token").map_err(|problem| wrong(&problem))?.map(Secret::new);
    if profile
        .value("grant_type")
        .is_none_or(|grant| CLIENT_CREDENTIALS.contains(&&*scalar(grant).unwrap_or_default()))
    {
        settings.client_secret =
            profile.text("client_secret").map_err(|problem| wrong(&problem))?.map(Secret::new);
        // A client id without a secret is not usable here.
        settings.client_id = profile
            .text("client_credentials")
            .map_err(|problem| wrong(&problem))?
            .filter(|_| settings.client_secret.is_some());
    }
    Ok(Official::Profile(Box::new(settings)))
}

/// The table of a profile.
struct Profile<'a>(&'a Table);

impl Profile<'_> {
    /// Returns the value of `key`, ignoring case. An empty value counts as absent.
    fn value(&self, key: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        found
            .map(|(_, value)| value)
            .filter(|value| value.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    fn text(&self, key: &str) -> Result<Option<String>, String> {
        let scalar = |value| scalar(value).ok_or_else(|| format!("{key} is neither a text nor a number"));
        self.value(key).map(scalar).transpose()
    }

    fn set_hosts(&self, settings: &mut Settings) -> Result<(), String> {
        if let Some(gateway) = self.gateway()? {
            let (api, login) = gateway.urls()?;
            (settings.api_url, settings.login_url) = (Some(api), Some(login));
        } else if let Some(environment) = self.text("environment")? {
            if is_local(&environment) {
                let url = format!("http://{environment}").parse::<BaseUrl>();
                settings.api_url = Some(url.map_err(|error| error.to_string())?);
            } else {
                settings.region = Some(environment.parse().map_err(|_| "environment is no region")?);
            }
        }
        Ok(())
    }

    fn gateway(&self) -> Result<Option<Gateway>, String> {
        if let Some(key) = self.unknown("gateway").next() {
            return Err(format!("'{key}' is no key of a gateway; there are {}", GATEWAY_KEYS.join(", ")));
        }
        let (protocol, port) = (self.text("gateway_protocol")?, self.text("gateway_port")?);
        let paths = self.value("gateway_pathparams");
        let Some(host) = self.text("gateway_host")? else {
            let is_meant = protocol.is_some() || port.is_some() || paths.is_some();
            return if is_meant { Err("it has a gateway without gateway_host".into()) } else { Ok(None) };
        };
        let mut gateway = Gateway { protocol, host, port, ..Gateway::default() };
        match paths {
            None => {}
            Some(Value::String(text)) => gateway.set_paths(text)?,
            Some(Value::Table(table)) => {
                for (name, path) in table {
                    gateway.set_path(
                        name,
                        path.as_str().ok_or("gateway_pathparams has a path that is no text")?,
                    )?;
                }
            }
            Some(_) => return Err("gateway_pathparams is neither a text nor a table".into()),
        }
        Ok(Some(gateway))
    }

    /// Returns the unsupported keys that begin with `what`.
    fn unknown<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a str> {
        let is_known =
            |key: &str| GATEWAY_KEYS.iter().chain(&PROXY_KEYS).any(|known| key.eq_ignore_ascii_case(known));
        let is_of = move |key: &&str| key.to_ascii_lowercase().starts_with(what) && !is_known(key);
        self.0.keys().map(String::as_str).filter(is_of).filter(|key| self.value(key).is_some())
    }

    fn proxy(&self) -> Result<Option<ProxySettings>, String> {
        let text = |key| self.text(key);
        let proxy = ProxySettings {
            protocol: text("proxy_protocol")?,
            host: text("proxy_host")?,
            port: text("proxy_port")?,
            user: text("proxy_username")?,
            password: text("proxy_password")?,
        };
        Ok(proxy.is_set().then_some(proxy))
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns whether `environment` names this machine. The official client then uses plain HTTP.
fn is_local(environment: &str) -> bool {
    environment == "localhost" || environment.starts_with("localhost:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, name: &str) -> Result<Option<Settings>, String> {
        match super::parse(Path::new("gc.toml"), text, name) {
            Ok(Official::Profile(settings)) => Ok(Some(*settings)),
            Ok(_) => Ok(None),
            Err(problem) => Err(problem.to_string()),
        }
    }

    #[test]
    fn a_profile_is_found_whatever_its_case() {
        let text = "[default]\nclient_credentials = 'id'\nclient_secret = 'hunter2'\nenvironment = 'mypurecloud.de'\n\
                    grant_type = '1'\nlogging_enabled = false\n";
        let settings = parse(text, "DEFAULT").unwrap().unwrap();
        assert_eq!(settings.region.as_ref().unwrap().domain(), "mypurecloud.de");
        assert_eq!(settings.client_id.as_deref(), Some("id"));
        assert_eq!(settings.client_secret.as_ref().unwrap().expose(), "hunter2");
        assert_eq!(settings.place, "gc.toml [default]");
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(parse(text, "other").unwrap().is_none());
    }

    #[test]
    fn a_browsers_client_is_no_client_with_a_secret() {
        let text =
            "[A]\nclient_credentials = 'id'\nclient_secret = ''\ngrant_type = '3'\nenvironment = 'us-east-1'";
        let settings = parse(text, "a").unwrap().unwrap();
        assert!(settings.client_id.is_none() && settings.client_secret.is_none() && settings.has_host());
    }

    #[test]
    fn a_gateway_is_both_hosts() {
        let text = "[a]\ngateway_protocol='https'\ngateway_host='gw.example'\ngateway_port='8443'\n\
                    gateway_pathparams='{login: l, api: a/b}'\nenvironment='mypurecloud.de'";
        let settings = parse(text, "a").unwrap().unwrap();
        assert_eq!(settings.api_url.unwrap().to_string(), "https://gw.example:8443/a/b");
        assert_eq!(settings.login_url.unwrap().to_string(), "https://gw.example:8443/l");
        assert!(settings.region.is_none());
        let local = parse("[a]\nenvironment='localhost:8080'", "a").unwrap().unwrap();
        assert_eq!(local.api_url.unwrap().to_string(), "http://localhost:8080");
        let table = "[a]\nGateway_Host='gw.example/prod'\ngateway_port=443\ngateway_pathparams={login='/l',api='/a'}\n\
                     gateway_username='me'\ngateway_password='hunter2'";
        let settings = parse(table, "a").unwrap().unwrap();
        assert_eq!(settings.api_url.as_ref().unwrap().to_string(), "https://gw.example/prod/a");
        assert_eq!(settings.login_url.as_ref().unwrap().to_string(), "https://gw.example/prod/l");
        assert_eq!(settings.not_honoured, ["gateway_username", "gateway_password"]);
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_proxy_is_taken_with_its_credentials() {
        let text = "[a]\nenvironment='mypurecloud.de'\nproxy_host='proxy.corp'\nproxy_port='8080'\nproxy_protocol='http'\n\
                    proxy_username='me'\nproxy_password='hunter2'";
        let settings = parse(text, "a").unwrap().unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        let proxy = settings.proxy.unwrap().proxy(None).unwrap().unwrap();
        assert_eq!(
            (proxy.to_string().as_str(), proxy.credentials().unwrap().0),
            ("http://proxy.corp:8080", "me")
        );
    }

    #[test]
    fn what_is_half_said_is_refused() {
        for (text, problem) in [
            ("gateway_protocol='https'\nenvironment='mypurecloud.de'", "without gateway_host"),
            ("gateway_pathparams='{login: /l}'", "without gateway_host"),
            ("gateway_host='gw.example'\ngateway_pathparams='login'", "are not written as"),
            ("gateway_host='gw.example'\ngateway_pathparams=3", "neither a text nor a table"),
            ("gateway_host=true", "neither a text nor a number"),
            ("environment=['x']", "neither a text nor a number"),
            ("gateway_host='gw.example'\ngateway_protocol='http'", "is not https"),
        ] {
            let said = parse(&format!("[a]\n{text}"), "a").unwrap_err();
            assert!(said.contains(problem), "{text}: {said}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_without_the_secret() {
        for text in
            ["[a]\nclient_secret = hunter2", "[a]\nenvironment = 'nowhere at all'\nclient_secret='hunter2'"]
        {
            let problem = parse(text, "a").unwrap_err();
            assert!(problem.starts_with("gc.toml [a]: ") && !problem.contains("hunter2"), "{problem}");
        }
    }
}
