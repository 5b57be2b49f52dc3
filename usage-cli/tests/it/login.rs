//! `login`: the redirect of a browser arrives, does not arrive, or is forged; and other commands use the log-in.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use usage_sim::SimulatorConfig;

use crate::support::{Ran, Service, TRANSPORTS, config, program};

/// A home directory and a service.
pub(crate) struct Home {
    pub(crate) service: Service,
    pub(crate) directory: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: SimulatorConfig) -> Self {
        Self { service: Service::with(config), directory: tempfile::tempdir().unwrap() }
    }

    /// Returns a command for the program in this home directory, without a credential.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("HOME", self.directory.path());
        if arguments[0] != "logout" {
            command.args(["--api-url", &self.service.server.url(), "--initial-delay", "20ms"]);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join(".config").join("genesys-usage").join("login.json")
    }

    pub(crate) fn kept(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file()).unwrap()).unwrap()
    }

    /// Starts `login`, which waits for its browser.
    pub(crate) fn login(&self, options: &[&str]) -> Waiting {
        self.login_at(&[&["--port", "0"], options].concat())
    }

    /// The same with options that set the address of the listener.
    pub(crate) fn login_at(&self, options: &[&str]) -> Waiting {
        let client_id = self.service.client_id();
        let mut command = self.command(&[&["login", "--client-id", client_id], options].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let (mut line, mut url) = (String::new(), String::new());
        stderr.read_line(&mut line).unwrap();
        stderr.read_line(&mut url).unwrap();
        assert!(line.starts_with("Open this address"), "{line}");
        Waiting { child, stderr, url: url.trim_end().to_owned() }
    }

    /// Logs in a client with a secret, whose tokens can be renewed.
    pub(crate) fn login_that_renews(&self) {
        let secret = self.directory.path().join("secret");
        fs::write(&secret, &self.service.secret).unwrap();
        let waiting = self.login(&["--secret-command", &format!("cat '{}'", secret.display())]);
        let redirect = waiting.authorized();
        waiting.visit("GET", &redirect, "");
        let ran = waiting.ended();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains("renewed without the browser"), "{ran:?}");
    }
}

/// A `login` process that waits for its browser.
pub(crate) struct Waiting {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    /// What it printed.
    url: String,
}

impl Waiting {
    pub(crate) fn parameter(&self, name: &str) -> String {
        let (_, query) = self.url.split_once('?').unwrap();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(key, _)| *key == name).unwrap().1;
        value.replace("%3A", ":").replace("%2F", "/")
    }

    /// Returns where the login host redirects the browser: path, query and fragment.
    pub(crate) fn authorized(&self) -> String {
        let (authority, target) = self.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let answer =
            exchange(authority, &format!("GET /{target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        let location = answer
            .lines()
            .find_map(|line| line.to_lowercase().starts_with("location: ").then_some(&line[10..]));
        let back = self.parameter("redirect_uri");
        let redirect = location.unwrap_or_else(|| panic!("{answer}")).trim_end();
        format!("/callback{}", redirect.strip_prefix(&*back).unwrap())
    }

    pub(crate) fn authority(&self) -> String {
        let back = self.parameter("redirect_uri");
        let port = back.strip_prefix("http://localhost:").unwrap().strip_suffix("/callback").unwrap();
        format!("127.0.0.1:{port}")
    }

    /// Returns the response to the browser.
    pub(crate) fn visit(&self, method: &str, target: &str, body: &str) -> String {
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        exchange(&self.authority(), &request)
    }

    pub(crate) fn ended(mut self) -> Ran {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        let mut ran = Ran::from(self.child.wait_with_output().unwrap());
        ran.stderr = stderr;
        ran
    }
}

pub(crate) fn exchange(authority: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub(crate) const QUERY: [&str; 3] = ["query", "--last", "1d"];

#[test]
fn a_log_in_is_the_credential_of_other_commands() {
    let home = Home::new();
    home.run(&QUERY).failed(2, &["error: no credentials", "genesys-usage login"]);
    let waiting = home.login(&[]);
    assert_eq!(waiting.parameter("code_challenge_method"), "S256");
    let page = waiting.visit("GET", &waiting.authorized(), "");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("You are logged in"), "{page}");
    let ran = waiting.ended();
    assert_eq!((ran.code, &*ran.stdout), (Some(0), ""), "{ran:?}");
    assert!(ran.stderr.contains("Logged in at http://127.0.0.1:"), "{ran:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(home.file()).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let kept = home.kept();
    assert_eq!((&kept["format"], &kept["version"]), (&"genesys-usage login".into(), &1.into()));
    for transport in TRANSPORTS {
        let ran = home.run(&[&QUERY[..], &["--transport", transport, "-vvv"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stderr.contains("with a log-in"), "{ran:?}");
        let token = kept["accessToken"].as_str().unwrap();
        assert!(!ran.stderr.contains(token) && !ran.stdout.contains(token));
    }
    // Other settings have precedence.
    let mut command = home.command(&QUERY);
    Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "wrong")).failed(3, &["not authorised"]);
    let ran = home.run(&["logout"]);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), "Logged out.\n"));
    assert_eq!(home.run(&["logout"]).stderr, "There was no log-in.\n");
    home.run(&QUERY).failed(2, &["error: no credentials"]);
}

#[test]
fn a_profile_has_its_own_log_in() {
    let home = Home::new();
    let directory = home.file().parent().unwrap().to_owned();
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("config.toml"), "[profiles.prod]\n").unwrap();
    let waiting = home.login(&["--profile", "prod", "--transport", "tokio"]);
    waiting.visit("GET", &waiting.authorized(), "");
    assert_eq!(waiting.ended().code, Some(0));
    assert!(directory.join("login-prod.json").exists() && !home.file().exists());
    home.run(&QUERY).failed(2, &["error: no credentials"]);
    home.run(&[&QUERY[..], &["--profile", "prod"]].concat()).well();
}

#[test]
fn a_user_who_is_refused_is_told_why() {
    let home = Home::new();
    let waiting = home.login(&[]);
    let state = waiting.parameter("state");
    let target = format!("/callback?error=access_denied&error_description=no+rights%0Ahere&state={state}");
    let page = waiting.visit("GET", &target, "");
    assert!(page.starts_with("HTTP/1.1 403 ") && !page.contains("rights"), "{page}");
    waiting.ended().failed(3, &["error: the login host refused (access_denied): no rights here\n", "hint: "]);
    assert!(!home.file().exists());
}

#[test]
fn strangers_are_answered_and_forgotten() {
    let home = Home::new();
    let waiting = home.login(&[]);
    // A browser that opens a connection in advance and sends nothing.
    let silent = TcpStream::connect(waiting.authority()).unwrap();
    for (method, target, status) in [
        ("GET", "/favicon.ico", "404"),
        ("POST", "/callback?code=x&state=y", "404"),
        ("GET", "/callback", "400"),
        ("GET", "/callback?code=x", "400"),
        ("GET", "/callback?code=x&state=of-another-log-in-or-made-up", "400"),
        ("GET", "/callback?error=access_denied", "400"),
    ] {
        let page = waiting.visit(method, target, "");
        assert!(page.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {page}");
    }
    waiting.visit("GET", &waiting.authorized(), "");
    let ran = waiting.ended();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("warning: the redirect's state is not that of this log-in; still waiting"));
    drop(silent);
}

#[test]
fn a_code_that_is_worth_nothing() {
    let home = Home::new();
    let waiting = home.login(&[]);
    let state = waiting.parameter("state");
    let page = waiting.visit("GET", &format!("/callback?code=hunter2&state={state}"), "");
    assert!(page.starts_with("HTTP/1.1 502 "), "{page}");
    let ran = waiting.ended().failed(3, &["error: not authorised: ", "invalid_grant"]);
    assert!(!ran.stderr.contains("hunter2") && !home.file().exists());
}

#[test]
fn nobody_comes_back() {
    let ran = Home::new().login(&["--timeout", "50ms"]).ended();
    ran.failed(4, &["error: the browser did not return in time", "--timeout"]);
}

#[test]
fn times_without_an_end_are_no_trouble() {
    let home = Home::new();
    let waiting = home.login(&["--timeout", "500000000000y"]);
    waiting.visit("GET", &waiting.authorized(), "");
    assert_eq!(waiting.ended().code, Some(0));
    for transport in TRANSPORTS {
        let ran =
            home.run(&[&QUERY[..], &["--transport", transport, "--deadline", "500000000000y"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

#[test]
fn the_port_is_taken() {
    let home = Home::new();
    let waiting = home.login(&[]);
    let port = waiting.authority().split_once(':').unwrap().1.to_owned();
    let ran = home.run(&["login", "--client-id", "x", "--port", &port]);
    ran.failed(2, &[&format!("cannot listen on port {port} of 127.0.0.1"), "--port"]);
    waiting.visit("GET", &waiting.authorized(), "");
    assert_eq!(waiting.ended().code, Some(0));
    home.run(&["login"]).failed(2, &["which OAuth client?", "--client-id"]);
}

#[test]
fn the_implicit_grant_brings_a_token_in_the_fragment() {
    let home = Home::new();
    let waiting = home.login(&["--implicit"]);
    let redirect = waiting.authorized();
    let (path, fragment) = redirect.split_once('#').unwrap();
    // A browser does not send the fragment; a script of the page does.
    let page = waiting.visit("GET", path, "");
    assert!(page.contains("location.hash") && page.contains("Content-Security-Policy"), "{page}");
    assert!(waiting.visit("POST", path, fragment).contains("You are logged in"));
    let ran = waiting.ended();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(home.kept().get("refreshToken").is_none());
    home.run(&QUERY).well();
}

#[test]
fn a_log_in_without_a_refresh_token_ends() {
    let home = Home::with(config().with_token_lifetime(Duration::from_secs(1)));
    let waiting = home.login(&[]);
    waiting.visit("GET", &waiting.authorized(), "");
    assert_eq!(waiting.ended().code, Some(0));
    let end = home.kept()["expiresAt"].as_u64().unwrap();
    while std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() < u128::from(end) {
        std::thread::sleep(Duration::from_millis(20));
    }
    home.run(&QUERY).failed(3, &["error: the log-in has expired", "hint: log in again: genesys-usage login"]);
}

#[test]
fn a_token_that_is_about_to_expire_is_renewed_ahead_and_its_rotation_kept() {
    let home = Home::with(config().with_token_lifetime(Duration::from_secs(200)));
    home.login_that_renews();
    let first = home.kept();
    home.run(&QUERY).well();
    let second = home.kept();
    assert!(first["refreshToken"] != second["refreshToken"] && first["accessToken"] != second["accessToken"]);
    assert!(!second.to_string().contains(&home.service.secret));
    // Also if the command then fails.
    home.run(&["query", "--attach", "nothing"]).failed(1, &["404"]);
    assert_ne!(home.kept()["refreshToken"], second["refreshToken"]);
    home.run(&QUERY).well();
    home.service.server.simulator().revoke_all_refresh_tokens();
    home.run(&QUERY).failed(3, &["error: the log-in has expired", "invalid_grant"]);
}

#[test]
fn a_token_that_is_renewed_on_the_way_is_written_back_at_once() {
    for transport in TRANSPORTS {
        let home = Home::new();
        home.login_that_renews();
        let mut before = home.kept();
        for (arguments, code) in [(&QUERY[..], 0), (&["query", "--attach", "nothing"], 1)] {
            home.service.server.simulator().revoke_all_tokens();
            let ran = home.run(&[arguments, &["--transport", transport, "-vvv"]].concat());
            assert_eq!(ran.code, Some(code), "{ran:?}");
            let after = home.kept();
            assert_ne!(after["refreshToken"], before["refreshToken"]);
            for secret in [&before, &after]
                .map(|kept| [kept["refreshToken"].clone(), kept["accessToken"].clone()])
                .concat()
            {
                assert!(!ran.stderr.contains(secret.as_str().unwrap()), "{ran:?}");
            }
            before = after;
        }
    }
}

#[test]
fn processes_at_a_time_lose_no_rotation() {
    // Short enough to be renewed by each command, and long enough not to be renewed within one.
    let home = Home::with(config().with_token_lifetime(Duration::from_secs(200)));
    home.login_that_renews();
    for _ in 0..3 {
        let started: Vec<_> = (0..4)
            .map(|_| home.command(&QUERY).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
            .collect();
        for child in started {
            Ran::from(child.wait_with_output().unwrap()).well();
        }
    }
}

#[test]
fn a_log_in_goes_nowhere_else() {
    let home = Home::new();
    let waiting = home.login(&[]);
    waiting.visit("GET", &waiting.authorized(), "");
    assert_eq!(waiting.ended().code, Some(0));
    let mut command = program(&["query", "--last", "1d", "--region", "eu-central-1"]);
    Ran::of(command.env("HOME", home.directory.path())).failed(
        2,
        &["the log-in is for http://127.0.0.1:", "not for https://api.mypurecloud.de", "genesys-usage login"],
    );
    // The saved log-in knows its host.
    let mut command = program(&["query", "--last", "1d", "--initial-delay", "20ms"]);
    Ran::of(command.env("HOME", home.directory.path())).well();
    fs::write(home.file(), "{").unwrap();
    home.run(&QUERY).failed(2, &["login.json cannot be used: it is damaged"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_another_file_is_neither_replaced_nor_removed() {
    use std::os::unix::fs::symlink;

    let home = Home::new();
    let target = home.directory.path().join("target");
    fs::create_dir_all(home.file().parent().unwrap()).unwrap();
    symlink(&target, home.file()).unwrap();
    for text in ["dear", "{\"format\":\"letter\",\"version\":1}"] {
        fs::write(&target, text).unwrap();
        for command in [&["logout"][..], &["login", "--client-id", "x"]] {
            home.run(command).failed(2, &["is a link to ", "which holds no log-in", "remove the link: rm "]);
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), text);
    }
    // A log-in behind a link is removed with the link.
    fs::write(&target, "{\"format\":\"genesys-usage login\",\"version\":1}").unwrap();
    assert_eq!(home.run(&["logout"]).code, Some(0));
    assert!(!target.exists() && !home.file().is_symlink());
}
