//! A history of usage by day that keeps itself: what `genesys-usage collect` writes, and reports read.
//!
//! ```text
//! lake/_genesys-usage.json                                     the kind of all rows
//! lake/organization=acme/_genesys-usage.json                   what was read of each day
//! lake/organization=acme/_query.json                           the query that is under way
//! lake/organization=acme/_names.json                           the names behind ids, if they were asked for
//! lake/organization=acme/date=2026-10-31/usage.parquet         the rows of a day
//! ```
//!
//! This is the layout of Hive, which DuckDB, pandas, polars, Spark, Trino and Athena read as it is. A file of a day is
//! replaced whole, by rows that are at least as good; one process at a time writes. A reader needs no lock: it sees the
//! earlier file or the later one.

mod counts;
mod file;
mod filter;
mod groups;
mod manifest;
mod names;
mod organization;
mod pages;
mod pairs;
mod partition;
pub(crate) mod plan;
mod rows;
mod segment;
mod sums;
mod thrift;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

#[cfg(feature = "fuzzing")]
pub(crate) use file::seal;
pub(crate) use filter::DayFilter;
pub(crate) use manifest::Kind;
pub(crate) use organization::{Organization, Stored};
#[cfg(feature = "fuzzing")]
pub(crate) use partition::Partition;
pub(crate) use partition::{Columns, Needs};
pub(crate) use rows::{Selected, Selection, join};
pub(crate) use sums::{Summing, sums_of};

use crate::dataset::manifest::Collected;
use crate::files::draft;
use crate::files::lock::Lock;
use crate::problem::Problem;
use crate::text::quoting::shell_word;

/// A history.
#[derive(Debug)]
pub(crate) struct History {
    directory: PathBuf,
    kind: Kind,
    /// Keeps other processes from writing.
    _lock: Option<Lock>,
    /// The names of the organizations by their ids, read when an id is new.
    names: RefCell<Option<BTreeMap<String, String>>>,
}

impl History {
    /// Opens the history in `directory` for writing rows of `kind`, or begins one. The directory is made if it does not
    /// exist.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is something else in the directory, rows of another kind, or if another process writes.
    pub(crate) fn begin(directory: &Path, kind: &Kind) -> Result<Self, Problem> {
        fs::create_dir_all(directory).map_err(|error| cannot_write(directory, &error))?;
        let lock = Lock::at_once(directory).ok_or_else(|| {
            Problem::usage(format!("another process collects into {}", directory.display()))
                .with_hint("wait until it has ended; what it collects is not asked for twice")
        })?;
        draft::sweep(directory);
        match manifest::kind(directory)? {
            Some(found) => manifest::check_kind(directory, &found, kind)?,
            None => manifest::write_kind(directory, kind)?,
        }
        Ok(Self {
            directory: directory.to_owned(),
            kind: kind.clone(),
            _lock: Some(lock),
            names: RefCell::default(),
        })
    }

    /// Returns the kind of the rows of the history in `directory`, or `None` if there is no history yet.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is something else in the directory.
    pub(crate) fn kind(directory: &Path) -> Result<Option<Kind>, Problem> {
        if directory.is_dir() { manifest::kind(directory) } else { Ok(None) }
    }

    /// Opens the history in `directory` for reading.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is none.
    pub(crate) fn open(directory: &Path) -> Result<Self, Problem> {
        let name = directory.display();
        if !directory.is_dir() {
            return Err(Problem::usage(format!("there is no directory {name}")));
        }
        match manifest::kind(directory)? {
            Some(kind) => {
                Ok(Self { directory: directory.to_owned(), kind, _lock: None, names: RefCell::default() })
            }
            None => Err(Problem::usage(format!("{name} is empty: it holds no history"))
                .with_hint(format!("genesys-usage collect --into {} begins one", shell_word(directory)))),
        }
    }

    /// Returns the names of its organizations, in alphabetical order.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is something that engines would read as well, and that this program does not write.
    pub(crate) fn organizations(&self) -> Result<Vec<String>, Problem> {
        let entries = entries(&self.directory)?;
        check_strays(&self.directory, &entries, |name| segment::organization(name).is_some())?;
        let mut names: Vec<_> = entries.iter().filter_map(|name| segment::organization(name)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Opens the days of the organization called `name`, which need not be there.
    pub(crate) fn organization(&self, name: &str) -> Result<Organization, Problem> {
        Organization::open(&self.directory, name, &self.kind)
    }

    /// Checks that `id`, that of the organization whose rows are to be stored as those of `organization`, is the one of
    /// its stored rows, and of no other organization here.
    ///
    /// # Errors
    ///
    /// Returns a problem if rows of two organizations would be stored as those of one, or those of one twice.
    pub(crate) fn identify(&self, organization: &mut Organization, id: Option<&str>) -> Result<(), Problem> {
        if let Some(id) = id.filter(|_| organization.id().is_none()) {
            let mut names = self.names.borrow_mut();
            let names = match &mut *names {
                Some(names) => names,
                unread => unread.insert(self.names_by_id()?),
            };
            let name = organization.name();
            let first = names.entry(id.to_owned()).or_insert_with(|| name.to_owned());
            if first != name {
                let problem = format!("{name} is an organization that is here already, as {first}");
                return Err(Problem::usage(problem).with_hint(format!(
                    "its requests would be counted twice: collect it as {first}, or into another directory"
                )));
            }
        }
        organization.identify(id)
    }

    fn names_by_id(&self) -> Result<BTreeMap<String, String>, Problem> {
        let of_each = entries(&self.directory)?.into_iter().map(|entry| {
            // A manifest that cannot be read is a problem of its own organization.
            let manifest = Collected::read(&self.directory.join(entry)).ok()??;
            Some((manifest.organization_id?, manifest.organization))
        });
        Ok(of_each.flatten().collect())
    }
}

/// The names in `directory`, in alphabetical order; none if it does not exist. Names that are not Unicode are left out.
fn entries(directory: &Path) -> Result<Vec<String>, Problem> {
    let cannot_read = |error| Problem::usage(format!("cannot read {}: {error}", directory.display()));
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot_read(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(cannot_read)?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// Refuses a directory with an entry that engines read as rows of the history, and that is not `ours`: a copy of a file or
/// of a directory, for example. Names that begin with a dot or an underscore are not read.
fn check_strays(directory: &Path, entries: &[String], ours: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let is_read = |name: &str| {
        let is_parquet = Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        !name.starts_with(['_', '.']) && (name.contains('=') || is_parquet)
    };
    let Some(stray) = entries.iter().find(|name| is_read(name) && !ours(name)) else { return Ok(()) };
    Err(Problem::usage(format!("{} is no part of a history", directory.join(stray).display()))
        .with_hint("move it elsewhere: engines that read this history read it too"))
}

/// Refuses a link in the place of something that is read and written here: it leads out of the directory that was named.
fn check_link(path: &Path) -> Result<(), Problem> {
    if !path.is_symlink() {
        return Ok(());
    }
    Err(Problem::usage(format!("{} is a symbolic link, and links are not followed here", path.display()))
        .with_hint("put a directory in its place; the directory of the whole history may be a link"))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Problem {
    Problem::usage(format!("cannot write to {}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
