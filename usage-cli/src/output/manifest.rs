//! The manifest of a directory of partitions: the kind of its rows, and the completeness of each file.
//!
//! One JSON document, `_genesys-usage.json` in the directory, written whole or not at all: `format` (`"genesys-usage
//! partitions"`), `version` (1), `rows`, the kind of rows, and `files`, by their paths below the directory. Readers of
//! such directories (DuckDB, Spark, pandas) skip names that begin with an underscore. The rules for change are those of
//! a run's state.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use usage_core::model::Granularity;
use usage_core::{BaseUrl, Scope, Timestamp, UsageQuery};

use crate::output::{cannot_write, file};
use crate::problem::Problem;

pub(super) const NAME: &str = "_genesys-usage.json";
/// The prefix of the directory of one of several organizations.
pub(super) const ORGANIZATION: &str = "organization=";
const FORMAT: &str = "genesys-usage partitions";
const VERSION: u32 = 1;

/// The kind of the rows of one directory: all of a query but its period, and the service that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shape {
    api_url: BaseUrl,
    family: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    granularity: Option<Granularity>,
    /// In alphabetical order, like the other lists: their order is not significant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    group_by: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    filters: BTreeMap<String, Vec<String>>,
}

impl Shape {
    /// The kind of rows that `query` asks the service at `api_url` for.
    pub(crate) fn of<Q: UsageQuery>(query: &Q, api_url: BaseUrl) -> Self {
        let sorted = |mut names: Vec<String>| {
            names.sort_unstable();
            names.dedup();
            names
        };
        let asked = query.scope(Timestamp::UNIX_EPOCH).query;
        let (granularity, group_by, metrics, filters) = asked.map_or_else(Default::default, |asked| {
            (asked.granularity, asked.group_by, asked.metrics, asked.filters)
        });
        Self {
            api_url,
            family: Q::FAMILY.to_owned(),
            granularity,
            group_by: sorted(group_by),
            metrics: sorted(metrics),
            filters: filters.into_iter().map(|(name, values)| (name, sorted(values))).collect(),
        }
    }

    /// Refuses rows that do not fit files by day.
    pub(super) fn check_daily(&self) -> Result<(), Problem> {
        let problem = match &self.granularity {
            Some(Granularity::Day) => return Ok(()),
            Some(bucket) => {
                let bucket = bucket.as_str().to_lowercase();
                format!(
                    "--partition-by date writes a file a day: rows by {bucket} do not fit, a {bucket} that a later period \
                     cuts would replace a whole one"
                )
            }
            None => "--partition-by date writes a file a day, and these rows have no date".to_owned(),
        };
        Err(Problem::usage(problem).with_hint(match &*self.family {
            "simple-search" => "let --metrics contain date",
            "client-summary" => "genesys-usage query --client ID --granularity day has the same rows by day",
            _ => "give --granularity day",
        }))
    }

    /// Describes how this kind differs from `other`.
    fn difference(&self, other: &Self) -> String {
        let list =
            |names: &[String]| if names.is_empty() { "none named".to_owned() } else { names.join(", ") };
        let filters = |shape: &Self| {
            let texts = shape.filters.iter().map(|(name, values)| format!("{name} = {}", values.join(", ")));
            let texts: Vec<_> = texts.collect();
            if texts.is_empty() { "none".to_owned() } else { texts.join("; ") }
        };
        let bucket =
            |shape: &Self| shape.granularity.as_ref().map_or("none".into(), |g| g.as_str().to_owned());
        let aspects = [
            ("service", self.api_url.to_string(), other.api_url.to_string()),
            ("query", self.family.clone(), other.family.clone()),
            ("granularity", bucket(self), bucket(other)),
            ("grouping", list(&self.group_by), list(&other.group_by)),
            ("metrics", list(&self.metrics), list(&other.metrics)),
            ("filters", filters(self), filters(other)),
        ];
        let different = aspects.into_iter().filter(|(_, one, another)| one != another);
        different
            .map(|(name, one, another)| format!("{name}: {one}, here: {another}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// The completeness of the rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quality {
    /// When the service was asked, in Unix milliseconds; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_at: Option<Timestamp>,
    /// Whether all rows of the day arrived.
    complete: bool,
}

impl Quality {
    pub(super) fn of(scope: &Scope) -> Self {
        Self { asked_at: scope.asked_at, complete: scope.is_complete() }
    }

    /// Whether rows of this quality may replace those of `other`: the service counts a day again when late requests
    /// arrive, so that what was asked later is at least as good.
    pub(super) fn may_replace(self, other: Self) -> bool {
        match (self.complete, other.complete) {
            (true, false) => true,
            (false, true) => false,
            _ => self.asked_at.zip(other.asked_at).is_none_or(|(ours, theirs)| ours >= theirs),
        }
    }
}

/// The document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: String,
    version: u32,
    rows: Shape,
    #[serde(default)]
    pub(super) files: BTreeMap<String, Quality>,
}

impl Manifest {
    /// The manifest of `directory`, or a new one if there is none and no partition either. An error if what is there is
    /// not of the kind `shape`.
    pub(super) fn open(directory: &Path, shape: &Shape) -> Result<Self, Problem> {
        let path = directory.join(NAME);
        let wrong = |problem: &dyn std::fmt::Display| {
            Problem::usage(format!("{} cannot be used: {problem}", path.display()))
                .with_hint("it says what the partitions beside it are; write to another directory")
        };
        let text = match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => return Err(wrong(&"it is not a regular file")),
            Ok(_) => fs::read_to_string(&path).map_err(|error| wrong(&error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Self::new(directory, shape),
            Err(error) => return Err(wrong(&error)),
        };
        let manifest: Self = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        if manifest.format != FORMAT {
            return Err(wrong(&"it is another program's"));
        }
        if manifest.version > VERSION {
            return Err(wrong(&format!("it has version {}, of a later genesys-usage", manifest.version)));
        }
        if manifest.rows == *shape {
            return Ok(manifest);
        }
        let difference = shape.difference(&manifest.rows);
        Err(Problem::usage(format!("{} holds rows of another kind ({difference})", directory.display()))
            .with_hint("rows of two kinds in one directory would be added up: write to another directory"))
    }

    fn new(directory: &Path, shape: &Shape) -> Result<Self, Problem> {
        if has_partitions(directory) {
            let problem =
                format!("{} has partitions, and no {NAME} that says what they are", directory.display());
            return Err(
                Problem::usage(problem).with_hint("write to another directory, or remove those partitions")
            );
        }
        Ok(Self { format: FORMAT.into(), version: VERSION, rows: shape.clone(), files: BTreeMap::new() })
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), Problem> {
        let path = directory.join(NAME);
        let written = file::write(&path, |to| {
            serde_json::to_writer_pretty(&mut *to, self)?;
            writeln!(to)
        });
        written.map_err(|error| cannot_write(&path, &error))
    }
}

/// Whether `directory` has a directory of the kind `date=…` or `organization=…`.
fn has_partitions(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_partition = |name: &str| name.starts_with("date=") || name.starts_with(ORGANIZATION);
    entries.into_iter().any(|entry| is_partition(&entry.file_name().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use usage_core::query::{OrganizationQuery, SimpleSearch};

    use super::*;

    #[test]
    fn better_rows_replace_worse_ones_and_later_ones_earlier_ones() {
        let quality = |asked_at: Option<u64>, complete| Quality {
            asked_at: asked_at.map(Timestamp::from_unix_millis),
            complete,
        };
        for (ours, theirs, may) in [
            (quality(Some(2), true), quality(Some(1), true), true),
            (quality(Some(1), true), quality(Some(1), true), true),
            (quality(Some(1), true), quality(Some(2), true), false),
            (quality(Some(1), true), quality(Some(2), false), true),
            (quality(Some(2), false), quality(Some(1), true), false),
            (quality(None, false), quality(Some(1), true), false),
            (quality(None, true), quality(Some(1), true), true),
            (quality(Some(2), false), quality(Some(1), false), true),
        ] {
            assert_eq!(ours.may_replace(theirs), may, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn the_kind_is_all_of_a_query_but_its_period_and_the_order_of_its_lists() {
        let url: BaseUrl = "https://api.mypurecloud.de".parse().unwrap();
        let search = |interval: &str, uris: [&str; 2]| {
            let search = SimpleSearch::new(interval.parse().unwrap());
            Shape::of(&search.with_template_uris(uris), url.clone())
        };
        let one = search("2026-10/2026-10", ["a", "b"]);
        assert_eq!(one, search("2026-11-01/2026-11-03", ["b", "a"]));
        let other = search("2026-10/2026-10", ["a", "c"]);
        assert_eq!(one.difference(&other), "filters: templateUris = a, b, here: templateUris = a, c");
        let json = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), one);

        let query = |granularity: Option<Granularity>| {
            let mut query = OrganizationQuery::new("2026-10/2026-10".parse().unwrap());
            query.granularity = granularity;
            Shape::of(&query, url.clone())
        };
        assert!(query(Some(Granularity::Day)).check_daily().is_ok() && one.check_daily().is_ok());
        for granularity in [None, Some(Granularity::Week), Some(Granularity::Month), Some("Year".into())] {
            assert!(query(granularity).check_daily().is_err());
        }
    }
}
