//! `genesys-usage report`: what a query's rows, or saved ones, say.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{ArgAction, Args};
use clap_complete::engine::ArgValueCompleter;
use usage_core::model::{Dimension, Granularity};
use usage_core::query::{ClientQuery, OrganizationQuery};
use usage_core::{Date, Interval, Scope};
use usage_report::{Allowance, DRILLDOWN, Licenses, Period, Report, ReportOptions};

use crate::arguments::completion::saved_rows;
use crate::arguments::period::PeriodArgs;
use crate::arguments::value_parsers::{DIMENSIONS, GRANULARITIES, one_of};
use crate::config;
use crate::connection::credentials::CredentialArgs;
#[cfg(feature = "parquet")]
use crate::dataset::{Selected, Selection};
use crate::names;
use crate::output::format::{self, Format, one_of as one_format};
use crate::output::{self, OutputArgs};
use crate::problem::Problem;
use crate::report::about::About;
use crate::report::lookback;
use crate::report::selection::{self, Measure, SelectionArgs, top};
use crate::report::{self, Chart, FORMATS};
use crate::run::args::ServiceArgs;
use crate::run::divide::Divisible;
use crate::run::fetch::Fetched;
use crate::run::merge::Merge;
use crate::run::{prepare, scope_of, show};
use crate::saved::days::SavedDays;
use crate::saved::{self, Saved, SavedArgs};

/// Who uses the API, what grows, what fails, and whether the month ends above the allowance
///
/// Runs the query of 'genesys-usage query', by day and by client, user, URI and method, and tells what its rows say:
/// totals, error and 429 rates, the largest clients, users, URIs and methods, busy days, clients that appeared or
/// vanished, and with --licenses or --allowance the month's end. For that, a second, small query asks for the daily
/// totals of the 16 weeks before a period of less than 4 weeks, unless it has the whole of its last month.
///
/// With FILEs it reads saved rows instead and asks nobody: results of either service as they are saved by the official
/// command-line client or by any other program, and the json, jsonl and csv of this one. The period then selects days of
/// the rows, or says which days they are about if they have no dates.
///
/// The service's data is up to 24 hours old and does not have the current day. Its days are UTC days. It is not the
/// bill.
///
/// Permissions for the query, any one of: oauth:client:view, usage:organization:view (with --client: oauth:client:view,
/// usage:client:view).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct ReportArgs {
    /// Saved rows to read in place of a query, or the directory of a history that 'collect' keeps; - is standard input
    #[arg(value_name = "FILE", conflicts_with_all = LIVE, add = ArgValueCompleter::new(saved_rows()))]
    files: Vec<PathBuf>,

    /// With the directory of a history: only these organisations, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "files")]
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

/// What makes no sense with files.
const LIVE: [&str; 8] =
    ["group_by", "simulate", "region", "api_url", "login_url", "attach", "state", "dry_run"];

/// What is asked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Query")]
struct QueryArgs {
    /// One row for each day, week or month [default: day]. With FILE: what the rows' dates are, if the file does not say
    /// it
    #[arg(long, value_name = "BUCKET", value_parser = one_of(GRANULARITIES), ignore_case = true)]
    granularity: Option<Granularity>,

    /// What to group by, separated by commas [default: client,user,uri,method]; fewer are faster, and lists are missing
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',', value_parser = one_of(DIMENSIONS), ignore_case = true)]
    group_by: Vec<Dimension>,
}

/// What the report covers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
struct ContentArgs {
    #[command(flatten)]
    selection: SelectionArgs,

    /// What the lists are ordered by, and their shares are of
    #[arg(long, value_name = "MEASURE", value_enum, default_value_t)]
    by: Measure,

    /// Compare with the period before: whole months with as many months, a month so far with the same days of the month
    /// before, other periods with as many days. With FILE and no period: the later half of its days with the earlier
    #[arg(long)]
    compare: bool,

    /// Compare with the rows of this file; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "compare", requires = "files", add = ArgValueCompleter::new(saved_rows()))]
    compare_with: Vec<PathBuf>,

    /// How many entries a list has at most, or all
    #[arg(long, value_name = "N", default_value = "10", value_parser = top)]
    top: usize,

    /// Hold each month against the allowance of these licences: cx2-named=40,cx3-concurrent=5,communicate=10; hourly
    /// ones count hours
    #[arg(long, value_name = "LICENSES")]
    licenses: Option<Licenses>,

    /// Hold each month against this many requests [default, without --licenses: the configuration's allowance]
    #[arg(long, value_name = "REQUESTS", conflicts_with = "licenses")]
    allowance: Option<u64>,
}

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
    quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count)]
    verbose: u8,
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
    if let (Some(path), Some(state)) = (args.output.file(), &args.service.state) {
        output::check_apart(path, state)?;
    }
    if args.files.is_empty() { ask(args) } else { read(args) }
}

/// The last day that the service can have counted.
fn yesterday() -> Date {
    Date::of(SystemTime::now().into()).plus_days(-1)
}

impl ReportArgs {
    fn options(&self) -> Result<ReportOptions, Problem> {
        let mut options =
            ReportOptions::default().with_top(self.content.top).with_filter(self.content.selection.filter());
        options.allowance = self.allowance()?;
        if matches!(self.output.format(), Format::Json | Format::Html) {
            options = options.with_drilldown(DRILLDOWN);
        }
        Ok(options)
    }

    /// What the options say, else the configuration.
    fn allowance(&self) -> Result<Option<Allowance>, Problem> {
        let requests = match (&self.content.licenses, self.content.allowance) {
            (Some(licenses), _) => return Ok(Some(licenses.clone().into())),
            (None, Some(requests)) => Some(requests),
            (None, None) => config::allowance(&self.credentials.profile, self.service.target.simulate)?,
        };
        Ok(requests.map(Allowance::requests))
    }
}

/// Of a query.
fn ask(args: &ReportArgs) -> Result<(), Problem> {
    let attached = args.service.attach.is_some();
    if attached && args.content.compare {
        return Err(Problem::usage(
            "--compare needs a second query; with --attach there is one execution only",
        ));
    }
    if !attached && args.period.given()?.is_none() {
        return Err(Problem::usage("which period? Give --last 30d, --month last or --interval A/B")
            .with_hint("or files of saved rows: genesys-usage report october.json"));
    }
    let interval = args.period.days(attached)?;
    let mut options = args.options()?.with_data_until(yesterday());
    // An execution that was submitted before has its own period and granularity.
    if !attached || args.period.given()?.is_some() {
        options = options.with_period(Period::from(&interval));
    }
    let granularity = args.query.granularity.clone();
    if !attached || granularity.is_some() {
        options = options.with_granularity(granularity.clone().unwrap_or(Granularity::Day));
    }
    let period = Period::from(&interval);
    let is_projected = options.allowance.is_some() && options.granularity == Some(Granularity::Day);
    let before = lookback::days_before(period, yesterday())
        .filter(|_| is_projected && !attached && !args.content.selection.is_local());
    let previous = args.content.compare.then(|| period.until(yesterday()).unwrap_or(period).previous());
    let mut intervals = vec![interval];
    if let Some(previous) = previous {
        intervals.insert(
            0,
            Interval::from_days(previous.first_day(), previous.last_day()).map_err(Problem::build)?,
        );
    }

    let granularity = granularity.unwrap_or(Granularity::Day);
    let group_by = |user: &[Dimension]| {
        if !args.query.group_by.is_empty() {
            return args.query.group_by.clone();
        }
        let usual = [Dimension::OAuthClientId, Dimension::TemplateUri, Dimension::HttpMethod];
        usual.into_iter().chain(user.iter().cloned()).collect()
    };
    match args.content.selection.only_client() {
        None => {
            let group_by = group_by(&[Dimension::UserId]);
            let queries = intervals.into_iter().map(|interval| {
                let mut query = OrganizationQuery::new(interval).with_group_by(group_by.clone());
                query.granularity = Some(granularity.clone());
                query
            });
            let aside = before.and_then(|days| Some((days, lookback::of_organization(days)?)));
            ask_for(queries.collect(), aside, previous, &options, args)
        }
        Some(client) => {
            let group_by = group_by(&[]);
            // The service selects the client, and the other rows are not known.
            options = options.with_filter(args.content.selection.filter_of_client());
            let queries = intervals.into_iter().map(|interval| {
                let mut query = ClientQuery::new(client.clone(), interval).with_group_by(group_by.clone());
                query.granularity = Some(granularity.clone());
                query
            });
            let aside = before.and_then(|days| Some((days, lookback::of_client(&client, days)?)));
            ask_for(queries.collect(), aside, previous, &options, args)
        }
    }
}

/// Runs the queries: of the earlier period, if there is one, and of the period; last the one for the daily totals before
/// them, for the projection.
fn ask_for<Q: Divisible>(
    queries: Vec<Q>,
    aside: Option<(Period, Q)>,
    previous: Option<Period>,
    options: &ReportOptions,
    args: &ReportArgs,
) -> Result<(), Problem> {
    if let Some(form) = args.service.dry_run {
        let queries = queries.into_iter().chain(aside.map(|(_, query)| query)).collect();
        return show(form, queries, &args.service, &args.credentials);
    }
    let (days, aside) = aside.unzip();
    let told = OutputArgs::of_command(args.output.quiet, args.output.verbose);
    let run = prepare(queries, Merge::default(), &args.service, &args.credentials, &told)?;
    let scope = scope_of(run.parts.last().into_iter());
    let about = About::now().of_service(&run.connection.service().api_url, args.service.target.simulate);
    run.with_aside(aside).go_with(args.output.file().is_some(), |fetched| {
        let Fetched { mut tables, gaps, names, aside, .. } = fetched;
        let about = about.with_names(&names);
        for table in &mut tables {
            if let Some(filled) = names::fill_clients(table, &names) {
                *table = filled;
            }
        }
        let mut options =
            options.clone().with_scope(gaps.into_iter().fold(scope, Scope::with_gap)).with_names(names);
        let aside = days.zip(aside);
        if let Some((days, Ok(totals))) = &aside {
            options = options.with_history(totals, *days);
        }
        let options = &options;
        let table = tables.pop().unwrap_or_default();
        selection::warn_of_unmatched(&table, options);
        let report = match (tables.pop(), previous) {
            (Some(before), period) => Report::compared(&table, &before, period, options),
            (None, _) => Report::new(&table, options),
        };
        if let Some((days, Err(why))) = &aside {
            lookback::warn_of_lack(*days, why, &report);
        }
        args.output.write(&report, &about, args.content.by)
    })
}

/// Of saved rows.
fn read(args: &ReportArgs) -> Result<(), Problem> {
    let granularity = args.query.granularity.as_ref();
    let given: Option<Period> = args.period.given()?.map(|interval| (&interval).into());
    if write_of_sums(args, given)? {
        return Ok(());
    }
    let Saved { table, scope } = match &args.files[..] {
        [directory] if directory.is_dir() => of_history(directory, given, args)?,
        files if files.iter().any(|file| file.is_dir()) => {
            return Err(Problem::usage("the directory of a history is read alone, without other files"));
        }
        files if args.organization.is_empty() => saved::read_all(files, &args.saved, granularity)?,
        _ => return Err(Problem::usage("--organization selects from a history, and these are files")),
    };
    let days = SavedDays::of(&table, scope.as_ref(), given, granularity);
    days.check(args.content.compare)?;
    days.warn_of_unknown_end();
    days.warn_of_cuts();

    let mut options = args.options()?.with_data_until(days.until);
    options.granularity.clone_from(&args.query.granularity);
    let compared = args.content.compare.then(|| days.compared()).transpose()?;
    options.period = days.covered(compared.map(|(_, current)| current));
    let granularity_known = granularity.or_else(|| scope.as_ref()?.query.as_ref()?.granularity.as_ref());
    let are_days = granularity_known == Some(&Granularity::Day);
    if let Some((rows, period)) = days.history(&table).filter(|_| are_days) {
        options = options.with_history(&rows, period);
    }
    options.scope = scope;
    // Weeks that the period cuts reach into other months, of which they do not have all days.
    options.months = given;
    selection::warn_of_unmatched(&table, &options);

    let report = if !args.content.compare_with.is_empty() {
        let before = saved::read_all(&args.content.compare_with, &args.saved, granularity)?;
        options.scope = saved::with_gaps_of(options.scope, before.scope.as_ref());
        Report::compared(&*days.selected(&table)?, &before.table, None, &options)
    } else if let Some((previous, current)) = compared {
        Report::compared(
            &days.rows_of(&table, current),
            &days.rows_of(&table, previous),
            Some(previous),
            &options,
        )
    } else {
        Report::new(&*days.selected(&table)?, &options)
    };
    args.output.write(&report, &About::now(), args.content.by)
}

/// The days of a history, with those before the period that a projection and a comparison need.
#[cfg(feature = "parquet")]
fn selected(directory: &Path, given: Option<Period>, args: &ReportArgs) -> Result<Selected, Problem> {
    let compared = given
        .filter(|_| args.content.compare)
        .map(|given| given.previous().first_day().days_until(given.first_day()));
    let selection = Selection {
        organizations: args.organization.clone(),
        period: given,
        days_before: lookback::DAYS.max(compared.unwrap_or(0)),
    };
    selection.select(directory)
}

/// The rows of a history, for what sums do not tell.
#[cfg(feature = "parquet")]
fn of_history(directory: &Path, given: Option<Period>, args: &ReportArgs) -> Result<Saved, Problem> {
    let rows = selected(directory, given, args)?.rows()?;
    Ok(Saved { table: rows.table, scope: Some(rows.scope) })
}

/// Writes the report of a history from its sums; `false` if the options need the rows.
#[cfg(feature = "parquet")]
fn write_of_sums(args: &ReportArgs, given: Option<Period>) -> Result<bool, Problem> {
    let options = args.options()?;
    let needs_rows = !options.filter.is_empty()
        || args.query.granularity.is_some()
        || !args.content.compare_with.is_empty();
    let [directory] = &args.files[..] else { return Ok(false) };
    if needs_rows || !directory.is_dir() {
        return Ok(false);
    }
    let report =
        report::history::report(&selected(directory, given, args)?, given, args.content.compare, options)?;
    args.output.write(&report, &About::now(), args.content.by).map(|()| true)
}

#[cfg(not(feature = "parquet"))]
fn write_of_sums(_: &ReportArgs, _: Option<Period>) -> Result<bool, Problem> {
    Ok(false)
}

#[cfg(not(feature = "parquet"))]
fn of_history(_: &Path, _: Option<Period>, _: &ReportArgs) -> Result<Saved, Problem> {
    Err(format::of_another_build("parquet"))
}

impl ReportOutputArgs {
    fn check(&self) -> Result<(), Problem> {
        self.format().check_built()?;
        if self.format.is_none() {
            format::check_name(self.file(), FORMATS)?;
        }
        self.file().map_or(Ok(()), output::check_file)
    }

    /// By the option, by the name of the file, or text.
    fn format(&self) -> Format {
        self.format.or_else(|| format::of_name(self.file(), FORMATS)).unwrap_or_default()
    }

    fn file(&self) -> Option<&Path> {
        output::file_of(self.output.as_deref())
    }

    fn write(&self, report: &Report, about: &About, measure: Measure) -> Result<(), Problem> {
        let (format, by) = (self.format(), measure.into());
        if let Some(path) = self.file() {
            return output::write_file(path, |to| {
                report::write(to, report, about, format, by, self.chart, output::Look::plain())
            });
        }
        let is_paged = format == Format::Table && !self.no_pager;
        output::write_stdout(is_paged, |to, look| {
            report::write(to, report, about, format, by, self.chart, look)
        })
    }
}
