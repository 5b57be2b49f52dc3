//! Which columns of a table fit a terminal, and how wide each is.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;
use usage_core::{UsageRow, UsageTable};

use crate::output::columns::{Cell, Column};
use crate::output::layout::{self, Align, shortened};
use crate::text::number::grouped;
use crate::text::printable;

/// Between two columns, and on a terminal that is too narrow.
const GAP: usize = 2;
const NARROW_GAP: usize = 1;

/// The columns that are shortened or dropped on a narrow terminal, in this order, until the table fits. The manual
/// states this order.
const STEPS: [Step; 15] = [
    Step::Shorten("templateUri", 48),
    Step::LeaveOut("status300"),
    Step::LeaveOut("status200"),
    Step::LeaveOutNamedIds,
    Step::Shorten("templateUri", 32),
    Step::Shorten("clientName", 20),
    Step::LeaveOut("status500"),
    Step::LeaveOut("status400"),
    Step::NarrowGaps,
    Step::Shorten("templateUri", 16),
    // An id that is cut cannot be copied: it is the last to give way.
    Step::Shorten("organizationId", 9),
    Step::Shorten("userId", 9),
    Step::Shorten("clientId", 9),
    Step::Shorten("clientName", 12),
    Step::Shorten("templateUri", 8),
];

/// Columns that are made wider again if a later step left room, ids first.
const WIDENED: [&str; 5] = ["clientId", "userId", "organizationId", "clientName", "templateUri"];

#[derive(Clone, Copy)]
enum Step {
    /// Cuts the cells of this column, down to this width.
    Shorten(&'static str, usize),
    LeaveOut(&'static str),
    /// Leaves the ids of clients out if their names are there.
    LeaveOutNamedIds,
    NarrowGaps,
}

/// The columns that have data, and how far they are apart.
pub(super) struct Layout {
    columns: Vec<Sized>,
    /// All columns, in their order.
    all: &'static [Column],
    gap: usize,
    /// The columns that did not fit, each with its position, the last one to be left out last.
    left_out: Vec<(usize, Sized)>,
}

/// A column and how wide it is.
pub(super) struct Sized {
    pub(super) column: &'static Column,
    width: usize,
    /// The width of its widest cell.
    natural: usize,
    /// Of the counts.
    total: u128,
}

impl Layout {
    /// Lays `table` out in at most `limit` columns of a terminal, if that is possible.
    pub(super) fn of(table: &UsageTable, all: &'static [Column], limit: Option<usize>) -> Self {
        let with_data = all.iter().filter(|column| table.iter().any(|row| column.has_data(row)));
        let columns = with_data.map(|column| Sized::natural(column, table)).collect();
        let mut layout = Self { columns, all, gap: GAP, left_out: Vec::new() };
        if let Some(limit) = limit {
            layout.fit(limit);
        }
        layout
    }

    fn fit(&mut self, limit: usize) {
        for step in STEPS {
            match self.width().saturating_sub(limit) {
                0 => break,
                surplus => self.give_way(step, surplus),
            }
        }
        self.restore(limit);
        self.widen(limit);
    }

    fn give_way(&mut self, step: Step, surplus: usize) {
        match step {
            Step::Shorten(name, least) => {
                if let Some(sized) = self.columns.iter_mut().find(|sized| sized.column.name == name) {
                    let least = least.max(sized.column.title.width()).min(sized.width);
                    sized.width = sized.width.saturating_sub(surplus).max(least);
                }
            }
            Step::LeaveOut(name) => {
                // A table of one counter is about that counter.
                let counters = self.columns.iter().filter(|sized| !sized.is_text()).count();
                if let Some(position) = self.position(name).filter(|_| counters > 1) {
                    self.left_out.push((position, self.columns.remove(position)));
                }
            }
            Step::LeaveOutNamedIds => {
                if let Some(position) =
                    self.position("clientId").filter(|_| self.position("clientName").is_some())
                {
                    self.left_out.push((position, self.columns.remove(position)));
                }
            }
            Step::NarrowGaps => self.gap = NARROW_GAP,
        }
    }

    /// Puts columns back for which a later step made room.
    fn restore(&mut self, limit: usize) {
        let mut left_out = Vec::new();
        while let Some((position, sized)) = self.left_out.pop() {
            if self.width() + self.gap + sized.width <= limit {
                // The columns that stood before it and are left out now do not count.
                let earlier = self.all.iter().take_while(|column| column.name != sized.column.name);
                let position = earlier.filter(|column| self.position(column.name).is_some()).count();
                self.columns.insert(position, sized);
            } else {
                left_out.push((position, sized));
            }
        }
        left_out.reverse();
        self.left_out = left_out;
    }

    fn widen(&mut self, limit: usize) {
        for name in WIDENED {
            let spare = limit.saturating_sub(self.width());
            if let Some(sized) = self.columns.iter_mut().find(|sized| sized.column.name == name) {
                sized.width = sized.natural.min(sized.width + spare);
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|sized| sized.column.name == name)
    }

    fn width(&self) -> usize {
        let gaps = self.gap * self.columns.len().saturating_sub(1);
        self.columns.iter().map(|sized| sized.width).sum::<usize>() + gaps
    }

    pub(super) fn line<'a>(&self, cell: impl Fn(&Sized) -> Cow<'a, str>) -> String {
        layout::line(self.columns.iter().map(|sized| sized.pad(&cell(sized))), self.gap)
    }

    pub(super) fn rule(&self) -> String {
        "─".repeat(self.width())
    }

    /// Returns the sums, and before them, where the texts are, how many rows they are of.
    pub(super) fn totals(&self, rows: usize) -> String {
        let (texts, counts): (Vec<_>, Vec<_>) = self.columns.iter().partition(|sized| sized.is_text());
        let room = texts.iter().map(|sized| sized.width + self.gap).sum::<usize>();
        let long = format!("Total of {} row{}", grouped(rows as u128), if rows == 1 { "" } else { "s" });
        let label = if long.len() + self.gap <= room { long } else { "Total".into() };
        let label = if room == 0 { String::new() } else { format!("{label:room$}") };
        let sums = counts.iter().map(|sized| sized.pad(&grouped(sized.total)));
        format!("{label}{}", layout::line(sums, self.gap)).trim_end().to_owned()
    }

    /// Returns the titles of the columns that did not fit.
    pub(super) fn left_out(&self) -> Vec<&'static str> {
        self.left_out.iter().map(|(_, sized)| sized.column.title).collect()
    }
}

impl Sized {
    /// As wide as the widest cell.
    fn natural(column: &'static Column, table: &UsageTable) -> Self {
        let total = match column.cell {
            Cell::Text(_) => 0,
            Cell::Count(read) => table.iter().filter_map(read).map(u128::from).sum(),
        };
        let mut sized = Self { column, width: usize::MAX, natural: 0, total };
        let cells = table.iter().map(|row| sized.cell(row).width()).max().unwrap_or_default();
        let sum = if sized.is_text() { 0 } else { grouped(total).len() };
        sized.width = cells.max(sum).max(column.title.width());
        sized.natural = sized.width;
        sized
    }

    fn is_text(&self) -> bool {
        self.column.align() == Align::Left
    }

    /// Returns what stands here for `row`; nothing if it is absent.
    pub(super) fn cell<'a>(&self, row: UsageRow<'a>) -> Cow<'a, str> {
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
