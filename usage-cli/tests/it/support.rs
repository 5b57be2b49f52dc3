//! A simulated service, and the program run against it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use usage_core::Date;
use usage_sim::{Entry, Rule, ServeOptions, Server, Simulator, SimulatorConfig, VirtualClock, serve};

pub(crate) const TRANSPORTS: [&str; 3] = ["blocking", "tokio", "async-std"];

/// Returns `text` without the time of the query, which differs between runs.
pub(crate) fn without_the_time(text: &str) -> String {
    let Some((before, rest)) = text.split_once("\"askedAt\":") else { return text.to_owned() };
    let (_, behind) = rest.split_once("\"complete\"").unwrap();
    format!("{before}\"askedAt\":…,\"complete\"{behind}")
}

/// Creates a service whose executions complete at once.
pub(crate) struct Service {
    pub(crate) server: Server,
    id: String,
    pub(crate) secret: String,
}

impl Service {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: SimulatorConfig) -> Self {
        Self::serving(config, ServeOptions::default())
    }

    /// Creates a service whose clock stands still on 16 October 2026.
    pub(crate) fn fixed() -> Self {
        let clock = VirtualClock::new("2026-10-16".parse::<Date>().unwrap().start());
        Self::serving(config(), ServeOptions::default().with_clock(clock))
    }

    pub(crate) fn serving(config: SimulatorConfig, options: ServeOptions) -> Self {
        let (id, secret) = (config.client_id(), config.client_secret());
        let server = serve(Simulator::new(config), options).unwrap();
        Self { server, id, secret }
    }

    pub(crate) fn misbehaving(rules: impl IntoIterator<Item = Rule>) -> Self {
        let service = Self::new();
        rules.into_iter().for_each(|rule| service.server.simulator().inject(rule));
        service
    }

    /// Returns the id of a client that the service knows.
    pub(crate) fn client_id(&self) -> &str {
        &self.id
    }

    /// Returns a command for the program with `arguments` and the service's credentials.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_credentials(arguments);
        command.args(["--api-url", &self.server.url()]);
        command
    }

    fn with_credentials(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.args(["--initial-delay", "20ms"]);
        command.env("GENESYSCLOUD_OAUTHCLIENT_ID", &self.id);
        command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", &self.secret);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Returns `genesys-usage resume …` with the address of the service.
    pub(crate) fn resume(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.resume_command(arguments))
    }

    pub(crate) fn resume_command(&self, arguments: &[&str]) -> Command {
        self.with_credentials(arguments)
    }

    /// Waits until the journal satisfies `happened`.
    #[track_caller]
    pub(crate) fn until(&self, happened: impl Fn(&[Entry]) -> bool) {
        let started = Instant::now();
        while !happened(self.server.simulator().journal()) {
            assert!(started.elapsed() < Duration::from_secs(30), "it never happened");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

pub(crate) fn config() -> SimulatorConfig {
    SimulatorConfig::default().with_execution_time(Duration::ZERO)
}

/// Returns the previous month, like `2026-10`: the service has its rows whenever the tests run.
pub(crate) fn last_month() -> String {
    let last = Date::of(SystemTime::now().into()).first_of_month().plus_days(-1);
    last.to_string()[..7].to_owned()
}

/// Returns a command for the program with `arguments` and without settings in its environment.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_genesys-usage"));
    for name in ["OAUTHCLIENT_ID", "OAUTHCLIENT_SECRET", "ACCESS_TOKEN", "REGION"] {
        command.env_remove(format!("GENESYSCLOUD_{name}"));
    }
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    // No files of the user.
    command.env_remove("XDG_CONFIG_HOME").env_remove("GENESYS_USAGE_PROFILE");
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    command.env("HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("nobody"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs a `watch` that serves metrics, and returns the response to a scrape after its first poll.
pub(crate) fn scraped(watch: &mut Command) -> String {
    let mut child = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut line, mut result) = (String::new(), String::new());
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut result).unwrap();
    let address = line.strip_prefix("Metrics are at http://").unwrap().strip_suffix("/metrics.\n").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    response
}

/// Returns the option that keeps the state in `file`.
pub(crate) fn keeping(file: &Path) -> [&str; 2] {
    ["--state", file.to_str().unwrap()]
}

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// Asserts success without messages, and returns the output.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// Asserts exit code `code`, no output, and messages that contain `texts`, with exactly one error, first.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, texts: &[&str]) -> Self {
        assert_eq!((self.code, &*self.stdout), (Some(code), ""), "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert_eq!(self.stderr.matches("error: ").count(), 1, "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "{text:?} is not in {}", self.stderr);
        }
        self
    }

    /// Returns the id of the execution that its hint continues.
    pub(crate) fn to_attach(&self) -> &str {
        let (_, after) = self.stderr.split_once("--attach ").unwrap_or_else(|| panic!("no hint in {self:?}"));
        after.split_whitespace().next().unwrap_or_default()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
