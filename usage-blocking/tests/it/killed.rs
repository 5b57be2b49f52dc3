//! The program of the crate's documentation, killed at every step: it stores the same pages as one that was not killed.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs};

use usage_blocking::Client;
use usage_core::query::SimpleSearch;
use usage_core::{Policy, Secret, Snapshot, UsageTable};
use usage_sim::{Operation, ServeOptions, Server, Simulator, SimulatorConfig, serve};

use crate::support::SECRET;

const URL: &str = "USAGE_TEST_URL";
const FOLDER: &str = "USAGE_TEST_FOLDER";
/// The number of the step at which the program is killed.
const KILL_AT: &str = "USAGE_TEST_KILL_AT";

fn search() -> SimpleSearch {
    SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap())
}

fn client(url: &str) -> Client {
    Client::builder()
        .api_url(url.parse().unwrap())
        .login_url(url.parse().unwrap())
        .policy(Policy::default().with_first_poll(Duration::ZERO))
        .client_credentials("7de3af06", Secret::new(SECRET.into()))
        .unwrap()
        .build()
        .unwrap()
}

/// Counts a step. If the program is to be killed at it, the process ends here without cleaning up.
fn step() {
    static PASSED: AtomicU32 = AtomicU32::new(1);
    let at = env::var(KILL_AT).ok().and_then(|at| at.parse().ok());
    if at == Some(PASSED.fetch_add(1, Ordering::Relaxed)) {
        std::process::abort();
    }
}

/// Writes the file whole or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    step();
    fs::write(&new, text)?;
    step();
    fs::rename(new, path)?;
    step();
    Ok(())
}

fn text(page: UsageTable) -> String {
    page.into_iter().fold(String::new(), |text, row| format!("{text}{row:?}\n"))
}

fn store_all(client: &Client, folder: &Path) -> Result<(), Box<dyn Error>> {
    let state = folder.join("state.json");
    let saved = fs::read_to_string(&state).ok().map(|json| Snapshot::from_json(&json)).transpose()?;
    let mut handle = client.start_or_restore(search(), saved)?.observe(|_, _| step());
    while let Some(page) = handle.next_page()? {
        let number = handle.execution().pages();
        replace(&folder.join(format!("page-{number}")), &text(page))?;
        replace(&state, &handle.snapshot().to_json())?;
    }
    replace(&state, &handle.snapshot().to_json())?;
    Ok(())
}

#[test]
#[ignore = "it is the program that the test below starts"]
fn program() {
    let (url, folder) = (env::var(URL).unwrap(), env::var(FOLDER).unwrap());
    store_all(&client(&url), Path::new(&folder)).unwrap();
}

/// Returns whether the program has completed.
fn runs(server: &Server, folder: &Path, kill_at: u32) -> bool {
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", "killed::program", "--ignored", "--nocapture"]);
    program.env(URL, server.url()).env(FOLDER, folder).env(KILL_AT, kill_at.to_string());
    program.output().unwrap().status.success()
}

fn stored(folder: &Path) -> String {
    let page = |number| fs::read_to_string(folder.join(format!("page-{number}"))).ok();
    (1..).map_while(page).collect()
}

#[test]
fn a_program_that_is_killed_at_any_step_stores_every_row_once() {
    let config =
        SimulatorConfig::default().with_client("7de3af06", SECRET).with_execution_time(Duration::ZERO);
    let server = serve(Simulator::new(config), ServeOptions::default()).unwrap();
    let all = text(client(&server.url()).run(search()).unwrap());
    let root = env::temp_dir().join(format!("usage-killed-{}", std::process::id()));
    let mut kills = 0;
    for kill_at in 1.. {
        let folder = root.join(kill_at.to_string());
        fs::create_dir_all(&folder).unwrap();
        if runs(&server, &folder, kill_at) {
            break;
        }
        kills += 1;
        assert!(runs(&server, &folder, 0), "it ends when it is not killed");
        assert_eq!(stored(&folder), all, "killed at {kill_at}");
        // Once complete, another run sends nothing.
        let polls = |server: &Server| {
            let simulator = server.simulator();
            let is_poll = |operation: Option<Operation>| operation.is_some_and(Operation::is_results);
            simulator.journal().iter().filter(|entry| is_poll(entry.operation)).count()
        };
        let before = polls(&server);
        assert!(runs(&server, &folder, 0));
        assert_eq!((polls(&server), stored(&folder)), (before, all.clone()));
    }
    assert!(kills > 20, "{kills} steps");
    fs::remove_dir_all(root).unwrap();
}
