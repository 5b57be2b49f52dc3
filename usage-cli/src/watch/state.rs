//! What `watch --state` remembers, so that a restart repeats neither an alert nor a request.
//!
//! One line of JSON, private and replaced whole: `format` (`"genesys-usage watch"`), `version` (1), `refreshedAt` (Unix
//! milliseconds), `month` (its first day) and `alerts`, those of that month that were told. The rules for change are
//! those of a run's state.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usage_core::{Date, Timestamp};

use crate::exit::Problem;
use crate::private_file::{self, Held};
use crate::watch::alert::Alert;

const FORMAT: &str = "genesys-usage watch";
const VERSION: u32 = 1;
const MAX_BYTES: u64 = 64 * 1024;

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    format: String,
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refreshed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    month: Option<String>,
    #[serde(default)]
    alerts: Vec<Alert>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { format: FORMAT.into(), version: VERSION, refreshed_at: None, month: None, alerts: Vec::new() }
    }
}

impl Memory {
    /// Of the alerts `now` in `month`, those that were not told yet. From now on they are; one that is over is told
    /// again when it comes back.
    pub(crate) fn news(&mut self, month: Date, now: &[Alert]) -> Vec<Alert> {
        let month = month.to_string();
        if self.month.as_ref() != Some(&month) {
            self.month = Some(month);
            self.alerts.clear();
        }
        let news = now.iter().copied().filter(|alert| !self.alerts.contains(alert)).collect();
        self.alerts = now.to_vec();
        news
    }
}

/// The file, if there is one, and what is in it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) memory: Memory,
    place: Option<(PathBuf, Option<Held>)>,
}

impl Kept {
    /// Reads the file at `path`, which need not be there, and keeps other processes from it.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Problem> {
        let Some(path) = path else { return Ok(Self { memory: Memory::default(), place: None }) };
        let held = match private_file::hold(path) {
            Ok(held) => Some(held),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(Problem::usage(format!("another process watches with {}", path.display())));
            }
            Err(error) => return Err(Problem::usage(format!("cannot read {}: {error}", path.display()))),
        };
        let memory = held.as_ref().map_or(Ok(Memory::default()), |held| read(path, held.file()))?;
        let mut kept = Self { memory, place: Some((path.to_owned(), held)) };
        // It is ours from now on, and can be written.
        kept.write()?;
        Ok(kept)
    }

    /// Brings the file up to date.
    pub(crate) fn write(&mut self) -> Result<(), Problem> {
        let Some((path, held)) = &mut self.place else { return Ok(()) };
        let written = serde_json::to_string(&self.memory).map_err(Into::into);
        let written = written.and_then(|text| private_file::replace(path, &format!("{text}\n")));
        *held = Some(
            written.map_err(|error| Problem::usage(format!("cannot write {}: {error}", path.display())))?,
        );
        Ok(())
    }
}

fn read(path: &Path, file: &File) -> Result<Memory, Problem> {
    let mut text = String::new();
    let wrong = |problem: &dyn std::fmt::Display| {
        Problem::usage(format!("{} is no state of genesys-usage watch: {problem}", path.display()))
    };
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| wrong(&error))?;
    let memory: Memory = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    match memory.format == FORMAT {
        true if memory.version <= VERSION => Ok(memory),
        true => Err(wrong(&format!("it has format {}, of a later genesys-usage", memory.version))),
        false => Err(wrong(&"it is another file's format")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn an_alert_is_told_once_a_month_and_again_when_it_comes_back() {
        let (october, november) = (day("2026-10-01"), day("2026-11-01"));
        let mut memory = Memory::default();
        assert_eq!(memory.news(october, &[Alert::Share]), [Alert::Share]);
        assert_eq!(memory.news(october, &[Alert::Share, Alert::RateLimited]), [Alert::RateLimited]);
        assert_eq!(memory.news(october, &[Alert::Share]), []);
        assert_eq!(memory.news(october, &[Alert::Share, Alert::RateLimited]), [Alert::RateLimited]);
        assert_eq!(memory.news(november, &[Alert::Share]), [Alert::Share]);
    }

    #[test]
    fn it_is_remembered_and_held() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("watch.json");
        let mut kept = Kept::open(Some(&path)).unwrap();
        kept.memory.news(day("2026-10-01"), &[Alert::RateLimited]);
        kept.memory.refreshed_at = Some(Timestamp::from_unix_millis(5));
        kept.write().unwrap();
        assert!(Kept::open(Some(&path)).unwrap_err().to_string().contains("another process watches"));
        let memory = kept.memory.clone();
        drop(kept);
        assert_eq!(Kept::open(Some(&path)).unwrap().memory, memory);
        for text in ["{}", "", r#"{"format":"genesys-usage watch","version":2}"#] {
            std::fs::write(&path, text).unwrap();
            assert!(Kept::open(Some(&path)).is_err(), "{text}");
        }
    }
}
