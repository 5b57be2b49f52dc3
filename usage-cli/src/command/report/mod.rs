//! `genesys-usage report`: what a query's rows, or saved ones, say.

mod ask;
mod output;
mod read;

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use usage_core::model::{Dimension, Granularity};
use usage_report::{DRILLDOWN, ReportOptions};

use crate::arguments::completion::saved_rows;
use crate::arguments::period::PeriodArgs;
use crate::arguments::value_parsers::{DIMENSIONS, GRANULARITIES, one_of};
use crate::command::report::output::ReportOutputArgs;
use crate::connection::credentials::CredentialArgs;
use crate::output::format::Format;
use crate::output::{check_apart, check_inputs};
use crate::problem::Problem;
use crate::report::allowance::AllowanceArgs;
use crate::report::selection::{Measure, SelectionArgs, top};
use crate::run::args::ServiceArgs;
use crate::saved::{LIVE, SavedArgs};

/// Report findings, totals, the largest callers, days, comparison and allowance
///
/// Queries the usage by day, client, user, URI and method, and summarizes the rows: findings, totals, error and 429 rates,
/// the largest clients, users, URIs and methods, busy days, clients that appeared or disappeared. With --licenses or
/// --allowance, the report also projects the month's end. For a period of less than 4 weeks, the projection needs a second,
/// small query of the daily totals of the preceding 16 weeks.
///
/// With FILEs, the command reads saved rows and sends no request. It reads results saved by the official command-line client
/// or by any other program, and the json, jsonl and csv of this one. The period then selects days; if the rows have no
/// dates, it says which period they cover.
///
/// Each of several profiles is an organization. The report covers all rows, and has a section with the requests and the
/// allowance of each organization. If one fails, the report covers the others, and the exit code is 8.
///
/// The service's data is up to 24 hours old and leaves out the current day. Its days are UTC days. A report is not the bill.
///
/// Permissions for the query, any one of: oauth:client:view, usage:organization:view (with --client: oauth:client:view,
/// usage:client:view).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct ReportArgs {
    /// Saved rows, or the directory of a history of 'collect', to read instead of querying the service; - is standard input
    #[arg(value_name = "FILE", conflicts_with_all = LIVE, add = ArgValueCompleter::new(saved_rows()))]
    files: Vec<PathBuf>,

    /// With the directory of a history: only these organizations, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "files", conflicts_with_all = LIVE)]
    organization: Vec<String>,

    #[command(flatten)]
    period: PeriodArgs,

    #[command(flatten)]
    query: QueryArgs,

    #[command(flatten)]
    content: ContentArgs,

    #[command(flatten)]
    saved: SavedArgs,

    #[command(flatten)]
    output: ReportOutputArgs,

    #[command(flatten)]
    service: ServiceArgs,

    #[command(flatten)]
    credentials: CredentialArgs,
}

/// The request for a report.
#[derive(Debug, Args)]
#[command(next_help_heading = "Query")]
struct QueryArgs {
    /// One row for each day, week or month [default: day]. With FILE: what the rows' dates are, if the file does not say
    /// it
    #[arg(long, value_name = "BUCKET", value_parser = one_of(GRANULARITIES), ignore_case = true)]
    granularity: Option<Granularity>,

    /// Dimensions to group by, separated by commas [default: client,user,uri,method]. Fewer dimensions run faster but omit their lists
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',', value_parser = one_of(DIMENSIONS), ignore_case = true)]
    group_by: Vec<Dimension>,
}

/// The source of a report's rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
struct ContentArgs {
    #[command(flatten)]
    selection: SelectionArgs,

    /// The measure that lists are sorted by, and shares refer to
    #[arg(long, value_name = "MEASURE", value_enum, default_value_t)]
    by: Measure,

    /// Compare with the preceding period of equal length: whole months with months, the current month with the same days
    /// of the previous one. With FILE and no period, compare the later half of its days with the earlier half
    #[arg(long)]
    compare: bool,

    /// Compare with the rows of this file. Repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "compare", conflicts_with_all = LIVE, requires = "files", add = ArgValueCompleter::new(saved_rows()))]
    compare_with: Vec<PathBuf>,

    /// Maximum number of entries in each list, or 'all'
    #[arg(long, value_name = "N", default_value = "10", value_parser = top)]
    top: usize,

    #[command(flatten)]
    allowance: AllowanceArgs,
}

const USAGE: &str = "\
genesys-usage report <--last DAYS | --month MONTH | --interval A/B> [OPTIONS]
       genesys-usage report <FILE>... [OPTIONS]
       genesys-usage report <DIR> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  genesys-usage report --last 30d --simulate
      A report of the built-in simulator: no account needed.
  genesys-usage report --month last --compare --licenses cx2-named=40 --output month.html
      A page to open, send or print.
  genesys-usage report october.json november.csv --compare
      Of rows that were saved before, by whatever program.
  genesys-usage aggregate --last 30d --granularity day --group-by client,platform --format json | genesys-usage report -
      Of the jobs, which count all requests.
  genesys-usage report --last 7d --format json --allowance 4400000 | jq .allowance.months[-1].projectedOver
      By how many requests the month will be over, for a script.
  genesys-usage report lake --month 2026-10 --compare
      Of a history that genesys-usage collect keeps.
  genesys-usage report --month 2026-10 --all-profiles --output all.html
      Every organization of the configuration, each with its allowance.
  genesys-usage report usage.csv --chart heatmap --output heatmap.svg
      One chart.";

impl ReportArgs {
    /// How much to tell on stderr.
    pub(crate) fn verbosity(&self) -> u8 {
        self.output.verbose
    }
}

pub(crate) fn run(args: &ReportArgs) -> Result<(), Problem> {
    args.output.check()?;
    let inputs = args.files.iter().chain(&args.content.compare_with);
    check_inputs(args.output.file(), inputs.map(PathBuf::as_path))?;
    if let (Some(path), Some(state)) = (args.output.file(), &args.service.state) {
        check_apart(path, state)?;
    }
    if args.files.is_empty() { ask::ask(args) } else { read::read(args) }
}

impl ReportArgs {
    /// Returns the options of the report, without an allowance: each organization has its own.
    fn options(&self) -> ReportOptions {
        let options =
            ReportOptions::default().with_top(self.content.top).with_filter(self.content.selection.filter());
        if matches!(self.output.format(), Format::Json | Format::Html) {
            return options.with_drilldown(DRILLDOWN);
        }
        options
    }
}
