//! The manifests of a history: one document for the whole, and one for each organization.
//!
//! Both are JSON in a file called `_genesys-usage.json`, replaced atomically; engines skip names that begin with an
//! underscore. The manifest of the whole has `rows`, the kind of all rows. That of an organization has its name, the
//! service, the id there, and `days`, the last read of each day. The files of the days are authoritative: a manifest that is out of
//! date is updated from their metadata. A member that readers may ignore can be added to a version; any other change
//! needs a new version, which older programs refuse.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use usage_core::{Date, Scope};

use crate::dataset::plan::Reading;
use crate::dataset::{entries, segment};
use crate::output::write_file;
use crate::problem::Problem;

/// The name of both files.
pub(crate) const NAME: &str = "_genesys-usage.json";

const VERSION: u32 = 1;

/// A document with a format name and a version.
trait Document: Serialize + DeserializeOwned {
    const FORMAT: &'static str;
}

/// The members that all documents have.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// The kind of all rows of a history: the query without its days. Rows of two kinds in one history would be added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kind {
    /// The core's name of the query.
    pub(crate) family: String,
    /// The dimensions it groups by, in the service's spelling and in alphabetical order.
    pub(crate) group_by: Vec<String>,
}

impl Kind {
    /// Returns the kind of the rows of `scope`.
    pub(crate) fn of(scope: &Scope) -> Self {
        let mut group_by = scope.query.as_ref().map(|query| query.group_by.clone()).unwrap_or_default();
        group_by.sort_unstable();
        group_by.dedup();
        Self { family: scope.family.clone().unwrap_or_default(), group_by }
    }

    /// Describes how `other` differs from this kind.
    fn difference(&self, other: &Self, own: &str) -> String {
        let aspects = [
            ("query", self.family.clone(), other.family.clone()),
            ("grouping", self.group_by.join(", "), other.group_by.join(", ")),
        ];
        let different = aspects.into_iter().filter(|(_, one, another)| one != another);
        let texts = different.map(|(name, one, another)| format!("{name}: {another}, {own}: {one}"));
        texts.collect::<Vec<_>>().join("; ")
    }
}

/// The manifest of the whole history.
#[derive(Serialize, Deserialize)]
struct Whole {
    rows: Kind,
}

impl Document for Whole {
    const FORMAT: &'static str = "genesys-usage history";
}

/// The manifest of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Collected {
    pub(crate) organization: String,
    /// The API host; `None` in a manifest that was rebuilt from the files of the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    /// The organization's id on its platform; `None` if no credential so far could read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization_id: Option<String>,
    pub(crate) days: BTreeMap<Date, Reading>,
}

impl Document for Collected {
    const FORMAT: &'static str = "genesys-usage history of an organisation";
}

/// Returns the kind of the rows of the history in `directory`, or `None` if the directory is empty or does not exist.
///
/// # Errors
///
/// Returns a problem if the directory contains anything else.
pub(crate) fn kind(directory: &Path) -> Result<Option<Kind>, Problem> {
    if let Some(whole) = read::<Whole>(&directory.join(NAME))? {
        return Ok(Some(whole.rows));
    }
    let cannot_read = |error| Problem::usage(format!("cannot read {}: {error}", directory.display()));
    let mut found = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot_read(error)),
    };
    match found.next() {
        None => Ok(None),
        Some(entry) => {
            let name = entry.map_err(cannot_read)?.file_name();
            let is_part = entries(directory)?.iter().any(|name| name.starts_with(segment::PREFIX));
            let (directory, name) = (directory.display(), name.display());
            let problem = format!("{directory} is no history of genesys-usage: it has {name}, and no {NAME}");
            Err(Problem::usage(problem).with_hint(if is_part {
                "restore that file from a copy: it says what the rows are"
            } else {
                "name a new or an empty directory"
            }))
        }
    }
}

/// Refuses the file of a day whose rows are not of `kind`, that of the history: they would be added up.
///
/// # Errors
///
/// Returns the reason, worded as the end of "the file is damaged: …".
pub(crate) fn check_day(scope: &Scope, kind: &Kind) -> Result<(), String> {
    let found = Kind::of(scope);
    if found == *kind {
        return Ok(());
    }
    Err(format!("its rows are of another kind ({})", kind.difference(&found, "those of the history")))
}

/// Refuses a history whose kind is not `kind`.
pub(crate) fn check_kind(directory: &Path, found: &Kind, kind: &Kind) -> Result<(), Problem> {
    if found == kind {
        return Ok(());
    }
    let difference = kind.difference(found, "asked for");
    Err(Problem::usage(format!("{} holds rows of another kind ({difference})", directory.display()))
        .with_hint("ask for the same rows, or begin a second history in another directory"))
}

/// Writes the manifest of the whole history.
pub(crate) fn write_kind(directory: &Path, kind: &Kind) -> Result<(), Problem> {
    write(&directory.join(NAME), &Whole { rows: kind.clone() })
}

impl Collected {
    /// Reads the manifest of the organization in `directory`, if there is one.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, Problem> {
        read(&directory.join(NAME))
    }

    /// Writes the manifest.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), Problem> {
        write(&directory.join(NAME), self)
    }
}

fn read<D: Document>(path: &Path) -> Result<Option<D>, Problem> {
    let wrong = |problem: &dyn std::fmt::Display| {
        Problem::usage(format!("{} cannot be used: {problem}", path.display()))
    };
    let text = match fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(wrong(&"it is not a regular file")),
        Ok(_) => fs::read(path).map_err(|error| wrong(&error))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error)),
    };
    let header: Header = serde_json::from_slice(&text).map_err(|error| damaged(wrong(&error), D::FORMAT))?;
    if header.format != D::FORMAT {
        return Err(wrong(&format!("its format is {:?}", header.format))
            .with_hint("name the directory of a history, or a new one"));
    }
    if header.version > VERSION {
        let problem = format!("it has version {}, of a later genesys-usage", header.version);
        return Err(wrong(&problem).with_hint("update genesys-usage, or name another directory"));
    }
    serde_json::from_slice(&text).map(Some).map_err(|error| damaged(wrong(&error), D::FORMAT))
}

fn damaged(problem: Problem, format: &str) -> Problem {
    if format == Collected::FORMAT {
        problem.with_hint("remove it: it is made again from the files of the days")
    } else {
        problem.with_hint("restore it from a copy: it says what the rows are")
    }
}

fn write<D: Document>(path: &Path, document: &D) -> Result<(), Problem> {
    #[derive(Serialize)]
    struct Whole<'a, D> {
        #[serde(flatten)]
        header: Header,
        #[serde(flatten)]
        document: &'a D,
    }
    let header = Header { format: D::FORMAT.to_owned(), version: VERSION };
    write_file(path, |to| {
        serde_json::to_writer_pretty(&mut *to, &Whole { header, document })?;
        writeln!(to)
    })
}
