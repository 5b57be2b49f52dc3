//! However the program ends (a kill at any moment, a limit for the size of files, a full disk), no temporary or partial
//! file is left, and a run with a state can continue.
//!
//! `GENESYS_USAGE_KILL_ROUNDS` is the number of kills; the default is 30.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::login::{Home, QUERY};
use crate::support::{Ran, Service, config, keeping, program};

fn rounds() -> u32 {
    env::var("GENESYS_USAGE_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(30)
}

/// Returns all files below `directory`, by relative path.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Returns `text` without the times of queries, which differ between runs.
fn without_moment(text: &str) -> String {
    let mut parts = text.split("\"askedAt\":");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| whole.push_str(part.split_once(',').unwrap().1));
    whole
}

/// Starts `command`, kills it after the time `after`, and returns whether it had ended before.
fn killed(command: &mut Command, after: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(after);
    let has_ended = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    has_ended
}

/// A command that writes results into a directory, and the expected results.
struct Case<'a> {
    service: &'a Service,
    arguments: Vec<&'a str>,
    name: &'a str,
    has_state: bool,
    wanted: Vec<(String, String)>,
    time: Duration,
}

impl<'a> Case<'a> {
    fn new(service: &'a Service, arguments: &[&'a str], name: &'a str, has_state: bool) -> Self {
        let mut case = Self {
            service,
            arguments: arguments.to_vec(),
            name,
            has_state,
            wanted: vec![],
            time: Duration::ZERO,
        };
        let directory = tempfile::tempdir().unwrap();
        let started = Instant::now();
        Ran::of(&mut case.command(directory.path())).well();
        case.time = started.elapsed();
        case.wanted = Case::found(directory.path());
        assert!(!case.wanted.is_empty());
        case
    }

    fn command(&self, directory: &Path) -> Command {
        let mut command = self.service.command(&self.arguments);
        command.arg("--output").arg(directory.join(self.name));
        if self.has_state {
            command.args(keeping(&directory.join("run.json")));
        }
        command
    }

    /// Returns the files of `directory` with their content, without the time of the query.
    fn found(directory: &Path) -> Vec<(String, String)> {
        let read = |name: String| {
            let text = String::from_utf8(fs::read(directory.join(&name)).unwrap()).unwrap();
            (name, without_moment(&text))
        };
        files(directory).into_iter().map(read).collect()
    }

    fn round(&self, round: u32, rounds: u32) {
        let directory = tempfile::tempdir().unwrap();
        // Kill times from the start of the process to after its end.
        killed(
            &mut self.command(directory.path()),
            self.time.mul_f64(f64::from(round) / f64::from(rounds) * 1.2),
        );
        let state = directory.path().join("run.json");
        // Files that exist are complete.
        for (name, content) in Self::found(directory.path()) {
            let wanted = self.wanted.iter().find(|(known, _)| *known == name);
            // Files that are updated at every step (state, list of partitions) may be of an earlier step, or have their
            // temporary name if the kill came between two system calls.
            let file = name.rsplit('/').next().unwrap();
            let is_state = self.has_state
                && (["run.json", "_genesys-usage.json"].contains(&file)
                    || file.starts_with(".genesys-usage-"));
            assert!(is_state || wanted.is_some_and(|(_, wanted)| *wanted == content), "{name}");
        }
        // The next run gives the result, and leaves no other file.
        if state.exists() {
            let resume = ["resume", state.to_str().unwrap()];
            let ran = self.service.resume(&resume);
            if ran.code == Some(5) {
                self.service.resume(&[&resume[..], &["--resubmit"]].concat()).well();
            } else {
                ran.well();
            }
        } else {
            Ran::of(&mut self.command(directory.path())).well();
        }
        assert_eq!(Self::found(directory.path()), self.wanted);
    }
}

#[test]
fn a_kill_at_any_moment_leaves_nothing_and_loses_nothing() {
    let service = Service::fixed();
    let dates = ["--interval", "2026-10-01/2026-10-09"];
    let query = [&["query", "--group-by", "client,uri", "--granularity", "day"][..], &dates].concat();
    let partitions = [&query[..], &["--format", "csv", "--partition-by", "date"]].concat();
    let aggregate = ["aggregate", "--interval", "2026-07-01/2026-10-09", "--group-by", "platform,method"];
    let report = [&["report", "--format", "csv"][..], &dates].concat();
    let cases = [
        Case::new(&service, &query, "rows.csv", false),
        Case::new(&service, &query, "rows.json", true),
        Case::new(&service, &partitions, "lake", true),
        Case::new(&service, &aggregate, "rows.jsonl", true),
        Case::new(&service, &report, "report.csv", false),
    ];
    let rounds = rounds().div_ceil(u32::try_from(cases.len()).unwrap());
    for case in &cases {
        (0..rounds).for_each(|round| case.round(round, rounds));
    }
}

#[test]
fn a_kill_during_a_renewal_leaves_no_token_behind() {
    // So short that every command renews it.
    let home = Home::with(config().with_token_lifetime(Duration::from_secs(200)));
    home.login_that_renews();
    let started = Instant::now();
    home.run(&QUERY).well();
    let (time, rounds) = (started.elapsed(), rounds().div_ceil(3));
    let directory = home.file().parent().unwrap().to_owned();
    for round in 0..rounds {
        killed(&mut home.command(&QUERY), time.mul_f64(f64::from(round) / f64::from(rounds)));
        // The file is complete, whenever the kill came.
        let kept: Value = serde_json::from_slice(&fs::read(home.file()).unwrap()).unwrap();
        assert!(kept["refreshToken"].is_string());
        let ran = home.run(&QUERY);
        if ran.code == Some(3) {
            // The service had accepted the refresh token, and the kill came before its successor was saved.
            home.login_that_renews();
        } else {
            ran.well();
        }
        assert_eq!(files(&directory), ["login.json", "login.json.lock"]);
    }
    // Files left by another system or another version.
    fs::write(directory.join(".genesys-usage-Ab12Cd"), "token").unwrap();
    assert_eq!(home.run(&["logout"]).code, Some(0));
    assert_eq!(files(&directory), ["login.json.lock"]);
    assert_eq!(fs::read(directory.join("login.json.lock")).unwrap(), b"");
}

#[test]
fn leftovers_of_other_systems_are_removed_at_the_next_start() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let leave = || fs::write(directory.path().join(".genesys-usage-Ab12Cd"), "half").unwrap();
    let rows = directory.path().join("rows.csv");
    leave();
    service.run(&["query", "--last", "1d", "--output", rows.to_str().unwrap()]).well();
    assert_eq!(files(directory.path()), ["rows.csv"]);
    leave();
    let mut command = service.command(&["query", "--last", "1d"]);
    Ran::of(command.args(keeping(&directory.path().join("run.json")))).well();
    assert_eq!(files(directory.path()), ["rows.csv"]);
}

/// Runs `command` under a limit for the size of files, in blocks of 512 bytes.
fn limited(command: &Command, blocks: u32) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -f {blocks}; exec \"$@\""), "sh"]);
    limited.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

#[test]
fn a_limit_for_the_size_of_files_is_an_error_and_leaves_nothing() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    for (name, blocks) in [("rows.json", 0), ("rows.json", 1), ("rows.csv", 8), ("lake", 1)] {
        let path = directory.path().join(name);
        let mut command = service.command(&["query", "--last", "5d", "--group-by", "client,uri"]);
        command.arg("--output").arg(&path);
        if name == "lake" {
            command.args(["--partition-by", "date", "--granularity", "day", "--format", "csv"]);
        }
        Ran::of(&mut limited(&command, blocks)).failed(2, &["cannot write to ", name]);
        // The list of partitions is written before them.
        let left = files(directory.path());
        assert!(left.iter().all(|file| file == "lake/_genesys-usage.json"), "{name} {left:?}");
        drop(fs::remove_dir_all(directory.path().join("lake")));
    }
    // If the state cannot be written, nothing is sent.
    let sent = service.server.simulator().journal().len();
    let mut command = service.command(&["query", "--last", "1d"]);
    command.args(keeping(&directory.path().join("run.json")));
    Ran::of(&mut limited(&command, 0)).failed(2, &["cannot write the state to "]);
    assert!(files(directory.path()).is_empty());
    assert_eq!(service.server.simulator().journal().len(), sent);
}

#[test]
fn a_log_in_that_cannot_be_kept_is_not_renewed() {
    let home = Home::with(config().with_token_lifetime(Duration::from_secs(200)));
    home.login_that_renews();
    let before = fs::read(home.file()).unwrap();
    Ran::of(&mut limited(&home.command(&QUERY), 0)).failed(2, &["cannot keep the log-in in "]);
    assert_eq!(fs::read(home.file()).unwrap(), before);
    assert_eq!(files(home.file().parent().unwrap()), ["login.json", "login.json.lock"]);
    // The refresh token was not used.
    home.run(&QUERY).well();
}

/// Mounts a file system of 64 KiB, if this account may.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn new() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status();
        mount.is_ok_and(|status| status.success()).then_some(Self(directory))
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    // Where mounting is not allowed, `/dev/full` and the limit for the size of files test the same.
    let Some(disk) = SmallDisk::new() else { return };
    let service = Service::new();
    for (name, options) in
        [("rows.csv", &[][..]), ("lake", &["--partition-by", "date", "--format", "csv"][..])]
    {
        let mut command = service.command(&["query", "--last", "30d", "--group-by", "client,uri,method"]);
        command.args(["--granularity", "day"]).args(options).arg("--output").arg(disk.path().join(name));
        command.args(keeping(&disk.path().join("run.json")));
        let ran = Ran::of(&mut command).failed(2, &["cannot write to ", "resume "]);
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        // Complete partitions stay, and the state continues with the rest.
        let left = files(&disk.path());
        let is_known = |file: &&String| {
            ["run.json", "lake/_genesys-usage.json"].contains(&&***file) || file.starts_with("lake/date=")
        };
        assert!(left.iter().all(|file| is_known(&file)), "{left:?}");
        assert!(left.iter().all(|file| !file.contains(".genesys-usage-")), "{left:?}");
        let elsewhere = tempfile::tempdir().unwrap();
        let state = disk.path().join("run.json");
        let resume = ["resume", state.to_str().unwrap(), "--output"];
        let whole = elsewhere.path().join(name);
        service.resume(&[&resume[..], &[whole.to_str().unwrap()], options].concat()).well();
        assert!(!files(elsewhere.path()).is_empty() && !state.exists());
        drop(fs::remove_dir_all(disk.path().join(name)));
    }
}

/// A kill between the two system calls that replace a file.
#[test]
fn the_next_command_removes_what_is_left_of_a_log_in() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".config/genesys-usage");
    fs::create_dir_all(&directory).unwrap();
    let left = directory.join(".genesys-usage-Ab12Cd");
    for arguments in [&["config", "show"][..], &["query", "--last", "1d"], &["doctor"]] {
        fs::write(&left, "hunter2").unwrap();
        drop(Ran::of(program(arguments).env("HOME", home.path()).env("GENESYSCLOUD_REGION", "nowhere")));
        assert!(!left.exists(), "{arguments:?}");
    }
}
