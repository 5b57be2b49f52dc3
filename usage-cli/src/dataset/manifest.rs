//! What a history says of itself: one document for the whole, and one for each organisation.
//!
//! Both are JSON in a file called `_genesys-usage.json`, written whole or not at all; engines skip names that begin with an
//! underscore. That of the whole has `rows`, the kind of all rows; that of an organisation has its name, the service that
//! was asked, and `days`, what was read of each day. The files of the days are the truth: a manifest that is behind them is
//! brought up to date from their metadata. A member that a reader may ignore can be added to a version; anything else is
//! another version, which older programs refuse.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use usage_core::Date;

use crate::dataset::plan::Reading;
use crate::output::write_file;
use crate::problem::Problem;

/// The name of both files.
pub(crate) const NAME: &str = "_genesys-usage.json";

const VERSION: u32 = 1;

/// A document of a certain format.
trait Document: Serialize + DeserializeOwned {
    const FORMAT: &'static str;
}

/// What all documents begin with.
#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// The kind of all rows of a history: all of a query but its days. Rows of two kinds in one history would be added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kind {
    /// The core's name of the query.
    pub(crate) family: String,
    /// What it groups by, in the service's words and alphabetical order.
    pub(crate) group_by: Vec<String>,
}

impl Kind {
    /// What tells this kind from `other`, for people.
    fn difference(&self, other: &Self) -> String {
        let aspects = [
            ("query", self.family.clone(), other.family.clone()),
            ("grouping", self.group_by.join(", "), other.group_by.join(", ")),
        ];
        let different = aspects.into_iter().filter(|(_, one, another)| one != another);
        let texts = different.map(|(name, one, another)| format!("{name}: {another}, asked for: {one}"));
        texts.collect::<Vec<_>>().join("; ")
    }
}

/// The document of the whole.
#[derive(Serialize, Deserialize)]
struct Whole {
    rows: Kind,
}

impl Document for Whole {
    const FORMAT: &'static str = "genesys-usage history";
}

/// The document of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Collected {
    pub(crate) organization: String,
    /// The host of the API; `None` in a document that was made from the files of the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    pub(crate) days: BTreeMap<Date, Reading>,
}

impl Document for Collected {
    const FORMAT: &'static str = "genesys-usage history of an organisation";
}

/// Returns the kind of the rows of the history in `directory`; `None` if the directory is empty or does not exist.
///
/// # Errors
///
/// Returns a problem if there is something else in it.
pub(crate) fn kind(directory: &Path) -> Result<Option<Kind>, Problem> {
    if let Some(whole) = read::<Whole>(&directory.join(NAME))? {
        return Ok(Some(whole.rows));
    }
    let cannot_read = |error| Problem::usage(format!("cannot read {}: {error}", directory.display()));
    let mut entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot_read(error)),
    };
    match entries.next() {
        None => Ok(None),
        Some(entry) => {
            let name = entry.map_err(cannot_read)?.file_name();
            let (directory, name) = (directory.display(), name.display());
            let problem = format!("{directory} is no history of genesys-usage: it has {name}, and no {NAME}");
            Err(Problem::usage(problem).with_hint("name a new or an empty directory"))
        }
    }
}

/// Refuses a history of another kind than `kind`.
pub(crate) fn check_kind(directory: &Path, found: &Kind, kind: &Kind) -> Result<(), Problem> {
    if found == kind {
        return Ok(());
    }
    let difference = kind.difference(found);
    Err(Problem::usage(format!("{} holds rows of another kind ({difference})", directory.display()))
        .with_hint("ask for the same rows, or begin a second history in another directory"))
}

/// Writes the document of the whole.
pub(crate) fn write_kind(directory: &Path, kind: &Kind) -> Result<(), Problem> {
    write(&directory.join(NAME), &Whole { rows: kind.clone() })
}

impl Collected {
    /// Reads the document of the organisation whose `directory` this is.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, Problem> {
        read(&directory.join(NAME))
    }

    /// Writes it.
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
        Ok(_) => fs::read_to_string(path).map_err(|error| wrong(&error))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error)),
    };
    let header: Header = serde_json::from_str(&text).map_err(|error| damaged(wrong(&error), D::FORMAT))?;
    if header.format != D::FORMAT {
        return Err(wrong(&format!("its format is {:?}", header.format))
            .with_hint("name the directory of a history, or a new one"));
    }
    if header.version > VERSION {
        let problem = format!("it has version {}, of a later genesys-usage", header.version);
        return Err(wrong(&problem).with_hint("update genesys-usage, or name another directory"));
    }
    serde_json::from_str(&text).map(Some).map_err(|error| damaged(wrong(&error), D::FORMAT))
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
