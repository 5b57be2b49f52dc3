//! The result: in which format, and where to.

pub(crate) mod columns;
mod csv;
mod file;
mod json;
mod table;

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, Args, ValueEnum};
use serde::{Deserialize, Serialize};
use usage_core::UsageTable;

use crate::exit::Problem;
use crate::output::table::Look;

/// What becomes of the rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// How to write the rows [default: table]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Write to this file, whole or not at all, in place of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Show no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Tell each step on stderr, and more about errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How the rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Format {
    /// For people: aligned, with totals, only columns that have data; shortened to fit a terminal, and only there
    #[default]
    Table,
    /// Always all 14 columns; texts are the service's, verbatim: mind spreadsheets that run formulas
    Csv,
    /// One document with all rows
    Json,
    /// One JSON document for each row
    Jsonl,
}

impl Format {
    fn write(self, to: &mut dyn Write, table: &UsageTable, look: Look) -> io::Result<()> {
        match self {
            Self::Table => table::write(to, table, look),
            Self::Csv => csv::write(to, table),
            Self::Json => json::write(to, table),
            Self::Jsonl => json::write_lines(to, table),
        }
    }
}

/// Where the rows go and how, for a run that is gone on with by another process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Destination {
    format: Format,
    /// Absolute: the other process may start elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl OutputArgs {
    /// What is to be kept of it.
    pub(crate) fn destination(&self) -> Result<Destination, Problem> {
        let absolute = |path| std::path::absolute(path).map_err(|error| cannot_write(path, &error));
        Ok(Destination { format: self.format(), file: self.file().map(absolute).transpose()? })
    }

    /// What it does not say is as it was kept.
    #[must_use]
    pub(crate) fn or(self, kept: Destination) -> Self {
        Self { format: self.format.or(Some(kept.format)), output: self.output.or(kept.file), ..self }
    }

    fn format(&self) -> Format {
        self.format.unwrap_or_default()
    }

    /// Refuses a file that cannot be written, as far as that can be seen now.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.file().map_or(Ok(()), |path| file::check(path).map_err(|error| cannot_write(path, &error)))
    }

    /// The file to write to, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    /// Writes `table` to the file at `path`, whole or not at all.
    pub(crate) fn write_file(&self, path: &Path, table: &UsageTable) -> Result<(), Problem> {
        let written = file::write(path, |to| self.format().write(to, table, Look::plain()));
        written.map_err(|error| cannot_write(path, &error))
    }

    /// Writes `table` to standard output. That nobody reads it to its end is no problem.
    pub(crate) fn write_stdout(&self, table: &UsageTable) -> Result<(), Problem> {
        let look = stdout_look();
        let mut to = BufWriter::new(io::stdout().lock());
        match self.format().write(&mut to, table, look).and_then(|()| to.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Problem::usage(format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }
}

/// As wide as the terminal, if it is one; bold, if it is one and nothing (`NO_COLOR`, `TERM=dumb`) speaks against it.
fn stdout_look() -> Look {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return Look::plain();
    }
    let width = terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
    let bold = AutoStream::choice(&stdout) != ColorChoice::Never;
    Look { width: width.filter(|width| *width > 0).or(Some(80)), bold }
}

fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    Problem::usage(format!("cannot write to {}: {error}", path.display()))
}
