//! `~/.gc/config.toml` of the official command-line client: one table a profile.

use std::path::Path;

use toml::{Table, Value};
use usage_core::{BaseUrl, Secret};

use crate::config::sdk;
use crate::config::settings::{Settings, read};
use crate::exit::Problem;

/// The profile that it uses if none is named.
const DEFAULT: &str = "DEFAULT";

/// The `grant_type` for client credentials, and for none; the others want a browser.
const CLIENT_CREDENTIALS: [&str; 3] = ["1", "0", ""];

/// The profile `name` of the file at `path`; `None` if there is no such file or no such profile. Keys that this program
/// has no use for are skipped: the file is another program's.
pub(super) fn load(path: &Path, name: Option<&str>) -> Result<Option<Settings>, Problem> {
    read(path)?.map_or(Ok(None), |(text, _)| parse(path, &text, name.unwrap_or(DEFAULT)))
}

pub(super) fn parse(path: &Path, text: &str, name: &str) -> Result<Option<Settings>, Problem> {
    let wrong = |problem: &str| Problem::usage(format!("{} [{name}]: {problem}", path.display()));
    let table: Table = text.parse().map_err(|error: toml::de::Error| wrong(error.message()))?;
    // Its library does not mind the case of names.
    let Some((name, Value::Table(profile))) = table.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))
    else {
        return Ok(None);
    };
    let value = |key: &str| {
        let value = profile.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        let text = match value {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Integer(number)) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    };
    let mut settings = Settings { place: format!("{} [{name}]", path.display()), ..Settings::default() };
    if let Some(host) = value("gateway_host") {
        let gateway = sdk::Gateway {
            protocol: value("gateway_protocol"),
            host,
            port: value("gateway_port"),
            path: |part: &str| path_of(value("gateway_pathparams").as_deref(), part),
        };
        (settings.api_url, settings.login_url) = gateway.urls().map_err(|problem| wrong(&problem))?;
    } else if let Some(environment) = value("environment") {
        if is_local(&environment) {
            let url = format!("http://{environment}").parse::<BaseUrl>();
            settings.api_url = Some(url.map_err(|error| wrong(&error.to_string()))?);
        } else {
            settings.region = Some(environment.parse().map_err(|_| wrong("environment is no region"))?);
        }
    }
    settings.access_token = value("access_token").map(Secret::new);
    if value("grant_type").is_none_or(|grant| CLIENT_CREDENTIALS.contains(&&*grant)) {
        settings.client_secret = value("client_secret").map(Secret::new);
        // An id alone is of no use here.
        settings.client_id = value("client_credentials").filter(|_| settings.client_secret.is_some());
    }
    Ok(Some(settings))
}

/// It talks plain HTTP to this machine.
fn is_local(environment: &str) -> bool {
    environment == "localhost" || environment.starts_with("localhost:")
}

/// The path of `part` in `{login: x, api: y}`.
fn path_of(paths: Option<&str>, part: &str) -> Option<String> {
    let pairs = paths?.trim_matches(['{', '}']).split(',').filter_map(|pair| pair.split_once(':'));
    let found = pairs.map(|(key, path)| (key.trim(), path.trim())).find(|(key, _)| *key == part);
    found.map(|(_, path)| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, name: &str) -> Result<Option<Settings>, String> {
        super::parse(Path::new("gc.toml"), text, name).map_err(|problem| problem.to_string())
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
