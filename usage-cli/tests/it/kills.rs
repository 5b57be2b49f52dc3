//! `--state`: a run that is killed at any step and resumed gives the same result as an undisturbed one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use usage_sim::{Match, Rule, WireFault};

use crate::support::{Ran, Service, TRANSPORTS, config, keeping, without_the_time};

/// What is killed, and its expected result.
struct Case<'a> {
    service: &'a Service,
    arguments: &'a [&'a str],
    /// The output of an undisturbed run.
    wanted: String,
    /// The number of its executions.
    parts: usize,
}

impl Case<'_> {
    /// Kills the program at its `at`-th failpoint and resumes. Returns the name of that point, or `None` if the program
    /// ended before.
    fn killed_at(&self, at: u32) -> Option<String> {
        self.service.server.simulator().clear_journal();
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("run.json");
        let transport = TRANSPORTS[at as usize % 3];
        let mut command = self.service.command(self.arguments);
        command.args(["--transport", transport, "--halt-at", &at.to_string()]);
        command.args(keeping(&state));
        // Its output before the kill is not needed.
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let Some(point) = line.strip_prefix("halted ") else {
            assert_eq!((output.status.code(), &*line), (Some(0), ""));
            assert!(!state.exists());
            return None;
        };
        self.is_kept_private(&state);
        self.resumes(&state, point.trim_end());
        Some(point.trim_end().to_owned())
    }

    fn resumes(&self, state: &Path, point: &str) {
        let resume = ["resume", state.to_str().unwrap()];
        let mut ran = self.service.resume(&resume);
        let answered = point.starts_with("before keeping InFlightSubmit -Accepted");
        if answered || point.starts_with("after keeping ReadySubmit -Sent") {
            ran.failed(5, &["whether the service took it is not known", "hint: genesys-usage resume "]);
            ran = self.service.resume(&[&resume[..], &["--resubmit"]].concat());
        }
        assert_eq!(without_the_time(&ran.well()), without_the_time(&self.wanted), "{point}");
        assert!(!state.exists(), "{point}");
        // A response that was saved stands for one submit; one that was lost with the process causes another submit.
        let submits = self.submits();
        assert_eq!(submits, self.parts + usize::from(answered), "{point}");
    }

    fn submits(&self) -> usize {
        self.service.server.simulator().journal().iter().filter(|entry| entry.started.is_some()).count()
    }

    fn is_kept_private(&self, state: &Path) {
        let Ok(text) = fs::read_to_string(state) else { return };
        assert!(!text.contains(&self.service.secret) && !text.contains("earer"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(state).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

/// Kills a run at each of its failpoints, and returns their names.
fn killed_everywhere(arguments: &[&str], parts: usize) -> Vec<String> {
    let service = Service::new();
    let arguments = [arguments, &["--format", "json"]].concat();
    let wanted = service.run(&arguments).well();
    assert!(!wanted.contains("\"rows\":[]"), "no rows to lose");
    let case = Case { service: &service, arguments: &arguments, wanted, parts };
    (0..).map_while(|at| case.killed_at(at)).collect()
}

#[test]
fn a_query_that_is_killed_at_any_step() {
    let points = killed_everywhere(&["query", "--last", "2d", "--group-by", "client,method"], 1);
    for point in [
        "before keeping ReadySubmit -Authorized-> ReadySubmit",
        "before keeping ReadySubmit -Sent-> InFlightSubmit",
        "after keeping ReadySubmit -Sent-> InFlightSubmit",
        "before keeping InFlightSubmit -Accepted-> WaitPoll",
        "after keeping InFlightSubmit -Accepted-> WaitPoll",
        "after keeping ReadyPoll -Sent-> InFlightPoll",
        "after keeping InFlightPoll -LastPage-> Complete",
        "before writing the result",
        "after writing the result",
    ] {
        assert!(points.iter().any(|known| known == point), "{point:?} is not in {points:#?}");
    }
}

#[test]
fn a_summary_that_is_killed_at_any_step() {
    let points = killed_everywhere(&["summary", "--client", &config().client_id()], 1);
    assert!(points.len() > 10, "{points:#?}");
}

#[test]
fn a_search_that_is_killed_between_pages() {
    let points = killed_everywhere(&["search", "--last", "5d"], 1);
    assert!(
        points.iter().any(|point| point == "after keeping InFlightPoll -MorePages-> ReadyPoll"),
        "{points:#?}"
    );
}

#[test]
fn an_aggregate_of_several_parts_that_is_killed_at_any_step() {
    let client = config().client_id();
    let arguments = ["aggregate", "--last", "200d", "--client", &client, "--group-by", "platform,method"];
    let points = killed_everywhere(&arguments, 3);
    let submits = points.iter().filter(|point| point.starts_with("after keeping ReadySubmit -Sent"));
    assert_eq!(submits.count(), 3);
}

#[test]
fn a_submit_that_the_service_took_without_an_answer() {
    for (transport, fault) in TRANSPORTS.into_iter().zip([true, false, true]) {
        let fault = if fault { WireFault::Hang } else { WireFault::CloseBeforeReply };
        let hangs = fault == WireFault::Hang;
        let service = Service::misbehaving([Rule::new(Match::Submit, fault)]);
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("run.json");
        let resume = ["resume", state.to_str().unwrap()];
        let mut command = service.command(&["query", "--last", "1d", "--transport", transport]);
        command.args(keeping(&state));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if hangs {
            service.until(|journal| journal.iter().any(|entry| entry.started.is_some()));
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            let ran = Ran::from(child.wait_with_output().unwrap());
            ran.failed(
                5,
                &["may have been submitted", "hint: genesys-usage resume ", "--resubmit submits it again"],
            );
        }
        let texts = ["whether the service took it is not known", "--resubmit submits it again"];
        for _ in 0..2 {
            service.resume(&resume).failed(5, &texts);
        }
        service.resume(&[&resume[..], &["--resubmit"]].concat()).well();
        let journal = service.server.simulator().journal().to_vec();
        let acknowledged = journal.iter().filter(|entry| entry.started.is_some() && entry.fault.is_none());
        assert_eq!(acknowledged.count(), 1);
    }
}

#[test]
fn pages_that_hang_are_read_again() {
    for skip in [0, 1] {
        let service = Service::new();
        let arguments = ["search", "--last", "5d", "--format", "jsonl"];
        let wanted = service.run(&arguments).well();
        service.server.simulator().clear_journal();
        service.server.simulator().inject(Rule::new(Match::Results, WireFault::Hang).skip(skip));
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("run.json");
        let mut command = service.command(&arguments);
        let mut child = command.args(keeping(&state)).stdout(Stdio::null()).spawn().unwrap();
        service.until(|journal| journal.iter().any(|entry| entry.fault.is_some()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(service.resume(&["resume", state.to_str().unwrap()]).well(), wanted);
        let journal = service.server.simulator().journal().to_vec();
        assert_eq!(journal.iter().filter(|entry| entry.started.is_some()).count(), 1);
    }
}
