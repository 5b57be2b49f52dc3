//! The summary of an organization after its days were collected.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use usage_core::Date;

use crate::dataset::Stored;
use crate::dataset::plan::Reading;
use crate::output::format::Format;
use crate::problem::Problem;
use crate::process::stdout;
use crate::text::number::grouped;

/// The outcome of one organization.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    organization: String,
    /// Number of queries that were run.
    pub(super) queries: u32,
    new_days: usize,
    changed_days: usize,
    confirmed_days: usize,
    /// Days whose stored rows are better than those that the service sent.
    kept_days: Vec<Date>,
    /// Number of days in the history.
    days: usize,
    /// Number of them that are read again.
    late_days: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Date>,
    /// Number of days between the first and the last that are missing.
    missing_days: usize,
    /// Number of wanted days that the service no longer has.
    #[serde(rename = "outOfReachDays")]
    pub(super) out_of_reach: usize,
    rows: u64,
    requests: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    #[serde(skip)]
    problem: Option<Problem>,
    #[serde(skip)]
    warnings: Vec<String>,
}

impl Outcome {
    pub(super) fn new(organization: String) -> Self {
        Self { organization, ..Self::default() }
    }

    /// The organization's name.
    pub(crate) fn name(&self) -> &str {
        &self.organization
    }

    pub(super) fn stored(&mut self, date: Date, stored: Stored) {
        match stored {
            Stored::New => self.new_days += 1,
            Stored::Changed => self.changed_days += 1,
            Stored::Confirmed => self.confirmed_days += 1,
            Stored::Kept => self.kept_days.push(date),
        }
    }

    fn stored_days(&self) -> usize {
        self.new_days + self.changed_days + self.confirmed_days + self.kept_days.len()
    }

    pub(super) fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    /// Takes notice of the days that are there now.
    pub(super) fn covers(&mut self, days: &BTreeMap<Date, Reading>) {
        self.days = days.len();
        self.late_days = days.values().filter(|reading| !reading.settled).count();
        self.from = days.keys().next().copied();
        self.to = days.keys().next_back().copied();
        let span = self.from.zip(self.to).map_or(0, |(from, to)| from.days_until(to) + 1);
        self.missing_days = usize::try_from(span).unwrap_or(0).saturating_sub(self.days);
        self.rows = days.values().fold(0, |sum, reading| sum.saturating_add(reading.rows));
        self.requests = days.values().fold(0, |sum, reading| sum.saturating_add(reading.requests));
    }

    pub(super) fn ended(mut self, result: Result<(), Problem>) -> Self {
        self.problem = result.err();
        self.error = self.problem.as_ref().map(|problem| problem.message().to_owned());
        self.exit_code = self.problem.as_ref().map(|problem| problem.code() as u8);
        self
    }

    /// Returns what the user should know, though it did not fail.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The reason for an early end, if there is one.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Writes a line to standard output: JSON if `format` is [`Format::Jsonl`], else text. In text, an organization that
    /// failed before it stored a day has no line.
    pub(crate) fn write(&self, format: Format) -> Result<(), Problem> {
        let text = match format {
            Format::Jsonl => serde_json::to_string(self)
                .map_err(|error| Problem::usage(format!("cannot write the line: {error}")))?,
            _ if self.problem.is_some() && self.stored_days() == 0 => return Ok(()),
            _ => self.text(),
        };
        stdout::write(None, |to| writeln!(to, "{text}"))
    }

    fn text(&self) -> String {
        let mut text = format!("{}: ", crate::text::printable(&self.organization));
        let counts = [
            (self.new_days, "collected"),
            (self.changed_days, "counted again"),
            (self.confirmed_days, "confirmed"),
            (self.kept_days.len(), "kept, though the service has less now"),
        ];
        let counts = counts.into_iter().filter(|(days, _)| *days > 0);
        let counts: Vec<_> = counts.map(|(number, what)| format!("{} {what}", days(number))).collect();
        text += &if counts.is_empty() { "nothing new".to_owned() } else { counts.join(", ") };
        if let Some((from, to)) = self.from.zip(self.to) {
            // Writing to memory does not fail.
            let _ = write!(
                text,
                "; {from} to {to}, {} requests in {} rows",
                grouped(self.requests.into()),
                grouped(self.rows.into())
            );
        }
        for (number, what) in [
            (self.late_days, "to be read again"),
            (self.missing_days, "missing"),
            (self.out_of_reach, "too long ago for the service"),
        ] {
            if number > 0 {
                let _ = write!(text, "; {} {what}", days(number));
            }
        }
        text
    }
}

fn days(number: usize) -> String {
    if number == 1 { "1 day".to_owned() } else { format!("{number} days") }
}
