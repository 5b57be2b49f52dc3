//! A gateway in front of the service and a proxy, in the form of the official client, the SDKs and the Terraform
//! provider: separate protocol, host and port, and a path for each of the two hosts.

use std::fmt;

use usage_core::BaseUrl;
use usage_driver::Proxy;

use crate::text::secrets;

/// A gateway in front of both hosts of the service.
#[derive(Debug, Default)]
pub(crate) struct Gateway {
    /// The scheme; `https` if absent.
    pub(crate) protocol: Option<String>,
    /// The host, which may have a stage behind it (`x1.execute-api.eu-west-1.amazonaws.com/prod`) or a scheme before
    /// it.
    pub(crate) host: String,
    pub(crate) port: Option<String>,
    pub(crate) api_path: Option<String>,
    pub(crate) login_path: Option<String>,
}

impl Gateway {
    /// Sets the path of the host called `name` (`login` or `api`).
    pub(crate) fn set_path(&mut self, name: &str, path: &str) -> Result<(), String> {
        let place = match name {
            "api" => &mut self.api_path,
            "login" => &mut self.login_path,
            _ => return Err(format!("a gateway has paths for 'login' and 'api', not for '{name}'")),
        };
        *place = Some(path.to_owned());
        Ok(())
    }

    /// Sets the paths of `{login: /l, api: /a}`, with or without quotation marks and spaces.
    pub(crate) fn set_paths(&mut self, text: &str) -> Result<(), String> {
        let inner = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
        let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
        for pair in inner.split(',').filter(|pair| !pair.trim().is_empty()) {
            let Some((name, path)) = pair.split_once([':', '=']) else {
                return Err("the gateway's paths are not written as {login: /l, api: /a}".into());
            };
            self.set_path(&unquoted(name), &unquoted(path))?;
        }
        Ok(())
    }

    /// Returns the URLs of the API and of the login host.
    pub(crate) fn urls(&self) -> Result<(BaseUrl, BaseUrl), String> {
        let origin = Origin::of(self.protocol.as_deref(), &self.host, self.port.as_deref())?;
        let url = |path: &Option<String>| {
            let text = origin.url(path.as_deref().unwrap_or_default());
            text.parse::<BaseUrl>().map_err(|error| format!("gateway: {error}"))
        };
        Ok((url(&self.api_path)?, url(&self.login_path)?))
    }
}

/// Proxy settings of another program. `Debug` does not print the password.
#[derive(Clone, Default)]
pub(crate) struct ProxySettings {
    pub(crate) protocol: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySettings")
            .field("protocol", &self.protocol)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl ProxySettings {
    /// Returns whether a proxy is configured. Credentials alone do not configure one.
    pub(crate) fn is_set(&self) -> bool {
        [&self.protocol, &self.host, &self.port].iter().any(|value| value.is_some())
    }

    /// Returns the proxy, or `None` if none is configured. `exceptions` is the value of `NO_PROXY`.
    pub(crate) fn proxy(&self, exceptions: Option<&str>) -> Result<Option<Proxy>, String> {
        if !self.is_set() {
            return Ok(None);
        }
        let Self { protocol, host, port, user, password } = self;
        let host = host.as_deref().ok_or("a proxy without a host")?;
        let origin = Origin::of(Some(protocol.as_deref().unwrap_or("http")), host, port.as_deref())?;
        if !origin.stage.is_empty() {
            return Err("the proxy's host has a path".into());
        }
        if let Some(password) = password {
            secrets::know_client(user.as_deref().unwrap_or_default(), password);
        }
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let credentials = match (user, password) {
            (None, None) => String::new(),
            (user, password) => {
                let part = |part: &Option<String>| encode(part.as_deref().unwrap_or_default());
                format!("{}:{}@", part(user), part(password))
            }
        };
        let url = format!("{}://{credentials}{}", origin.protocol, origin.authority);
        let variable = |name: &str| match name {
            "HTTPS_PROXY" => Some(url.clone()),
            "NO_PROXY" => exceptions.map(str::to_owned),
            _ => None,
        };
        Proxy::from_variables(variable).map_err(|error| error.to_string())
    }
}

/// Protocol, host and port, combined.
#[derive(Debug)]
struct Origin {
    protocol: String,
    authority: String,
    /// The path behind the host: the stage of an AWS API gateway.
    stage: String,
}

impl Origin {
    fn of(protocol: Option<&str>, host: &str, port: Option<&str>) -> Result<Self, String> {
        let (own_protocol, host) = match host.trim().split_once("://") {
            Some((protocol, host)) => (Some(protocol.to_ascii_lowercase()), host),
            None => (None, host.trim()),
        };
        let protocol = protocol.map(|protocol| protocol.trim().trim_end_matches("://").to_ascii_lowercase());
        if let (Some(one), Some(other)) = (&protocol, &own_protocol)
            && one != other
        {
            return Err(format!("its protocol is '{one}', and its host begins with '{other}'"));
        }
        let protocol = own_protocol.or(protocol).unwrap_or_else(|| "https".into());
        let (authority, stage) = host.split_once('/').unwrap_or((host, ""));
        if authority.is_empty() || authority.contains(['@', '?', '#', '\\']) || stage.contains(['?', '#']) {
            return Err("its host is no host".into());
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let authority = match port.map(str::trim) {
            // The SDKs write -1 for no port.
            None | Some("" | "-1") => authority.to_owned(),
            Some(port) => match port.parse::<u16>() {
                Err(_) | Ok(0) => return Err(format!("'{port}' is no port")),
                Ok(port) if has_port && !authority.ends_with(&format!(":{port}")) => {
                    return Err(format!("its port is {port}, and its host has another one"));
                }
                Ok(443) if protocol == "https" => authority.to_owned(),
                Ok(_) if has_port => authority.to_owned(),
                Ok(port) => format!("{authority}:{port}"),
            },
        };
        Ok(Self { protocol, authority, stage: stage.trim_matches('/').to_owned() })
    }

    fn url(&self, path: &str) -> String {
        let mut url = format!("{}://{}", self.protocol, self.authority);
        for part in [&*self.stage, path.trim().trim_matches('/')] {
            if !part.is_empty() {
                url.push('/');
                url.push_str(part);
            }
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(protocol: &str, host: &str, port: &str, paths: &str) -> Result<(String, String), String> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut gateway =
            Gateway { protocol: given(protocol), host: host.into(), port: given(port), ..Gateway::default() };
        gateway.set_paths(paths)?;
        gateway.urls().map(|(api, login)| (api.to_string(), login.to_string()))
    }

    #[test]
    fn a_gateway_is_both_hosts_with_its_stage_and_its_paths() {
        for (protocol, host, port, paths, api, login) in [
            (
                "https",
                "gw.example",
                "8443",
                "{login: l, api: a/b}",
                "https://gw.example:8443/a/b",
                "https://gw.example:8443/l",
            ),
            ("", "gw.example", "", "", "https://gw.example", "https://gw.example"),
            (
                "HTTPS",
                "gw.example/prod",
                "443",
                "{api: /a}",
                "https://gw.example/prod/a",
                "https://gw.example/prod",
            ),
            (
                "https",
                "gw.example/a/b/",
                "-1",
                "{login:/l/,api:/a/}",
                "https://gw.example/a/b/a",
                "https://gw.example/a/b/l",
            ),
            (
                "",
                "https://gw.example:1/x",
                "1",
                r#"{"login": "/l"}"#,
                "https://gw.example:1/x",
                "https://gw.example:1/x/l",
            ),
            ("http", "localhost/x", "80", "", "http://localhost:80/x", "http://localhost:80/x"),
            ("https", "[::1]", "8443", "", "https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(urls(protocol, host, port, paths), Ok((api.into(), login.into())), "{host}");
        }
        for (protocol, host, port, paths) in [
            ("http", "gw.example", "", ""),
            ("ftp", "gw.example", "", ""),
            ("http", "https://gw.example", "", ""),
            ("https", "gw.example", "none", ""),
            ("https", "gw.example", "99999", ""),
            ("https", "gw.example", "0", ""),
            ("https", "gw.example:1", "2", ""),
            ("https", "", "", ""),
            ("https", "/prod", "", ""),
            ("https", "me@gw.example", "", ""),
            ("https", "gw.example?x", "", ""),
            ("https", "gw.example", "", "{login}"),
            ("https", "gw.example", "", "{logon: /x}"),
            ("https", "gw.example", "", "{login: /../x}"),
        ] {
            assert!(urls(protocol, host, port, paths).is_err(), "{protocol} {host} {port} {paths}");
        }
    }

    #[test]
    fn a_proxy_is_put_together_and_keeps_its_password() {
        let proxy = |protocol: &str, host: &str, port: &str, password: Option<&str>| {
            let settings = ProxySettings {
                protocol: Some(protocol.into()),
                host: Some(host.into()),
                port: Some(port.into()),
                user: password.map(|_| "me".into()),
                password: password.map(Into::into),
            };
            settings.proxy(Some("localhost")).map(Option::unwrap)
        };
        assert_eq!(proxy("http", "proxy.corp", "8080", None).unwrap().to_string(), "http://proxy.corp:8080");
        let with_password = proxy("http", "proxy.corp", "8080", Some("p:w@/#")).unwrap();
        let (user, password) = with_password.credentials().unwrap();
        assert_eq!((user, &**password.expose()), ("me", "p:w@/#"));
        assert!(ProxySettings::default().proxy(None).unwrap().is_none());
        for (protocol, host, port) in [
            ("https", "proxy.corp", "8443"),
            ("socks5", "proxy.corp", "1080"),
            ("http", "", "8080"),
            ("http", "proxy.corp", "many"),
            ("http", "proxy.corp/x", "8080"),
        ] {
            let said = proxy(protocol, host, port, Some("hunter2")).unwrap_err();
            assert!(!said.contains("hunter2"), "{said}");
        }
        let lonely = ProxySettings { port: Some("8080".into()), ..ProxySettings::default() };
        assert!(lonely.proxy(None).is_err());
    }
}
