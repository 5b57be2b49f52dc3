//! One file a day, in directories that DuckDB, Spark and Hive know how to read: `date=2026-10-31/usage.parquet`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use usage_core::{Date, Scope, UsageTable};

use crate::output::{Format, file};

/// What files are split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PartitionBy {
    /// The row's date: one file a day, or a week or a month, as the granularity is
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

/// What can be seen before there is anything to write.
pub(super) fn check(directory: &Path) -> io::Result<()> {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => file::check_directory(directory),
        Ok(_) => Err(ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => check(parent),
            _ => file::check_directory(Path::new(".")),
        },
        Err(error) => Err(error),
    }
}

/// Writes the rows of each partition to its file, each whole or not at all. An error comes with the path it is about.
pub(super) fn write(
    directory: &Path,
    by: PartitionBy,
    format: Format,
    table: &UsageTable,
    scope: &Scope,
) -> Result<(), (PathBuf, io::Error)> {
    let parts = split(table).map_err(|error| (directory.to_owned(), error))?;
    for (date, part) in parts {
        let value = date.map_or_else(|| NO_VALUE.into(), |date| date.to_string());
        let directory = directory.join(format!("{}={value}", by.column()));
        let path = directory.join(format!("usage.{}", format.extension()));
        let scope = date.map_or_else(|| scope.clone(), |date| scope.of_bucket(date));
        let written = fs::create_dir_all(&directory)
            .and_then(|()| file::write(&path, |to| format.write_part(to, &part, &scope)));
        written.map_err(|error| (path, error))?;
    }
    Ok(())
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
    use usage_core::{Timestamp, UsageRecord};

    use super::*;

    fn scope() -> Scope {
        Scope::new("organization", Timestamp::from_unix_millis(1_782_864_000_000))
    }

    fn table(dates: &[Option<&str>]) -> UsageTable {
        let record = |date: Option<&str>| UsageRecord {
            date: date.map(Into::into),
            requests: Some(1),
            ..UsageRecord::default()
        };
        dates.iter().copied().map(record).collect()
    }

    #[test]
    fn every_date_has_its_file_and_a_second_run_replaces_its_own_days_only() {
        let directory = tempfile::tempdir().unwrap();
        let lake = directory.path().join("new").join("lake");
        check(&lake).unwrap();
        let lines =
            |name: &str| fs::read_to_string(lake.join(name).join("usage.csv")).unwrap().lines().count();
        let write = |dates: &[Option<&str>]| {
            write(&lake, PartitionBy::Date, Format::Csv, &table(dates), &scope()).unwrap();
        };
        write(&[Some("2026-10-01"), Some("2026-10-02"), Some("2026-10-01"), None]);
        assert_eq!(lines("date=2026-10-01"), 3);
        assert_eq!(lines("date=__HIVE_DEFAULT_PARTITION__"), 2);
        write(&[Some("2026-10-02"), Some("2026-10-02"), Some("2026-10-03")]);
        assert_eq!((lines("date=2026-10-01"), lines("date=2026-10-02"), lines("date=2026-10-03")), (3, 3, 2));
        assert_eq!(fs::read_dir(lake.join("date=2026-10-02")).unwrap().count(), 1);
    }

    #[test]
    fn a_date_that_is_a_path_becomes_none() {
        let directory = tempfile::tempdir().unwrap();
        let (path, error) =
            write(directory.path(), PartitionBy::Date, Format::Csv, &table(&[Some("../x")]), &scope())
                .unwrap_err();
        assert_eq!((&*path, error.kind()), (directory.path(), ErrorKind::InvalidData));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_is_no_directory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(check(file.path()).is_err() && check(&file.path().join("below")).is_err());
    }
}
