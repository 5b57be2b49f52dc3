//! CSV with a header, as this program, scripts and spreadsheets write it.

use std::io::Read;

use usage_core::{Column, Gap};

use crate::saved::count::Counts;
use crate::saved::dates::Place;
use crate::saved::name::Field;
use crate::saved::parse_error::{ParseError, Wrong};
use crate::saved::records::{Found, Record};
use crate::saved::rows::Rows;
use crate::saved::text::{TextReader, count_lines};

/// Possible delimiters; spreadsheets choose one that is not the locale's decimal sign. If several fit equally, the
/// first wins.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Maximum length of a record in bytes. A longer one means an unclosed quotation mark.
const MAX_RECORD: usize = 1024 * 1024;

/// Adds the rows of a file whose first piece `text` has read.
pub(super) fn read<R: Read>(text: &mut TextReader<R>, rows: &mut Rows) -> Result<(), ParseError> {
    let beginning = text.piece().to_owned();
    let mut lines = Lines { text, buffer: beginning, at: 0, line: 1, is_end: false };
    let mut delimiter = None;
    // PowerShell writes a line with the type of the objects, Excel one with the delimiter.
    loop {
        match lines.first_line()? {
            None => return Err(ParseError::new("it is empty")),
            Some(line) if line.trim().is_empty() || line.starts_with("#TYPE") => lines.skip_line(),
            Some(line)
                if line.len() >= 5 && line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("sep=")) =>
            {
                delimiter = Some(line.as_bytes()[4]).filter(u8::is_ascii);
                lines.skip_line();
            }
            Some(_) => break,
        }
    }
    let header = lines.first_line()?.unwrap_or_default();
    let delimiter = delimiter.unwrap_or_else(|| delimiter_of(header));
    let mut table = Table::new(delimiter);
    while let Some(found) = lines.record(&mut table.record)? {
        let result = table.take(&lines.buffer[lines.at..], lines.line, rows);
        result.map_err(|flaw| ParseError { byte: lines.text.byte(lines.offset()), ..flaw })?;
        lines.advance(found, table.record.has_quotes());
    }
    if !table.has_header() {
        return Err(no_table());
    }
    // Without any row, only the header says that rows were left out.
    if rows.is_file_empty() && table.columns.iter().any(|(_, field)| *field == Field::RowsMissing) {
        rows.missing(Gap::LeftOut.as_str());
    }
    Ok(())
}

/// Returns the delimiter that yields the most known columns of a header; among equals, the most columns.
fn delimiter_of(header: &str) -> u8 {
    let columns = |delimiter: u8| {
        let mut record = Record::new(delimiter);
        record.read(header, true);
        let known = record.cells(header).filter(|name| Field::of_column(name) != Field::Unknown).count();
        (known, record.len())
    };
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| columns(*delimiter)).unwrap_or(b',')
}

fn no_table() -> ParseError {
    ParseError::new("it is neither JSON nor CSV with a header that names a count, such as requests")
}

/// The text read so far, and the reader's position in it.
struct Lines<'t, R> {
    text: &'t mut TextReader<R>,
    buffer: String,
    at: usize,
    /// The number of the next line, starting at 1.
    line: u64,
    is_end: bool,
}

impl<R: Read> Lines<'_, R> {
    /// Returns the next line without its line ending.
    fn first_line(&mut self) -> Result<Option<&str>, ParseError> {
        while !self.buffer[self.at..].contains(['\n', '\r']) && !self.is_end && self.buffer.len() < MAX_RECORD
        {
            self.more()?;
        }
        let rest = &self.buffer[self.at..];
        Ok((!rest.is_empty()).then(|| rest.split(['\n', '\r']).next().unwrap_or_default()))
    }

    fn skip_line(&mut self) {
        let rest = &self.buffer[self.at..];
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let end = match &rest[length..] {
            end if end.starts_with("\r\n") => 2,
            "" => 0,
            _ => 1,
        };
        self.at += length + end;
        self.line += 1;
    }

    /// Reads a record. Returns its length, or `None` at the end.
    fn record(&mut self, record: &mut Record) -> Result<Option<usize>, ParseError> {
        loop {
            let rest = &self.buffer[self.at..];
            if rest.is_empty() && self.is_end {
                return Ok(None);
            }
            match record.read(rest, self.is_end) {
                Found::Record(length) => return Ok(Some(length)),
                Found::Incomplete if rest.len() < MAX_RECORD => self.more()?,
                Found::Incomplete | Found::Unquoted => {
                    return Err(ParseError::at("", self.line, "a quotation mark has no end"));
                }
            }
        }
    }

    /// Advances past a record of this length.
    fn advance(&mut self, length: usize, has_quotes: bool) {
        if has_quotes {
            let record = &self.buffer.as_bytes()[self.at..self.at + length];
            self.line += count_lines(record).max(u64::from(record.last() == Some(&b'\r')));
        } else {
            self.line += 1;
        }
        self.at += length;
    }

    /// Returns the reader's position in the text.
    fn offset(&self) -> u64 {
        self.text.offset() - (self.buffer.len() - self.at) as u64
    }

    fn more(&mut self) -> Result<(), ParseError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        match self.text.read()? {
            Some(piece) => self.buffer.push_str(piece),
            None => self.is_end = true,
        }
        Ok(())
    }
}

/// The columns of a table, and the current record.
struct Table {
    record: Record,
    columns: Vec<(String, Field)>,
    counts: Counts,
}

impl Table {
    fn new(delimiter: u8) -> Self {
        Self { record: Record::new(delimiter), columns: Vec::new(), counts: Counts::of_table(delimiter) }
    }

    fn has_header(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Adds the record at the start of `text`, which is on `line`.
    fn take(&mut self, text: &str, line: u64, rows: &mut Rows) -> Result<(), ParseError> {
        if !self.has_header() {
            return self.take_header(text, rows);
        }
        let Self { record, columns, counts, .. } = self;
        if record.len() != columns.len() && !is_padded(record, text, columns.len()) {
            if record.cells(text).all(str::is_empty) {
                return Ok(());
            }
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            let problem = format!("it has {} {cells}, and the header {}", record.len(), columns.len());
            return Err(ParseError::at("", line, problem));
        }
        for ((name, field), cell) in columns.iter().zip(record.cells(text)) {
            if cell.is_empty() {
                continue;
            }
            if let Err(wrong) = set(*field, cell, counts, rows, || Place { path: name.clone(), line }) {
                // Concatenated tables repeat the header.
                if record.cells(text).map(str::trim).eq(columns.iter().map(|(name, _)| &**name)) {
                    rows.drop_row();
                    return Ok(());
                }
                return Err(wrong.at(name.clone(), line));
            }
        }
        if rows.is_row_empty() && record.cells(text).all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        rows.end_row(|| Place { path: String::new(), line }).map_err(|wrong| wrong.at("", line))
    }

    fn take_header(&mut self, text: &str, rows: &mut Rows) -> Result<(), ParseError> {
        let columns: Vec<_> =
            self.record.cells(text).map(|name| (name.trim().to_owned(), Field::of_column(name))).collect();
        let is = |name: &str| columns.iter().any(|(column, _)| column == name);
        if columns.iter().any(|(_, field)| *field == Field::Report) || (is("list") && is("place")) {
            return Err(ParseError::new("this is a report, or a part of one; a report is made of rows")
                .with_hint("save the rows: genesys-usage query … --format csv"));
        }
        if !columns.iter().any(|(_, field)| matches!(field, Field::Count(_))) {
            return Err(no_table());
        }
        for (name, _) in columns.iter().filter(|(_, field)| *field == Field::Unknown) {
            rows.unused(name);
        }
        self.columns = columns;
        Ok(())
    }
}

/// Sets the value of one cell in the current row.
#[inline]
fn set(
    field: Field,
    cell: &str,
    counts: &mut Counts,
    rows: &mut Rows,
    place: impl FnOnce() -> Place,
) -> Result<(), Wrong> {
    match field {
        Field::Text(Column::Date) if rows.usual_date(cell) => Ok(()),
        Field::Text(Column::Date) => rows.date(cell, place),
        Field::Text(column) => rows.text(column, cell),
        Field::Count(counter) => match counts.read(cell)? {
            Some(count) => rows.count(counter, count),
            None => Ok(()),
        },
        Field::Reference(subject) => rows.reference(subject, cell),
        Field::RowsMissing => {
            rows.missing(cell);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Returns whether a record has a cell for each column, followed only by empty cells.
fn is_padded(record: &Record, text: &str, columns: usize) -> bool {
    record.len() > columns && record.cells(text).skip(columns).all(str::is_empty)
}
