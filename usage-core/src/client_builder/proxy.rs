use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::PROXY_AUTHORIZATION;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use crate::driver::port_of;
use crate::driver::target::parse_ip;
use crate::error::BuildError;
use crate::region::is_loopback;
use crate::secret::{REDACTED, Secret};

/// A proxy that connections go through: `http://host:port` or `http://user:password@host:port`.
///
/// Every connection is a tunnel (`CONNECT`): the proxy sees the host and the port of the service, and nothing of what
/// is said there. User and password, percent-encoded in the URL, go to the proxy alone, and are not printed.
///
/// ```
/// use usage_core::Proxy;
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
    except: Vec<Exception>,
    /// Whether it stands between this machine and itself.
    for_loopback: bool,
}

impl Proxy {
    /// The port where the URL names none.
    pub const DEFAULT_PORT: u16 = 80;

    /// What `variable` says, by the names of the environment: `HTTPS_PROXY` or `ALL_PROXY`, and `NO_PROXY`; in lower
    /// case too. One that is empty is none. `HTTP_PROXY` is of no concern: a client speaks plain http to loopback only,
    /// and what goes there never goes through a proxy of the environment.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, BuildError> {
        let get = |names: [&str; 2]| names.into_iter().filter_map(&variable).find(|value| !value.is_empty());
        let Some(url) = get(["HTTPS_PROXY", "https_proxy"]).or_else(|| get(["ALL_PROXY", "all_proxy"]))
        else {
            return Ok(None);
        };
        let proxy: Self = url.parse()?;
        let except = get(["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Ok(Some(Self { for_loopback: false, ..proxy.without(&except) }))
    }

    /// Leaves out these targets, in the words of `NO_PROXY`: names with all below them, addresses, networks
    /// (`10.0.0.0/8`), each with a port if it is for that port only, between commas; or `*` for all.
    #[must_use]
    pub fn without(mut self, targets: &str) -> Self {
        self.except.extend(targets.split(',').filter_map(|target| Exception::parse(target.trim())));
        self
    }

    /// Whether a connection to `target` goes through it.
    pub fn carries(&self, target: &Uri) -> bool {
        let Some(host) = target.host() else { return false };
        let port = port_of(target);
        (self.for_loopback || !is_loopback(host)) && !self.except.iter().any(|one| one.is(host, port))
    }

    /// For drivers: the headers that a tunnel is asked for with.
    pub fn headers(&self) -> HeaderMap {
        self.authorization().map(|value| (PROXY_AUTHORIZATION, value)).into_iter().collect()
    }

    /// For drivers: where the tunnel to `target` ends, with its port written out whatever the scheme; `None` if the
    /// connection does not go through this proxy.
    pub fn tunnel_to(&self, target: &Uri) -> Option<Uri> {
        let host = target.host().filter(|_| self.carries(target))?;
        let authority = format!("{host}:{}", port_of(target));
        let scheme = target.scheme().cloned().unwrap_or(Scheme::HTTP);
        Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build().ok()
    }

    /// Its host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(Self::DEFAULT_PORT)
    }

    /// Where to connect to, without credentials.
    pub fn uri(&self) -> Uri {
        let uri = Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query("/");
        uri.build().unwrap_or_default()
    }

    /// User and password, if it wants them.
    pub fn credentials(&self) -> Option<(&str, &Secret<String>)> {
        self.credentials.as_ref().map(|(user, password)| (&**user, password))
    }

    /// The value of `Proxy-Authorization`, if it wants one.
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
        let refuse = |problem| BuildError::Proxy { text: without_credentials(text), problem };
        let url = if text.contains("://") { text } else { &format!("http://{text}") };
        let uri: Uri = url.parse().map_err(|_| refuse("is not a URL"))?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(refuse("is not an http proxy, the only kind that is spoken"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(refuse("has a path"));
        }
        let authority = uri.authority().ok_or_else(|| refuse("has no host"))?;
        let (credentials, host) = match authority.as_str().rsplit_once('@') {
            None => (None, authority.as_str()),
            Some((credentials, host)) => {
                let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
                let decode = |text| percent_decode_str(text).decode_utf8().map_err(|_| ());
                let decoded = decode(user).and_then(|user| Ok((user, decode(password)?)));
                let (user, password) = decoded.map_err(|()| refuse("has credentials that are not UTF-8"))?;
                (Some((user.into(), Secret::new(password.into_owned()))), host)
            }
        };
        let authority: Authority = host.parse().map_err(|_| refuse("has no host"))?;
        if authority.host().is_empty() {
            return Err(refuse("has no host"));
        }
        Ok(Self { authority, credentials, except: Vec::new(), for_loopback: true })
    }
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

/// A refused URL is quoted in an error; what may be a password is not.
fn without_credentials(text: &str) -> Box<str> {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("{REDACTED}@{host}").into(),
        None => text.into(),
    }
}

/// An entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Exception {
    targets: Targets,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Targets {
    All,
    /// This name and all names below it.
    Domain(Box<str>),
    /// The addresses that share so many leading bits with this one.
    Network(IpAddr, u32),
}

impl Exception {
    fn parse(text: &str) -> Option<Self> {
        if let Some(network) = network(text) {
            return Some(Self { targets: network, port: None });
        }
        let (host, port) = match text.rsplit_once(':').map(|(host, port)| (host, port.parse().ok())) {
            Some((host, port @ Some(_))) => (host, port),
            _ => (text, None),
        };
        let name = host.trim_start_matches("*.").trim_start_matches('.');
        let targets = match host {
            "*" => Targets::All,
            _ if name.is_empty() => return None,
            _ => network(host).unwrap_or_else(|| Targets::Domain(name.to_ascii_lowercase().into())),
        };
        Some(Self { targets, port })
    }

    fn is(&self, host: &str, port: u16) -> bool {
        let holds = match &self.targets {
            Targets::All => true,
            Targets::Domain(domain) => {
                let host = host.to_ascii_lowercase();
                host.strip_suffix(&**domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Targets::Network(address, bits) => parse_ip(host).is_some_and(|other| {
                address.is_ipv4() == other.is_ipv4() && leading(*address, *bits) == leading(other, *bits)
            }),
        };
        holds && self.port.is_none_or(|only| only == port)
    }
}

/// `10.0.0.0/8`, `10.1.2.3`, `[::1]`, `fd00::/8`.
fn network(text: &str) -> Option<Targets> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address = parse_ip(address)?;
    let all = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
    let bits = bits.map_or(Some(all), |bits| bits.parse().ok().filter(|bits| *bits <= all))?;
    Some(Targets::Network(address, bits))
}

/// The first `bits` bits of `address`.
fn leading(address: IpAddr, bits: u32) -> u128 {
    let (value, all) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), Ipv4Addr::BITS),
        IpAddr::V6(address) => (address.to_bits(), Ipv6Addr::BITS),
    };
    value.checked_shr(all - bits).unwrap_or(0)
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
    fn credentials_are_decoded_and_not_shown() {
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
    fn what_is_no_http_proxy_is_refused_without_its_password() {
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
        ] {
            let error = url.parse::<Proxy>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        let error = "socks5://proxy.example".parse::<Proxy>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the proxy \"socks5://proxy.example\" is not an http proxy, the only kind that is spoken; write \
             http://host:port or http://user:password@host:port"
        );
    }

    #[test]
    fn the_environment_speaks_for_https_and_never_for_loopback() {
        let proxy = ("HTTPS_PROXY", "http://first.example:1");
        let all = ("all_proxy", "second.example:2");
        let shown = |variables: &[_]| from(variables).unwrap().map(|proxy| proxy.to_string());
        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[("HTTP_PROXY", "http://third.example")]), None);
        assert_eq!(shown(&[("HTTPS_PROXY", ""), all]), Some("http://second.example:2".into()));
        assert_eq!(shown(&[proxy, all]), Some("http://first.example:1".into()));
        assert!(from(&[("HTTPS_PROXY", "ftp://first.example")]).is_err());

        assert!(carries(&[proxy], "https://api.mypurecloud.de"));
        for target in ["http://127.0.0.1:80", "https://localhost", "https://[::1]:8443"] {
            assert!(!carries(&[proxy], target), "{target}");
            let explicit: Proxy = "http://first.example:1".parse().unwrap();
            assert!(explicit.carries(&target.parse().unwrap()), "{target}");
        }
    }

    #[test]
    fn exceptions() {
        for (except, target, carried) in [
            ("*", "https://a.example", false),
            ("a.example", "https://a.example", false),
            ("A.example", "https://b.a.EXAMPLE:8443", false),
            (".a.example", "https://a.example", false),
            ("*.a.example", "https://b.a.example", false),
            ("a.example", "https://aa.example", true),
            ("a.example:8443", "https://a.example", true),
            ("a.example:443", "https://a.example", false),
            ("b.example, ,a.example", "https://a.example", false),
            ("10.0.0.0/8", "https://10.255.0.1", false),
            ("10.0.0.0/8", "https://11.0.0.1", true),
            ("0.0.0.0/0", "https://11.0.0.1", false),
            ("0.0.0.0/0", "https://[fd00::1]", true),
            ("10.0.0.0/33", "https://10.0.0.0", true),
            ("10.0.0.1:443", "https://10.0.0.1", false),
            ("fd00::/8", "https://[fd12::1]", false),
            ("fd00::1", "https://[fd00::1]", false),
            ("[fd00::1]:8443", "https://[fd00::1]", true),
            ("", "https://a.example", true),
        ] {
            let proxy: Proxy = "proxy.example".parse().unwrap();
            assert_eq!(proxy.without(except).carries(&target.parse().unwrap()), carried, "{except} {target}");
        }
    }

    #[test]
    fn a_tunnel_ends_at_a_port() {
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
