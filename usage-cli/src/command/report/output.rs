//! What becomes of a report.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Args};
use usage_report::Report;

use crate::output::format::{self, Format, one_of as one_format};
use crate::output::{self, Look};
use crate::problem::Problem;
use crate::report::about::About;
use crate::report::selection::Measure;
use crate::report::{self, Chart, FORMATS};

/// What becomes of the report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportOutputArgs {
    /// How to write the report [default: what the name of --output says, else text]
    #[arg(long, value_parser = one_format(FORMATS))]
    format: Option<Format>,

    /// Which chart an svg or a png shows
    #[arg(long, value_enum, default_value_t)]
    chart: Chart,

    /// Write to this file, whole or not at all, in place of standard output
    ///
    /// Without --format, a name that ends with .html, .csv, .json, .svg, .png, .prom (openmetrics) or .txt (text) says
    /// the format. - is standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Do not page a long text on a terminal; without it, the pager is PAGER, or less
    #[arg(long)]
    no_pager: bool,

    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

impl ReportOutputArgs {
    pub(super) fn check(&self) -> Result<(), Problem> {
        self.format().check_built()?;
        if self.format.is_none() {
            format::check_name(self.file(), FORMATS)?;
        }
        self.file().map_or(Ok(()), output::check_file)
    }

    /// By the option, by the name of the file, or text.
    pub(super) fn format(&self) -> Format {
        self.format.or_else(|| format::of_name(self.file(), FORMATS)).unwrap_or_default()
    }

    pub(super) fn file(&self) -> Option<&Path> {
        output::file_of(self.output.as_deref())
    }

    pub(super) fn write(&self, report: &Report, about: &About, measure: Measure) -> Result<(), Problem> {
        let (format, by) = (self.format(), measure.into());
        if let Some(path) = self.file() {
            return output::write_file(path, |to| {
                report::write(to, report, about, format, by, self.chart, Look::plain())
            });
        }
        let is_paged = format == Format::Table && !self.no_pager;
        output::write_stdout(is_paged, |to, look| {
            report::write(to, report, about, format, by, self.chart, look)
        })
    }
}
