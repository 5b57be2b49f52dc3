//! The example of a nightly job, killed while it waits: the next run continues the execution that was submitted.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use usage_sim::{Fault, Match, Operation, Rule, ServeOptions, Server, Simulator, SimulatorConfig, serve};

#[allow(dead_code, reason = "its main function")]
#[path = "../../examples/nightly_job.rs"]
mod example;

const URL: &str = "USAGE_TEST_URL";
const FOLDER: &str = "USAGE_TEST_FOLDER";

#[test]
#[ignore = "it is the program that the test below starts"]
fn program() {
    let (url, folder) = (env::var(URL).unwrap(), env::var(FOLDER).unwrap());
    example::run(Path::new(&folder), Some(url)).unwrap();
}

fn start(server: &Server, folder: &Path) -> Child {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", "nightly_job::program", "--ignored", "--nocapture"]);
    program.env(URL, server.url()).env(FOLDER, folder).stdout(Stdio::piped()).spawn().unwrap()
}

/// Returns the id of the execution that was submitted, once there is one.
fn submitted(server: &Server) -> Option<String> {
    server.simulator().journal().iter().find_map(|entry| entry.started.clone())
}

/// Returns the content of the one file in `folder` whose name ends like this.
fn read(folder: &Path, end: &str) -> Option<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.to_string_lossy().ends_with(end)).find_map(|path| fs::read_to_string(path).ok())
}

#[test]
fn a_job_that_is_killed_while_it_waits_continues_its_execution() {
    let folder = env::temp_dir().join(format!("usage-nightly-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let config =
        SimulatorConfig::default().with_client("7de3af06", "secret").with_execution_time(Duration::ZERO);
    let server = serve(Simulator::new(config), ServeOptions::default()).unwrap();

    // The first run has no chance to end before it is killed.
    server.simulator().inject(Rule::new(Match::Results, Fault::Status(503)).always());
    let mut job = start(&server, &folder);
    let is_saved = || {
        submitted(&server).zip(read(&folder, ".state.json")).is_some_and(|(id, state)| state.contains(&id))
    };
    while !is_saved() {
        assert!(job.try_wait().unwrap().is_none(), "it ended before it waited");
        thread::sleep(Duration::from_millis(2));
    }
    job.kill().unwrap();
    assert!(!job.wait().unwrap().success());
    assert_eq!(read(&folder, ".csv"), None);
    server.simulator().clear_faults();

    let second = start(&server, &folder).wait_with_output().unwrap();
    assert!(second.status.success());
    let csv = read(&folder, ".csv").unwrap();
    assert!(csv.starts_with("date,") && csv.lines().count() > 100, "{csv}");
    assert_eq!(read(&folder, ".state.json"), None);
    let submits = server
        .simulator()
        .journal()
        .iter()
        .filter(|entry| entry.operation.is_some_and(Operation::is_submit))
        .count();
    assert_eq!(submits, 1);

    let requests = server.simulator().journal().len();
    let third = start(&server, &folder).wait_with_output().unwrap();
    assert!(String::from_utf8(third.stdout).unwrap().contains("is there already"));
    assert_eq!(server.simulator().journal().len(), requests);
    fs::remove_dir_all(folder).unwrap();
}
