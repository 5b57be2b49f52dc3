//! Lists that are not rows of usage, in each format of lists.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Serialize, Serializer as _};
use unicode_width::UnicodeWidthStr;

use crate::output::csv::Csv;
use crate::output::document::{DocumentArgs, Kind};
use crate::output::format::{Choices, Format, choice};
use crate::output::layout::{Align, line, padded};
use crate::output::{markdown, printable, write_file};
use crate::problem::Problem;
use crate::process::stdout;
use crate::text::secrets::redacted;

/// A list.
#[derive(Debug)]
pub(crate) struct List;

impl Kind for List {
    const FORMATS: Choices = FORMATS;
}

/// Columns between two cells of a table.
const GAP: usize = 2;

/// The formats of lists.
const FORMATS: Choices = &[
    choice(Format::Table, "table", "For people: aligned, only columns that have data"),
    choice(
        Format::Csv,
        "csv",
        "Always all columns; texts are the service's, verbatim: mind spreadsheets that run formulas",
    ),
    choice(Format::Json, "json", "One document"),
    choice(Format::Jsonl, "jsonl", "One JSON document for each entry"),
    choice(
        Format::Markdown,
        "markdown",
        "A table with pipes, for tickets and wikis; only columns that have data",
    ),
];

/// A column of a list.
pub(crate) struct Column<T> {
    /// Its name in CSV.
    pub(crate) name: &'static str,
    /// Its title for people.
    pub(crate) title: &'static str,
    pub(crate) cell: for<'a> fn(&'a T) -> Option<Cow<'a, str>>,
}

impl<T> Column<T> {
    /// Returns the cell of `item` for people.
    fn shown(&self, item: &T) -> String {
        (self.cell)(item).map(|text| printable(&redacted(&text)).into_owned()).unwrap_or_default()
    }
}

impl DocumentArgs<List> {
    /// Writes `items`; in JSON they are the member `name` of one document.
    pub(crate) fn write<T: Serialize>(
        &self,
        name: &str,
        columns: &[Column<T>],
        items: &[T],
    ) -> Result<(), Problem> {
        self.put(items.len() + 1, |to| match self.format() {
            Format::Table => table(to, columns, items),
            Format::Csv => csv(to, columns, items),
            Format::Json => {
                serde_json::Serializer::new(&mut *to).collect_map([(name, items)])?;
                writeln!(to)
            }
            Format::Jsonl => items.iter().try_for_each(|item| {
                serde_json::to_writer(&mut *to, item)?;
                writeln!(to)
            }),
            Format::Markdown => markdown(to, columns, items),
            // The options name no other.
            _ => Err(io::ErrorKind::Unsupported.into()),
        })
    }

    /// Puts `content` where it belongs; as a table it has so many `lines`.
    pub(crate) fn put(
        &self,
        lines: usize,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Problem> {
        self.check()?;
        match self.file() {
            Some(path) => write_file(path, content),
            None => stdout::write(self.is_paged().then_some(lines), content),
        }
    }
}

/// Returns the columns that have data.
fn with_data<'a, T>(columns: &'a [Column<T>], items: &[T]) -> Vec<&'a Column<T>> {
    let has_data = |column: &&Column<T>| items.iter().any(|item| (column.cell)(item).is_some());
    columns.iter().filter(has_data).collect()
}

fn table<T>(to: &mut dyn Write, columns: &[Column<T>], items: &[T]) -> io::Result<()> {
    if items.is_empty() {
        return writeln!(to, "Nothing.");
    }
    let mut cells: Vec<(usize, Vec<String>)> = Vec::new();
    for column in with_data(columns, items) {
        let mut texts = vec![column.title.to_owned()];
        texts.extend(items.iter().map(|item| column.shown(item)));
        cells.push((texts.iter().map(|text| text.width()).max().unwrap_or_default(), texts));
    }
    for row in 0..=items.len() {
        let texts = cells.iter().map(|(width, texts)| (texts.get(row).map_or("", String::as_str), *width));
        writeln!(to, "{}", line(texts.map(|(text, width)| padded(text, width, Align::Left)), GAP))?;
    }
    Ok(())
}

fn markdown<T>(to: &mut dyn Write, columns: &[Column<T>], items: &[T]) -> io::Result<()> {
    let columns = with_data(columns, items);
    if columns.is_empty() {
        return writeln!(to, "Nothing.");
    }
    markdown::header(to, columns.iter().map(|column| (column.title, Align::Left)))?;
    items.iter().try_for_each(|item| {
        markdown::line(to, columns.iter().map(|column| markdown::escaped(&column.shown(item))))
    })
}

fn csv<T>(to: &mut dyn Write, columns: &[Column<T>], items: &[T]) -> io::Result<()> {
    let mut csv = Csv::begin(to, columns.iter().map(|column| column.name))?;
    for item in items {
        csv.line(columns.iter().map(|column| (column.cell)(item).unwrap_or_default()))?;
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    static COLUMNS: [Column<(String, Option<String>)>; 3] = [
        Column { name: "a", title: "A", cell: |item| Some((&*item.0).into()) },
        Column { name: "b", title: "B", cell: |item| item.1.as_deref().map(Into::into) },
        Column { name: "c", title: "C", cell: |_| None },
    ];

    fn written(write: impl Fn(&mut dyn Write, &[(String, Option<String>)]) -> io::Result<()>) -> String {
        let items = [("one, long".into(), None), ("x".into(), Some("two\u{1b}".into()))];
        let mut to = Vec::new();
        write(&mut to, &items).unwrap();
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn a_table_has_the_columns_with_data_and_csv_has_all() {
        let text = written(|to, items| table(to, &COLUMNS, items));
        assert_eq!(text, "A          B\none, long\nx          two\u{FFFD}\n");
        assert_eq!(written(|to, items| csv(to, &COLUMNS, items)), "a,b,c\n\"one, long\",,\nx,two\u{1b},\n");
        assert_eq!(written(|to, _| table(to, &COLUMNS, &[])), "Nothing.\n");
    }
}
