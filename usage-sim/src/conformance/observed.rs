//! The observations of a run: on the wire, by an observer, and by the caller.

use std::fmt::Write;

use usage_core::error::{AttemptError, Failure, Unauthorized};
use usage_core::{Error, Event, Timestamp, UsageTable};

use super::scenario::{Expected, SECRET, WRONG_SECRET};
use super::world::{START, World};
use crate::journal::Entry;
use crate::route::Operation;

/// Texts that no error may contain.
const SECRETS: [&str; 4] = [SECRET, WRONG_SECRET, "Bearer ", "Basic "];

/// The observations of a run.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Observed {
    /// Each request that arrived, in full.
    wire: Vec<String>,
    /// The same in short: the time and the operation.
    arrived: Vec<String>,
    /// Each transition and each wait.
    events: Vec<String>,
    causes: Vec<String>,
    ends: Vec<End>,
    /// The number of requests that arrived at another origin.
    led_astray: usize,
}

/// The result of an execution or a call.
#[derive(Debug, PartialEq)]
pub(super) struct End {
    pub(super) text: String,
    pub(super) rows: UsageTable,
    /// The response of a call.
    pub(super) response: String,
}

impl End {
    pub(super) fn new(rows: UsageTable, error: Option<&Error>) -> Self {
        let shown = error.map(|error| format!("{error} {error:?}")).unwrap_or_default();
        for secret in SECRETS {
            assert!(!shown.contains(secret), "an error shows a secret: {shown}");
        }
        let text = match error {
            None => format!("{} rows", rows.len()),
            Some(error) if rows.is_empty() => describe(error),
            Some(error) => format!("{} rows, then {}", rows.len(), describe(error)),
        };
        Self { text, rows, response: String::new() }
    }

    pub(super) fn of_call(response: Result<(String, String), Error>) -> Self {
        let (text, response) = response.unwrap_or_else(|error| (describe(&error), String::new()));
        Self { text, rows: UsageTable::new(), response }
    }
}

impl Observed {
    /// Records the requests that arrived in `world`.
    pub(super) fn arrivals(&mut self, world: &World) {
        for entry in world.simulator().journal() {
            let (at, host) = (since_start(entry.at), world.name_of(&entry.host));
            let (method, target, who) = (&entry.method, &entry.target, entry.authorization);
            let kind = entry.content_type.as_deref().unwrap_or("-");
            let body = String::from_utf8_lossy(&entry.body);
            self.wire.push(format!("{at} {host} {method} {target} {who:?} {kind} {body}"));
            self.arrived.push(format!("{at} {}", in_short(entry)));
        }
        self.led_astray += world.led_astray();
    }

    /// Records the events of an observer.
    pub(super) fn events(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Moved(moved) => {
                    self.events.push(moved.to_string());
                    self.causes.push(moved.cause.to_string());
                }
                Event::Waiting(until, why) => {
                    self.events.push(format!("waits until {} for {why:?}", since_start(*until)));
                }
                // Events of later versions do not belong to the machine.
                _ => {}
            }
        }
    }

    pub(super) fn end(&mut self, end: End) {
        self.ends.push(end);
    }

    /// Panics unless the observations are those of the scenario.
    pub(super) fn assert_is(&self, expected: &Expected) {
        if let Some(wire) = expected.wire {
            assert_eq!(self.arrived.join(", "), wire, "what arrived and when");
        }
        if let Some(causes) = expected.causes {
            assert_eq!(self.causes.join(" "), causes, "why it moved");
        }
        let ends: Vec<_> = self.ends.iter().map(|end| &end.text).collect();
        assert_eq!(ends, expected.ends.iter().collect::<Vec<_>>(), "what became of it");
        assert_eq!(self.led_astray, 0, "a request went to another origin");
    }

    /// Panics unless `self`, of a driver, equals the observations in memory.
    pub(super) fn assert_same(&self, in_memory: &Self) {
        assert_eq!(self.led_astray, 0, "a request went to another origin");
        same("what arrived", &in_memory.wire, &self.wire);
        same("what the observer was told", &in_memory.events, &self.events);
        let texts = |observed: &Self| observed.ends.iter().map(|end| end.text.clone()).collect::<Vec<_>>();
        same("what became of it", &texts(in_memory), &texts(self));
        assert!(self == in_memory, "the rows are not those of the run in memory");
    }
}

/// Panics with both lists, line by line, if they differ.
fn same(what: &str, in_memory: &[String], seen: &[String]) {
    if in_memory == seen {
        return;
    }
    let mut report = format!("{what} is not as in memory\n");
    for index in 0..in_memory.len().max(seen.len()) {
        match (in_memory.get(index), seen.get(index)) {
            (Some(wanted), Some(found)) if wanted == found => writeln!(report, "   {wanted}"),
            (wanted, found) => {
                let line = |line: Option<&String>| line.map_or_else(|| "(nothing)".into(), Clone::clone);
                writeln!(report, " - {}\n + {}", line(wanted), line(found))
            }
        }
        .expect("a text can be written to");
    }
    panic!("{report}");
}

fn since_start(at: Timestamp) -> u64 {
    at.as_unix_millis().saturating_sub(START.as_unix_millis())
}

fn in_short(entry: &Entry) -> &'static str {
    match entry.operation {
        Some(Operation::Token) => "token",
        Some(operation) if operation.is_submit() => "submit",
        Some(operation) if operation.is_results() && entry.target.contains("after=") => "page",
        Some(operation) if operation.is_results() => "poll",
        Some(_) => "call",
        None => "something else",
    }
}

/// Returns the text of an error without details of the transport.
fn describe(error: &Error) -> String {
    let what = match error.failure() {
        Failure::QueryFailed { status, error } => {
            let code = error.as_ref().and_then(|error| error.code.as_deref()).unwrap_or("no reason");
            format!("the query ended as {status}: {code}")
        }
        Failure::Rejected(error) => format!("rejected: {}", of_api(error)),
        Failure::Unauthorized(Unauthorized::Refused(error)) => format!("unauthorized: {}", of_api(error)),
        Failure::Unauthorized(Unauthorized::CannotRenew) => "unauthorized: nothing renews the token".into(),
        Failure::Decode(error) => error.to_string(),
        Failure::Transport(failure) => format!("{:?}", failure.kind),
        Failure::TooManyFailures { failures, last } => format!("{failures} failures: {}", of_trouble(last)),
        Failure::Deadline { next_allowed, waiting_for, unknown_status, last } => {
            let mut text = format!("deadline: next at {}", since_start(*next_allowed));
            if let Some(why) = waiting_for {
                let _ = write!(text, " for {why:?}");
            }
            if let Some(status) = unknown_status {
                let _ = write!(text, ", status {status:?}");
            }
            if let Some(last) = last {
                let _ = write!(text, ", last {}", of_trouble(last));
            }
            text
        }
        Failure::AmbiguousSubmit(failure) => format!("ambiguous submit: {:?}", failure.kind),
        Failure::Cancelled => "cancelled".into(),
        other => format!("{other:?}"),
    };
    let resume = if error.can_resume() { ", can be resumed" } else { "" };
    format!("{what} (at {} after {} requests{resume})", error.endpoint(), error.attempts())
}

fn of_trouble(trouble: &AttemptError) -> String {
    match trouble {
        AttemptError::Api(error) => of_api(error),
        AttemptError::Transport(failure) => format!("{:?}, sent {:?}", failure.kind, failure.sent),
        _ => format!("{trouble:?}"),
    }
}

fn of_api(error: &usage_core::error::ApiError) -> String {
    format!("{} {}", error.status.as_u16(), error.code().unwrap_or("without a code"))
}
