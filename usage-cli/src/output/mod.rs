//! The result: in which format, and where to.

pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod document;
mod file;
mod fit;
pub(crate) mod format;
mod json;
pub(crate) mod layout;
pub(crate) mod listing;
mod manifest;
mod markdown;
pub(crate) mod openmetrics;
pub(crate) mod organizations;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
mod partition;
mod table;
#[cfg(feature = "xlsx")]
pub(crate) mod xlsx;

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, Args};
use serde::{Deserialize, Serialize};
use usage_core::{Column, Scope, UsageTable};
use usage_report::{Names, Subject};

use crate::files::directory;
use crate::output::document::DocumentArgs;
use crate::output::format::{Choices, Format, choice};
use crate::output::organizations::Answer;
use crate::output::partition::PartitionBy;
use crate::problem::Problem;
use crate::process::stderr::{self, HINT};
use crate::process::stdout;
use crate::text::number::grouped;

pub(crate) use crate::output::layout::shortened;
pub(crate) use crate::output::manifest::Shape;
pub(crate) use crate::output::partition::Rows;
pub(crate) use crate::output::table::Look;
pub(crate) use crate::text::printable;

/// Format and destination of rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    document: DocumentArgs<TableOfRows>,

    /// Write one file a day, FILE/date=yyyy-MM-dd/usage.csv, in place of one for all: FILE is a directory then
    ///
    /// It needs --format and rows by day. The directory is made if it does not exist, and holds rows of one kind: a later
    /// run with another grouping, filter or service is refused. It replaces the files of its own days, unless their rows
    /// are newer or more complete, and touches no other. Rows without a date are in date=__HIVE_DEFAULT_PARTITION__. With
    /// several profiles, each has a directory of its own: FILE/organization=NAME/date=yyyy-MM-dd/usage.csv.
    #[arg(long, value_name = "BY", value_enum, requires = "output")]
    partition_by: Option<PartitionBy>,

    /// Show all columns of a table, whole, also if they are wider than the terminal
    #[arg(long)]
    wide: bool,

    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Rows of usage.
#[derive(Debug)]
struct TableOfRows;

impl document::Kind for TableOfRows {
    const FORMATS: Choices = FORMATS;
}

/// The formats of rows.
const FORMATS: Choices = &[
    choice(
        Format::Table,
        "table",
        "For people: aligned, with totals, only columns that have data; shortened to fit a terminal, and only there",
    ),
    choice(
        Format::Csv,
        "csv",
        "Always all 14 columns, and rowsMissing if rows are missing; texts are the service's, verbatim: mind spreadsheets that run formulas",
    ),
    choice(Format::Json, "json", "One document with all rows"),
    choice(Format::Jsonl, "jsonl", "One JSON document for each row"),
    choice(
        Format::Markdown,
        "markdown",
        "A table with pipes, for tickets and wikis; only columns that have data",
    ),
    choice(
        Format::Openmetrics,
        "openmetrics",
        "Metrics for a monitoring: rows with the same texts are added up",
    ),
    choice(
        Format::Parquet,
        "parquet",
        "A column file for DuckDB, pandas and warehouses, with dates and 64-bit counts",
    ),
    choice(
        Format::Xlsx,
        "xlsx",
        "A workbook for spreadsheets: typed cells, no formulas, at most 1,048,575 rows",
    ),
];

/// The content of an output.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    pub(crate) table: &'a UsageTable,
    /// The scope of the rows.
    pub(crate) scope: &'a Scope,
    /// The results of several organizations. Each row then has the name of its organization in place of the
    /// organization's id.
    pub(crate) organizations: Option<&'a [Answer]>,
    /// The names behind the ids of the rows, as far as they are known.
    pub(crate) names: &'a Names,
}

/// Writes `content` in one of [`FORMATS`].
fn write(to: &mut dyn Write, format: Format, content: Content<'_>, look: Look) -> io::Result<()> {
    let Content { table, scope, organizations, names } = content;
    let is_several = organizations.is_some();
    let columns = columns::of(is_several);
    match format {
        Format::Table => table::write(to, &labelled(table, names), columns, scope, look),
        Format::Csv => csv::write(to, table, columns, columns::rows_missing(scope).as_deref()),
        Format::Json => json::write(to, content),
        Format::Jsonl => json::write_lines(to, table, is_several, columns::rows_missing(scope).as_deref()),
        Format::Markdown => markdown::write(to, &labelled(table, names), columns, scope),
        Format::Openmetrics => openmetrics::write(to, table, is_several),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::write(to, table, scope, organizations),
        #[cfg(feature = "xlsx")]
        Format::Xlsx => xlsx::write(to, table, columns, scope),
        // The options name no other.
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Returns `table` with the names of users and organizations before their ids, for people.
fn labelled<'a>(table: &'a UsageTable, names: &Names) -> Cow<'a, UsageTable> {
    let mut table = Cow::Borrowed(table);
    for (column, subject) in
        [(Column::UserId, Subject::User), (Column::OrganizationId, Subject::Organization)]
    {
        if names.iter(subject).next().is_some() {
            table.to_mut().replace_texts(column, 0, |id| Some(format!("{} ({id})", names.get(subject, id)?)));
        }
    }
    table
}

/// Returns how many rows `table` has of how many, if some are left out: `10 of 2,317 rows`.
fn rows_of(table: &UsageTable, scope: &Scope) -> Option<String> {
    let (kept, left_out) = (table.len() as u128, u128::from(scope.rows_left_out));
    (left_out > 0).then(|| format!("{} of {} rows", grouped(kept), grouped(kept + left_out)))
}

/// Writes the rows of one date to a file of a directory that is named after it.
fn write_part(to: &mut dyn Write, format: Format, table: &UsageTable, scope: &Scope) -> io::Result<()> {
    match format {
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::write_part(to, table, scope),
        // All files have the same columns; the manifest says which days are not complete.
        Format::Csv => csv::write(to, table, columns::of(false), None),
        Format::Jsonl => json::write_lines(to, table, false, None),
        _ => {
            let content = Content { table, scope, organizations: None, names: &Names::default() };
            write(to, format, content, Look::plain())
        }
    }
}

/// The destination and format of the rows, for a run that another process resumes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Destination {
    format: Format,
    /// Absolute: the other process may start elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition_by: Option<PartitionBy>,
}

impl OutputArgs {
    /// For a command with formats and files of its own: the rows of a resumed run are JSON.
    pub(crate) fn of_command(quiet: bool, verbose: u8) -> Self {
        let document = DocumentArgs::new(Some(Format::Json), None, true);
        Self { document, partition_by: None, wide: false, quiet, verbose }
    }

    /// Returns the part that a state file stores.
    pub(crate) fn destination(&self) -> Result<Destination, Problem> {
        let absolute = |path| std::path::absolute(path).map_err(|error| cannot_write(path, &error));
        let file = self.file().map(absolute).transpose()?;
        Ok(Destination { format: self.format(), file, partition_by: self.partition_by })
    }

    /// Uses the stored values for what these options leave out; the split of files belongs to their directory.
    #[must_use]
    pub(crate) fn or(self, kept: Destination) -> Self {
        let names_file = self.document.output.is_some();
        let partition_by =
            if names_file { self.partition_by } else { self.partition_by.or(kept.partition_by) };
        let format = self.said_format().or(Some(kept.format));
        let DocumentArgs { output, no_pager, .. } = self.document;
        let document = DocumentArgs::new(format, output.or(kept.file), no_pager);
        Self { document, partition_by, ..self }
    }

    fn format(&self) -> Format {
        self.said_format().unwrap_or_default()
    }

    /// By the option, or by the name of the file. Of a directory, the name says nothing.
    fn said_format(&self) -> Option<Format> {
        if self.is_partitioned() { self.document.format } else { self.document.said_format() }
    }

    /// Refuses files of whole days for rows of which some `are_left_out`.
    pub(crate) fn check_whole(&self, are_left_out: bool) -> Result<(), Problem> {
        if !are_left_out || self.partition_by.is_none() {
            return Ok(());
        }
        Err(Problem::usage("--partition-by keeps whole days, and --where and --limit leave rows out")
            .with_hint("write one file, or filter by the options of the query"))
    }

    /// Refuses a directory that is not for rows of the kind `shape`, and rows that are not for a directory.
    pub(crate) fn check_shape(&self, shape: &Shape) -> Result<(), Problem> {
        match (self.file(), self.partition_by) {
            (Some(path), Some(_)) => partition::check_shape(path, shape),
            _ => Ok(()),
        }
    }

    /// Notes that rows are left out, if the format does not say it to people beside `table`.
    pub(crate) fn note_left_out(&self, table: &UsageTable, scope: &Scope) {
        let format = self.format();
        let Some(rows) = rows_of(table, scope) else { return };
        let text = match format {
            Format::Csv | Format::Jsonl => {
                format!(
                    "{rows} are written; the column {} says that the others are left out",
                    columns::ROWS_MISSING
                )
            }
            Format::Openmetrics => {
                format!(
                    "{rows} are written; {} cannot say that the others are left out: json can",
                    format.name()
                )
            }
            _ => return,
        };
        stderr::labelled("note", HINT, text);
    }

    /// Refuses a format of another build, and a file that cannot be written, as far as that can be seen now.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if !self.is_partitioned() {
            return self.document.check();
        }
        self.format().check_built()?;
        let Some(path) = self.file() else {
            return Err(Problem::usage("--partition-by writes to a directory, and there is none")
                .with_hint("name it with --output"));
        };
        partition::check(path)?;
        if self.document.format.is_some() {
            return Ok(());
        }
        Err(Problem::usage("--partition-by writes files, and nothing says in which format")
            .with_hint("give --format csv, jsonl or parquet"))
    }

    /// Refuses a state file that the result would replace: when the state is removed, the result would be.
    pub(crate) fn check_apart(&self, state: &Path) -> Result<(), Problem> {
        match (self.file(), self.partition_by) {
            (Some(path), None) => check_apart(path, state),
            (Some(path), Some(_)) => check_apart(&path.join(manifest::NAME), state),
            (None, _) => Ok(()),
        }
    }

    /// The file to write to, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.document.file()
    }

    /// Whether the rows go to a directory with a file for each day.
    pub(crate) fn is_partitioned(&self) -> bool {
        self.partition_by.is_some()
    }

    /// Refuses a directory that is not for rows of the kind `shape` of one of several organizations.
    pub(crate) fn check_shape_of(&self, organization: &str, shape: &Shape) -> Result<(), Problem> {
        match (self.file(), self.partition_by) {
            (Some(path), Some(_)) => partition::check_organization(path, organization, shape),
            _ => Ok(()),
        }
    }

    /// Writes `content` to the file, whole or not at all, or to standard output. A broken pipe is not an error.
    pub(crate) fn write(&self, content: Content<'_>) -> Result<(), Problem> {
        let format = self.format();
        if let Some(path) = self.file() {
            return write_file(path, |to| write(to, format, content, Look::plain()));
        }
        let look = stdout_look();
        let width = look.width.filter(|_| !self.wide);
        let look = Look { width, ..look };
        stdout::write(self.lines(content.table), |to| write(to, format, content, look))
    }

    /// Writes `rows` to the files of their days, which are in a directory of their own for each of several organizations.
    pub(crate) fn write_partitions(&self, organization: Option<&str>, rows: Rows<'_>) -> Result<(), Problem> {
        let (Some(path), Some(by)) = (self.file(), self.partition_by) else { return Ok(()) };
        match organization {
            None => partition::write(path, by, self.format(), rows),
            Some(name) => partition::write(&partition::of_organization(path, name), by, self.format(), rows),
        }
    }

    /// Whether rows may go through a pager, which has the terminal then.
    pub(crate) fn may_be_paged(&self) -> bool {
        self.file().is_none() && self.lines(&UsageTable::new()).is_some() && stdout::has_pager()
    }

    /// Returns the number of lines of `table` on a terminal: header, rule and totals besides the rows. A wide table is
    /// paged at any length, because the pager scrolls sideways.
    fn lines(&self, table: &UsageTable) -> Option<usize> {
        let lines = if self.wide { usize::MAX } else { table.len() + 3 };
        self.document.is_paged().then_some(lines)
    }
}

/// The name of standard output.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// The file that `--output` names; `-` and `/dev/stdout` are standard output.
pub(crate) fn file_of(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| !STDOUT.iter().any(|name| *path == Path::new(name)))
}

/// Refuses one file for both a result and a state.
pub(crate) fn check_apart(result: &Path, state: &Path) -> Result<(), Problem> {
    if !file::is_same_place(result, state) {
        return Ok(());
    }
    let name = state.display();
    Err(Problem::usage(format!("{name} cannot be both the state of the run and its result"))
        .with_hint("name another file with --output"))
}

/// Refuses a result that would replace one of `inputs`.
pub(crate) fn check_inputs<'a>(
    result: Option<&Path>,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Problem> {
    let is_replaced = |input: &&Path| result.is_some_and(|result| file::is_same_place(result, input));
    match inputs.into_iter().find(is_replaced) {
        Some(input) => {
            Err(Problem::usage(format!("{} is an input, and the result would replace it", input.display()))
                .with_hint("name another file with --output"))
        }
        None => Ok(()),
    }
}

/// Refuses a file that cannot be written, as far as that can be seen now.
pub(crate) fn check_file(path: &Path) -> Result<(), Problem> {
    file::check(path).map_err(|error| cannot_write(path, &error))
}

/// Lets `content` write the file at `path`, whole or not at all.
pub(crate) fn write_file(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Problem> {
    file::write(path, content).map_err(|error| cannot_write(path, &error))
}

/// Writes the text that `content` makes to standard output, through a pager if it `is_paged` and higher than the
/// terminal. A broken pipe is not an error.
pub(crate) fn write_stdout(
    is_paged: bool,
    content: impl FnOnce(&mut dyn Write, Look) -> io::Result<()>,
) -> Result<(), Problem> {
    let mut text = Vec::new();
    // A write to memory does not fail, but a picture may.
    content(&mut text, stdout_look())
        .map_err(|error| Problem::usage(format!("cannot write the result: {error}")))?;
    let lines = is_paged.then(|| memchr::memchr_iter(b'\n', &text).count());
    stdout::write(lines, |to| to.write_all(&text))
}

/// As wide as the terminal, if it is one; bold, if it is one and nothing (`--color never`, `NO_COLOR`, `CLICOLOR=0`,
/// `TERM=dumb`) speaks against it, or if `--color always` or `CLICOLOR_FORCE` asks for it anywhere.
fn stdout_look() -> Look {
    let stdout = io::stdout();
    let bold = !matches!(AutoStream::choice(&stdout), ColorChoice::Never | ColorChoice::Auto);
    if !stdout.is_terminal() {
        return Look { width: None, bold };
    }
    let width = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
    Look { width: width.filter(|width| *width > 0).or(Some(80)), bold }
}

fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    let problem = Problem::usage(format!("cannot write to {}: {error}", path.display()));
    match directory(path) {
        missing if !missing.exists() => {
            problem.with_hint(format!("there is no directory {}: make it first", missing.display()))
        }
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Parsed {
        #[command(flatten)]
        output: OutputArgs,
    }

    fn parsed(arguments: &[&str]) -> OutputArgs {
        Parsed::parse_from([&["genesys-usage"], arguments].concat()).output
    }

    #[test]
    fn a_run_that_is_gone_on_with_has_the_format_that_was_said_last() {
        for (then, now, wanted) in [
            (&["--output", "a.json"][..], &[][..], Format::Json),
            (&["--output", "a.json"], &["--output", "b.csv"], Format::Csv),
            (&["--output", "a.json"], &["--output", "b.unknown"], Format::Json),
            (&["--output", "a.json"], &["--output", "b.csv", "--format", "jsonl"], Format::Jsonl),
            (&["--output", "a.json"], &["--format", "csv"], Format::Csv),
            (&["--format", "csv", "--output", "a.json"], &[], Format::Csv),
            (&[], &["--output", "b.prom"], Format::Openmetrics),
            (&[], &[], Format::Table),
        ] {
            let kept = parsed(then).destination().unwrap();
            let format = parsed(now).or(kept).format();
            assert_eq!(format, wanted, "{then:?}, then {now:?}");
        }
    }
}
