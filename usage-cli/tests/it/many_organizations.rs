//! Many organizations of different sizes, limits and faults: each gets the rows that it can get, without superfluous
//! requests.
//!
//! `GENESYS_USAGE_ORGANIZATIONS` is the number of organizations; the default is 60. With `-- --nocapture`, the test
//! prints the number of requests.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use usage_core::Date;
use usage_sim::{Organizations, ServeOptions, Server, VirtualClock, serve};

use crate::config::{OWN, home};
use crate::support::{Ran, program};

fn number() -> u32 {
    env::var("GENESYS_USAGE_ORGANIZATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(60)
}

/// A service of many organizations, whose clock runs faster than real time.
struct Many {
    server: Server,
    clock: VirtualClock,
    stop: Arc<AtomicBool>,
    home: tempfile::TempDir,
}

impl Many {
    fn new(number: u32) -> Self {
        let clock = VirtualClock::new("2026-10-16".parse::<Date>().unwrap().start());
        let options = ServeOptions::default().with_clock(clock.clone());
        let server = serve(Organizations::varied(number, 1), options).unwrap();
        let mut profiles = String::new();
        for index in 0..number as usize {
            let organization = server.organization(index).unwrap();
            let (url, id, secret) = (server.url(), organization.client_id(), organization.client_secret());
            let name = organization.organization_name();
            let profile = [
                format!("[profiles.{name}]"),
                format!("api-url = '{url}'"),
                format!("oauth-client-id = '{id}'"),
                format!("oauth-client-secret = '{secret}'\n"),
            ];
            profiles.push_str(&profile.join("\n"));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let (runs, time) = (Arc::clone(&stop), clock.clone());
        thread::spawn(move || {
            while !runs.load(Ordering::Relaxed) {
                time.advance(Duration::from_secs(1));
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { server, clock, stop, home: home(&[(OWN, &profiles)]) }
    }

    fn collect(&self, lake: &std::path::Path) -> (Ran, Vec<Value>) {
        let mut command = program(&["collect", "--all-profiles", "--last", "2d", "--group-by", "client,uri"]);
        command.args(["--initial-delay", "20ms", "--format", "json", "--into"]).arg(lake);
        command.args(["--now", &self.clock.now().as_unix_millis().to_string()]);
        let ran = Ran::of(command.env("HOME", self.home.path()));
        let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (ran, lines)
    }

    /// Returns the number of requests since the last call, and how many of them were rate limited without a fault.
    fn requests(&self) -> (usize, usize) {
        let (mut requests, mut limited) = (0, 0);
        for index in 0.. {
            let Some(mut organization) = self.server.organization(index) else { break };
            requests += organization.journal().len();
            let is_limited = |entry: &&usage_sim::Entry| entry.status == 429 && entry.fault.is_none();
            limited += organization.journal().iter().filter(is_limited).count();
            organization.clear_journal();
        }
        (requests, limited)
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Returns the numbers of the organizations among `lines` that have an error.
fn failed(lines: &[Value]) -> Vec<u32> {
    let failed = lines.iter().filter(|line| !line["error"].is_null());
    let number = |line: &Value| line["organization"].as_str()?.strip_prefix("org-")?.parse().ok();
    let mut numbers: Vec<u32> = failed.map(|line| number(line).unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn every_organization_is_collected_and_those_that_fail_stop_none() {
    let number = number();
    let many = Many::new(number);
    let lake = tempfile::tempdir().unwrap();
    let (ran, lines) = many.collect(lake.path());
    assert_eq!(lines.len(), number as usize, "{ran:?}");
    // Refused credentials, services that are down, roles without permissions.
    let in_trouble = |of: &[u32]| (0..number).filter(|n| of.contains(&(n % 20))).collect::<Vec<_>>();
    assert_eq!(failed(&lines), in_trouble(&[7, 13, 17]));
    assert_eq!(ran.code, Some(if number > 7 { 8 } else { 0 }), "{ran:?}");
    for line in &lines {
        let is_failed = !line["error"].is_null();
        assert_eq!(line["newDays"], if is_failed { 0 } else { 2 }, "{line}");
    }
    let (requests, limited) = many.requests();
    writeln!(io::stderr(), "{number} organizations: {requests} requests").unwrap();
    assert_eq!(limited, 0);
    assert!(requests < 14 * number as usize, "{requests}");
    // All faults are removed, except for the roles: the next run catches up, and sends no request for the others.
    for index in 0..number as usize {
        many.server.organization(index).unwrap().clear_faults();
    }
    let (_, lines) = many.collect(lake.path());
    assert_eq!(failed(&lines), in_trouble(&[17]));
    let caught_up = lines.iter().filter(|line| line["newDays"] == 2).count();
    assert_eq!(caught_up, in_trouble(&[7, 13]).len());
    let (requests, _) = many.requests();
    assert!(requests <= 8 * in_trouble(&[7, 13, 17]).len(), "{requests}");
    let organizations = fs::read_dir(lake.path()).unwrap().flatten().filter(|entry| entry.path().is_dir());
    assert_eq!(organizations.count(), number as usize);
}
