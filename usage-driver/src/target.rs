//! The address of a target, if its host is one.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use usage_core::uri::port_of;

/// For drivers: returns the address of `target`, or `None` if its host is a name, which has to be resolved.
pub fn address_of(target: &Uri) -> Option<SocketAddr> {
    Some(SocketAddr::new(parse_ip(target.host()?)?, port_of(target)))
}

/// `10.1.2.3`, `[::1]`, `::1`.
pub(crate) fn parse_ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Returns whether `host` is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || parse_ip(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_and_names_are_not() {
        for (target, wanted) in [
            ("http://127.0.0.1:8080/path", Some("127.0.0.1:8080")),
            ("http://127.0.0.1", Some("127.0.0.1:80")),
            ("https://[::1]/", Some("[::1]:443")),
            ("https://[2001:db8::1]:8443", Some("[2001:db8::1]:8443")),
            ("http://localhost:8080", None),
            ("https://api.mypurecloud.com", None),
            // Only the system's resolver knows these ways to write an address.
            ("http://127.1:8080", None),
            ("http://2130706433", None),
            ("/path", None),
        ] {
            let target: Uri = target.parse().unwrap();
            assert_eq!(address_of(&target), wanted.map(|address| address.parse().unwrap()), "{target}");
        }
    }
}
