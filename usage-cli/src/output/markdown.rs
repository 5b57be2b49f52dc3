//! Tables as GitHub and GitLab render them: Markdown with pipes.

use std::io::{self, Write};

use usage_core::{Scope, UsageTable};

use crate::output::columns::{Cell, Column};
use crate::output::layout::Align;
use crate::output::rows_of;
use crate::text::printable;

/// Writes `table`: a header and the rows; columns without data are left out, and counts are whole numbers. A sentence
/// below says how many rows `scope` leaves out.
pub(super) fn write(
    to: &mut dyn Write,
    table: &UsageTable,
    columns: &'static [Column],
    scope: &Scope,
) -> io::Result<()> {
    let columns: Vec<_> =
        columns.iter().filter(|column| table.iter().any(|row| column.has_data(row))).collect();
    header(to, columns.iter().map(|column| (column.title, column.align())))?;
    for row in table {
        line(
            to,
            columns.iter().map(|column| match column.cell {
                Cell::Text(read) => escaped(read(row).unwrap_or_default()),
                Cell::Count(read) => read(row).map(|count| count.to_string()).unwrap_or_default(),
            }),
        )?;
    }
    rows_of(table, scope).map_or(Ok(()), |rows| writeln!(to, "\n{rows}."))
}

/// Writes the titles of a table, and the line that makes it one.
pub(super) fn header<'a>(
    to: &mut dyn Write,
    columns: impl Iterator<Item = (&'a str, Align)> + Clone,
) -> io::Result<()> {
    line(to, columns.clone().map(|(title, _)| escaped(title)))?;
    line(
        to,
        columns.map(|(_, align)| match align {
            Align::Left => "---".to_owned(),
            Align::Right => "---:".to_owned(),
        }),
    )
}

/// Writes one line of cells, which are escaped.
pub(super) fn line(to: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let mut text = String::from("|");
    for cell in cells {
        text.push(' ');
        text.push_str(&cell);
        text.push_str(" |");
    }
    writeln!(to, "{text}")
}

/// Returns `text` as a cell that shows it and is no markup.
pub(super) fn escaped(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '!' | '#' | '$') {
            cell.push('\\');
        }
        cell.push(c);
    }
    cell
}

#[cfg(test)]
mod tests {
    use usage_core::{Timestamp, UsageRecord};

    use super::*;
    use crate::output::columns::COLUMNS;

    #[test]
    fn texts_are_no_markup_and_counts_are_to_the_right() {
        let record = UsageRecord {
            client_name: Some("a|b <i>*\n".into()),
            template_uri: Some("api/v2/users/{userId}".into()),
            requests: Some(1_234),
            ..UsageRecord::default()
        };
        let mut out = Vec::new();
        let scope = Scope::new("organization", Timestamp::UNIX_EPOCH).with_rows_left_out(9);
        write(&mut out, &[record].into_iter().collect(), &COLUMNS, &scope).unwrap();
        let wanted = "| Client name | URI | Requests |\n\
                      | --- | --- | ---: |\n\
                      | a\\|b \\<i\\>\\*\u{FFFD} | api/v2/users/{userId} | 1234 |\n\
                      \n1 of 10 rows.\n";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}
