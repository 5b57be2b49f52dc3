//! What `watch --state` remembers, so that a restart repeats neither an alert nor a request.
//!
//! One line of JSON, private and replaced whole: `format` (`"genesys-usage watch"`), `version` (3), `refreshedAt` (Unix
//! milliseconds), `month` (its first day) and `told`, the alerts of that month that were told and are still crossed;
//! with an allowance also `history`, the daily totals before the month; of several organizations `histories`, by their
//! names. An alert that was told of another month has its `month`. Version 2 had alerts without organization, client and
//! day; version 1 had `alerts` instead, the kinds without their thresholds. The rules for change are those of a run's
//! state.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use usage_core::{Date, Timestamp, UsageTable};
use usage_report::Period;

use crate::files::private_file::{self, Held};
use crate::files::trust::{self, Distrust, Role};
use crate::problem::Problem;
use crate::watch::alert::{Alert, Crossed};
use crate::watch::totals::DailyTotals;

const FORMAT: &str = "genesys-usage watch";
const VERSION: u32 = 3;
/// The largest file that is read: some 50,000 alerts, more than are ever open at once.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The remembered state.
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
    told: Vec<Told>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<DailyTotals>,
    /// The state of several organizations, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    histories: BTreeMap<String, DailyTotals>,
    /// The form of version 1.
    #[serde(default, skip_serializing)]
    alerts: Vec<Alert>,
}

/// An alert that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    alert: Alert,
    /// Absent in version 1, which told each kind once, whatever its threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threshold: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    /// The id of the client, or its name if it has no id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    /// The first day of its month, if that is not the month of the last look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    month: Option<String>,
}

impl Told {
    fn is_of(&self, crossed: &Crossed) -> bool {
        self.alert == crossed.alert
            && self.threshold.as_ref().is_none_or(|threshold| *threshold == crossed.threshold)
            && self.organization == crossed.organization
            && self.client.as_deref() == crossed.client_key()
            && self.day == crossed.day.map(|day| day.to_string())
    }
}

impl From<&Crossed> for Told {
    fn from(crossed: &Crossed) -> Self {
        Self {
            alert: crossed.alert,
            threshold: Some(crossed.threshold.clone()),
            organization: crossed.organization.clone(),
            client: crossed.client_key().map(Into::into),
            day: crossed.day.map(|day| day.to_string()),
            month: None,
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        let (format, version) = (FORMAT.into(), VERSION);
        let (told, alerts) = (Vec::new(), Vec::new());
        let (history, histories) = (None, BTreeMap::new());
        Self { format, version, refreshed_at: None, month: None, told, history, histories, alerts }
    }
}

impl Memory {
    /// Returns the alerts of `now`, in `month`, that were not sent yet. An alert that is no longer crossed is forgotten, so
    /// that it is sent again when it comes back; but not one of an organization that `is_unknown`, because its look failed.
    pub(crate) fn news(
        &mut self,
        month: Date,
        now: &[Crossed],
        is_unknown: impl Fn(Option<&str>) -> bool,
    ) -> Vec<Crossed> {
        self.enter(month.to_string());
        self.told.retain(|told| {
            told.month.is_some()
                || is_unknown(told.organization.as_deref())
                || now.iter().any(|crossed| told.is_of(crossed))
        });
        let is_told =
            |crossed: &Crossed| self.told.iter().any(|told| told.month.is_none() && told.is_of(crossed));
        now.iter().filter(|crossed| !is_told(crossed)).cloned().collect()
    }

    /// Sets the month. What was told of the last one and of later ones is kept, so that a clock that steps there and back
    /// repeats no alert.
    fn enter(&mut self, month: String) {
        if self.month.as_ref() == Some(&month) {
            return;
        }
        let last = self.month.take();
        for told in &mut self.told {
            let of = told.month.take().or_else(|| last.clone());
            told.month = of.filter(|of| *of != month);
        }
        self.told
            .retain(|told| told.month.as_ref().is_none_or(|of| *of > month || Some(of) == last.as_ref()));
        if last.is_none() {
            self.told.clear();
        }
        self.month = Some(month);
    }

    /// Remembers that `crossed` was told.
    pub(crate) fn told(&mut self, crossed: &Crossed) {
        self.told.push(crossed.into());
    }

    /// Returns whether the totals of `days` were asked for on `today`; of an organization, if there are several.
    pub(crate) fn has_totals(&self, organization: Option<&str>, days: Period, today: Date) -> bool {
        self.history(organization).is_some_and(|totals| totals.are_of(days) && totals.are_as_of(today))
    }

    /// Remembers the totals of `days`, or returns why there are none. Those of an earlier look stay then.
    pub(crate) fn take_totals(
        &mut self,
        organization: Option<&str>,
        totals: Result<UsageTable, String>,
        days: Period,
        today: Date,
    ) -> Result<(), String> {
        let unclear = || "rows do not say their day or their requests".to_owned();
        let totals = DailyTotals::new(&totals?, days, today).ok_or_else(unclear)?;
        match organization {
            None => self.history = Some(totals),
            Some(name) => drop(self.histories.insert(name.to_owned(), totals)),
        }
        Ok(())
    }

    /// Returns the totals of `days` as rows, if they are remembered.
    pub(crate) fn totals(&self, organization: Option<&str>, days: Period) -> Option<UsageTable> {
        let totals = self.history(organization).filter(|totals| totals.are_of(days));
        totals.map(|totals| totals.rows(days))
    }

    fn history(&self, organization: Option<&str>) -> Option<&DailyTotals> {
        match organization {
            None => self.history.as_ref(),
            Some(name) => self.histories.get(name),
        }
    }

    /// Converts the members of earlier versions.
    fn upgraded(mut self) -> Self {
        self.version = VERSION;
        let told =
            |alert| Told { alert, threshold: None, organization: None, client: None, day: None, month: None };
        self.told.extend(self.alerts.drain(..).map(told));
        self
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
        let held = hold(path)?;
        trust::check_place(path, Role::Alerts).map_err(|distrust| distrust.problem("", path))?;
        let (held, is_new) = match held {
            Some(held) => (Some(held), false),
            None => make(path)?,
        };
        let memory = match &held {
            Some(held) if !is_new => read(path, held.file())?,
            _ => Memory::default(),
        };
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

/// Holds the file; none if it is not there.
fn hold(path: &Path) -> Result<Option<Held>, Problem> {
    match private_file::hold(path, Role::Alerts) {
        Ok(held) => Ok(Some(held)),
        Err(distrust) if distrust.is_missing() => Ok(None),
        Err(Distrust::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
            Err(Problem::usage(format!("another process watches with {}", path.display())))
        }
        Err(distrust) => Err(distrust.problem("", path)),
    }
}

/// Creates the file and returns whether it is new. If another process was first, that process holds it. For a link that
/// leads nowhere, no file is created: the first write does that.
fn make(path: &Path) -> Result<(Option<Held>, bool), Problem> {
    let text = serde_json::to_string(&Memory::default()).map_err(Into::into);
    match text.and_then(|text| private_file::create(path, &format!("{text}\n"))) {
        Ok(held) => Ok((Some(held), true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((hold(path)?, false)),
        Err(error) => Err(Problem::usage(format!("cannot write {}: {error}", path.display()))),
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
        true if memory.version <= VERSION => Ok(memory.upgraded()),
        true => Err(wrong(&format!("it has format {}, of a later genesys-usage", memory.version))),
        false => Err(wrong(&"it is another file's format")),
    }
}

#[cfg(test)]
mod tests {
    use usage_report::{Identity, Subject};

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn crossed(alert: Alert, threshold: &str) -> Crossed {
        Crossed::fraction(alert, "200%".parse().unwrap(), threshold.parse().unwrap(), None)
    }

    fn news(memory: &mut Memory, month: Date, now: &[&Crossed]) -> Vec<Crossed> {
        let now: Vec<_> = now.iter().map(|crossed| (*crossed).clone()).collect();
        memory.news(month, &now, |_| false)
    }

    #[test]
    fn an_alert_is_told_once_a_month_and_again_when_it_comes_back() {
        let (october, november) = (day("2026-10-01"), day("2026-11-01"));
        let (low, high) = (crossed(Alert::Share, "80%"), crossed(Alert::Share, "100%"));
        let limited = crossed(Alert::RateLimited, "1%");
        let mut memory = Memory::default();
        // An alert that was not told stays news.
        assert_eq!(news(&mut memory, october, &[&low]), std::slice::from_ref(&low));
        assert_eq!(news(&mut memory, october, &[&low]), std::slice::from_ref(&low));
        memory.told(&low);
        assert_eq!(news(&mut memory, october, &[&low, &limited]), std::slice::from_ref(&limited));
        memory.told(&limited);
        assert_eq!(news(&mut memory, october, &[&low]), []);
        assert_eq!(news(&mut memory, october, &[&low, &limited]), std::slice::from_ref(&limited));
        // Each threshold by itself.
        assert_eq!(news(&mut memory, october, &[&low, &high]), std::slice::from_ref(&high));
        memory.told(&high);
        assert_eq!(news(&mut memory, october, &[&low, &high]), []);
        assert_eq!(news(&mut memory, november, &[&low, &high]), [low.clone(), high.clone()]);
    }

    #[test]
    fn a_clock_that_steps_to_another_month_and_back_repeats_no_alert() {
        let months = ["2026-09-01", "2026-10-01", "2026-11-01", "2031-01-01"].map(day);
        let (october, share) = (months[1], crossed(Alert::Share, "80%"));
        for other in [months[0], months[2], months[3]] {
            let mut memory = Memory::default();
            assert_eq!(news(&mut memory, october, &[&share]).len(), 1);
            memory.told(&share);
            assert_eq!(news(&mut memory, other, &[&share]).len(), 1, "{other}");
            memory.told(&share);
            assert_eq!(news(&mut memory, october, &[&share]), [], "{other}");
            // The alerts of past months are forgotten.
            for month in [day("2031-02-01"), day("2031-03-01")] {
                assert_eq!(news(&mut memory, month, &[]), []);
            }
            assert!(memory.told.is_empty(), "{other}");
        }
    }

    #[test]
    fn what_the_first_version_told_is_not_told_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("watch.json");
        let text = r#"{"format":"genesys-usage watch","version":1,"month":"2026-10-01","alerts":["share"]}"#;
        std::fs::write(&path, text).unwrap();
        let mut memory = Kept::open(Some(&path)).unwrap().memory;
        let (share, limited) = (crossed(Alert::Share, "80%"), crossed(Alert::RateLimited, "1%"));
        assert_eq!(news(&mut memory, day("2026-10-01"), &[&share, &limited]), std::slice::from_ref(&limited));
        assert_eq!(news(&mut memory, day("2026-11-01"), &[&share]), std::slice::from_ref(&share));
    }

    #[test]
    fn organizations_clients_and_days_are_told_apart() {
        let month = day("2026-10-01");
        let of = |organization: &str| {
            let (value, threshold) = ("200%".parse().unwrap(), "80%".parse().unwrap());
            Crossed::fraction(Alert::Share, value, threshold, Some(organization))
        };
        let jump = |client: &str, date: &str| Crossed {
            alert: Alert::Jump,
            client: Some(Identity::new(Subject::Client, Some(client), None)),
            day: Some(day(date)),
            ..of("acme")
        };
        let all = [
            of("acme"),
            of("beta"),
            jump("a", "2026-10-02"),
            jump("b", "2026-10-02"),
            jump("a", "2026-10-03"),
        ];
        let mut memory = Memory::default();
        for (at, crossed) in all.iter().enumerate() {
            assert_eq!(memory.news(month, &all, |_| false), all[at..]);
            memory.told(crossed);
        }
        assert_eq!(memory.news(month, &all, |_| false), []);
        // The look at beta failed: what was told of it is still told.
        assert_eq!(memory.news(month, &all[..1], |name| name == Some("beta")), []);
        assert_eq!(memory.news(month, &all[..2], |_| false), []);
        assert_eq!(memory.news(month, &all[..1], |_| false), []);
        assert_eq!(memory.news(month, &all[..2], |_| false), all[1..2]);
    }

    #[test]
    fn of_processes_that_make_the_file_at_once_one_has_it() {
        for _ in 0..20 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("watch.json");
            let barrier = std::sync::Barrier::new(4);
            let open = || {
                barrier.wait();
                let kept = Kept::open(Some(&path));
                barrier.wait();
                kept.is_ok()
            };
            let opened = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
                threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|is_open| *is_open).count()
            });
            assert_eq!(opened, 1);
        }
    }

    #[test]
    fn it_is_remembered_and_held() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("watch.json");
        let mut kept = Kept::open(Some(&path)).unwrap();
        let crossed = crossed(Alert::RateLimited, "0.001%");
        news(&mut kept.memory, day("2026-10-01"), &[&crossed]);
        kept.memory.told(&crossed);
        kept.memory.refreshed_at = Some(Timestamp::from_unix_millis(5));
        kept.write().unwrap();
        assert!(Kept::open(Some(&path)).unwrap_err().to_string().contains("another process watches"));
        let memory = kept.memory.clone();
        drop(kept);
        let mut kept = Kept::open(Some(&path)).unwrap();
        assert_eq!(kept.memory, memory);
        assert_eq!(news(&mut kept.memory, day("2026-10-01"), &[&crossed]), []);
        drop(kept);
        for text in ["{}", "", r#"{"format":"genesys-usage watch","version":4}"#] {
            std::fs::write(&path, text).unwrap();
            assert!(Kept::open(Some(&path)).is_err(), "{text}");
        }
    }
}
