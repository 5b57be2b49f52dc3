//! The output of a report.

use std::path::Path;

use clap::{ArgAction, Args};
use usage_report::Report;

use crate::output::document::{DocumentArgs, Kind};
use crate::output::format::{Choices, Format};
use crate::output::{self, Look};
use crate::problem::Problem;
use crate::report::about::About;
use crate::report::selection::Measure;
use crate::report::{self, Chart, FORMATS};

/// The output of a report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportOutputArgs {
    #[command(flatten)]
    document: DocumentArgs<OneReport>,

    /// Which chart an svg or a png shows
    #[arg(long, value_enum, default_value_t)]
    chart: Chart,

    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

/// A report.
#[derive(Debug)]
struct OneReport;

impl Kind for OneReport {
    const FORMATS: Choices = FORMATS;
}

impl ReportOutputArgs {
    /// Refuses what cannot be written, as far as that can be seen now.
    pub(super) fn check(&self) -> Result<(), Problem> {
        self.document.check()
    }

    pub(super) fn format(&self) -> Format {
        self.document.format()
    }

    pub(super) fn file(&self) -> Option<&Path> {
        self.document.file()
    }

    /// Writes `report` to the file, whole or not at all, or to standard output.
    pub(super) fn write(&self, report: &Report, about: &About, measure: Measure) -> Result<(), Problem> {
        let (format, by) = (self.format(), measure.into());
        if let Some(path) = self.file() {
            return output::write_file(path, |to| {
                report::write(to, report, about, format, by, self.chart, Look::plain())
            });
        }
        output::write_stdout(self.document.is_paged(), |to, look| {
            report::write(to, report, about, format, by, self.chart, look)
        })
    }
}
