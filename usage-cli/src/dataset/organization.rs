//! The days of one organization.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;
use usage_core::{Date, Scope, Snapshot, Timestamp, UsageQuery, UsageTable};
use usage_report::Period;

use crate::dataset::manifest::{Collected, Kind, check_day};
use crate::dataset::names::read_regular;
use crate::dataset::partition::{Columns, FILE_NAME, Needs, Partition, encode};
use crate::dataset::plan::{self, Reading};
use crate::dataset::{cannot_write, check_link, check_strays, entries, segment};
use crate::files::draft;
use crate::output::write_file;
use crate::problem::Problem;
use crate::text::printable;

/// The prefix of the directories of days.
const DATE: &str = "date=";

/// The advice for rows that are not of the stored ones.
const OTHER_NAME: &str = "give the organization another name with --organization, or name another directory";

/// The file with the query in progress.
const QUERY: &str = "_query.json";

/// The days of one organization: the last read of each, and their files.
#[derive(Debug)]
pub(crate) struct Organization {
    directory: PathBuf,
    kind: Kind,
    manifest: Collected,
    /// The first day of the history, even if its file was removed.
    first: Option<Date>,
    /// Whether [`identify`](Self::identify) was called.
    is_identified: bool,
}

/// The result of storing the rows of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The day had no file before.
    New,
    /// The rows replaced others.
    Changed,
    /// The same rows were stored before.
    Confirmed,
    /// The earlier rows are better, and were kept.
    Kept,
}

impl Organization {
    /// Reads the organization called `name` of the history in `history`, whose rows are of `kind`.
    pub(super) fn open(history: &Path, name: &str, kind: &Kind) -> Result<Self, Problem> {
        let directory = segment::directory_name(name).map(|segment| history.join(segment));
        let directory = directory.ok_or_else(|| {
            let problem = match name {
                "" => "the name of the organization is empty".to_owned(),
                name => format!("the name {name:?} is too long for a directory"),
            };
            Problem::usage(problem)
                .with_hint("name the organization, or its profile, with at most 75 characters")
        })?;
        check_link(&directory)?;
        let manifest = Collected::read(&directory)?;
        let manifest = manifest.unwrap_or_else(|| Collected {
            organization: name.to_owned(),
            service: None,
            organization_id: None,
            days: BTreeMap::new(),
        });
        if manifest.organization != name {
            let (place, of) = (directory.display(), &manifest.organization);
            return Err(Problem::usage(format!("{place} is of the organization {of:?}, not of {name:?}"))
                .with_hint(
                "give the directory its name again; two names must differ in more than upper and lower case",
            ));
        }
        let mut organization =
            Self { directory, kind: kind.clone(), manifest, first: None, is_identified: false };
        organization.take_over_files()?;
        Ok(organization)
    }

    /// Updates the list of days from the files: a killed process may have written files that it did not list, and the
    /// user may have removed some.
    fn take_over_files(&mut self) -> Result<(), Problem> {
        let mut listed = std::mem::take(&mut self.manifest.days);
        let first_listed = listed.keys().next().copied();
        let entries_here = entries(&self.directory)?;
        check_strays(&self.directory, &entries_here, |name| day_of(name).is_some())?;
        for date in entries_here.iter().filter_map(|name| day_of(name)) {
            let path = self.file(date);
            let size = match fs::symlink_metadata(&path) {
                Ok(metadata) if !metadata.is_file() => return Err(not_a_file(&path)),
                Ok(metadata) => metadata.len(),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(cannot_read(&path, &error)),
            };
            let day = path.parent().unwrap_or(&path);
            check_strays(day, &entries(day)?, |name| name == FILE_NAME)?;
            let reading = match listed.remove(&date) {
                Some(reading) if reading.bytes == size => reading,
                _ => self.partition(date)?.reading().map_err(|problem| damaged(&path, &problem))?,
            };
            self.manifest.days.insert(date, reading);
        }
        self.first = self.manifest.days.keys().next().copied().into_iter().chain(first_listed).min();
        Ok(())
    }

    /// Returns its name.
    pub(crate) fn name(&self) -> &str {
        &self.manifest.organization
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the last read of each day.
    pub(crate) fn days(&self) -> &BTreeMap<Date, Reading> {
        &self.manifest.days
    }

    /// Returns the first day of the history, even if its file was removed.
    pub(crate) fn first_day(&self) -> Option<Date> {
        self.first
    }

    /// Settles the days that were read when they were older than `late_days`: those of files that no manifest lists are not.
    pub(crate) fn settle_old(&mut self, late_days: u32) {
        for (date, reading) in &mut self.manifest.days {
            reading.settled |= reading.settle(*date, None, late_days).settled;
        }
    }

    /// Resets the readings that are later than `now`, and returns their number. Days that are not over and have no rows are
    /// removed: a clock that was ahead made them, and reports would reach to the last of them.
    pub(crate) fn reset_future(&mut self, now: Timestamp) -> usize {
        let today = Date::of(now);
        let reset = plan::reset_future(&mut self.manifest.days, now);
        let is_removed = |date: Date| {
            let file = self.directory.join(format!("{DATE}{date}")).join(FILE_NAME);
            let is_removed = fs::remove_file(&file).is_ok();
            // A directory without a file is no day.
            file.parent().map(fs::remove_dir);
            is_removed
        };
        self.manifest.days.retain(|date, reading| *date < today || reading.rows > 0 || !is_removed(*date));
        reset
    }

    /// Prepares to store rows of `service`.
    ///
    /// # Errors
    ///
    /// Returns a problem if the stored rows come from another service, or if the directory is not writable.
    pub(crate) fn collect_from(&mut self, service: &str) -> Result<(), Problem> {
        if let Some(known) = self.manifest.service.as_deref().filter(|known| *known != service) {
            let name = self.name();
            let problem = format!("the rows of {name} that are there are from {known}, not from {service}");
            return Err(Problem::usage(problem).with_hint(OTHER_NAME));
        }
        self.manifest.service = Some(service.to_owned());
        fs::create_dir_all(&self.directory).map_err(|error| cannot_write(&self.directory, &error))?;
        draft::prove(&self.directory).map_err(|error| cannot_write(&self.directory, &error))
    }

    /// Returns whether [`identify`](Self::identify) was called.
    pub(crate) fn is_identified(&self) -> bool {
        self.is_identified
    }

    /// Returns the organization's id on its platform, if it is known.
    pub(super) fn id(&self) -> Option<&str> {
        self.manifest.organization_id.as_deref()
    }

    /// Checks that `id`, that of the organization whose rows are to be stored, is the one of the stored rows. A credential
    /// that may not read the id says `None`.
    ///
    /// # Errors
    ///
    /// Returns a problem if the stored rows are of another organization.
    pub(super) fn identify(&mut self, id: Option<&str>) -> Result<(), Problem> {
        if let (Some(known), Some(id)) = (self.id(), id)
            && known != id
        {
            let (name, known, id) = (self.name(), printable(known), printable(id));
            let problem =
                format!("the rows of {name} that are there are of the organization {known}, not of {id}");
            return Err(Problem::usage(problem).with_hint(OTHER_NAME));
        }
        self.is_identified = true;
        if self.id().is_none() {
            self.manifest.organization_id = id.map(str::to_owned);
        }
        Ok(())
    }

    /// Leaves the organization as it was before its query, which the next run would not continue. Reports take a directory
    /// without days for an organization whose days are missing.
    pub(crate) fn leave(&self) {
        self.query_file().remove();
        // Removes nothing but an empty directory.
        drop(fs::remove_dir(&self.directory));
    }

    /// Writes `rows`, those of `date`, to the day's file, unless the stored rows are the same or better. The file is
    /// replaced as a whole or not at all. Call [`save`](Self::save) afterwards.
    pub(crate) fn store(
        &mut self,
        date: Date,
        rows: UsageTable,
        scope: &Scope,
        late_days: u32,
    ) -> Result<Stored, Problem> {
        let path = self.file(date);
        let partition = self.directory.join(format!("{DATE}{date}"));
        check_link(&partition)?;
        check_link(&path)?;
        let encoded = encode(rows, scope, self.name()).map_err(|error| cannot_write(&path, &error))?;
        let (bytes, reading) = encoded;
        let earlier = self.manifest.days.get(&date);
        let (stored, reading) = match earlier {
            Some(earlier) if !reading.may_replace(earlier) => {
                (Stored::Kept, earlier.kept_beside(&reading, date, late_days))
            }
            Some(earlier) if reading.agrees_with(earlier) && reading.complete == earlier.complete => {
                let settled = earlier.settled || reading.settle(date, Some(earlier), late_days).settled;
                // The file keeps the time when its rows were first read.
                (Stored::Confirmed, Reading { settled, bytes: earlier.bytes, ..reading })
            }
            earlier => {
                fs::create_dir_all(&partition).map_err(|error| cannot_write(&partition, &error))?;
                draft::sweep(&partition);
                write_file(&path, |to| to.write_all(&bytes))?;
                let stored = if earlier.is_some() { Stored::Changed } else { Stored::New };
                (stored, reading.settle(date, earlier, late_days))
            }
        };
        self.manifest.days.insert(date, reading);
        Ok(stored)
    }

    /// Writes the manifest.
    pub(crate) fn save(&self) -> Result<(), Problem> {
        self.manifest.write(&self.directory)
    }

    /// Reads the columns of the rows of `date` that are in `needs`.
    ///
    /// # Errors
    ///
    /// Returns a problem that names the file if it cannot be read or is damaged.
    pub(crate) fn rows(&self, date: Date, needs: &Needs) -> Result<(Columns, Scope), Problem> {
        let partition = self.partition(date)?;
        let columns = partition.columns(needs).map_err(|problem| damaged(&self.file(date), &problem))?;
        Ok((columns, partition.scope))
    }

    /// Reads the columns of the days of `periods` that are in `needs`, and passes those of each day to `each`, with what
    /// its rows cover.
    ///
    /// # Errors
    ///
    /// Returns a problem that names the file if one cannot be read or is damaged.
    pub(crate) fn each_day(
        &self,
        periods: &[Period],
        needs: &Needs,
        mut each: impl FnMut(Columns, Date, Scope),
    ) -> Result<(), Problem> {
        let is_wanted = |date: &Date| periods.iter().any(|period| period.contains(*date));
        for date in self.days().keys().copied().filter(is_wanted) {
            let (columns, scope) = self.rows(date, needs)?;
            each(columns, date, scope);
        }
        Ok(())
    }

    fn partition(&self, date: Date) -> Result<Partition, Problem> {
        let path = self.file(date);
        check_link(&path)?;
        let bytes = fs::read(&path).map_err(|error| cannot_read(&path, &error))?;
        let partition = Partition::open(&bytes.into(), self.name(), date)
            .and_then(|partition| check_day(&partition.scope, &self.kind).map(|()| partition));
        partition.map_err(|problem| damaged(&path, &problem))
    }

    fn file(&self, date: Date) -> PathBuf {
        self.directory.join(format!("{DATE}{date}")).join(FILE_NAME)
    }

    /// Returns the file of the query in progress.
    pub(crate) fn query_file(&self) -> QueryFile {
        QueryFile(self.directory.join(QUERY))
    }
}

/// The file with the query in progress, which the next run resumes instead of submitting a new one.
#[derive(Clone, Debug)]
pub(crate) struct QueryFile(PathBuf);

impl QueryFile {
    /// Writes the state of the query.
    pub(crate) fn keep<Q: UsageQuery>(&self, snapshot: &Snapshot<Q>) -> Result<(), Problem> {
        #[derive(Serialize)]
        struct Kept<'a, Q: UsageQuery> {
            family: &'static str,
            snapshot: &'a Snapshot<Q>,
        }
        write_file(&self.0, |to| Ok(serde_json::to_writer(to, &Kept { family: Q::FAMILY, snapshot })?))
    }

    /// Reads the query in progress. An unusable file counts as none: at worst the query is submitted once more.
    pub(crate) fn read<Q: UsageQuery>(&self) -> Option<Snapshot<Q>> {
        let kept: serde_json::Value = serde_json::from_slice(&read_regular(&self.0)?).ok()?;
        let is_of_family = kept["family"] == Q::FAMILY;
        Snapshot::from_json(&kept["snapshot"].to_string()).ok().filter(|_| is_of_family)
    }

    /// Removes the file.
    pub(crate) fn remove(&self) {
        // If the file remains, its query is resumed or run once more.
        drop(fs::remove_file(&self.0));
    }
}

/// Returns the day whose directory is called `name`.
fn day_of(name: &str) -> Option<Date> {
    let date: Date = name.strip_prefix(DATE)?.parse().ok()?;
    (name == format!("{DATE}{date}")).then_some(date)
}

fn damaged(path: &Path, problem: &str) -> Problem {
    Problem::usage(format!("{} is damaged: {problem}", path.display())).with_hint(
        "remove it, or restore it from a copy: genesys-usage collect asks for a day without a file again",
    )
}

/// Reading a pipe would wait for whoever writes to it.
fn not_a_file(path: &Path) -> Problem {
    Problem::usage(format!("{} is not a regular file", path.display())).with_hint(
        "remove it, or restore it from a copy: genesys-usage collect asks for a day without a file again",
    )
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Problem {
    Problem::usage(format!("cannot read {}: {error}", path.display()))
}
