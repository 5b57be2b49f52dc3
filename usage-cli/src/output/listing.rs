//! Lists that are no rows of usage: as a table, CSV, JSON or JSON lines.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::{Serialize, Serializer as _};
use unicode_width::UnicodeWidthStr;

use crate::output::{check_file, check_name, file_of, format_of, printable, write_file};
use crate::problem::Problem;
use crate::process::stdout;
use crate::text::secrets::redacted;

/// What becomes of a list.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ListingArgs {
    /// How to write it [default: what the name of --output says, else table]
    #[arg(long, value_enum)]
    format: Option<ListingFormat>,

    /// Write to this file, whole or not at all, in place of standard output
    ///
    /// Without --format, a name that ends with .csv, .json, .jsonl or .txt (table) says the format. - is standard
    /// output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Do not page a long table on a terminal
    #[arg(long)]
    no_pager: bool,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListingFormat {
    /// For people: aligned, only columns that have data
    #[default]
    Table,
    /// Always all columns; texts are the service's, verbatim: mind spreadsheets that run formulas
    Csv,
    /// One document
    Json,
    /// One JSON document for each entry
    Jsonl,
}

impl ListingFormat {
    /// How the name of a file of this format ends.
    fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
        }
    }
}

/// A column of a list.
pub(crate) struct Column<T> {
    /// Its name in CSV.
    pub(crate) name: &'static str,
    /// Its title for people.
    pub(crate) title: &'static str,
    pub(crate) cell: for<'a> fn(&'a T) -> Option<Cow<'a, str>>,
}

impl ListingArgs {
    /// Refuses a file that cannot be written, as far as that can be seen now.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if self.format.is_none() {
            check_name(self.file(), ListingFormat::extension)?;
        }
        self.file().map_or(Ok(()), check_file)
    }

    /// How it is written: by the option, by the name of the file, or as a table.
    pub(crate) fn format(&self) -> ListingFormat {
        self.format.or_else(|| format_of(self.file(), ListingFormat::extension)).unwrap_or_default()
    }

    /// The file to write to, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        file_of(self.output.as_deref())
    }

    /// Writes `items`; in JSON they are the member `name` of one document.
    pub(crate) fn write<T: Serialize>(
        &self,
        name: &str,
        columns: &[Column<T>],
        items: &[T],
    ) -> Result<(), Problem> {
        self.put(items.len() + 1, |to| match self.format() {
            ListingFormat::Table => table(to, columns, items),
            ListingFormat::Csv => csv(to, columns, items),
            ListingFormat::Json => {
                serde_json::Serializer::new(&mut *to).collect_map([(name, items)])?;
                writeln!(to)
            }
            ListingFormat::Jsonl => items.iter().try_for_each(|item| {
                serde_json::to_writer(&mut *to, item)?;
                writeln!(to)
            }),
        })
    }

    /// Puts `content` where it belongs; as a table it has so many `lines`.
    pub(crate) fn put(
        &self,
        lines: usize,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Problem> {
        self.check()?;
        let is_paged = self.format() == ListingFormat::Table && !self.no_pager;
        match self.file() {
            Some(path) => write_file(path, content),
            None => stdout::write(is_paged.then_some(lines), content),
        }
    }
}

fn table<T>(to: &mut dyn Write, columns: &[Column<T>], items: &[T]) -> io::Result<()> {
    if items.is_empty() {
        return writeln!(to, "Nothing.");
    }
    let with_data = columns.iter().filter(|column| items.iter().any(|item| (column.cell)(item).is_some()));
    let mut cells: Vec<(usize, Vec<String>)> = Vec::new();
    for column in with_data {
        let texts =
            items.iter().map(|item| (column.cell)(item).map(|text| printable(&redacted(&text)).into_owned()));
        let texts: Vec<_> =
            [column.title.to_owned()].into_iter().chain(texts.map(Option::unwrap_or_default)).collect();
        cells.push((texts.iter().map(|text| text.width()).max().unwrap_or_default(), texts));
    }
    for row in 0..=items.len() {
        let mut line = String::new();
        for (width, texts) in &cells {
            let text = texts.get(row).map_or("", String::as_str);
            line.push_str(text);
            line.push_str(&" ".repeat(width.saturating_sub(text.width()) + 2));
        }
        writeln!(to, "{}", line.trim_end())?;
    }
    Ok(())
}

fn csv<T>(to: &mut dyn Write, columns: &[Column<T>], items: &[T]) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(columns.iter().map(|column| column.name))?;
    for item in items {
        csv.write_record(columns.iter().map(|column| (column.cell)(item).unwrap_or_default().into_owned()))?;
    }
    csv.flush()
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
