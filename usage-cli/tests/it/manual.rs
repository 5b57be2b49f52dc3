//! Runs every command of the manual in a shell, against one simulated service.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::SystemTime;

use usage_core::Date;
use usage_sim::{Certificate, Fault, Match, Operation, Rule, Tls};

use crate::support::{Service, config, program};

/// Commands that are not run, and the reason.
const NOT_RUN: [(&str, &str); 2] = [
    ("cargo install ", "it builds the program that is tested here"),
    ("genesys-usage login ", "it waits for a person and a browser; tests/it/login.rs plays both"),
];

/// Replacements in commands, and the reason.
const CHANGED: [(&str, &str, &str); 3] = [
    ("/var/lib/node_exporter/", "", "it is another program's directory"),
    ("127.0.0.1:9184", "127.0.0.1:0", "the port may be in use"),
    ("7de3af06-c0b3-4f9b-af45-72f4a14037cc", "$CLIENT", "the simulated service has other clients"),
];

/// Commands that run until they are stopped or an alert ends them. They are stopped after their first line.
fn runs_on(line: &str) -> bool {
    line.starts_with("genesys-usage watch ") && !line.contains("--once")
}

/// The exit codes that each command may have.
fn expected_codes(line: &str) -> &'static [i32] {
    if line.starts_with("genesys-usage watch --once") { &[0, 6] } else { &[0] }
}

/// Returns the commands of the manual: the lines of its shell blocks, without comments.
fn commands() -> Vec<String> {
    let manual = include_str!("../../README.md").replace("\\\n", " ");
    let blocks = manual.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let lines = blocks.flat_map(|(block, _)| block.lines());
    let lines = lines.map(|line| line.split(" # ").next().unwrap_or_default().trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// Creates a home directory with a configuration and the files that the manual names.
struct Home {
    directory: tempfile::TempDir,
    client: String,
    /// The month that replaces October 2026 of the manual.
    month: String,
}

impl Home {
    fn new(service: &Service) -> Self {
        let first = Date::of(SystemTime::now().into()).first_of_month().plus_days(-1).first_of_month();
        let month = |date: Date| date.to_string()[..7].to_owned();
        let (month, before) = (month(first), month(first.plus_days(-1)));
        let (directory, client) = (tempfile::tempdir().unwrap(), service.client_id().to_owned());
        let home = Self { directory, client, month };
        let configuration = home.path("home/.config/genesys-usage/config.toml");
        fs::create_dir_all(configuration.parent().unwrap()).unwrap();
        fs::create_dir_all(home.path("home/.local/share/bash-completion/completions")).unwrap();
        let text = format!(
            "api-url = \"{}\"\noauth-client-id = \"{}\"\noauth-client-secret = \"{}\"\n[profiles.acme]\nallowance = 4400000\n[profiles.emea]\n[profiles.apac]\n",
            service.server.url(),
            home.client,
            service.secret
        );
        fs::write(&configuration, text).unwrap();
        fs::set_permissions(&configuration, PermissionsExt::from_mode(0o600)).unwrap();
        // What a desktop has.
        let notify = home.path("bin/notify-send");
        fs::create_dir_all(notify.parent().unwrap()).unwrap();
        fs::write(&notify, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&notify, PermissionsExt::from_mode(0o755)).unwrap();

        fs::create_dir_all(home.path("files")).unwrap();
        let rows = "genesys-usage query --granularity day --group-by client,uri";
        for prepared in [
            format!("{rows} --month {before} --output october.json"),
            format!("{rows} --month {} --output november.csv", home.month),
            format!("{rows} --month {} --output november.json", home.month),
            "genesys-usage query --granularity day --last 365d --output year.jsonl".to_owned(),
            "genesys-usage collect --into lake --last 95d --organization acme --group-by client,uri"
                .to_owned(),
        ] {
            let output = home.shell(&prepared, &home.path("files")).output().unwrap();
            assert!(output.status.success(), "{prepared}: {output:?}");
        }
        home.stop_a_run();
        fs::write(home.path("files/company.pem"), Tls::new(Certificate::Good).unwrap().root_pem()).unwrap();
        home
    }

    /// Leaves the state of a run that was killed before it submitted its query.
    fn stop_a_run(&self) {
        let line = "exec genesys-usage query --last 7d --state run.json --halt-at 0";
        let mut child = self.shell(line, &self.path("files")).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with("halted")));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(self.path("files/run.json").is_file());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns a shell that runs `line` in the directory `at`.
    fn shell(&self, line: &str, at: &Path) -> Command {
        let program_at = Path::new(env!("CARGO_BIN_EXE_genesys-usage")).parent().unwrap().to_owned();
        let inherited = std::env::var_os("PATH").unwrap();
        let path = [self.path("bin"), program_at].into_iter().chain(std::env::split_paths(&inherited));
        let path = std::env::join_paths(path).unwrap();
        // The shell's environment has no settings of the program.
        let quiet = program(&[]);
        let mut shell = Command::new("sh");
        for (name, value) in quiet.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell.args(["-c", line]).current_dir(at).stdin(Stdio::null());
        shell.env("PATH", path).env("HOME", self.path("home")).env("CLIENT", &self.client);
        shell
    }

    /// Runs `line` in a directory of its own. Returns the problem, if there is one.
    fn run(&self, line: &str) -> Result<(), String> {
        let at = tempfile::tempdir_in(self.directory.path()).unwrap();
        let mut files = Command::new("cp");
        files.args(["-a", self.path("files/.").to_str().unwrap(), at.path().to_str().unwrap()]);
        assert!(files.status().unwrap().success());
        if !line.contains("resume run.json") {
            fs::remove_file(at.path().join("run.json")).unwrap();
        }
        let changed = CHANGED
            .iter()
            .fold(line.replace("2026-10", &self.month), |line, (from, to, _)| line.replace(from, to));
        if runs_on(&changed) {
            return self.run_first_line(&changed, at.path());
        }
        let output = self.shell(&changed, at.path()).output().unwrap();
        let is_expected = output.status.code().is_some_and(|code| expected_codes(line).contains(&code));
        let said = String::from_utf8_lossy(&output.stderr);
        if is_expected { Ok(()) } else { Err(format!("{changed}\n{}\n{said}", output.status)) }
    }

    fn run_first_line(&self, line: &str, at: &Path) -> Result<(), String> {
        let mut shell = self.shell(&format!("exec {line}"), at);
        let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        child.kill().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        if first.contains(" requests from ") { Ok(()) } else { Err(format!("{line}\n{first}\n{said}")) }
    }
}

#[test]
fn every_command_does_what_the_manual_says() {
    // A small organization suffices to see that a command works.
    let service = Service::with(config().with_size(5));
    // All profiles are one organization here, which a history would refuse.
    let hidden = Rule::new(Match::Operation(Operation::OrganizationMe), Fault::Status(403));
    service.server.simulator().inject(hidden.always());
    let home = Home::new(&service);
    let commands = commands();
    for (beginning, why) in NOT_RUN {
        assert!(
            commands.iter().any(|line| line.starts_with(beginning)),
            "no longer in the manual: {beginning} ({why})"
        );
    }
    for (text, _, why) in CHANGED {
        assert!(commands.iter().any(|line| line.contains(text)), "no longer in the manual: {text} ({why})");
    }
    let is_run = |line: &&String| NOT_RUN.iter().all(|(beginning, _)| !line.starts_with(beginning));
    let to_run: Vec<_> = commands.iter().filter(is_run).collect();
    assert!(to_run.len() > 40, "{}", to_run.len());
    let (waiting, problems) = (Mutex::new(to_run.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(line) = waiting.lock().unwrap().next() else { break };
                    if let Err(problem) = home.run(line) {
                        problems.lock().unwrap().push(problem);
                    }
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), to_run.len(), problems.join("\n"));
}
