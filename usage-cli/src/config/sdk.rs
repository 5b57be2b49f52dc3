//! The configuration file that the SDKs share: INI or JSON, with the host and perhaps a gateway. It has no credential.

use std::path::Path;

use serde_json::Value;
use usage_core::BaseUrl;

use crate::config::settings::{Settings, read};
use crate::exit::Problem;

/// In the order in which they are looked for.
const SDKS: [&str; 5] = ["go", "python", "java", "dotnet", "javascript"];

/// What the first file says that names a host.
pub(super) fn load(home: &Path) -> Result<Option<Settings>, Problem> {
    for sdk in SDKS {
        let path = home.join(format!(".genesyscloud{sdk}")).join("config");
        if let Some((text, _)) = read(&path)? {
            let settings = parse(&path, &text)?;
            if settings.has_host() {
                return Ok(Some(settings));
            }
        }
    }
    Ok(None)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Settings, Problem> {
    let wrong = |problem: &str| Problem::usage(format!("{}: {problem}", path.display()));
    let json = if text.trim_start().starts_with('{') {
        Some(serde_json::from_str::<Value>(text).map_err(|error| wrong(&error.to_string()))?)
    } else {
        None
    };
    let value = |section: &str, key: &str| {
        let value = match &json {
            Some(json) => match &json[section][key] {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            },
            None => ini(text, section, key).map(str::to_owned),
        };
        value.filter(|value| !value.is_empty())
    };
    let mut settings = Settings { place: path.display().to_string(), ..Settings::default() };
    if let Some(host) = value("gateway", "host") {
        let gateway = Gateway {
            protocol: value("gateway", "protocol"),
            host,
            port: value("gateway", "port"),
            path: |part: &str| value("gateway", &format!("path_params_{part}")),
        };
        (settings.api_url, settings.login_url) = gateway.urls().map_err(|problem| wrong(&problem))?;
    } else if let Some(host) = value("general", "host") {
        settings.region = Some(host.parse().map_err(|_| wrong("host is no region's"))?);
    }
    Ok(settings)
}

/// The value of `key` in `[section]`.
fn ini<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name.trim().eq_ignore_ascii_case(section);
        } else if inside
            && !line.starts_with(['#', ';'])
            && let Some((name, value)) = line.split_once('=')
            && name.trim().eq_ignore_ascii_case(key)
        {
            return Some(value.trim());
        }
    }
    None
}

/// A host that stands in front of both hosts of the service.
pub(super) struct Gateway<F> {
    pub(super) protocol: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<String>,
    /// The path of `api`, and of `login`.
    pub(super) path: F,
}

impl<F: Fn(&str) -> Option<String>> Gateway<F> {
    /// The API's URL, and the login host's.
    pub(super) fn urls(&self) -> Result<(Option<BaseUrl>, Option<BaseUrl>), String> {
        let protocol = self.protocol.as_deref().unwrap_or("https");
        let port = self.port.as_ref().map(|port| format!(":{port}")).unwrap_or_default();
        let url = |part| {
            let path = (self.path)(part).unwrap_or_default();
            let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
            let url = format!("{protocol}://{}{port}{slash}{path}", self.host).parse::<BaseUrl>();
            url.map(Some).map_err(|error| format!("gateway: {error}"))
        };
        Ok((url("api")?, url("login")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        super::parse(Path::new("config"), text).map_err(|problem| problem.to_string())
    }

    #[test]
    fn ini_and_json_say_the_same() {
        for text in [
            "; a comment\n[logging]\nhost = wrong\n[General]\n# host = wrong\nhost = https://api.mypurecloud.de/\n",
            r#"{"general":{"host":"api.mypurecloud.de","live_reload_config":true}}"#,
        ] {
            assert_eq!(parse(text).unwrap().region.unwrap().domain(), "mypurecloud.de");
        }
        for text in [
            "[gateway]\nhost=gw.example\nport=8443\npath_params_login=login\npath_params_api=/api\n",
            r#"{"gateway":{"protocol":"https","host":"gw.example","port":8443,"path_params_login":"login","path_params_api":"api"}}"#,
        ] {
            let settings = parse(text).unwrap();
            assert_eq!(settings.api_url.unwrap().to_string(), "https://gw.example:8443/api");
            assert_eq!(settings.login_url.unwrap().to_string(), "https://gw.example:8443/login");
        }
        assert!(!parse("[retry]\nretry_max = 5").unwrap().has_host());
        assert!(parse("{").is_err() && parse("[general]\nhost = not a host").is_err());
    }

    #[test]
    fn the_first_that_names_a_host_counts() {
        let home = tempfile::tempdir().unwrap();
        assert!(load(home.path()).unwrap().is_none());
        for (sdk, text) in [("go", "[retry]\nretry_max=1"), ("java", "[general]\nhost=mypurecloud.ie")] {
            let directory = home.path().join(format!(".genesyscloud{sdk}"));
            std::fs::create_dir(&directory).unwrap();
            std::fs::write(directory.join("config"), text).unwrap();
        }
        let settings = load(home.path()).unwrap().unwrap();
        assert!(settings.place.contains(".genesyscloudjava") && settings.region.is_some());
    }
}
