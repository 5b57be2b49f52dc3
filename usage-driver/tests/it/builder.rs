//! The configuration that a builder creates.

use proptest::prelude::*;
use usage_core::error::BuildError;
use usage_driver::{ClientBuilder, ClientConfig, FromConfig, Proxy};

#[derive(Debug)]
struct Built(ClientConfig);

impl FromConfig for Built {
    const USER_AGENT: &'static str = "test";

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(Self(config))
    }
}

#[test]
fn a_driver_without_variables_uses_no_proxy() {
    assert_eq!(Built::variable("HTTPS_PROXY"), None);
    let built = ClientBuilder::<Built>::new().access_token("token").unwrap().build().unwrap();
    assert!(built.0.proxy.is_none());
}

#[test]
fn a_proxy_prints_its_host_and_its_exceptions() {
    let proxy: Proxy = "http://user:hunter2@proxy.example:3128".parse().unwrap();
    let shown = format!("{:?}", proxy.without("a.example"));
    assert!(shown.contains("http://proxy.example:3128") && shown.contains("a.example"), "{shown}");
}

#[test]
fn an_empty_exception_matches_nothing() {
    for exceptions in ["", ".", "*.", ":443", ",,"] {
        let proxy = "http://proxy.example".parse::<Proxy>().unwrap().without(exceptions);
        assert!(proxy.carries(&"https://a.example./".parse().unwrap()), "{exceptions}");
    }
}

proptest! {
    #[test]
    fn proxies(host in "([a-z0-9]{1,9}\\.){1,3}[a-z]{2,6}", port in 1u16.., user in "([a-z]{1,9}:[a-z]{1,9}@)?") {
        let proxy: Proxy = format!("http://{user}{host}:{port}").parse().unwrap();
        assert_eq!((proxy.host(), proxy.port()), (&*host, port));
        // The error does not contain the password.
        assert_eq!(proxy.to_string().parse::<Proxy>().unwrap().to_string(), format!("http://{host}:{port}"));
    }
}
