//! Completions in real shells. A shell that is not installed is skipped with a note.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{Ran, program};

/// The start of a command line, and its only completion.
const LINES: [(&str, &str); 9] = [
    ("genesys-usage agg", "genesys-usage aggregate"),
    ("genesys-usage query --gran", "genesys-usage query --granularity"),
    ("genesys-usage query --group-by client,met", "genesys-usage query --group-by client,method"),
    ("genesys-usage events query --ord", "genesys-usage events query --order"),
    ("genesys-usage report --region me-", "genesys-usage report --region me-central-1"),
    ("genesys-usage query --profile stag", "genesys-usage query --profile staging"),
    ("genesys-usage search --format par", "genesys-usage search --format parquet"),
    ("genesys-usage report octo", "genesys-usage report october.csv"),
    ("genesys-usage aggregate --sort date,status4", "genesys-usage aggregate --sort date,status4"),
];

/// A home directory with a configuration, a script for `shell` and files. It is the shell's current directory.
fn home(shell: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let configuration = home.path().join(".config/genesys-usage");
    fs::create_dir_all(&configuration).unwrap();
    fs::write(configuration.join("config.toml"), "[profiles.staging]\nregion = \"eu-central-1\"\n").unwrap();
    fs::write(home.path().join("october.csv"), "").unwrap();
    fs::write(home.path().join("october.png"), "").unwrap();
    let script = Ran::of(&mut program(&["completions", shell])).well();
    fs::write(home.path().join("script"), script).unwrap();
    home
}

/// Returns a command for the shell `name` in `home` with the program on its path, or `None` if it is not installed.
fn shell(name: &str, home: &Path) -> Option<Command> {
    if Command::new(name).arg("-c").arg("true").output().is_err() {
        let _ = writeln!(std::io::stderr(), "note: {name} is not installed: its completions are not tested");
        return None;
    }
    let directory = Path::new(env!("CARGO_BIN_EXE_genesys-usage")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(name);
    command.env("PATH", format!("{}:{path}", directory.display()));
    command.env_remove("XDG_CONFIG_HOME").env("HOME", home).env("TERM", "dumb").current_dir(home);
    Some(command)
}

/// Types `setup`, then each line of [`LINES`] and a tab into the interactive `shell`. Returns the completed lines as
/// words.
fn typed(shell: &mut Command, setup: &str) -> Vec<String> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let end = || Stdio::from(OwnedFd::from(slave.try_clone().unwrap()));
    let mut child = shell.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(slave);
    let mut keyboard = File::from(master);
    let mut screen = keyboard.try_clone().unwrap();
    let (sender, receiver) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = screen.read(&mut chunk) {
            sender.send(chunk[..length].to_vec()).unwrap();
        }
    });
    let mut all = Vec::new();
    // A key that is typed before the line editor is ready would be lost.
    let mut until = |wanted: &str| loop {
        if String::from_utf8_lossy(&all).contains(wanted) {
            return String::from_utf8(std::mem::take(&mut all)).unwrap();
        }
        let more = receiver.recv_timeout(Duration::from_secs(30));
        all.extend(more.unwrap_or_else(|_| panic!("no {wanted:?} in {}", String::from_utf8_lossy(&all))));
    };
    writeln!(keyboard, "{setup}").unwrap();
    until("ready> ");
    let lines = LINES.map(|(line, _)| {
        // The completed line becomes the arguments of printf: control-A moves to its start.
        writeln!(keyboard, "{line}\t\u{1}printf '{{%s}}' ").unwrap();
        let shown = until("}ready> ");
        let output = &shown[shown.rfind("{genesys-usage}").unwrap_or_else(|| panic!("{shown:?}"))..];
        let (words, _) = output.rsplit_once('}').unwrap();
        words.trim_start_matches('{').replace("}{", " ")
    });
    keyboard.write_all(b"exit\n").unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    lines.into()
}

#[test]
fn bash_completes_below_the_first_level() {
    let home = home("bash");
    let Some(mut bash) = shell("bash", home.path()) else { return };
    bash.args(["--norc", "--noprofile", "-i"]);
    let lines = typed(&mut bash, "source ./script; bind 'set enable-bracketed-paste off'; PS1='rea''dy> '");
    assert_eq!(lines, LINES.map(|(_, wanted)| wanted));
}

#[test]
fn zsh_completes_below_the_first_level() {
    let home = home("zsh");
    let Some(mut zsh) = shell("zsh", home.path()) else { return };
    let functions = home.path().join("functions");
    fs::create_dir(&functions).unwrap();
    // Installed as users do it: found by its name.
    fs::rename(home.path().join("script"), functions.join("_genesys-usage")).unwrap();
    zsh.args(["-f", "-i"]);
    let setup = "unsetopt zle_bracketed_paste prompt_cr prompt_sp automenu; bindkey -e; fpath=($PWD/functions $fpath); \
                 autoload -U compinit; compinit -u -D; PROMPT='rea''dy> '";
    let lines = typed(&mut zsh, setup);
    assert_eq!(lines, LINES.map(|(_, wanted)| wanted));
}

#[test]
fn fish_completes_below_the_first_level() {
    let home = home("fish");
    let Some(mut fish) = shell("fish", home.path()) else { return };
    let asks = LINES.map(|(line, _)| format!("complete -C {}; echo ---;", shlex::try_quote(line).unwrap()));
    let output =
        Ran::of(fish.args(["--no-config", "-c", &format!("source ./script; {}", asks.concat())])).well();
    for (candidates, (line, wanted)) in output.split("---\n").zip(LINES) {
        let (_, wanted) = wanted.rsplit_once(' ').unwrap();
        let words: Vec<_> = candidates.lines().map(|line| line.split('\t').next().unwrap()).collect();
        if line.contains("--sort") {
            assert!(words.contains(&"date,status429:desc"), "{line}: {candidates}");
        } else {
            assert_eq!(words, [wanted], "{line}");
        }
    }
}

#[test]
fn every_shell_has_a_script_and_nothing_but_completions_is_written() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Ran::of(&mut program(&["completions", shell])).well();
        assert!(
            script.contains("genesys-usage") && script.contains("GENESYS_USAGE_COMPLETE"),
            "{shell}: {script}"
        );
    }
    Ran::of(&mut program(&["completions", "tcsh"])).failed(2, &["[possible values: bash,"]);
    let mut asked = program(&["--", "genesys-usage", "query", "--granularity", ""]);
    let answer = Ran::of(asked.env("GENESYS_USAGE_COMPLETE", "fish")).well();
    assert_eq!(answer, "day\nweek\nmonth\n");
    // An unknown shell, or nothing to complete, does not disturb the command line.
    let mut asked = program(&["--", "genesys-usage"]);
    let answer = Ran::of(asked.env("GENESYS_USAGE_COMPLETE", "tcsh"));
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (Some(1), "", ""), "{answer:?}");
}
