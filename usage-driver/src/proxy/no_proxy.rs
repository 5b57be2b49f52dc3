//! The targets that a proxy does not carry: the syntax of `NO_PROXY`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use usage_core::uri::port_of;

use crate::proxy::parse_port;
use crate::target::{is_loopback, parse_ip};

/// The targets that connections reach without a proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions {
    listed: Vec<Exception>,
    /// Whether loopback is among them.
    loopback: bool,
}

impl Exceptions {
    /// Parses the value of `NO_PROXY`, and adds loopback.
    pub(super) fn of_environment(targets: &str) -> Self {
        let mut exceptions = Self { loopback: true, ..Self::default() };
        exceptions.add(targets);
        exceptions
    }

    /// Adds entries in the syntax of `NO_PROXY`. As in curl, commas and white space separate them; an invalid entry
    /// matches nothing.
    pub(super) fn add(&mut self, targets: &str) {
        let entries = targets.split(|c: char| c == ',' || c.is_whitespace());
        self.listed.extend(entries.filter_map(Exception::parse));
    }

    pub(super) fn contain(&self, target: &Uri) -> bool {
        let Some(host) = target.host() else { return true };
        let port = port_of(target);
        (self.loopback && is_loopback(host)) || self.listed.iter().any(|one| one.is(host, port))
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
        let (host, port) = match text.rsplit_once(':').map(|(host, port)| (host, parse_port(port))) {
            Some((host, port @ Some(_))) => (host, port),
            _ => (text, None),
        };
        let name = without_dot(host.trim_start_matches("*.").trim_start_matches('.'));
        let targets = match host {
            "*" => Targets::All,
            _ if name.is_empty() => return None,
            _ => network(host).unwrap_or_else(|| Targets::Domain(name.to_ascii_lowercase().into())),
        };
        Some(Self { targets, port })
    }

    fn is(&self, host: &str, port: u16) -> bool {
        let host = without_dot(host);
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

/// Removes the final dot of a fully qualified name.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// `10.0.0.0/8`, `10.1.2.3`, `[::1]`, `fd00::/8`, `[fd00::]/8`.
fn network(text: &str) -> Option<Targets> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address = parse_ip(without_dot(address))?;
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
    use proptest::prelude::*;

    use super::*;

    fn contains(entries: &str, target: &str) -> bool {
        let mut exceptions = Exceptions::default();
        exceptions.add(entries);
        exceptions.contain(&target.parse().unwrap())
    }

    #[test]
    fn entries_match_as_in_curl() {
        for (entries, target, excepted) in [
            ("*", "https://a.example", true),
            ("a.example", "https://a.example", true),
            ("A.example", "https://b.a.EXAMPLE:8443", true),
            (".a.example", "https://a.example", true),
            ("*.a.example", "https://b.a.example", true),
            ("a.example", "https://aa.example", false),
            ("a.example:8443", "https://a.example", false),
            ("a.example:443", "https://a.example", true),
            ("a.example:+443", "https://a.example", false),
            ("a.example:99999", "https://a.example", false),
            ("b.example, ,a.example", "https://a.example", true),
            ("b.example a.example", "https://a.example", true),
            ("b.example\ta.example\n", "https://a.example", true),
            ("b.example ,  .a.example. c.example", "https://x.a.example", true),
            ("a.example.", "https://a.example", true),
            ("a.example.:443", "https://a.example", true),
            ("*.a.example.", "https://b.a.example", true),
            ("a.example", "https://a.example./", true),
            ("a.example", "https://b.a.example./", true),
            (".", "https://a.example", false),
            ("10.0.0.0/8", "https://10.255.0.1", true),
            ("localhost 10.0.0.0/8", "https://10.255.0.1", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("0.0.0.0/0", "https://11.0.0.1", true),
            ("0.0.0.0/0", "https://[fd00::1]", false),
            ("10.0.0.0/33", "https://10.0.0.0", false),
            ("10.0.0.1:443", "https://10.0.0.1", true),
            ("10.0.0.1.", "https://10.0.0.1", true),
            ("10.0.0.1", "https://10.0.0.1.", true),
            ("fd00::/8", "https://[fd12::1]", true),
            ("[fd00::]/8", "https://[fd12::1]", true),
            ("fd00::1", "https://[fd00::1]", true),
            ("[fd00::1]", "https://[fd00::1]:8443", true),
            ("[fd00::1]:8443", "https://[fd00::1]", false),
            ("[fd00::1]:443", "https://[fd00::1]", true),
            ("", "https://a.example", false),
        ] {
            assert_eq!(contains(entries, target), excepted, "{entries} {target}");
        }
    }

    proptest! {
        #[test]
        fn separators_and_empty_entries_change_nothing(
            names in prop::collection::vec("[a-z]{1,3}\\.example", 1..5),
            separators in prop::collection::vec("[, \t\n]{1,3}", 6),
            dots in prop::collection::vec(any::<bool>(), 5),
        ) {
            let mut entries = separators[5].clone();
            for ((name, separator), dot) in names.iter().zip(&separators).zip(dots) {
                entries.extend([name.as_str(), if dot { "." } else { "" }, separator.as_str()]);
            }
            for name in &names {
                let target = format!("https://{name}");
                prop_assert!(contains(&entries, &target));
            }
            prop_assert!(!contains(&entries, "https://other.example"));
        }
    }
}
