//! What is happening, on stderr: one line that is rewritten on a terminal, and with `-v` a line for each step.

use std::fmt;
use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use usage_core::{
    Cause, Event, Execution, ExecutionId, Phase, Timestamp, Transition, UsageQuery, WaitReason,
};

use crate::process::stderr;
use crate::text::number::grouped;
use crate::text::one_line;
use crate::text::secrets::redacted;

const REDRAW: Duration = Duration::from_millis(100);

/// What the observer of an execution knows. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// The rewritten line, if there is one.
    bar: Option<ProgressBar>,
    verbosity: u8,
    started: Instant,
    status: Arc<Mutex<Status>>,
    /// Whether what it shows is no part of the run.
    is_aside: bool,
    /// What steps are about, if there are others.
    name: Option<Arc<str>>,
}

#[derive(Debug)]
struct Status {
    /// How many executions the run has.
    parts: usize,
    doing: String,
    /// What a wait ends with, and when.
    until: Option<(&'static str, Timestamp)>,
    execution_id: Option<ExecutionId>,
    /// Of all pages and parts so far.
    rows: usize,
}

impl Progress {
    /// Starts to show: the rewritten line only on a terminal and unless `quiet`.
    pub(crate) fn start(quiet: bool, verbosity: u8, parts: usize, attached: Option<&ExecutionId>) -> Self {
        let execution_id = attached.cloned();
        let status = Status { parts, doing: "connecting".into(), until: None, execution_id, rows: 0 };
        let status = Arc::new(Mutex::new(status));
        let bar = (!quiet && stderr().is_terminal()).then(|| spinner(&status));
        Self { bar, verbosity, started: Instant::now(), status, is_aside: false, name: None }
    }

    /// Returns the progress of an execution beside the run, whose id is not offered for `--attach`.
    pub(crate) fn aside(&self) -> Self {
        Self { is_aside: true, ..self.clone() }
    }

    /// Returns a progress for one of several organizations: each step says which.
    pub(crate) fn named(&self, name: &str) -> Self {
        Self { name: Some(one_line(name).into()), ..self.clone() }
    }

    /// Shows a step of `execution`, the run's part at `index`.
    pub(crate) fn event<Q: UsageQuery>(&self, index: usize, execution: &Execution<Q>, event: Event) {
        let part = self.part(index);
        let until = match event {
            Event::Waiting(until, why) => Some((end_of(why), until)),
            _ => None,
        };
        let doing = format!("{part}{}", doing(execution));
        let mut status = self.status();
        let (parts, rows) = (status.parts, status.rows);
        let execution_id = if self.is_aside { status.execution_id.clone() } else { execution.id().cloned() };
        *status = Status { parts, doing, until, execution_id, rows };
        drop(status);
        match event {
            Event::Moved(moved) => {
                self.tell(2, || match execution.attempts() {
                    1 => format!("{part}{moved}; 1 request sent"),
                    sent => format!("{part}{moved}; {sent} requests sent"),
                });
                if let Some(step) = step(execution, moved) {
                    self.tell(1, || format!("{part}{step}"));
                }
            }
            Event::Waiting(until, why) => {
                let time = seconds(until.saturating_since(now()));
                self.tell(1, || format!("{part}waiting {time} for {why}"));
            }
            _ => {}
        }
    }

    /// Shows that a page of so many rows arrived.
    pub(crate) fn rows(&self, rows: usize) {
        let mut status = self.status();
        status.rows += rows;
        let rows = grouped(status.rows as u128);
        drop(status);
        self.tell(2, || format!("{rows} rows so far"));
    }

    /// Shows that the part at `index` was divided into two. Its rows do not count.
    pub(crate) fn divided(&self, index: usize, text: impl FnOnce() -> String) {
        let part = self.part(index);
        self.tell(1, || format!("{part}{}", text()));
        let mut status = self.status();
        status.parts += 1;
        status.execution_id = None;
    }

    /// Which part of how many it is; nothing if it is the only one.
    fn part(&self, index: usize) -> String {
        if let Some(name) = &self.name {
            return format!("{name}: ");
        }
        if self.is_aside {
            return "daily totals before the period: ".into();
        }
        let parts = self.status().parts;
        if parts > 1 { format!("part {} of {parts}: ", index + 1) } else { String::new() }
    }

    /// One more line, if `-v` was given often enough.
    pub(crate) fn tell(&self, verbosity: u8, text: impl FnOnce() -> String) {
        if self.verbosity >= verbosity {
            let elapsed = self.started.elapsed().as_secs_f64();
            let tell = || stderr::line(format_args!("[{elapsed:8.3}] {}", text()));
            match &self.bar {
                Some(bar) => bar.suspend(tell),
                None => tell(),
            }
        }
    }

    /// The id of the execution, if there is one.
    pub(crate) fn execution_id(&self) -> Option<ExecutionId> {
        self.status().execution_id.clone()
    }

    /// Clears the line.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spinner(status: &Arc<Mutex<Status>>) -> ProgressBar {
    let shared = Arc::clone(status);
    let show = move |_: &ProgressState, to: &mut dyn fmt::Write| {
        let status = shared.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to memory does not fail.
        let _ = to.write_str(&one_line(&redacted(&status.to_string())));
    };
    let style = ProgressStyle::with_template("{spinner} {elapsed:>3}  {status}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key("status", show);
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(REDRAW);
    bar
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)?;
        if self.rows > 0 {
            write!(f, ", {} rows so far", grouped(self.rows as u128))?;
        }
        match self.until {
            Some((what, until)) => {
                let left = until.saturating_since(now()).as_secs_f64().ceil();
                write!(f, "; {what} in {left} s")
            }
            None => Ok(()),
        }
    }
}

/// What the execution is at, for the rewritten line.
fn doing<Q: UsageQuery>(execution: &Execution<Q>) -> String {
    let (polls, pages) = (execution.polls(), execution.pages());
    match execution.phase() {
        Phase::ReadySubmit | Phase::InFlightSubmit => "submitting the query".into(),
        Phase::WaitSubmit => "the query is not submitted yet".into(),
        Phase::ReadyPoll | Phase::InFlightPoll if pages > 0 => format!("reading page {}", pages + 1),
        Phase::WaitPoll if pages > 0 => format!("{pages} pages read"),
        Phase::ReadyPoll | Phase::InFlightPoll => format!("polling for the {} time", ordinal(polls + 1)),
        Phase::WaitPoll if polls == 0 => "the query is submitted".into(),
        Phase::WaitPoll => format!("the query is running, polled {}", times(polls)),
        Phase::Complete => "complete".into(),
        _ => "failed".into(),
    }
}

/// A transition in words, if it is one to tell of.
fn step<Q: UsageQuery>(execution: &Execution<Q>, moved: Transition) -> Option<String> {
    let id = execution.id().map(ExecutionId::as_str).unwrap_or_default();
    Some(match moved.cause {
        Cause::Authorized => "an access token arrived".into(),
        Cause::TokenUnavailable => "no access token from the login host".into(),
        Cause::Accepted => format!("submitted: execution {id}"),
        Cause::Pending => format!("polled {}: the query is not done", times(execution.polls())),
        Cause::MorePages => format!("page {} arrived, and there are more", execution.pages()),
        Cause::LastPage => format!("page {} arrived, the last one", execution.pages()),
        Cause::Throttled => "the service limits the rate (429)".into(),
        Cause::Unavailable => "the service is out of order (408 or 5xx)".into(),
        Cause::TransportFailed => "no whole answer arrived".into(),
        Cause::TokenRefused => "the access token was refused, a fresh one is fetched".into(),
        Cause::NotFoundYet => "the service has not heard of the execution yet".into(),
        _ => return None,
    })
}

fn end_of(why: WaitReason) -> &'static str {
    match why {
        WaitReason::Poll => "next poll",
        WaitReason::Retry => "the last try failed, next try",
        WaitReason::RateLimit => "rate limited, next try",
        _ => "next try",
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn times(number: u32) -> String {
    match number {
        1 => "once".into(),
        2 => "twice".into(),
        _ => format!("{number} times"),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(ordinal);
        assert_eq!(
            ordinals,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th"]
        );
        assert_eq!([1, 2, 3].map(times), ["once", "twice", "3 times"]);
    }

    #[test]
    fn a_wait_counts_down() {
        let until = now().saturating_add(Duration::from_millis(2500));
        let status = Status {
            parts: 1,
            doing: "the query is submitted".into(),
            until: Some(("next poll", until)),
            execution_id: None,
            rows: 0,
        };
        assert_eq!(status.to_string(), "the query is submitted; next poll in 3 s");
        let status = Status { rows: 1234, ..status };
        assert_eq!(status.to_string(), "the query is submitted, 1,234 rows so far; next poll in 3 s");
        let over = Status { until: Some(("next poll", Timestamp::UNIX_EPOCH)), ..status };
        assert_eq!(over.to_string(), "the query is submitted, 1,234 rows so far; next poll in 0 s");
    }
}
