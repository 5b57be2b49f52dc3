//! The configuration file that the SDKs share: INI or JSON, with the host and optionally a gateway. It has no
//! credential.
//!
//! | section | key | used as |
//! |---|---|---|
//! | `general` | `host` | the region |
//! | `gateway` | `host` (with a stage), `protocol`, `port`, `path_params_login`, `path_params_api`; the Go SDK's `pathParams` | both hosts, instead of the region |
//! | `gateway` | `username`, `password`, `auth`, others | not honoured, with a warning |
//! | `proxy` | all | not honoured, with a warning |
//! | others (logging, retry, …) | | ignored: they do not concern the service |
//!
//! INI separates a key from its value by `=` or `:`. JSON names match in any case.

use std::path::Path;

use serde_json::{Map, Value};

use crate::config::gateway::Gateway;
use crate::config::settings::{Settings, read};
use crate::problem::Problem;

/// The SDKs, in the order in which their files are looked up.
const SDKS: [&str; 5] = ["go", "python", "java", "dotnet", "javascript"];

/// The sections that say where the service is and how it is reached.
const SECTIONS: [&str; 3] = ["general", "gateway", "proxy"];

/// The sections that do not concern the service.
const OTHERS: [&str; 4] = ["default", "logging", "retry", "reauthentication"];

/// Returns the settings of the first file that names a host, or of the first file if none does.
pub(super) fn load(home: &Path) -> Result<Option<Settings>, Problem> {
    let mut without_host = None;
    for sdk in SDKS {
        let path = home.join(format!(".genesyscloud{sdk}")).join("config");
        if let Some((text, _)) = read(&path)? {
            let settings = parse(&path, &text)?;
            if settings.has_host() {
                return Ok(Some(settings));
            }
            without_host.get_or_insert(settings);
        }
    }
    Ok(without_host)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Settings, Problem> {
    let mut settings =
        Settings { place: path.display().to_string(), is_foreign: true, ..Settings::default() };
    let read = if text.trim_start().starts_with('{') { json(text) } else { ini(text) };
    let set = read.and_then(|sections| set(&mut settings, &sections));
    set.map_err(|problem| Problem::usage(format!("{}: {problem}", path.display())))?;
    Ok(settings)
}

fn set(settings: &mut Settings, sections: &Map<String, Value>) -> Result<(), String> {
    let empty = Map::new();
    let section = |name: &str| match sections.get(name) {
        None | Some(Value::Null) => Ok(&empty),
        Some(Value::Object(section)) => Ok(section),
        Some(_) => Err(format!("{name} is no section")),
    };
    let (general, gateway) = (section("general")?, section("gateway")?);
    if !section("proxy")?.is_empty() {
        settings.not_honoured.push("proxy".into());
    }
    let is_section = |value: &Value| matches!(value, Value::Object(_) | Value::Null);
    let is_known = |name: &str| SECTIONS.contains(&name) || OTHERS.contains(&name);
    let unknown = sections.iter().filter(|(name, value)| is_section(value) && !is_known(name));
    settings.not_honoured.extend(unknown.map(|(name, _)| format!("section {name}")));
    if !gateway.is_empty() {
        let (gateway, not_honoured) = gateway_of(gateway)?;
        settings.not_honoured.extend(not_honoured);
        let (api, login) = gateway.urls()?;
        (settings.api_url, settings.login_url) = (Some(api), Some(login));
    } else if let Some(host) = general.get("host").map(|host| scalar("host", host)).transpose()?.flatten() {
        settings.region = Some(host.parse().map_err(|_| "host is no region's")?);
    }
    Ok(())
}

/// Returns the gateway of a section, and the keys that are not honoured.
fn gateway_of(section: &Map<String, Value>) -> Result<(Gateway, Vec<String>), String> {
    let (mut gateway, mut not_honoured) = (Gateway::default(), Vec::new());
    for (key, value) in section {
        match &**key {
            "host" => gateway.host = scalar(key, value)?.unwrap_or_default(),
            "protocol" => gateway.protocol = scalar(key, value)?,
            "port" => gateway.port = scalar(key, value)?,
            "path_params_login" => gateway.login_path = scalar(key, value)?,
            "path_params_api" => gateway.api_path = scalar(key, value)?,
            "pathparams" | "path_params" => set_paths(&mut gateway, value)?,
            // Keys may be empty, as in the documentation's examples.
            _ if matches!(value, Value::Null) || value.as_str() == Some("") => {}
            _ => not_honoured.push(format!("gateway {key}")),
        }
    }
    if gateway.host.is_empty() {
        return Err("it has a gateway without a host".into());
    }
    Ok((gateway, not_honoured))
}

/// Sets the paths of the Go SDK: a list of `{"pathName": "login", "pathValue": "/l"}`, or an object or a text as in
/// the official client's file.
fn set_paths(gateway: &mut Gateway, value: &Value) -> Result<(), String> {
    let wrong = || "the gateway's paths are no list of pathName and pathValue".to_owned();
    match value {
        Value::Null => Ok(()),
        Value::String(text) => gateway.set_paths(text),
        Value::Array(items) => items.iter().try_for_each(|item| {
            let member = |names: [&str; 2]| names.iter().find_map(|name| item.get(name)?.as_str());
            let name = member(["pathname", "path_name"]).ok_or_else(wrong)?;
            gateway.set_path(name, member(["pathvalue", "path_value"]).ok_or_else(wrong)?)
        }),
        Value::Object(paths) => {
            paths.iter().try_for_each(|(name, path)| gateway.set_path(name, path.as_str().ok_or_else(wrong)?))
        }
        _ => Err(wrong()),
    }
}

/// Returns the text or the number `value` as a text, or `None` if it is empty.
fn scalar(key: &str, value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(format!("{key} is neither a text nor a number")),
    }
}

/// Parses the sections of the JSON document `text`, with all names in lower case.
fn json(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text).map_err(|error| error.to_string())? {
        Value::Object(sections) => lower(sections),
        _ => Err("it is no JSON object".into()),
    }
}

fn lower(object: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut lowered = Map::new();
    for (name, value) in object {
        let value = match value {
            Value::Object(inner) => Value::Object(lower(inner)?),
            Value::Array(items) => Value::Array(
                items
                    .into_iter()
                    .map(|item| match item {
                        Value::Object(inner) => lower(inner).map(Value::Object),
                        item => Ok(item),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            value => value,
        };
        insert(&mut lowered, &name, value)?;
    }
    Ok(lowered)
}

/// Parses the sections of the INI file `text` that concern the service.
fn ini(text: &str) -> Result<Map<String, Value>, String> {
    let mut sections = Map::new();
    let mut section = None;
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            let name = name.0.trim();
            section = SECTIONS.into_iter().find(|known| name.eq_ignore_ascii_case(known));
            if section.is_none() {
                sections.entry(name.to_ascii_lowercase()).or_insert(Value::Null);
            }
        } else if let Some(name) = section {
            let wrong = || format!("line {}: it is not written as 'key = value'", number + 1);
            let (key, value) = line.split_once(['=', ':']).ok_or_else(wrong)?;
            if key.trim().contains(char::is_whitespace) {
                return Err(wrong());
            }
            let keys = sections.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(keys) = keys {
                insert(keys, key.trim(), unquoted(value.trim()).into())?;
            }
        }
    }
    Ok(sections)
}

fn unquoted(value: &str) -> &str {
    let quoted = |mark: char| value.strip_prefix(mark).and_then(|value| value.strip_suffix(mark));
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

/// Inserts a member. A name that occurs twice is an error, because either value could be meant.
fn insert(object: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), String> {
    match object.insert(name.to_ascii_lowercase(), value) {
        Some(_) => Err(format!("it has '{name}' twice")),
        None => Ok(()),
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
    fn every_way_to_write_a_host_is_read() {
        for text in [
            "[general]\nhost=https://api.mypurecloud.de",
            "[general]\nhost: https://api.mypurecloud.de",
            "[general]\r\n  host : https://api.mypurecloud.de/  \r\n",
            "[ GENERAL ] ; all of it\nHOST = \"mypurecloud.de\"\n",
            "# first\n[general]\n; host = https://api.mypurecloud.ie\nlive_reload_config = true\nhost = 'api.mypurecloud.de'",
            r#"{"General": {"Host": "https://api.mypurecloud.de"}, "retry": [1]}"#,
        ] {
            assert_eq!(parse(text).unwrap().region.unwrap().domain(), "mypurecloud.de", "{text}");
        }
    }

    #[test]
    fn the_go_sdks_gateway_and_one_with_a_stage_are_read() {
        let paths = r#"[{"pathName":"login","pathValue":"/l"},{"pathName":"api","pathValue":"/a"}]"#;
        for (text, api, login) in [
            (
                format!(r#"{{"gateway":{{"host":"gw.example","port":"443","protocol":"https","pathParams":{paths}}}}}"#),
                "https://gw.example/a",
                "https://gw.example/l",
            ),
            (
                "[gateway]\nhost = gw.example/prod\nprotocol = https\nport = 443\npath_params_login = l\n".into(),
                "https://gw.example/prod",
                "https://gw.example/prod/l",
            ),
            (
                "[general]\nhost = mypurecloud.de\n[gateway]\nhost: gw.example\nport: 8443\npath_params_api: a".into(),
                "https://gw.example:8443/a",
                "https://gw.example:8443",
            ),
        ] {
            let settings = parse(&text).unwrap();
            let shown = (settings.api_url.unwrap().to_string(), settings.login_url.unwrap().to_string());
            assert_eq!(shown, (api.into(), login.into()), "{text}");
            assert!(settings.region.is_none() && settings.not_honoured.is_empty());
        }
        let settings =
            parse("[gateway]\nhost=gw.example\nusername=me\npassword=hunter2\n[proxy]\nhost=p").unwrap();
        assert_eq!(settings.not_honoured, ["proxy", "gateway password", "gateway username"]);
    }

    #[test]
    fn what_is_half_said_is_refused() {
        for (text, problem) in [
            ("[gateway]\nport = 443", "a gateway without a host"),
            ("[gateway]\nhost =", "a gateway without a host"),
            (r#"{"gateway":{"hostname":"gw.example"}}"#, "a gateway without a host"),
            (r#"{"gateway":"gw.example"}"#, "gateway is no section"),
            (r#"{"gateway":{"host":["gw.example"]}}"#, "host is neither"),
            (r#"{"gateway":{"host":"gw.example","pathParams":[{"name":"login"}]}}"#, "no list of pathName"),
            ("[general]\nhost https://api.mypurecloud.de", "line 2: "),
            ("[general]\nhost = mypurecloud.de\nhost = mypurecloud.ie", "'host' twice"),
            ("[gateway]\nhost = gw.example\nport = x", "is no port"),
            ("[gateway]\nhost = gw.example\nprotocol = http", "is not https"),
            ("[1]", ""),
        ] {
            match parse(text) {
                Ok(settings) => assert!(problem.is_empty() && !settings.has_host(), "{text}"),
                Err(said) => assert!(!problem.is_empty() && said.contains(problem), "{text}: {said}"),
            }
        }
    }

    #[test]
    fn the_first_that_names_a_host_counts() {
        let home = tempfile::tempdir().unwrap();
        assert!(load(home.path()).unwrap().is_none());
        // A file that names no host is remembered, so that no other host is guessed.
        std::fs::create_dir(home.path().join(".genesysclouddotnet")).unwrap();
        std::fs::write(home.path().join(".genesysclouddotnet/config"), "[logging]\nlog_level = trace")
            .unwrap();
        assert!(!load(home.path()).unwrap().unwrap().has_host());
        for (sdk, text) in [("go", "[retry]\nretry_max=1"), ("java", "[general]\nhost=mypurecloud.ie")] {
            let directory = home.path().join(format!(".genesyscloud{sdk}"));
            std::fs::create_dir(&directory).unwrap();
            std::fs::write(directory.join("config"), text).unwrap();
        }
        let settings = load(home.path()).unwrap().unwrap();
        assert!(
            settings.is_foreign && settings.place.contains(".genesyscloudjava") && settings.region.is_some()
        );
    }
}
