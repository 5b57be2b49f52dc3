//! Settings of other programs are used or named in a message, and no credential is sent to a host that was guessed from
//! them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::config::{OFFICIAL, OWN, home, place, run, shown};
use crate::support::{Ran, program};

const CREDENTIALS: [(&str, &str); 2] =
    [("GENESYSCLOUD_OAUTHCLIENT_ID", "id"), ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "s3cret")];
const SDK: &str = ".genesyscloudpython/config";

/// Encodes `text` as Windows programs do.
fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_hosts_are_those_that_the_other_program_would_ask() {
    let gc = |keys: &str| format!("[DEFAULT]\nenvironment='mypurecloud.com'\n{keys}");
    let gateway = "gateway_host='x1.execute-api.eu-west-1.amazonaws.com/prod'\ngateway_port='443'\n\
                   gateway_protocol='https'\ngateway_pathparams='{login: /loginpath, api: /apipath}'\n";
    let go = r#"{"gateway":{"host":"gw.example","port":"443","protocol":"https","pathParams":[
                 {"pathName":"login","pathValue":"/l"},{"pathName":"api","pathValue":"/a"}]}}"#;
    for (file, text, api, login) in [
        (
            OFFICIAL,
            gc(gateway).into_bytes(),
            "https://x1.execute-api.eu-west-1.amazonaws.com/prod/apipath",
            "https://x1.execute-api.eu-west-1.amazonaws.com/prod/loginpath",
        ),
        (OFFICIAL, gc("").into_bytes(), "https://api.mypurecloud.com", "https://login.mypurecloud.com"),
        (SDK, go.into(), "https://gw.example/a", "https://gw.example/l"),
        (
            SDK,
            "\u{feff}[general]\r\nhost = https://api.mypurecloud.de\r\n".into(),
            "https://api.mypurecloud.de",
            "https://login.mypurecloud.de",
        ),
        (
            SDK,
            utf16("[general]\r\nhost: https://api.mypurecloud.de\r\n"),
            "https://api.mypurecloud.de",
            "https://login.mypurecloud.de",
        ),
        (OFFICIAL, utf16(&gc("")), "https://api.mypurecloud.com", "https://login.mypurecloud.com"),
    ] {
        let home = home(&[(file, "")]);
        fs::write(home.path().join(file), text).unwrap();
        let all = shown(home.path(), &[], &CREDENTIALS);
        let value = |name: &str| all.iter().find(|setting| setting.0 == name).unwrap().1.clone();
        assert_eq!((value("api-url"), value("login-url")), (api.to_owned(), login.to_owned()));
    }
}

#[test]
fn a_file_that_names_no_host_is_an_error_and_no_region_is_guessed() {
    for (file, text) in [
        (OFFICIAL, ""),
        (OFFICIAL, "[DEFAULT]\nclient_credentials='id'\nclient_secret='hunter2'\n"),
        (OFFICIAL, "[DEFAULT]\nenvironment=''\n"),
        (OFFICIAL, "[prod]\nenvironment='mypurecloud.de'\n"),
        (SDK, ""),
        (SDK, "host = https://api.mypurecloud.de\n"),
        (SDK, "[general]\nlive_reload_config = true\n"),
        (SDK, "[general]\nhost =\n"),
        (SDK, "{}"),
        (SDK, r#"{"host":"https://api.mypurecloud.de"}"#),
    ] {
        let home = home(&[(file, text)]);
        let query = ["query", "--last", "1d", "--initial-delay", "20ms"];
        let ran = run(home.path(), &query, &CREDENTIALS);
        ran.failed(2, &[file, "so the region is unknown", "--region"]);
        // A host given by an option is used whatever the file contains.
        let all = shown(home.path(), &["--region", "eu-west-1"], &CREDENTIALS);
        assert_eq!(place(&all, "api-url"), "https://api.mypurecloud.ie of --region");
    }
    for (file, text, problem) in [
        (
            OFFICIAL,
            "[DEFAULT]\ngateway_protocol='https'\nenvironment='mypurecloud.de'\n",
            "without gateway_host",
        ),
        (OFFICIAL, "[DEFAULT]\ngateway_host='gw.example'\ngateway_port='x'\n", "is no port"),
        (SDK, "[gateway]\nport = 443\n[general]\nhost = mypurecloud.de\n", "gateway without a host"),
        (SDK, "[general]\nhost mypurecloud.de\n", "line 2"),
        (SDK, r#"{"gateway":{"Hostname":"gw.example"}}"#, "gateway without a host"),
        (SDK, "h\0o\0s\0t\0", "it is no text"),
    ] {
        let home = home(&[(file, text)]);
        let ran = run(home.path(), &["query", "--last", "1d"], &CREDENTIALS);
        ran.failed(2, &[file, problem]);
    }
}

#[test]
fn the_terraform_providers_gateway_stands_in_front_of_the_region() {
    let home = home(&[]);
    let with = |more: &[(&'static str, &'static str)]| {
        [&CREDENTIALS[..], &[("GENESYSCLOUD_REGION", "eu-west-1")], more].concat()
    };
    let all = shown(
        home.path(),
        &[],
        &with(&[
            ("GENESYSCLOUD_GATEWAY_HOST", "gw.example/prod"),
            ("GENESYSCLOUD_GATEWAY_PORT", "8443"),
            ("GENESYSCLOUD_GATEWAY_PROTOCOL", "https"),
            ("GENESYSCLOUD_GATEWAY_PATH_NAME", "login"),
            ("GENESYSCLOUD_GATEWAY_PATH_VALUE", "/l"),
        ]),
    );
    assert_eq!(place(&all, "api-url"), "https://gw.example:8443/prod of GENESYSCLOUD_GATEWAY_HOST");
    assert_eq!(place(&all, "login-url"), "https://gw.example:8443/prod/l of GENESYSCLOUD_GATEWAY_HOST");
    for wrong in [
        &[("GENESYSCLOUD_GATEWAY_PORT", "443")][..],
        &[("GENESYSCLOUD_GATEWAY_HOST", "gw.example"), ("GENESYSCLOUD_GATEWAY_PROTOCOL", "http")],
        &[("GENESYSCLOUD_GATEWAY_HOST", "gw.example"), ("GENESYSCLOUD_GATEWAY_PATH_NAME", "api")],
    ] {
        run(home.path(), &["query", "--last", "1d"], &with(wrong)).failed(2, &["GENESYSCLOUD_GATEWAY_"]);
    }
}

/// Returns the first request line that a proxy receives from the program, in a home directory with these files and this
/// environment.
fn asked_of_a_proxy(
    files: impl Fn(u16) -> Vec<(&'static str, String)>,
    environment: &[(&str, String)],
) -> String {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = proxy.local_addr().unwrap().port();
    let asked = thread::spawn(move || {
        let mut stream = proxy.accept().unwrap().0;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        String::from_utf8(head).unwrap()
    });
    let files = files(port);
    let home = home(&files.iter().map(|(name, text)| (*name, &**text)).collect::<Vec<_>>());
    let mut command = program(&["query", "--last", "1d", "--initial-delay", "20ms", "--deadline", "5s"]);
    command.env("HOME", home.path());
    for (name, value) in environment {
        command.env(name, value.replace("PORT", &port.to_string()));
    }
    let ran = Ran::of(&mut command);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    asked.join().unwrap()
}

#[test]
fn the_proxies_of_other_programs_are_used() {
    let official = |port: u16| {
        let text = format!(
            "[DEFAULT]\nenvironment='mypurecloud.de'\nclient_credentials='id'\nclient_secret='s3cret'\ngrant_type='1'\n\
             proxy_host='127.0.0.1'\nproxy_port='{port}'\nproxy_protocol='http'\nproxy_username='me'\nproxy_password='hunter2'\n"
        );
        vec![(OFFICIAL, text)]
    };
    let asked = asked_of_a_proxy(official, &[]);
    assert!(asked.starts_with("CONNECT login.mypurecloud.de:443 "), "{asked}");
    assert!(asked.to_lowercase().contains("proxy-authorization: basic bwu6ahvudgvymg"), "{asked}");
    let variables = [
        ("GENESYSCLOUD_PROXY_HOST", "127.0.0.1"),
        ("GENESYSCLOUD_PROXY_PORT", "PORT"),
        ("GENESYSCLOUD_REGION", "eu-west-1"),
    ];
    let variables: Vec<_> =
        variables.into_iter().chain(CREDENTIALS).map(|(n, v)| (n, v.to_owned())).collect();
    let asked = asked_of_a_proxy(|_| Vec::new(), &variables);
    assert!(asked.starts_with("CONNECT login.mypurecloud.ie:443 "), "{asked}");
}

#[test]
fn a_proxy_that_cannot_be_used_is_not_bypassed() {
    let official = "[DEFAULT]\nenvironment='mypurecloud.de'\nproxy_host='proxy.corp'\nproxy_port='8443'\n\
                    proxy_protocol='https'\nproxy_password='hunter2'\n";
    let home_with = home(&[(OFFICIAL, official)]);
    let ran = run(home_with.path(), &["query", "--last", "1d"], &CREDENTIALS);
    let ran = ran.failed(2, &[".gc/config.toml [DEFAULT]", "the proxy cannot be used", "HTTPS_PROXY="]);
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    for wrong in [("GENESYSCLOUD_PROXY_PORT", "8080"), ("GENESYSCLOUD_PROXY_PROTOCOL", "http")] {
        let environment = [&CREDENTIALS[..], &[wrong]].concat();
        let ran = run(home(&[]).path(), &["query", "--last", "1d"], &environment);
        ran.failed(2, &["GENESYSCLOUD_PROXY_HOST", "a proxy without a host"]);
    }
    // The variable of all programs has precedence.
    let mut command = program(&["config", "show"]);
    command.env("HOME", home_with.path()).env("HTTPS_PROXY", "http://127.0.0.1:9");
    Ran::of(&mut command).well();
}

#[test]
fn what_is_not_honoured_is_named() {
    let text = "[gateway]\nhost = gw.example\nusername = me\npassword = hunter2\n[proxy]\nhost = p\n";
    let home = home(&[(SDK, text), (OWN, "")]);
    let ran = run(home.path(), &["config", "show"], &CREDENTIALS);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("not honoured here: proxy, gateway password, gateway username"), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"));
}

#[test]
fn keys_and_sections_that_may_mean_a_gateway_are_not_passed_over() {
    let gc = |keys: &str| format!("[DEFAULT]\nenvironment='mypurecloud.de'\n{keys}");
    for keys in
        ["gatewayHost='gw.example'", "gateway-host='gw.example'", "[DEFAULT.gateway]\nhost='gw.example'"]
    {
        let home = home(&[(OFFICIAL, &gc(keys))]);
        run(home.path(), &["query", "--last", "1d"], &CREDENTIALS).failed(2, &["is no key of a gateway"]);
    }
    let said = |file: &str, text: &str| {
        let home = home(&[(file, text)]);
        let ran = run(home.path(), &["config", "show"], &CREDENTIALS);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stderr
    };
    let stderr = said(OFFICIAL, &gc("proxyHost='proxy.example'"));
    assert!(stderr.contains("not honoured here: proxyHost"), "{stderr}");
    for text in [
        "[general]\nhost=mypurecloud.de\n[Gatewy]\nhost=gw.example\n[logging]\nlog_level=none\n",
        r#"{"general":{"host":"mypurecloud.de"},"Gatewy":{"host":"gw.example"},"retry":{"retry_max":1}}"#,
    ] {
        let stderr = said(SDK, text);
        assert!(stderr.contains("not honoured here: section gatewy\n"), "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_no_missing_file() {
    use std::os::unix::fs::symlink;

    for file in [OWN, OFFICIAL, SDK] {
        let home = home(&[(file, "")]);
        let path = home.path().join(file);
        fs::remove_file(&path).unwrap();
        symlink("/nowhere/at/all", &path).unwrap();
        let query = ["query", "--last", "1d"];
        run(home.path(), &query, &CREDENTIALS).failed(2, &["is a link that leads nowhere"]);
        // Also in a parent directory.
        fs::remove_file(&path).unwrap();
        fs::remove_dir(path.parent().unwrap()).unwrap();
        symlink("/nowhere/at/all", path.parent().unwrap()).unwrap();
        run(home.path(), &query, &CREDENTIALS).failed(2, &["is a link that leads nowhere"]);
    }
}

#[test]
fn hosts_of_our_own_configuration_that_cannot_be_used_are_not_replaced_by_the_default() {
    let query = ["query", "--last", "1d"];
    for text in [
        "login-url = 'https://gw.example'\n",
        "region = 'euw2'\n[profiles.a]\nlogin-url = 'https://gw.example'\n",
    ] {
        let home = home(&[(OWN, text)]);
        let arguments = if text.contains("[profiles") {
            [&query[..], &["--profile", "a"]].concat()
        } else {
            query.to_vec()
        };
        run(home.path(), &arguments, &CREDENTIALS).failed(2, &["names a login-url, and no host of the API"]);
    }
    let home = home(&[(OWN, "[profiles.prod]\nregion = 'euw2'\n[profiles.test]\nallowance = 3\n")]);
    run(home.path(), &query, &CREDENTIALS)
        .failed(2, &["no profile is named", "--profile", "there are prod\n"]);
    run(home.path(), &[&query[..], &["--profile", "test"]].concat(), &CREDENTIALS)
        .failed(2, &["config.toml [profiles.test] names no region"]);
    run(home.path(), &[&query[..], &["--profile", "test"]].concat(), &CREDENTIALS)
        .failed(2, &["config.toml [profiles.test] names no region"]);
    let all = shown(home.path(), &["--region", "eu-west-1"], &CREDENTIALS);
    assert_eq!(place(&all, "api-url"), "https://api.mypurecloud.ie of --region");
    let gateway = [("GENESYSCLOUD_GATEWAY_AUTH_USERNAME", "me"), CREDENTIALS[0], CREDENTIALS[1]];
    run(home.path(), &query, &gateway).failed(2, &["GENESYSCLOUD_GATEWAY_HOST is missing"]);
}
