//! `--ca-file`, `--system-roots`, `SSL_CERT_FILE` and `SSL_CERT_DIR`: trusted certificates, over every transport.

use std::fs;
use std::path::Path;

use serde_json::Value;
use usage_sim::{Certificate, ServeOptions, Tls};

use crate::support::{Ran, Service, TRANSPORTS, config};

const QUERY: [&str; 3] = ["query", "--last", "1d"];

fn service(tls: &Tls) -> Service {
    Service::serving(config(), ServeOptions::default().with_tls(tls.clone()))
}

/// Runs a query over `transport` with trust settings in `arguments` and `variables`.
fn run(service: &Service, transport: &str, arguments: &[&str], variables: &[(&str, &Path)]) -> Ran {
    let mut command = service.command(&[&QUERY[..], &["--transport", transport], arguments].concat());
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    command.envs(variables.iter().copied());
    Ran::of(&mut command)
}

#[test]
fn a_company_root_is_trusted_wherever_it_is_named() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let service = service(&tls);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let (root, roots) = (path("root.pem"), path("roots"));
    fs::write(&root, tls.root_pem()).unwrap();
    fs::create_dir(&roots).unwrap();
    fs::write(roots.join("0a1b2c3d.0"), tls.root_pem()).unwrap();
    fs::write(roots.join("README"), "no certificate").unwrap();
    fs::write(path("config.toml"), "ca-file = 'root.pem'\n").unwrap();
    let (file, configuration) = (root.to_str().unwrap(), path("config.toml"));
    for transport in TRANSPORTS {
        let refused = run(&service, transport, &[], &[]);
        refused.failed(
            5,
            &["no trusted TLS connection", "UnknownIssuer", "hint: ", "--ca-file FILE", "--system-roots"],
        );
        run(&service, transport, &["--ca-file", file], &[]).well();
        run(&service, transport, &[], &[("SSL_CERT_FILE", &root)]).well();
        run(&service, transport, &[], &[("SSL_CERT_DIR", &roots)]).well();
        run(&service, transport, &["--config", configuration.to_str().unwrap()], &[]).well();
        // The system's roots, which the environment can override, and a file in addition.
        run(&service, transport, &["--system-roots"], &[("SSL_CERT_FILE", &root)]).well();
        run(&service, transport, &["--system-roots", "--ca-file", file], &[]).well();
    }
}

#[test]
fn the_systems_own_roots_do_not_trust_a_strangers() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let service = service(&tls);
    for transport in TRANSPORTS {
        let ran = run(&service, transport, &["--system-roots"], &[]);
        assert_eq!((ran.code, &*ran.stdout), (Some(5), ""), "{ran:?}");
        assert!(service.server.simulator().journal().is_empty());
    }
}

#[test]
fn a_certificate_of_a_trusted_root_is_refused_all_the_same_if_it_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    for (certificate, texts) in [
        (Certificate::WrongName, &["not valid for name", "the certificate is another host's"][..]),
        (Certificate::Expired, &["expired", "clock"]),
        (Certificate::SelfSigned, &["UnknownIssuer", "--ca-file"]),
    ] {
        let tls = Tls::new(certificate).unwrap();
        let service = service(&tls);
        let root = directory.path().join("root.pem");
        fs::write(&root, tls.root_pem()).unwrap();
        for transport in TRANSPORTS {
            for options in [&[][..], &["--system-roots"]] {
                let options = [&["--ca-file", root.to_str().unwrap()], options].concat();
                run(&service, transport, &options, &[]).failed(5, texts);
            }
        }
        assert!(service.server.simulator().journal().is_empty(), "no request went to it");
    }
}

#[test]
fn files_that_hold_no_root_are_refused_before_anything_is_sent() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let service = service(&tls);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("directory")).unwrap();
    for (name, content, text) in [
        ("empty.pem", &b" \n"[..], "is empty"),
        ("text.pem", b"hello", "is not PEM"),
        ("root.der", &[0x30, 0x82, 1, 2, 3], "perhaps DER"),
        ("key.pem", tls.client_key_pem().as_bytes(), "a private key and no certificate"),
        ("half.pem", &tls.root_pem().as_bytes()[..90], "in the middle of a certificate"),
        ("garbled.pem", b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "garbled.pem"),
        ("no-root.pem", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "no-root.pem"),
        ("missing.pem", b"", "cannot read"),
        ("directory", b"", "cannot read"),
    ] {
        if !content.is_empty() {
            fs::write(path(name), content).unwrap();
        }
        for transport in TRANSPORTS {
            run(&service, transport, &["--ca-file", path(name).to_str().unwrap()], &[])
                .failed(2, &[text, name]);
        }
        run(&service, "blocking", &[], &[("SSL_CERT_FILE", &path(name))]).failed(2, &[text, "SSL_CERT_FILE"]);
    }
    let none = path("directory");
    run(&service, "blocking", &[], &[("SSL_CERT_DIR", &none)])
        .failed(2, &["SSL_CERT_DIR", "no file with a certificate"]);
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn other_commands_take_them_too() {
    let tls = Tls::new(Certificate::Good).unwrap();
    let service = service(&tls);
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.pem");
    fs::write(&root, tls.root_pem()).unwrap();
    let root = root.to_str().unwrap();
    for command in [
        &["events", "definitions"][..],
        &["watch", "--once"],
        &["report", "--last", "2d"],
        &["search", "--last", "1d"],
        &["doctor"],
    ] {
        service.run(&[command, &["--ca-file", root]].concat()).well();
    }
    let mut command =
        service.command(&["config", "show", "--format", "json", "--ca-file", root, "--system-roots"]);
    let shown: Value =
        serde_json::from_str(&Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "x")).well()).unwrap();
    let has = |name: &str, from: &str| {
        shown["settings"].as_array().unwrap().iter().any(|s| s["name"] == name && s["from"] == from)
    };
    assert!(has("ca-file", "--ca-file") && has("system-roots", "--system-roots"), "{shown}");
}

#[test]
fn doctor_says_what_is_wrong_with_a_certificate() {
    let directory = tempfile::tempdir().unwrap();
    for (certificate, trusts, text) in [
        (Certificate::Good, false, "--ca-file FILE"),
        (Certificate::WrongName, true, "the certificate is another host's"),
        (Certificate::Expired, true, "clock"),
    ] {
        let tls = Tls::new(certificate).unwrap();
        let service = service(&tls);
        let root = directory.path().join("root.pem");
        fs::write(&root, tls.root_pem()).unwrap();
        let mut command = service.command(&["doctor", "--format", "json"]);
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if trusts {
            command.args(["--ca-file", root.to_str().unwrap()]);
        }
        let ran = Ran::of(&mut command);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let checks = document["checks"].as_array().unwrap().clone();
        let tls = checks.iter().find(|check| check["name"] == "tls" && check["verdict"] == "failed");
        let tls = tls.unwrap_or_else(|| panic!("{checks:#?}"));
        assert!(tls["fix"].as_str().unwrap_or_default().contains(text), "{tls}");
    }
}
