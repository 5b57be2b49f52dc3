//! Workbooks of spreadsheet programs: one sheet a list, with typed cells.
//!
//! A text is always a text, so that none is run as a formula. A sheet has at most [`MAX_ROWS`] rows, and its numbers
//! have 53 bits: a larger count is written as a text.

use std::io::{self, ErrorKind, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use usage_core::{Date, Scope, UsageTable};

use crate::output::columns::{Cell, Column};
use crate::text::number::grouped;

/// Maximum number of rows of a sheet, its header included.
const MAX_ROWS: u32 = 1_048_576;

/// The largest number up to which a sheet has every whole number.
const MAX_NUMBER: u64 = 1 << 53;

/// The widths of columns, in characters.
const WIDTH: f64 = 14.0;
const WIDE: f64 = 40.0;

/// The value of a cell.
pub(crate) enum Value<'a> {
    Absent,
    Text(&'a str),
    Count(u64),
    Day(Date),
    /// A fraction, shown in per cent.
    Part(f64),
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }

    pub(crate) fn count(count: Option<u64>) -> Self {
        count.map_or(Self::Absent, Self::Count)
    }

    pub(crate) fn part(part: Option<f64>) -> Self {
        part.map_or(Self::Absent, Self::Part)
    }
}

/// A workbook that is being made.
pub(crate) struct Book {
    workbook: Workbook,
    header: Format,
    count: Format,
    day: Format,
    part: Format,
}

impl Book {
    pub(crate) fn new() -> Self {
        Self {
            workbook: Workbook::new(),
            header: Format::new().set_bold(),
            count: Format::new().set_num_format("#,##0"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            part: Format::new().set_num_format("0.00 %"),
        }
    }

    /// Adds a sheet with a header, which stays in view, and `rows`.
    ///
    /// # Errors
    ///
    /// Returns an error before anything is written if there are more rows than a sheet has.
    pub(crate) fn sheet<'a, R>(
        &mut self,
        name: &str,
        header: &[&str],
        rows: impl ExactSizeIterator<Item = R>,
    ) -> io::Result<()>
    where
        R: IntoIterator<Item = Value<'a>>,
    {
        check_rows(rows.len())?;
        let sheet = self.workbook.add_worksheet();
        sheet
            .set_name(name)
            .and_then(|sheet| sheet.set_freeze_panes(1, 0))
            .map_err(|error| failed(&error))?;
        for (column, title) in (0u16..).zip(header) {
            sheet
                .write_string_with_format(0, column, *title, &self.header)
                .map_err(|error| failed(&error))?;
            let is_wide = ["URI", "Name", "Client name", "Client id", "Finding"].contains(title);
            sheet
                .set_column_width(column, if is_wide { WIDE } else { WIDTH })
                .map_err(|error| failed(&error))?;
        }
        for (row, values) in (1u32..).zip(rows) {
            for (column, value) in (0u16..).zip(values) {
                let written = match value {
                    Value::Absent => continue,
                    Value::Text(text) => sheet.write_string(row, column, text),
                    Value::Count(count) if count > MAX_NUMBER => {
                        sheet.write_string(row, column, count.to_string())
                    }
                    Value::Count(count) => {
                        sheet.write_number_with_format(row, column, number(count), &self.count)
                    }
                    Value::Part(part) => sheet.write_number_with_format(row, column, part, &self.part),
                    Value::Day(date) => match excel_day(date) {
                        Some(day) => sheet.write_datetime_with_format(row, column, &day, &self.day),
                        None => sheet.write_string(row, column, date.to_string()),
                    },
                };
                written.map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }

    /// Writes the workbook.
    pub(crate) fn write(mut self, to: &mut dyn Write) -> io::Result<()> {
        // The writer wants to send what it writes to.
        to.write_all(&self.workbook.save_to_buffer().map_err(|error| failed(&error))?)
    }
}

/// Writes `table`, all `columns` of it, and what it covers on a second sheet.
pub(super) fn write(
    to: &mut dyn Write,
    table: &UsageTable,
    columns: &'static [Column],
    scope: &Scope,
) -> io::Result<()> {
    let mut book = Book::new();
    let titles: Vec<_> = columns.iter().map(|column| column.title).collect();
    let row = |index: usize| {
        columns.iter().map(move |column| {
            let Some(row) = table.row(index) else { return Value::Absent };
            match column.cell {
                Cell::Text(read) if column.is_date() => {
                    row.date().map_or_else(|| Value::text(read(row)), Value::Day)
                }
                Cell::Text(read) => Value::text(read(row)),
                Cell::Count(read) => Value::count(read(row)),
            }
        })
    };
    book.sheet("Rows", &titles, (0..table.len()).map(row))?;
    let facts = facts(scope)?;
    book.sheet(
        "Scope",
        &["Name", "Value"],
        facts.iter().map(|(name, value)| [Value::Text(name), Value::Text(value)]),
    )?;
    book.write(to)
}

/// Returns what `scope` says, each member with its value as JSON; texts without quotes.
fn facts(scope: &Scope) -> io::Result<Vec<(String, String)>> {
    let serde_json::Value::Object(members) = serde_json::to_value(scope)? else { return Ok(Vec::new()) };
    let fact = |(name, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) => (name, text),
        value => (name, value.to_string()),
    };
    Ok(members.into_iter().map(fact).collect())
}

/// Refuses more rows than a sheet has below its header.
fn check_rows(rows: usize) -> io::Result<()> {
    if u32::try_from(rows).is_ok_and(|rows| rows < MAX_ROWS) {
        return Ok(());
    }
    let (rows, most) = (grouped(rows as u128), grouped(u128::from(MAX_ROWS - 1)));
    let problem = format!(
        "a sheet has at most {most} rows, and there are {rows}: write csv or parquet, or use --limit"
    );
    Err(io::Error::new(ErrorKind::InvalidInput, problem))
}

/// Returns `date` as a day of a sheet, which begins with 1900.
fn excel_day(date: Date) -> Option<ExcelDateTime> {
    let (year, month) = (u16::try_from(date.year()).ok()?, u8::try_from(date.month()).ok()?);
    ExcelDateTime::from_ymd(year, month, u8::try_from(date.day()).ok()?).ok()
}

#[expect(clippy::cast_precision_loss, reason = "up to 53 bits")]
fn number(count: u64) -> f64 {
    count as f64
}

fn failed(error: &XlsxError) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_rows_are_refused_before_any_is_written() {
        assert!(check_rows(1_048_575).is_ok());
        let problem = check_rows(1_048_576).unwrap_err().to_string();
        assert!(
            problem.starts_with("a sheet has at most 1,048,575 rows, and there are 1,048,576"),
            "{problem}"
        );
    }

    #[test]
    fn days_before_the_first_of_a_sheet_are_texts() {
        assert!(excel_day("2026-10-31".parse().unwrap()).is_some());
        assert!(excel_day("1776-07-04".parse().unwrap()).is_none());
    }
}
