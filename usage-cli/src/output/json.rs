//! JSON: one document, or one a line.

use std::io::{self, Write};

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use usage_core::{Scope, UsageRow, UsageTable};
use usage_report::Names;

use crate::output::Content;
use crate::output::columns::{self, Cell};
use crate::output::organizations::Answer;

/// The result of a query that the service completed; there is no output of any other.
#[derive(Serialize)]
struct Document<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizations: Option<&'a [Answer]>,
    scope: &'a Scope,
    #[serde(skip_serializing_if = "Names::is_empty")]
    names: &'a Names,
    #[serde(serialize_with = "rows")]
    rows: (&'a UsageTable, bool),
}

/// Writes one document with all rows, on one line. The scope and the names stand before the rows, for readers that stream
/// them. Of several organizations, it has what each of them answered.
pub(super) fn write(to: &mut dyn Write, content: Content<'_>) -> io::Result<()> {
    let Content { table, scope, organizations, names } = content;
    let is_partial = organizations.unwrap_or_default().iter().any(Answer::is_missing);
    let status = if is_partial { "Partial" } else { "Complete" };
    let rows = (table, organizations.is_some());
    serde_json::to_writer(&mut *to, &Document { status, organizations, scope, names, rows })?;
    writeln!(to)
}

/// A row of a table of which rows are missing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Incomplete<'a, R> {
    #[serde(flatten)]
    row: R,
    rows_missing: &'a str,
}

/// Writes one document a row, each on its line, and in each of them why rows are `missing`, if they are.
pub(super) fn write_lines(
    to: &mut dyn Write,
    table: &UsageTable,
    is_several: bool,
    missing: Option<&str>,
) -> io::Result<()> {
    for row in table {
        if is_several {
            write_line(to, RowOfSeveral(row), missing)?;
        } else {
            write_line(to, row, missing)?;
        }
    }
    Ok(())
}

fn write_line(to: &mut dyn Write, row: impl Serialize, missing: Option<&str>) -> io::Result<()> {
    match missing {
        None => serde_json::to_writer(&mut *to, &row)?,
        Some(rows_missing) => serde_json::to_writer(&mut *to, &Incomplete { row, rows_missing })?,
    }
    writeln!(to)
}

fn rows<S: Serializer>((table, is_several): &(&UsageTable, bool), serializer: S) -> Result<S::Ok, S::Error> {
    if !is_several {
        return table.serialize(serializer);
    }
    let mut rows = serializer.serialize_seq(Some(table.len()))?;
    table.iter().try_for_each(|row| rows.serialize_element(&RowOfSeveral(row)))?;
    rows.end()
}

/// A row of one of several organizations.
struct RowOfSeveral<'a>(UsageRow<'a>);

impl Serialize for RowOfSeveral<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for column in columns::of(true).iter().filter(|column| column.has_data(self.0)) {
            match column.cell {
                Cell::Text(read) => map.serialize_entry(column.name, &read(self.0))?,
                Cell::Count(read) => map.serialize_entry(column.name, &read(self.0))?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use usage_core::{Timestamp, UsageRecord};
    use usage_report::Subject;

    use super::*;

    fn scope() -> Scope {
        Scope::new("organization", Timestamp::from_unix_millis(1_782_864_000_000))
    }

    const SCOPE: &str = r#"{"family":"organization","askedAt":"2026-07-01T00:00:00Z","dataUntil":"2026-06-30","complete":true,"missing":[]}"#;

    const NAMES: &str = r#"{"users":{"u":"Ada"}}"#;

    #[test]
    fn what_is_absent_is_left_out() {
        let table: UsageTable = [
            UsageRecord { http_method: Some("GET".into()), requests: Some(3), ..UsageRecord::default() },
            UsageRecord { status429: Some(0), ..UsageRecord::default() },
        ]
        .into_iter()
        .collect();
        let (mut document, mut lines) = (Vec::new(), Vec::new());
        let content =
            Content { table: &table, scope: &scope(), organizations: None, names: &Names::default() };
        write(&mut document, content).unwrap();
        write_lines(&mut lines, &table, false, None).unwrap();
        let document = String::from_utf8(document).unwrap();
        let rows = r#"[{"httpMethod":"GET","requests":3},{"status429":0}]"#;
        assert_eq!(document, format!("{{\"status\":\"Complete\",\"scope\":{SCOPE},\"rows\":{rows}}}\n"));
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            "{\"httpMethod\":\"GET\",\"requests\":3}\n{\"status429\":0}\n"
        );
    }

    #[test]
    fn no_rows_are_an_empty_list_and_no_lines() {
        let (mut document, mut lines) = (Vec::new(), Vec::new());
        let mut names = Names::default();
        names.insert(Subject::User, "u", "Ada");
        let table = UsageTable::new();
        write(&mut document, Content { table: &table, scope: &scope(), organizations: None, names: &names })
            .unwrap();
        write_lines(&mut lines, &UsageTable::new(), false, None).unwrap();
        let document = String::from_utf8(document).unwrap();
        assert_eq!(
            document,
            format!("{{\"status\":\"Complete\",\"scope\":{SCOPE},\"names\":{NAMES},\"rows\":[]}}\n")
        );
        assert!(lines.is_empty());
    }
}
