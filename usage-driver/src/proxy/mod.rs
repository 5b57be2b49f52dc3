//! The HTTP proxy of connections, and the tunnel through it.

mod no_proxy;
mod tunnel;

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::PROXY_AUTHORIZATION;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use usage_core::error::BuildError;
use usage_core::uri::port_of;
use usage_core::{REDACTED, Secret};

pub use tunnel::Tunnel;

use crate::proxy::no_proxy::Exceptions;

/// A proxy that connections go through: `http://host:port` or `http://user:password@host:port`.
///
/// Every connection is a tunnel (`CONNECT`): the proxy sees the host and the port of the service, but no request. User and
/// password, percent-encoded in the URL, are sent to the proxy only, and are not printed.
///
/// ```
/// use usage_driver::Proxy;
///
/// let proxy: Proxy = "http://reports:hunter2@proxy.example:3128".parse()?;
/// assert_eq!(proxy.to_string(), "http://proxy.example:3128");
/// assert!(proxy.carries(&"https://api.mypurecloud.de/".parse().unwrap()));
///
/// let proxy = proxy.without("localhost, 10.0.0.0/8, mypurecloud.de");
/// assert!(!proxy.carries(&"https://api.mypurecloud.de/".parse().unwrap()));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    authority: Authority,
    credentials: Option<(Box<str>, Secret<String>)>,
    except: Exceptions,
}

impl Proxy {
    /// The port if the URL names none.
    pub const DEFAULT_PORT: u16 = 80;

    /// Returns the proxy of the environment, given a function that reads a variable: `HTTPS_PROXY` or `ALL_PROXY`, and
    /// `NO_PROXY`; in lower case too. An empty variable counts as absent. `HTTP_PROXY` is ignored: a client speaks plain
    /// http to loopback only, and connections to loopback never go through a proxy of the environment.
    ///
    /// # Errors
    ///
    /// Returns an error that names the variable if it does not hold the URL of an http proxy.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, BuildError> {
        let Some((name, url)) =
            first_set(&variable, &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
        else {
            return Ok(None);
        };
        let proxy: Self = url.parse().map_err(|error| named(name, error))?;
        Ok(Some(Self { except: exceptions_of_environment(variable), ..proxy }))
    }

    /// Like [`from_variables`](Self::from_variables), for a client of these targets: a proxy that none of its connections
    /// would use is ignored, even if it is invalid.
    pub(crate) fn for_targets(
        variable: impl Fn(&str) -> Option<String>,
        targets: &[Uri],
    ) -> Result<Option<Self>, BuildError> {
        match Self::from_variables(&variable) {
            Err(error) => {
                let except = exceptions_of_environment(variable);
                if targets.iter().all(|target| except.contain(target)) { Ok(None) } else { Err(error) }
            }
            proxy => proxy,
        }
    }

    /// Excludes these targets, in the syntax of `NO_PROXY`: names with all names below them, addresses, networks
    /// (`10.0.0.0/8`), each with a port if it is for that port only; or `*` for all. Commas and white space separate
    /// them.
    #[must_use]
    pub fn without(mut self, targets: &str) -> Self {
        self.except.add(targets);
        self
    }

    /// Returns whether a connection to `target` goes through the proxy.
    pub fn carries(&self, target: &Uri) -> bool {
        !self.except.contain(target)
    }

    /// For drivers: returns the headers of the `CONNECT` request.
    pub fn headers(&self) -> HeaderMap {
        self.authorization().map(|value| (PROXY_AUTHORIZATION, value)).into_iter().collect()
    }

    /// For drivers: returns the end of the tunnel to `target`, with an explicit port; `None` if the connection does not go
    /// through this proxy.
    pub fn tunnel_to(&self, target: &Uri) -> Option<Uri> {
        let host = target.host().filter(|_| self.carries(target))?;
        let authority = format!("{host}:{}", port_of(target));
        let scheme = target.scheme().cloned().unwrap_or(Scheme::HTTP);
        Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build().ok()
    }

    /// For drivers: returns the tunnel to `target`, which is yet to be opened; `None` if the connection does not go through
    /// this proxy.
    pub fn tunnel(&self, target: &Uri) -> Option<Tunnel> {
        Some(Tunnel::new(self, &self.tunnel_to(target)?))
    }

    /// Returns `host:port`, for errors.
    pub(crate) fn address(&self) -> Box<str> {
        format!("{}:{}", self.host(), self.port()).into()
    }

    /// Returns the host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(Self::DEFAULT_PORT)
    }

    /// Returns the URL, without credentials.
    pub fn uri(&self) -> Uri {
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query("/");
        uri.build().unwrap_or_default()
    }

    /// Returns user and password, if the URL has them.
    pub fn credentials(&self) -> Option<(&str, &Secret<String>)> {
        self.credentials.as_ref().map(|(user, password)| (&**user, password))
    }

    /// Returns the value of `Proxy-Authorization`, if the URL has credentials.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.credentials()?;
        let encoded = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
        let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl FromStr for Proxy {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        let text = text.trim();
        let refuse = |problem| BuildError::Proxy { text: redacted(text), problem };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (authority, path) = split_path(rest);
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(refuse("is not an http proxy, the only kind that is spoken"));
        }
        if path.contains('@') {
            return Err(refuse("has a user or password in which '/', '?' or '#' is not percent-encoded"));
        }
        if !matches!(path, "" | "/") {
            return Err(refuse("has a path"));
        }
        let (credentials, host) = match authority.rsplit_once('@') {
            None => (None, authority),
            Some((user_info, host)) => (Some(credentials(user_info).map_err(refuse)?), host),
        };
        let authority = parse_authority(host).map_err(refuse)?;
        Ok(Self { authority, credentials, except: Exceptions::default() })
    }
}

/// Splits `host:port/path` in front of the path, query or fragment.
fn split_path(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?', '#']).unwrap_or(text.len()))
}

/// User and password of `user:password`, percent-decoded.
fn credentials(user_info: &str) -> Result<(Box<str>, Secret<String>), &'static str> {
    let decode =
        |text| percent_decode_str(text).decode_utf8().map_err(|_| "has a user or password that is not UTF-8");
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    Ok((decode(user)?.into(), Secret::new(decode(password)?.into_owned())))
}

/// Parses `host`, `host:port`, `[::1]` or `[::1]:port`. An invalid port, which [`Authority`] reads as none, is refused: the
/// credentials would be sent to the default port.
fn parse_authority(text: &str) -> Result<Authority, &'static str> {
    let (host, after) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, after)) => {
            address.parse::<Ipv6Addr>().map_err(|_| "has no IPv6 address in its brackets")?;
            (address, after)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    if host.is_empty() {
        return Err("has no host");
    }
    let port = after.strip_prefix(':');
    if port.is_some_and(|port| port.contains(':')) {
        return Err("has an IPv6 address without brackets, or a ':' in its user or password without '@'");
    }
    if !after.is_empty() && port.and_then(parse_port).is_none() {
        return Err("has no valid port");
    }
    text.parse().map_err(|_| "has no valid host")
}

/// A port in digits, and nothing but digits: 1 to 65535.
pub(super) fn parse_port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten().filter(|port| *port > 0)
}

/// The first of these variables that is not empty, and its value.
fn first_set<'a>(variable: impl Fn(&str) -> Option<String>, names: &[&'a str]) -> Option<(&'a str, String)> {
    names.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.is_empty())?)))
}

fn exceptions_of_environment(variable: impl Fn(&str) -> Option<String>) -> Exceptions {
    let listed = first_set(variable, &["NO_PROXY", "no_proxy"]);
    Exceptions::of_environment(listed.as_ref().map_or("", |(_, targets)| targets))
}

/// The error about the value of the variable `name`.
fn named(name: &str, error: BuildError) -> BuildError {
    match error {
        BuildError::Proxy { text, problem } => {
            BuildError::Proxy { text: format!("{name}={text}").into(), problem }
        }
        error => error,
    }
}

/// A refused URL is quoted in an error, without anything that may be a part of a password: only a host, and a port in
/// digits, are shown.
fn redacted(text: &str) -> Box<str> {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let scheme =
        if is_plain(scheme) && text.contains("://") { format!("{scheme}://") } else { String::new() };
    let (user_info, host) = match rest.rsplit_once('@') {
        // With credentials, what comes after the host may be a part of them.
        Some((_, host)) => (format!("{REDACTED}@"), host.strip_suffix('/').unwrap_or(host)),
        None => (String::new(), split_path(rest).0),
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, format!(":{port}")),
        Some((name, _)) => (name, format!(":{REDACTED}")),
        None => (host, String::new()),
    };
    let is_address = name.bytes().all(|byte| byte.is_ascii_hexdigit() || b"[]:.".contains(&byte));
    if is_plain(name) || is_address {
        format!("{scheme}{user_info}{name}{port}").into()
    } else {
        format!("{scheme}{REDACTED}").into()
    }
}

/// Whether `name` has only what names have.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.to_string())
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Option<Proxy>, BuildError> {
        Proxy::from_variables(|name| {
            variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn carries(variables: &[(&str, &str)], target: &str) -> bool {
        from(variables).unwrap().is_some_and(|proxy| proxy.carries(&target.parse().unwrap()))
    }

    #[test]
    fn credentials_are_decoded_and_not_printed() {
        let proxy: Proxy = "http://us%40er:hunter%3A2%25@[::1]:3128/".parse().unwrap();
        assert_eq!((proxy.host(), proxy.port()), ("[::1]", 3128));
        assert_eq!(proxy.uri(), "http://[::1]:3128/");
        let (user, password) = proxy.credentials().unwrap();
        assert_eq!((user, password.expose().as_str()), ("us@er", "hunter:2%"));
        let authorization = proxy.authorization().unwrap();
        assert_eq!(authorization, format!("Basic {}", BASE64_STANDARD.encode("us@er:hunter:2%")));
        let shown = format!("{proxy} {proxy:?} {authorization:?}");
        assert!(
            !shown.contains("hunter") && !shown.contains("us@er") && !shown.contains("us%40er"),
            "{shown}"
        );
    }

    #[test]
    fn an_invalid_proxy_is_refused_without_printing_its_password() {
        for url in [
            "",
            "http://",
            "https://proxy.example",
            "socks5://user:hunter2@proxy.example:1080",
            "http://user:hunter2@proxy.example/path",
            "http://user:hunter2@proxy.example?query",
            "http://user:hunter2@:80",
            "http://user:hunter2%ff@proxy.example",
            "http://user:hunter2@proxy example",
            // With an invalid port, the credentials would be sent to port 80.
            "http://user:hunter2@proxy.example:312800",
            "http://user:hunter2@proxy.example:99999",
            "http://user:hunter2@proxy.example:65536",
            "http://user:hunter2@proxy.example:0",
            "http://user:hunter2@proxy.example:",
            "http://user:hunter2@proxy.example:abc",
            "http://user:hunter2@proxy.example:0x50",
            "http://user:hunter2@proxy.example:+80",
            "http://user:hunter2@proxy.example:-1",
            "http://user:hunter2@proxy.example:8080:80",
            "http://user:hunter2@proxy.example: 80",
            "user:hunter2@proxy.example:\u{663}\u{661}",
            "http://user:hunter2",
            "user:hunter2",
            // If the password contains a character that ends the host, the host is another one.
            "http://user:#hunter2@proxy.example:3128",
            "http://user:hunter2#@proxy.example:3128",
            "http://user:hunter2?@proxy.example:3128",
            "http://user:/hunter2@proxy.example:3128",
            "http://80:80#hunter2@proxy.example:3128",
            "http://user:p@80#hunter2",
            "http://user:x@hunter2#word@proxy.example",
            "http://user:x@hunter2/word",
            "user:x@hunter2?word",
            "http://user:hunter2@::1:3128",
            "http://user:hunter2@fd00::1",
            "http://user:hunter2@[::1",
            "http://user:hunter2@[::1]x",
            "http://user:hunter2@[::1]3128",
            "http://user:hunter2@[::1]:",
            "http://user:hunter2@[::1]:65536",
            "http://user:hunter2@[proxy.example]:3128",
            "http://user:hunter2@[fe80::1%25eth0]:3128",
            "http://user:hunter2@[]:3128",
        ] {
            let error = url.parse::<Proxy>().expect_err(url);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        for (url, shown) in [
            (
                "socks5://proxy.example",
                "\"socks5://proxy.example\" is not an http proxy, the only kind that is spoken",
            ),
            (
                "http://u:p@proxy.example:312800",
                "\"http://[redacted]@proxy.example:312800\" has no valid port",
            ),
            (
                "http://u:p@proxy.example:abc",
                "\"http://[redacted]@proxy.example:[redacted]\" has no valid port",
            ),
            ("http://[::1]:0", "\"http://[::1]:0\" has no valid port"),
            ("proxy.example/path", "\"proxy.example\" has a path"),
        ] {
            let error = url.parse::<Proxy>().unwrap_err().to_string();
            let wanted =
                format!("the proxy {shown}; write http://host:port or http://user:password@host:port");
            assert_eq!(error, wanted);
        }
    }

    #[test]
    fn all_forms_of_host_and_port_are_parsed() {
        for (url, host, port) in [
            ("proxy.example", "proxy.example", 80),
            ("HTTP://proxy.example:3128/", "proxy.example", 3128),
            ("http://10.0.0.1:65535", "10.0.0.1", 65535),
            ("http://[::1]", "[::1]", 80),
            ("[2001:db8::1]:1", "[2001:db8::1]", 1),
            ("http://user:p@ss@proxy_1.example:08080", "proxy_1.example", 8080),
            (" http://user@[::1]:3128 ", "[::1]", 3128),
        ] {
            let proxy: Proxy = url.parse().unwrap();
            assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
        }
    }

    #[test]
    fn variables_apply_to_https_and_never_to_loopback() {
        let proxy = ("HTTPS_PROXY", "http://first.example:1");
        let all = ("all_proxy", "second.example:2");
        let shown = |variables: &[_]| from(variables).unwrap().map(|proxy| proxy.to_string());
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[("HTTP_PROXY", "http://third.example")]), None);
        assert_eq!(shown(&[("HTTPS_PROXY", ""), all]), Some("http://second.example:2".into()));
        assert_eq!(shown(&[proxy, all]), Some("http://first.example:1".into()));
        let error = from(&[("HTTPS_PROXY", "ftp://u:hunter2@first.example"), all]).unwrap_err().to_string();
        let wanted =
            "the proxy \"HTTPS_PROXY=ftp://[redacted]@first.example\" is not an http proxy, the only kind";
        assert!(error.starts_with(wanted), "{error}");

        assert!(carries(&[proxy], "https://api.mypurecloud.de"));
        for target in ["http://127.0.0.1:80", "https://localhost", "https://[::1]:8443"] {
            assert!(!carries(&[proxy], target), "{target}");
            let explicit: Proxy = "http://first.example:1".parse().unwrap();
            assert!(explicit.carries(&target.parse().unwrap()), "{target}");
        }
    }

    #[test]
    fn an_unusable_proxy_is_refused_if_a_target_would_use_it() {
        let far = "https://api.mypurecloud.de/";
        let near = "http://127.0.0.1:8080/";
        for (variables, targets, refused) in [
            (&[("ALL_PROXY", "socks5://proxy.example")][..], &[far, far][..], Some("ALL_PROXY")),
            (&[("ALL_PROXY", "socks5://proxy.example")], &[near, far], Some("ALL_PROXY")),
            (&[("ALL_PROXY", "socks5://proxy.example")], &[near, "https://[::1]"], None),
            (&[("https_proxy", "https://proxy.example")], &[far], Some("https_proxy")),
            (&[("HTTPS_PROXY", "http://proxy.example:abc")], &[far], Some("HTTPS_PROXY")),
            (&[("HTTPS_PROXY", "https://proxy.example"), ("NO_PROXY", "*")], &[far], None),
            (&[("HTTPS_PROXY", "https://proxy.example"), ("no_proxy", "a.b mypurecloud.de")], &[far], None),
            (&[("HTTPS_PROXY", "https://proxy.example"), ("no_proxy", "a.b")], &[far], Some("HTTPS_PROXY")),
            (
                &[("HTTPS_PROXY", "http://proxy.example"), ("ALL_PROXY", "socks5://other.example")],
                &[far],
                None,
            ),
        ] {
            let targets: Vec<Uri> = targets.iter().map(|target| target.parse().unwrap()).collect();
            let get = |name: &str| {
                variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned())
            };
            let found = Proxy::for_targets(get, &targets);
            match refused {
                None => assert!(found.is_ok(), "{variables:?}"),
                Some(name) => {
                    let error = found.unwrap_err().to_string();
                    assert!(error.contains(&format!("{name}=")), "{error}");
                }
            }
        }
    }

    #[test]
    fn the_target_of_a_tunnel_has_a_port() {
        let proxy =
            "http://reports:hunter2@proxy.example:3128".parse::<Proxy>().unwrap().without("b.example");
        for (target, end) in [
            ("http://127.0.0.1", Some("http://127.0.0.1:80/")),
            ("http://[::1]:8080/path?query", Some("http://[::1]:8080/")),
            ("https://a.example/path", Some("https://a.example:443/")),
            ("https://b.example", None),
            ("/path", None),
        ] {
            let end = end.map(|end| end.parse().unwrap());
            assert_eq!(proxy.tunnel_to(&target.parse().unwrap()), end, "{target}");
        }
        assert_eq!(proxy.headers()["proxy-authorization"], proxy.authorization().unwrap());
        assert!(!format!("{:?}", proxy.headers()).contains("cmVwb3J0"));
        assert!("proxy.example".parse::<Proxy>().unwrap().headers().is_empty());
    }
}
