//! Trusted certificates, and the certificate of the client.

use std::time::Duration;

use usage_core::error::{Failure, Sent, TransportKind};
use usage_core::retry::Backoff;
use usage_core::{Error, Policy, Secret, UsageTable};
use usage_driver::ClientBuilder;
use usage_sim::{Certificate, ServeOptions, Server, Simulator, SimulatorConfig, Tls, serve};

use crate::driver::Client;
use crate::runtime::run;
use crate::support::{SECRET, query};

pub(crate) fn service(tls: &Tls) -> Server {
    let config = SimulatorConfig::default().with_client("7de3af06", SECRET);
    let config = config.with_execution_time(Duration::ZERO);
    serve(Simulator::new(config), ServeOptions::default().with_tls(tls.clone())).unwrap()
}

pub(crate) fn builder(url: &str) -> ClientBuilder<Client> {
    let poll = Backoff::constant(Duration::from_millis(10));
    Client::builder()
        .api_url(url.parse().unwrap())
        .login_url(url.parse().unwrap())
        .policy(Policy::default().with_first_poll(poll.initial).with_poll(poll).with_max_failures(1))
        .client_credentials("7de3af06", Secret::new(SECRET.into()))
        .unwrap()
}

fn trusting(tls: &Tls, server: &Server) -> ClientBuilder<Client> {
    builder(&server.url()).root_certificates(tls.root_pem().as_bytes()).unwrap()
}

fn rows(builder: ClientBuilder<Client>) -> Result<UsageTable, Error> {
    run(builder.build().unwrap().run(query()))
}

fn refuses(result: Result<UsageTable, Error>, because: &str) {
    let error = result.unwrap_err();
    let failure = error.failure().transport_failure().unwrap_or_else(|| panic!("{error}"));
    assert_eq!((failure.kind, failure.sent), (TransportKind::Tls, Sent::No), "{error}");
    assert!(matches!(error.failure(), Failure::Transport(_)), "not worth another try: {error:?}");
    assert_eq!(error.attempts(), 1);
    assert!(failure.text.contains(because), "{error}");
}

#[test]
fn an_additional_root_is_trusted() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let server = service(&tls);
    assert!(!rows(trusting(&tls, &server)).unwrap().is_empty());
}

#[test]
fn an_untrusted_certificate_is_permanent() {
    let good = Tls::new(Certificate::Good).unwrap();
    let server = service(&good);
    refuses(rows(builder(&server.url())), "UnknownIssuer");
    for (certificate, because) in [
        (Certificate::WrongName, "not valid for name"),
        (Certificate::Expired, "expired"),
        (Certificate::SelfSigned, "UnknownIssuer"),
    ] {
        let tls = Tls::new(certificate).unwrap();
        let server = service(&tls);
        refuses(rows(trusting(&tls, &server)), because);
        assert!(server.simulator().journal().is_empty());
    }
}

#[test]
fn a_client_presents_its_certificate() {
    let tls = Tls::demanding_client().unwrap();
    let server = service(&tls);
    let key = || Secret::new(tls.client_key_pem().as_bytes().to_vec());
    let client = trusting(&tls, &server).client_certificate(tls.client_pem().as_bytes(), key()).unwrap();
    assert!(!format!("{client:?}").contains("PRIVATE"));
    assert!(!rows(client).unwrap().is_empty());
    let arrived = server.simulator().journal().len();
    let error = rows(trusting(&tls, &server)).unwrap_err();
    let kind = error.failure().transport_failure().unwrap().kind;
    assert_eq!(kind, TransportKind::Tls, "{error}");
    assert_eq!(server.simulator().journal().len(), arrived);
}

#[test]
fn unusable_certificates_are_refused_before_anything_is_sent() {
    let (tls, other) = (Tls::demanding_client().unwrap(), Tls::demanding_client().unwrap());
    let server = service(&tls);
    let key = Secret::new(other.client_key_pem().as_bytes().to_vec());
    let client = trusting(&tls, &server).client_certificate(tls.client_pem().as_bytes(), key).unwrap();
    let error = client.build().unwrap_err();
    assert!(error.to_string().starts_with("the client cannot be built: "), "{error}");

    let nothing = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let client = builder(&server.url()).root_certificates(nothing.as_bytes()).unwrap();
    assert!(client.build().is_err());
}

#[test]
fn roots_of_the_platform_are_trusted_with_the_feature() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let server = service(&tls);
    let client = trusting(&tls, &server).platform_roots();
    if cfg!(feature = "platform-verifier") {
        assert!(!rows(client).unwrap().is_empty());
        refuses(rows(builder(&server.url()).platform_roots()), "UnknownIssuer");
    } else {
        let error = client.build().unwrap_err();
        assert!(error.to_string().contains("feature platform-verifier"), "{error}");
    }
}
