//! Shows that the conformance suite notices wrong drivers: `cargo run -p usage-sim --example mutate [which]`, where
//! `which` is a driver's crate, or part of an edit's name.
//!
//! It copies the workspace, makes the edits of `wrong_edits.rs` one at a time, and runs the suite of the driver that was
//! edited. It fails if the suite passes with one of them, or if one no longer applies. It takes minutes.

#![expect(clippy::print_stdout, reason = "it is a program")]

mod wrong_edits;

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use wrong_edits::{WRONG_EDITS, WrongEdit};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A suite that takes so much longer than that of the right driver hangs, and that is noticed, too.
const PATIENCE: u32 = 3;
/// It is not killed before.
const AT_LEAST: Duration = Duration::from_secs(30);

fn main() -> Outcome<ExitCode> {
    let only = env::args().nth(1);
    let is_wanted = |edit: &&WrongEdit| {
        only.as_deref().is_none_or(|wanted| edit.driver == wanted || edit.name.contains(wanted))
    };
    let edits: Vec<_> = WRONG_EDITS.iter().filter(is_wanted).collect();
    let copy = tempfile::tempdir()?;
    copy_workspace(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), copy.path())?;

    let mut not_caught = 0;
    let mut unedited = ("", Duration::MAX);
    for edit in &edits {
        if edit.driver != unedited.0 {
            unedited = (edit.driver, time_of_unedited(copy.path(), edit.driver)?);
        }
        let limit = AT_LEAST + PATIENCE * unedited.1;
        let verdict = with_edit(copy.path(), edit, limit)?;
        let (word, detail) = match &verdict {
            Verdict::Failed(scenarios) => ("caught", in_short(scenarios)),
            Verdict::Hung => ("caught", format!("the suite did not end within {limit:.0?}")),
            Verdict::Passed => ("SURVIVED", String::new()),
            Verdict::DoesNotApply => ("STALE", format!("{} has changed", edit.file)),
            Verdict::DoesNotCompile(error) => ("STALE", error.clone()),
        };
        not_caught += usize::from(word != "caught");
        println!("{word:8} {}: {}: {detail}", edit.driver, edit.name);
    }
    println!("{} of {} wrong edits were caught", edits.len() - not_caught, edits.len());
    Ok(if not_caught == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the suite made of a driver.
#[derive(Debug)]
enum Verdict {
    Passed,
    Failed(Vec<String>),
    Hung,
    DoesNotApply,
    DoesNotCompile(String),
}

/// How long the suite takes with the driver as it is, which has to pass.
fn time_of_unedited(workspace: &Path, driver: &str) -> Outcome<Duration> {
    // The first run builds.
    let _ = run_suite(workspace, driver, Duration::from_secs(600))?;
    let started = Instant::now();
    match run_suite(workspace, driver, Duration::from_secs(600))? {
        Verdict::Passed => println!("passes   {driver}: as it is, in {:.0?}", started.elapsed()),
        verdict => return Err(format!("{driver} does not pass as it is: {verdict:?}").into()),
    }
    Ok(started.elapsed())
}

fn with_edit(workspace: &Path, edit: &WrongEdit, limit: Duration) -> Outcome<Verdict> {
    let file = workspace.join(edit.driver).join(edit.file);
    let original = fs::read_to_string(&file)?;
    if !original.contains(edit.right) {
        return Ok(Verdict::DoesNotApply);
    }
    fs::write(&file, original.replace(edit.right, edit.wrong))?;
    let verdict = run_suite(workspace, edit.driver, limit);
    fs::write(&file, original)?;
    verdict
}

/// Builds the driver's tests and runs those of the suite.
fn run_suite(workspace: &Path, driver: &str, limit: Duration) -> Outcome<Verdict> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["test", "--no-run", "--package", driver, "--test", "it"])
        .current_dir(workspace)
        .output()?;
    let messages = String::from_utf8_lossy(&built.stderr);
    if !built.status.success() {
        let error = messages.lines().find(|line| line.starts_with("error")).unwrap_or("error").to_owned();
        return Ok(Verdict::DoesNotCompile(error));
    }
    let executable =
        messages.lines().find_map(|line| line.trim().strip_prefix("Executable ")?.split_once('('));
    let executable =
        executable.and_then(|(_, path)| path.strip_suffix(')')).ok_or("cargo names no executable")?;

    let log = workspace.join("suite.log");
    let mut suite = Command::new(workspace.join(executable))
        .arg("conformance::")
        .current_dir(workspace.join(driver))
        .stdout(fs::File::create(&log)?)
        .stderr(Stdio::null())
        .spawn()?;
    let started = Instant::now();
    while suite.try_wait()?.is_none() {
        if started.elapsed() > limit {
            suite.kill()?;
            suite.wait()?;
            return Ok(Verdict::Hung);
        }
        thread::sleep(Duration::from_millis(50));
    }
    if suite.wait()?.success() {
        return Ok(Verdict::Passed);
    }
    let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let failed =
        |line: &str| Some(line.strip_prefix("test conformance::")?.strip_suffix(" ... FAILED")?.to_owned());
    Ok(Verdict::Failed(log.lines().filter_map(failed).collect()))
}

/// The first few scenarios, and how many more there are.
fn in_short(scenarios: &[String]) -> String {
    let (shown, rest) = scenarios.split_at(scenarios.len().min(3));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("{}{more}", shown.join(", "))
}

/// Everything but what was built, and what is hidden.
fn copy_workspace(from: &Path, to: &Path) -> Outcome<()> {
    for entry in fs::read_dir(from)? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let copied: PathBuf = to.join(&name);
        if name == OsStr::new("target") || name.to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.is_dir() {
            fs::create_dir(&copied)?;
            copy_workspace(&entry, &copied)?;
        } else {
            fs::copy(&entry, &copied)?;
        }
    }
    Ok(())
}
