//! What a client is built from.

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
fn a_driver_that_reads_no_environment_has_no_proxy_of_it() {
    assert_eq!(Built::variable("HTTPS_PROXY"), None);
    let built = ClientBuilder::<Built>::new().access_token("token").unwrap().build().unwrap();
    assert!(built.0.proxy.is_none());
}

#[test]
fn a_proxy_prints_where_it_is_and_what_it_leaves_out() {
    let proxy: Proxy = "http://user:hunter2@proxy.example:3128".parse().unwrap();
    let shown = format!("{:?}", proxy.without("a.example"));
    assert!(shown.contains("http://proxy.example:3128") && shown.contains("a.example"), "{shown}");
}

#[test]
fn an_exception_without_a_name_excepts_nobody() {
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
        // The password does not come back.
        assert_eq!(proxy.to_string().parse::<Proxy>().unwrap().to_string(), format!("http://{host}:{port}"));
    }
}
