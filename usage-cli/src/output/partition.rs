//! One file a day, in directories that DuckDB, Spark and Hive know how to read: `date=2026-10-31/usage.parquet`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use usage_core::{Date, Gap, Scope, UsageTable};

use crate::files::lock::Lock;
use crate::output::format::Format;
use crate::output::manifest::{self, Manifest, ORGANIZATION, Quality, Shape};
use crate::output::{cannot_write, file};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};

/// The value by which files are split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartitionBy {
    /// The row's date: one file a day
    Date,
}

impl PartitionBy {
    fn column(self) -> &'static str {
        match self {
            Self::Date => "date",
        }
    }
}

/// The value of rows that have none.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The rows of one run, and what they cover.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a UsageTable,
    pub(crate) scope: &'a Scope,
    /// The days of which rows may be missing beside the gaps of `scope`; `None` stands for days that are not known.
    pub(crate) cut_off: &'a [Option<Date>],
    pub(crate) shape: &'a Shape,
}

/// Refuses what can be seen before there is anything to write: a place that cannot be written to, and links in place of
/// partitions.
pub(super) fn check(directory: &Path) -> Result<(), Problem> {
    check_place(directory).map_err(|error| cannot_write(directory, &error))?;
    if directory.is_dir() { check_links(directory) } else { Ok(()) }
}

/// Refuses rows that do not fit files by day, and a directory of rows of another kind.
pub(super) fn check_shape(directory: &Path, shape: &Shape) -> Result<(), Problem> {
    shape.check_daily()?;
    if directory.is_dir() { Manifest::open(directory, shape).map(drop) } else { Ok(()) }
}

/// Returns the directory of one of several organizations. The name is that of a profile, which is a plain one.
pub(super) fn of_organization(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{ORGANIZATION}{name}"))
}

/// Refuses what [`check_shape`] refuses for one of several organizations, and a directory that holds rows of a single one.
pub(super) fn check_organization(directory: &Path, name: &str, shape: &Shape) -> Result<(), Problem> {
    if directory.join(manifest::NAME).exists() {
        let problem = format!("{} holds other rows than those of several profiles", directory.display());
        return Err(Problem::usage(problem).with_hint("write to another directory"));
    }
    let directory = of_organization(directory, name);
    check_link(&directory)?;
    check(&directory)?;
    check_shape(&directory, shape)
}

/// Whether `directory` is one, or can be made.
fn check_place(directory: &Path) -> io::Result<()> {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => file::check_directory(directory),
        Ok(_) => Err(ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => check_place(parent),
            _ => file::check_directory(Path::new(".")),
        },
        Err(error) => Err(error),
    }
}

/// Refuses partitions that are links: they lead out of the directory that was named.
fn check_links(directory: &Path) -> Result<(), Problem> {
    let entries = fs::read_dir(directory).map_err(|error| cannot_write(directory, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| cannot_write(directory, &error))?;
        if entry.file_name().to_string_lossy().starts_with("date=") {
            check_link(&entry.path())?;
        }
    }
    Ok(())
}

fn check_link(path: &Path) -> Result<(), Problem> {
    if !path.is_symlink() {
        return Ok(());
    }
    Err(Problem::usage(format!("{} is a symbolic link, and links are not followed here", path.display()))
        .with_hint("put a directory in its place; the directory above it may be a link"))
}

/// Writes the rows of each partition to its file, each whole or not at all. A file whose rows are better than these stays.
pub(super) fn write(
    directory: &Path,
    by: PartitionBy,
    format: Format,
    rows: Rows<'_>,
) -> Result<(), Problem> {
    let parts = split(rows.table).map_err(|error| cannot_write(directory, &error))?;
    fs::create_dir_all(directory).map_err(|error| cannot_write(directory, &error))?;
    // Another process may write other days at the same time: its additions to the manifest must not be lost.
    let _lock = Lock::wait(directory)?;
    let mut manifest = Manifest::open(directory, rows.shape)?;
    // The manifest is written before the first file.
    manifest.write(directory)?;
    let mut kept = Vec::new();
    for (date, part) in parts {
        let value = date.map_or_else(|| NO_VALUE.into(), |date| date.to_string());
        let name = format!("{}={value}", by.column());
        let file_name = format!("usage.{}", format.extension());
        let (partition, key) = (directory.join(&name), format!("{name}/{file_name}"));
        let path = partition.join(file_name);
        check_link(&partition)?;
        check_link(&path)?;
        let scope = rows.scope_of(date);
        let quality = Quality::of(&scope);
        let is_worse = manifest.files.get(&key).is_some_and(|there| !quality.may_replace(*there));
        if is_worse && path.is_file() {
            kept.push(key);
            continue;
        }
        fs::create_dir_all(&partition)
            .and_then(|()| file::write(&path, |to| super::write_part(to, format, &part, &scope)))
            .map_err(|error| cannot_write(&path, &error))?;
        manifest.files.insert(key, quality);
    }
    manifest.write(directory)?;
    if !kept.is_empty() {
        let files = kept.join(", ");
        let text = format!("kept, because their rows are newer or more complete than these: {files}");
        stderr::labelled("warning", WARNING, text);
    }
    Ok(())
}

impl Rows<'_> {
    /// Returns the scope of the rows of `date`.
    fn scope_of(&self, date: Option<Date>) -> Scope {
        let mut scope = date.map_or_else(|| self.scope.clone(), |date| self.scope.of_bucket(date));
        scope.missing.retain(|gap| *gap != Gap::RowLimit);
        scope.complete = scope.missing.is_empty();
        let is_cut_off = self.cut_off.contains(&None) || (date.is_some() && self.cut_off.contains(&date));
        if is_cut_off { scope.with_gap(Gap::RowLimit) } else { scope }
    }
}

/// The rows of each date. What the service wrote becomes a name only if it is a date.
fn split(table: &UsageTable) -> io::Result<BTreeMap<Option<Date>, UsageTable>> {
    let mut parts: BTreeMap<Option<Date>, UsageTable> = BTreeMap::new();
    for row in table {
        let date = match (row.date(), row.date_text()) {
            (None, Some(text)) => {
                let problem = format!("{text:?} is the date of a row, but no day");
                return Err(io::Error::new(ErrorKind::InvalidData, problem));
            }
            (date, _) => date,
        };
        parts.entry(date).or_default().push_row(row);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use usage_core::query::OrganizationQuery;
    use usage_core::{Timestamp, UsageQuery, UsageRecord};

    use super::*;

    const INTERVAL: &str = "2026-10-01/2026-10-31";

    fn query(granularity: &str) -> OrganizationQuery {
        OrganizationQuery::new(INTERVAL.parse().unwrap()).with_granularity(granularity.into())
    }

    fn shape(query: &OrganizationQuery) -> Shape {
        Shape::of(query, "https://api.mypurecloud.de".parse().unwrap())
    }

    fn table(dates: &[Option<&str>]) -> UsageTable {
        let record = |date: Option<&str>| UsageRecord {
            date: date.map(Into::into),
            requests: Some(1),
            ..UsageRecord::default()
        };
        dates.iter().copied().map(record).collect()
    }

    /// Writes rows of `dates` that were asked for at `asked_at`, of which those of `cut_off` lack some.
    fn write(
        lake: &Path,
        dates: &[Option<&str>],
        asked_at: u64,
        cut_off: &[Option<Date>],
    ) -> Result<(), Problem> {
        let (query, table) = (query("Day"), table(dates));
        let scope = query.scope(Timestamp::from_unix_millis(asked_at));
        let rows = Rows { table: &table, scope: &scope, cut_off, shape: &shape(&query) };
        super::write(lake, PartitionBy::Date, Format::Csv, rows)
    }

    fn lines(lake: &Path, name: &str) -> usize {
        fs::read_to_string(lake.join(name).join("usage.csv")).unwrap().lines().count()
    }

    #[test]
    fn every_date_has_its_file_and_a_second_run_replaces_its_own_days_only() {
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path().join("new").join("lake");
        check(&lake).unwrap();
        write(&lake, &[Some("2026-10-01"), Some("2026-10-02"), Some("2026-10-01"), None], 1, &[]).unwrap();
        assert_eq!(lines(&lake, "date=2026-10-01"), 3);
        assert_eq!(lines(&lake, "date=__HIVE_DEFAULT_PARTITION__"), 2);
        write(&lake, &[Some("2026-10-02"), Some("2026-10-02"), Some("2026-10-03")], 2, &[]).unwrap();
        let found = ["date=2026-10-01", "date=2026-10-02", "date=2026-10-03"].map(|name| lines(&lake, name));
        assert_eq!(found, [3, 3, 2]);
        assert_eq!(fs::read_dir(lake.join("date=2026-10-02")).unwrap().count(), 1);
    }

    #[test]
    fn rows_that_are_worse_replace_none() {
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path();
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let (first, second) = (Some("2026-10-01"), Some("2026-10-02"));
        write(lake, &[first, first, second, second], 5, &[]).unwrap();
        // Rows of the first day are missing now; those of the second all arrived.
        write(lake, &[first, second], 6, &[day("2026-10-01")]).unwrap();
        assert_eq!([lines(lake, "date=2026-10-01"), lines(lake, "date=2026-10-02")], [3, 2]);
        // It is unknown which days lack rows.
        write(lake, &[first, second, second, second], 7, &[None]).unwrap();
        assert_eq!([lines(lake, "date=2026-10-01"), lines(lake, "date=2026-10-02")], [3, 2]);
        // An execution that was submitted earlier.
        write(lake, &[first, second, second], 4, &[]).unwrap();
        assert_eq!([lines(lake, "date=2026-10-01"), lines(lake, "date=2026-10-02")], [3, 2]);
        // Incomplete rows are written where there is no file, and replaced by complete ones.
        write(lake, &[Some("2026-10-03")], 9, &[day("2026-10-03")]).unwrap();
        write(lake, &[Some("2026-10-03"), Some("2026-10-03")], 8, &[]).unwrap();
        assert_eq!(lines(lake, "date=2026-10-03"), 3);
        // A file that was removed is written again.
        fs::remove_file(lake.join("date=2026-10-01").join("usage.csv")).unwrap();
        write(lake, &[first], 1, &[]).unwrap();
        assert_eq!(lines(lake, "date=2026-10-01"), 2);
    }

    #[test]
    fn of_runs_at_the_same_time_none_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path();
        std::thread::scope(|scope| {
            for day in 1..=12 {
                scope.spawn(move || write(lake, &[Some(&format!("2026-10-{day:02}"))], day, &[]).unwrap());
            }
        });
        let manifest = fs::read_to_string(lake.join(manifest::NAME)).unwrap();
        assert_eq!(manifest.matches("date=2026-10-").count(), 12, "{manifest}");
    }

    #[test]
    fn rows_of_another_kind_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path();
        write(lake, &[Some("2026-10-01")], 1, &[]).unwrap();
        check_shape(lake, &shape(&query("Day"))).unwrap();
        for (other, text) in [
            (query("Day").with_group_by(["TemplateUri".into()]), "grouping: TemplateUri, here: none named"),
            (query("Day").with_metrics(["Requests".into()]), "metrics: Requests, here: none named"),
            (query("Week"), "rows by week do not fit"),
            (query("Month"), "rows by month do not fit"),
            (OrganizationQuery::new(INTERVAL.parse().unwrap()), "have no date"),
        ] {
            let said = check_shape(lake, &shape(&other)).unwrap_err().to_string();
            assert!(said.contains(text), "{said}");
        }
        let elsewhere = Shape::of(&query("Day"), "https://api.mypurecloud.ie".parse().unwrap());
        assert!(
            check_shape(lake, &elsewhere)
                .unwrap_err()
                .to_string()
                .contains("service: https://api.mypurecloud.ie")
        );
        for text in ["", "{}", r#"{"format":"x","version":1}"#] {
            fs::write(lake.join("_genesys-usage.json"), text).unwrap();
            assert!(check_shape(lake, &shape(&query("Day"))).is_err(), "{text}");
        }
        fs::remove_file(lake.join("_genesys-usage.json")).unwrap();
        let said = check_shape(lake, &shape(&query("Day"))).unwrap_err().to_string();
        assert!(said.contains("no _genesys-usage.json that says what they are"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn links_in_place_of_partitions_are_refused() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let (lake, elsewhere) = (directory.path().join("lake"), directory.path().join("elsewhere"));
        write(&lake, &[Some("2026-10-01")], 1, &[]).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        for target in [elsewhere.clone(), directory.path().join("nowhere")] {
            symlink(target, lake.join("date=2026-10-02")).unwrap();
            let said = check(&lake).unwrap_err().to_string();
            assert!(said.contains("date=2026-10-02 is a symbolic link"), "{said}");
            assert!(write(&lake, &[Some("2026-10-02")], 2, &[]).is_err());
            fs::remove_file(lake.join("date=2026-10-02")).unwrap();
        }
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        let file = lake.join("date=2026-10-01").join("usage.csv");
        fs::remove_file(&file).unwrap();
        symlink(elsewhere.join("usage.csv"), &file).unwrap();
        assert!(write(&lake, &[Some("2026-10-01")], 2, &[]).is_err());
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        // The directory itself may be a link.
        fs::remove_file(&file).unwrap();
        symlink(&lake, directory.path().join("link")).unwrap();
        write(&directory.path().join("link"), &[Some("2026-10-01")], 3, &[]).unwrap();
    }

    #[test]
    fn a_date_that_is_a_path_becomes_none() {
        let directory = tempfile::tempdir().unwrap();
        let said = write(directory.path(), &[Some("../x")], 1, &[]).unwrap_err().to_string();
        assert!(said.contains("is the date of a row, but no day"), "{said}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_is_no_directory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(check(file.path()).is_err() && check(&file.path().join("below")).is_err());
    }
}
