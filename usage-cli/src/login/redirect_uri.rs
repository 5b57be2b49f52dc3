//! The redirect URI: where on this machine the login host sends the browser.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;

/// The default path of the redirect URI.
const PATH: &str = "/callback";

/// A redirect URI such as `http://localhost:8085/callback`: plain http, to a loopback host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedirectUri {
    host: Host,
    /// 0 means any free port.
    port: u16,
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// A name: browsers try both loopback addresses.
    Localhost,
    Address(IpAddr),
}

impl RedirectUri {
    /// Returns `http://localhost:PORT/callback`.
    pub(crate) fn of_port(port: u16) -> Self {
        Self { host: Host::Localhost, port, path: PATH.into() }
    }

    pub(crate) fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns all addresses at which a browser may look for the listener.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        match self.host {
            Host::Localhost => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Host::Address(address) => vec![address],
        }
    }

    /// Returns whether `host`, from a request, names this machine and this port. Any other name that resolves to this
    /// machine belongs to a page that tries to reach the listener (DNS rebinding).
    pub(crate) fn is_named_by(&self, host: &str) -> bool {
        let (name, port) = split_port(host);
        let is_port = port.is_none_or(|port| port.parse() == Ok(self.port));
        is_port && parse_host(name).is_some()
    }
}

/// Returns whether `host`, from a request to a loopback address, is a public name that resolves to this machine. IP
/// addresses cannot be rebound, and names without a dot belong to this machine or its network.
pub(crate) fn is_of_the_web(host: &str) -> bool {
    let name = split_port(host).0.trim_end_matches('.');
    let is_address = name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok();
    name.contains('.') && !is_address && !name.to_ascii_lowercase().ends_with(".localhost")
}

/// Splits `host` into its name and its port, if it has one.
fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

/// Parses the name of a loopback host. Returns `None` for any other host.
fn parse_host(name: &str) -> Option<Host> {
    if name.eq_ignore_ascii_case("localhost") {
        return Some(Host::Localhost);
    }
    let address = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok()?.into(),
        None => name.parse::<Ipv4Addr>().ok()?.into(),
    };
    IpAddr::is_loopback(&address).then_some(Host::Address(address))
}

impl FromStr for RedirectUri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |problem| Err(format!("{problem}; write http://localhost:8085/callback"));
        let Ok(uri) = text.parse::<Uri>() else { return wrong("it is no URI") };
        if uri.scheme() != Some(&Scheme::HTTP) {
            return wrong("it is not plain http, which is all that is spoken here");
        }
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let Some(host) = uri.host().and_then(parse_host).filter(|_| !authority.contains('@')) else {
            return wrong("its host is not this machine");
        };
        if uri.query().is_some() || text.contains('#') {
            return wrong("it has a query or a fragment");
        }
        let is_bare = authority.ends_with(']') || !authority.contains(':');
        match uri.port_u16() {
            None if !is_bare => wrong("its port is none"),
            port => Ok(Self { host, port: port.unwrap_or(80), path: uri.path().to_owned() }),
        }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, path } = self;
        match host {
            Host::Localhost => write!(f, "http://localhost:{port}{path}"),
            Host::Address(IpAddr::V4(address)) => write!(f, "http://{address}:{port}{path}"),
            Host::Address(IpAddr::V6(address)) => write!(f, "http://[{address}]:{port}{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_address_of_this_machine() {
        for (text, shown, count) in [
            ("http://localhost:9000/a/b", "http://localhost:9000/a/b", 2),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/", 1),
            ("http://[::1]:9000/x", "http://[::1]:9000/x", 1),
            ("http://LOCALHOST/x", "http://localhost:80/x", 2),
            ("http://localhost:9000", "http://localhost:9000/", 2),
        ] {
            let uri: RedirectUri = text.parse().unwrap();
            assert_eq!((uri.to_string().as_str(), uri.addresses().len()), (shown, count));
        }
        assert_eq!(RedirectUri::of_port(1).to_string(), "http://localhost:1/callback");
        for text in [
            "",
            "localhost:9000",
            "https://localhost:9000/x",
            "http://example.com/x",
            "http://localhost.example.com/x",
            "http://10.0.0.1/x",
            "http://0.0.0.0/x",
            "http://user@localhost/x",
            "http://localhost:99999/x",
            "http://localhost:/x",
            "http://localhost/x?y",
            "http://localhost/x#y",
        ] {
            let said = text.parse::<RedirectUri>().unwrap_err();
            assert!(said.contains("; write http://localhost:8085/callback"), "{text}: {said}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_hosts_of_a_request() {
        let uri = RedirectUri::of_port(8085);
        for host in ["localhost:8085", "localhost", "LocalHost:8085", "127.0.0.1:8085", "[::1]:8085", "[::1]"]
        {
            assert!(uri.is_named_by(host), "{host}");
        }
        for host in [
            "",
            "evil.example:8085",
            "localhost:8086",
            "localhost.evil:8085",
            "::1",
            "127.0.0.1.evil",
            "[::1",
            "localhost:",
        ] {
            assert!(!uri.is_named_by(host), "{host}");
        }
    }
}
