//! JSON: one document, or one a line.

use std::io::{self, Write};

use serde::Serialize;
use usage_core::{Scope, UsageTable};

/// The result of a query that the service completed; there is no output of any other.
#[derive(Serialize)]
struct Document<'a> {
    status: &'static str,
    scope: &'a Scope,
    rows: &'a UsageTable,
}

/// Writes one document with all rows, on one line. The scope stands before the rows, for readers that stream them.
pub(super) fn write(to: &mut dyn Write, table: &UsageTable, scope: &Scope) -> io::Result<()> {
    serde_json::to_writer(&mut *to, &Document { status: "Complete", scope, rows: table })?;
    writeln!(to)
}

/// One document a row, each on its line.
pub(super) fn write_lines(to: &mut dyn Write, table: &UsageTable) -> io::Result<()> {
    for row in table {
        serde_json::to_writer(&mut *to, &row)?;
        writeln!(to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use usage_core::{Timestamp, UsageRecord};

    use super::*;

    fn scope() -> Scope {
        Scope::new("organization", Timestamp::from_unix_millis(1_782_864_000_000))
    }

    const SCOPE: &str = r#"{"family":"organization","askedAt":"2026-07-01T00:00:00Z","dataUntil":"2026-06-30","complete":true,"missing":[]}"#;

    #[test]
    fn what_is_absent_is_left_out() {
        let table: UsageTable = [
            UsageRecord { http_method: Some("GET".into()), requests: Some(3), ..UsageRecord::default() },
            UsageRecord { status429: Some(0), ..UsageRecord::default() },
        ]
        .into_iter()
        .collect();
        let (mut document, mut lines) = (Vec::new(), Vec::new());
        write(&mut document, &table, &scope()).unwrap();
        write_lines(&mut lines, &table).unwrap();
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
        write(&mut document, &UsageTable::new(), &scope()).unwrap();
        write_lines(&mut lines, &UsageTable::new()).unwrap();
        let document = String::from_utf8(document).unwrap();
        assert_eq!(document, format!("{{\"status\":\"Complete\",\"scope\":{SCOPE},\"rows\":[]}}\n"));
        assert!(lines.is_empty());
    }
}
