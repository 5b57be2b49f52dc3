//! A table for people.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;
use usage_core::{Scope, UsageTable};

use crate::output::columns::Column;
use crate::output::fit::Layout;
use crate::output::rows_of;

/// The layout of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// The maximum width; without one, nothing is shortened.
    pub(crate) width: Option<usize>,
    /// Whether it may be bold and coloured.
    pub(crate) bold: bool,
}

impl Look {
    /// The layout for a file or a pipe: nothing is shortened or bold.
    pub(crate) fn plain() -> Self {
        Self { width: None, bold: false }
    }
}

/// Writes `table`: a header, the rows, a line of totals; columns without data are left out. A line below says how many
/// rows `scope` leaves out.
pub(super) fn write(
    to: &mut dyn Write,
    table: &UsageTable,
    columns: &'static [Column],
    scope: &Scope,
    look: Look,
) -> io::Result<()> {
    let left_out = rows_of(table, scope);
    match &left_out {
        Some(rows) if table.is_empty() => return writeln!(to, "{rows}: none meets --where."),
        None if table.is_empty() => return writeln!(to, "No rows: the service counted nothing here."),
        _ => {}
    }
    let layout = Layout::of(table, columns, look.width);
    let style = if look.bold { Style::new().bold() } else { Style::new() };
    writeln!(to, "{style}{}{style:#}", layout.line(|sized| Cow::Borrowed(sized.column.title)))?;
    for row in table {
        writeln!(to, "{}", layout.line(|sized| sized.cell(row)))?;
    }
    writeln!(to, "{}", layout.rule())?;
    writeln!(to, "{}", layout.totals(table.len()))?;
    if let Some(rows) = left_out {
        writeln!(to, "{rows}; the totals are of these.")?;
    }
    match &layout.left_out()[..] {
        [] => Ok(()),
        left_out => writeln!(to, "Too wide for this terminal: {}. --wide shows all.", left_out.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;
    use usage_core::{Timestamp, UsageRecord};

    use super::*;
    use crate::output::columns::COLUMNS;

    fn row(name: &str, uri: &str, requests: u64, status429: Option<u64>) -> UsageRecord {
        UsageRecord {
            client_name: Some(name.into()),
            template_uri: Some(uri.into()),
            requests: Some(requests),
            status429,
            ..UsageRecord::default()
        }
    }

    fn scope() -> Scope {
        Scope::new("organization", Timestamp::UNIX_EPOCH)
    }

    fn drawn(rows: impl IntoIterator<Item = UsageRecord>, look: Look) -> String {
        let mut out = Vec::new();
        write(&mut out, &rows.into_iter().collect(), &COLUMNS, &scope(), look).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn counts_are_grouped_and_to_the_right_and_have_totals() {
        let rows =
            [row("Nightly Export", "api/v2/users", 1_234_567, Some(0)), row("Bot", "api/v2/queues", 8, None)];
        let wanted = "\
Client name     URI             Requests  429
Nightly Export  api/v2/users   1,234,567    0
Bot             api/v2/queues          8
─────────────────────────────────────────────
Total of 2 rows                1,234,575    0
";
        assert_eq!(drawn(rows, Look::plain()), wanted);
    }

    #[test]
    fn rows_that_are_left_out_are_counted() {
        let drawn = |rows: &[UsageRecord], left_out| {
            let mut out = Vec::new();
            let scope = scope().with_rows_left_out(left_out);
            write(&mut out, &rows.iter().cloned().collect(), &COLUMNS, &scope, Look::plain()).unwrap();
            String::from_utf8(out).unwrap()
        };
        let table = drawn(&[row("Bot", "api/v2/queues", 8, None)], 2_316);
        assert!(
            table.ends_with(
                "Total of 1 row                     8\n1 of 2,317 rows; the totals are of these.\n"
            ),
            "{table}"
        );
        assert_eq!(drawn(&[], 2_317), "0 of 2,317 rows: none meets --where.\n");
    }

    #[test]
    fn a_narrow_terminal_shortens_the_uri_in_the_middle() {
        let uri = "api/v2/conversations/{conversationId}/participants/{participantId}/attributes";
        let table = drawn([row("Bot", uri, 8, None)], Look { width: Some(60), bold: false });
        assert!(table.contains("Bot          api/v2/conversatio…pantId}/attributes         8"), "{table}");
        for line in table.lines() {
            assert!(line.width() <= 60, "{line}");
        }
        let whole = drawn([row("Bot", uri, 8, None)], Look { width: Some(200), bold: false });
        assert!(whole.contains(uri));
    }

    #[test]
    fn too_narrow_is_too_narrow() {
        let table = drawn(
            [row("A name that is long", "api/v2/users/{userId}", 8, None)],
            Look { width: Some(1), bold: false },
        );
        assert!(table.contains("A name… long api/…Id}        8"), "{table}");
    }

    const ID: &str = "7de3af06-c0b3-4f9b-af45-72f4a14037cc";

    /// A row with every column of a query by client, user, URI and method.
    fn full() -> UsageRecord {
        let counts = [("status200", 12_000), ("status300", 7), ("status400", 1_300), ("status500", 21)];
        let mut record = UsageRecord {
            client_id: Some(ID.into()),
            http_method: Some("GET".into()),
            ..row("Nightly Export", "api/v2/conversations/{conversationId}/participants", 13_328, Some(99))
        };
        for (name, count) in counts {
            *match name {
                "status200" => &mut record.status200,
                "status300" => &mut record.status300,
                "status400" => &mut record.status400,
                _ => &mut record.status500,
            } = Some(count);
        }
        record
    }

    #[test]
    fn columns_give_way_in_order_and_no_line_is_too_wide() {
        for width in 44..200 {
            let table = drawn([full()], Look { width: Some(width), bold: false });
            assert!(
                table.lines().all(|line| line.width() <= width || line.starts_with("Too wide")),
                "{table}"
            );
            // What is asked for first is there at any width.
            assert!(table.contains("13,328") && table.contains(" 99"), "{width}: {table}");
            // An id is whole or left out: one that is cut cannot be copied.
            assert!(!table.contains("7de3") || table.contains(ID), "{width}: {table}");
        }
        let at = |width| drawn([full()], Look { width: Some(width), bold: false });
        assert!(
            at(80).ends_with("Too wide for this terminal: 3xx, 2xx, Client id, 5xx. --wide shows all.\n"),
            "{}",
            at(80)
        );
        assert!(
            at(140).contains(ID) && at(140).contains("Too wide for this terminal: 3xx, 2xx."),
            "{}",
            at(140)
        );
        assert!(!at(170).contains("Too wide") && at(170).contains(ID), "{}", at(170));
    }

    #[test]
    fn room_that_a_column_leaves_is_used() {
        // Without its id the row is so much narrower that the counters fit again.
        let named = UsageRecord { http_method: None, template_uri: None, ..full() };
        let table = drawn([named.clone()], Look { width: Some(70), bold: false });
        assert!(table.ends_with("Too wide for this terminal: Client id. --wide shows all.\n"), "{table}");
        assert!(table.starts_with("Client name     Requests     2xx  3xx"), "{table}");
        // An id without a name stays whole as long as anything else can give way.
        let unnamed = UsageRecord { client_name: None, ..full() };
        let table = drawn([unnamed], Look { width: Some(80), bold: false });
        assert!(table.contains(ID), "{table}");
    }

    #[test]
    fn the_header_alone_is_bold() {
        let table = drawn([row("Bot", "x", 8, None)], Look { width: None, bold: true });
        assert!(table.starts_with("\u{1b}[1mClient name"), "{table:?}");
        assert_eq!(table.matches('\u{1b}').count(), 2);
    }

    #[test]
    fn a_name_does_not_steer_the_terminal() {
        let table = drawn([row("\u{1b}[31mred\n", "x", 8, None)], Look::plain());
        assert!(table.contains("\u{FFFD}[31mred\u{FFFD}    x "), "{table:?}");
    }

    #[test]
    fn wide_characters_count_twice() {
        let table = drawn([row("夜間エクスポート", "x", 8, None), row("Bot", "y", 8, None)], Look::plain());
        assert!(table.contains("夜間エクスポート  x"), "{table}");
        assert!(table.contains("Bot               y"), "{table}");
    }

    #[test]
    fn counts_alone_have_totals_without_a_label() {
        let rows = [UsageRecord { requests: Some(u64::MAX / 2), ..UsageRecord::default() }; 1];
        assert!(drawn(rows, Look::plain()).ends_with("\n9,223,372,036,854,775,807\n"));
        assert_eq!(drawn([], Look::plain()), "No rows: the service counted nothing here.\n");
    }
}
