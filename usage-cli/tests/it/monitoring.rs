//! The monitoring kit: its files are valid, and name metrics and options that exist.

#![expect(clippy::print_stderr, reason = "notes that something was not tested")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use usage_core::Date;

use crate::collect::Days;
use crate::support::{Ran, config, program, scraped};

fn kit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("monitoring").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(kit(name)).unwrap()
}

/// Runs a tool and asserts that it succeeds; prints a note if it is not installed.
fn check(tool: &str, arguments: &[&str], directory: &Path) {
    match Command::new(tool).args(arguments).current_dir(directory).output() {
        Ok(output) => assert!(output.status.success(), "{tool} {arguments:?}: {output:?}"),
        Err(error) => eprintln!("skipped: {tool} does not run here: {error}"),
    }
}

/// Returns the metrics that `text` names.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    text.split(|c| !is_part(c))
        // Names of recording rules have a colon.
        .filter(|word| word.starts_with("genesys_usage_") && !word.contains(':'))
        .map(str::to_owned)
        .collect()
}

/// Returns the metrics that `watch` serves for a history with an allowance, and the whole exposition.
fn served() -> (BTreeSet<String>, String) {
    let today = Date::of(std::time::SystemTime::now().into());
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    let days = Days::new(config(), &today.to_string());
    days.run(lake, &["--last", "60d", "--group-by", "client", "--organization", "acme"]).well();
    let lake = lake.to_str().unwrap();
    let mut command = program(&["watch", "--from", lake, "--allowance", "3000000"]);
    let response = scraped(command.args(["--metrics-addr", "127.0.0.1:0"]));
    let (_, exposition) = response.split_once("\r\n\r\n").unwrap();
    let types = exposition.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" gauge"));
    (types.map(str::to_owned).collect(), exposition.to_owned())
}

#[test]
fn dashboard_rules_and_manual_name_the_metrics_that_are_served() {
    let (served, exposition) = served();
    let samples = exposition.lines().filter(|line| !line.starts_with('#'));
    for sample in samples {
        let is_labelled = sample.contains("{organization=\"acme\"");
        let is_of_all =
            ["genesys_usage_up ", "genesys_usage_last_success"].iter().any(|name| sample.starts_with(name));
        assert!(is_labelled != is_of_all, "{sample}");
    }
    let dashboard: Value = serde_json::from_str(&read("grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    // Exactly the same names: every served metric is in the dashboard, and the dashboard has no other.
    assert_eq!(named(&expressions.join("\n")), served);
    let manual =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring.md")).unwrap();
    assert_eq!(named(&manual), served);
    for name in ["genesys-usage.rules.yml", "genesys-usage.rules.test.yml"] {
        let unknown: Vec<_> = named(&read(name)).difference(&served).cloned().collect();
        assert_eq!(unknown, [""; 0], "{name}");
    }
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());

    // Both text formats; the linter of Prometheus reads only the plain one.
    let mut linter = match Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    {
        Ok(linter) => linter,
        Err(error) => return eprintln!("skipped: promtool does not run here: {error}"),
    };
    linter.stdin.take().unwrap().write_all(exposition.as_bytes()).unwrap();
    let output = linter.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_rules_are_valid_and_alert_when_they_should() {
    let directory = kit("");
    check("promtool", &["check", "rules", "genesys-usage.rules.yml"], &directory);
    check("promtool", &["test", "rules", "genesys-usage.rules.test.yml"], &directory);
    let (rules, tests) = (read("genesys-usage.rules.yml"), read("genesys-usage.rules.test.yml"));
    for name in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname: {name}\n")), "{name} has no test");
    }
}

#[test]
fn the_units_are_valid() {
    let directory = tempfile::tempdir().unwrap();
    let names =
        ["genesys-usage-collect.service", "genesys-usage-collect.timer", "genesys-usage-watch.service"];
    for name in names {
        // The program is not installed at the path that the unit names.
        let unit = read(name).replace("/usr/local/bin/genesys-usage", env!("CARGO_BIN_EXE_genesys-usage"));
        fs::write(directory.path().join(name), unit).unwrap();
    }
    for name in names {
        let unit = format!("./{name}");
        check("systemd-analyze", &["verify", "--man=no", &unit], directory.path());
    }
}

/// Splits a command line like a shell, as far as these files need it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(end)) if c == end => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (' ', None) => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            (c, _) => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[test]
fn the_command_lines_have_options_that_the_program_takes() {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for name in ["genesys-usage-collect.service", "genesys-usage-watch.service"] {
        let unit = read(name);
        let line = unit
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/genesys-usage "))
            .unwrap();
        lines.push(words(line));
    }
    let crontab = read("crontab").replace("\\%", "%");
    let line = crontab.lines().find(|line| !line.starts_with('#')).unwrap();
    lines.extend(
        line.split("genesys-usage ").skip(1).map(|command| words(command.trim_end().trim_end_matches("&&"))),
    );
    let container = read("Containerfile");
    let command = container.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
    lines.push(serde_json::from_str(command).unwrap());

    assert_eq!(lines.len(), 5, "{lines:?}");
    let nowhere = tempfile::tempdir().unwrap();
    let config = nowhere.path().join("config.toml");
    fs::write(&config, "").unwrap();
    for line in lines {
        // The options are valid; then the history or the profile is missing here.
        let replaced = |word: &String| match word {
            word if word.ends_with("config.toml") => config.display().to_string(),
            word if word.starts_with("/var/lib")
                || word.starts_with("/data")
                || word.starts_with("$HOME") =>
            {
                nowhere.path().join("none").join(word.rsplit('/').next().unwrap()).display().to_string()
            }
            word if word.ends_with(":9184") => "127.0.0.1:0".to_owned(),
            word => word.clone(),
        };
        let arguments: Vec<String> = line.iter().map(replaced).collect();
        let ran = Ran::of(program(&[]).args(&arguments));
        assert!(ran.code == Some(2) && !ran.stderr.contains("--help"), "{arguments:?} {ran:?}");
        assert!(!ran.stderr.contains("unexpected") && !ran.stderr.contains("cannot be used"), "{ran:?}");
    }
}

#[test]
fn the_image_is_built_with_the_compiler_that_the_workspace_needs() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let manifest = fs::read_to_string(workspace).unwrap();
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let wanted = format!("/rust:{}-", version.trim_matches('"'));
    assert!(read("Containerfile").contains(&wanted), "{wanted}");
}
