//! A table for people.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;
use usage_core::{UsageRow, UsageTable};

use crate::output::columns::{COLUMNS, Cell, Column};
use crate::output::layout::{self, Align, shortened};
use crate::text::number::grouped;
use crate::text::printable;

/// Between two columns, and on a terminal that is too narrow.
const GAP: usize = 2;
const NARROW_GAP: usize = 1;

/// What gives way on a terminal that is too narrow, step by step until it fits.
const GIVE_WAY: [Step; 9] = [
    // A URI can be recognised by its ends, and an id by its.
    Step::Shorten("templateUri", 32),
    Step::Shorten("organizationId", 9),
    Step::Shorten("userId", 9),
    Step::Shorten("clientId", 9),
    Step::Shorten("clientName", 16),
    // The name is there as well.
    Step::LeaveOutClientId,
    Step::Shorten("templateUri", 24),
    Step::NarrowGaps,
    Step::Shorten("templateUri", 12),
];

#[derive(Clone, Copy)]
enum Step {
    /// This column, down to this width.
    Shorten(&'static str, usize),
    LeaveOutClientId,
    NarrowGaps,
}

/// How it is to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// How wide it may be at most; nothing is shortened without it.
    pub(crate) width: Option<usize>,
    /// Whether it may be bold and coloured.
    pub(crate) bold: bool,
}

impl Look {
    /// For a file or a pipe: nothing is shortened, nothing is bold.
    pub(crate) fn plain() -> Self {
        Self { width: None, bold: false }
    }
}

/// Writes `table`: a header, the rows, a line of totals; columns without data are left out.
pub(super) fn write(to: &mut dyn Write, table: &UsageTable, look: Look) -> io::Result<()> {
    if table.is_empty() {
        return writeln!(to, "No rows: the service counted nothing here.");
    }
    let layout = Layout::of(table, look);
    let style = if look.bold { Style::new().bold() } else { Style::new() };
    writeln!(to, "{style}{}{style:#}", layout.line(|sized| Cow::Borrowed(sized.column.title)))?;
    for row in table {
        writeln!(to, "{}", layout.line(|sized| sized.cell(row)))?;
    }
    writeln!(to, "{}", layout.rule())?;
    writeln!(to, "{}", layout.totals(table.len()))?;
    if layout.left_out {
        writeln!(
            to,
            "This terminal is too narrow for client ids; a wider one or another --format shows them."
        )?;
    }
    Ok(())
}

/// The columns that have data, and how far they are apart.
struct Layout {
    columns: Vec<Sized>,
    gap: usize,
    left_out: bool,
}

/// A column and how wide it is.
struct Sized {
    column: &'static Column,
    width: usize,
    /// Of the counts.
    total: u128,
}

impl Layout {
    fn of(table: &UsageTable, look: Look) -> Self {
        let with_data = COLUMNS.iter().filter(|column| table.iter().any(|row| column.has_data(row)));
        let columns = with_data.map(|column| Sized::natural(column, table)).collect();
        let mut layout = Self { columns, gap: GAP, left_out: false };
        for step in GIVE_WAY {
            let surplus = look.width.map_or(0, |width| layout.width().saturating_sub(width));
            if surplus == 0 {
                break;
            }
            layout.give_way(step, surplus);
        }
        layout
    }

    fn give_way(&mut self, step: Step, surplus: usize) {
        match step {
            Step::Shorten(name, least) => {
                if let Some(sized) = self.columns.iter_mut().find(|sized| sized.column.name == name) {
                    let least = least.max(sized.column.title.width()).min(sized.width);
                    sized.width = sized.width.saturating_sub(surplus).max(least);
                }
            }
            Step::LeaveOutClientId => {
                let has = |name: &str| self.columns.iter().any(|sized| sized.column.name == name);
                if has("clientId") && has("clientName") {
                    self.columns.retain(|sized| sized.column.name != "clientId");
                    self.left_out = true;
                }
            }
            Step::NarrowGaps => self.gap = NARROW_GAP,
        }
    }

    fn width(&self) -> usize {
        let gaps = self.gap * self.columns.len().saturating_sub(1);
        self.columns.iter().map(|sized| sized.width).sum::<usize>() + gaps
    }

    fn line<'a>(&self, cell: impl Fn(&Sized) -> Cow<'a, str>) -> String {
        layout::line(self.columns.iter().map(|sized| sized.pad(&cell(sized))), self.gap)
    }

    fn rule(&self) -> String {
        "─".repeat(self.width())
    }

    /// The sums, and before them, where the texts are, how many rows they are of.
    fn totals(&self, rows: usize) -> String {
        let (texts, counts): (Vec<_>, Vec<_>) = self.columns.iter().partition(|sized| sized.is_text());
        let room = texts.iter().map(|sized| sized.width + self.gap).sum::<usize>();
        let long = format!("Total of {} row{}", grouped(rows as u128), if rows == 1 { "" } else { "s" });
        let label = if long.len() + self.gap <= room { long } else { "Total".into() };
        let label = if room == 0 { String::new() } else { format!("{label:room$}") };
        let sums = counts.iter().map(|sized| sized.pad(&grouped(sized.total)));
        format!("{label}{}", layout::line(sums, self.gap)).trim_end().to_owned()
    }
}

impl Sized {
    /// As wide as the widest cell.
    fn natural(column: &'static Column, table: &UsageTable) -> Self {
        let total = match column.cell {
            Cell::Text(_) => 0,
            Cell::Count(read) => table.iter().filter_map(read).map(u128::from).sum(),
        };
        let mut sized = Self { column, width: usize::MAX, total };
        let cells = table.iter().map(|row| sized.cell(row).width()).max().unwrap_or_default();
        let sum = if sized.is_text() { 0 } else { grouped(total).len() };
        sized.width = cells.max(sum).max(column.title.width());
        sized
    }

    fn is_text(&self) -> bool {
        self.column.align() == Align::Left
    }

    /// What stands here for `row`; nothing if it is absent.
    fn cell<'a>(&self, row: UsageRow<'a>) -> Cow<'a, str> {
        match self.column.cell {
            Cell::Text(read) => read(row).map(|text| shortened(printable(text), self.width)),
            Cell::Count(read) => read(row).map(|count| grouped(count.into()).into()),
        }
        .unwrap_or_default()
    }

    fn pad(&self, cell: &str) -> String {
        layout::padded(cell, self.width, self.column.align())
    }
}

#[cfg(test)]
mod tests {
    use usage_core::UsageRecord;

    use super::*;

    fn row(name: &str, uri: &str, requests: u64, status429: Option<u64>) -> UsageRecord {
        UsageRecord {
            client_name: Some(name.into()),
            template_uri: Some(uri.into()),
            requests: Some(requests),
            status429,
            ..UsageRecord::default()
        }
    }

    fn drawn(rows: impl IntoIterator<Item = UsageRecord>, look: Look) -> String {
        let mut out = Vec::new();
        write(&mut out, &rows.into_iter().collect(), look).unwrap();
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
        assert!(table.contains("A name t…is long api/v2…erId}        8"), "{table}");
    }

    #[test]
    fn a_very_narrow_terminal_has_names_in_place_of_ids() {
        let named = UsageRecord {
            client_id: Some("7de3af06-c0b3-4f9b-af45-72f4a14037cc".into()),
            ..row("Bot", "api/v2/conversations/{conversationId}", 8, None)
        };
        let wide = drawn([named.clone()], Look { width: Some(70), bold: false });
        assert!(wide.contains("7de3af…4037cc"), "{wide}");
        let narrow = drawn([named], Look { width: Some(50), bold: false });
        assert!(!narrow.contains("7de3") && narrow.contains("too narrow for client ids"), "{narrow}");
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
