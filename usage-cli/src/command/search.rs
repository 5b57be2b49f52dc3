//! `genesys-usage search`: rows by day, client name, method and URI, filtered.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use usage_core::model::{Granularity, HttpMethod, SearchColumn};
use usage_core::query::SimpleSearch;

use crate::arguments::period::{PeriodArgs, check_days};
use crate::arguments::value_parsers::{COLUMNS, HTTP_METHODS, one_of};
use crate::problem::Problem;
use crate::run::args::CommonArgs;
use crate::run::merge::Merge;
use crate::run::{body, run_parts};

/// Search usage by day, client name, method and URI
///
/// Runs POST /api/v2/usage/simplesearch and reads all pages of its result. The service returns at most 20,000 rows
/// for a search, and does not count the total of requests here. A period whose result reaches that limit is divided,
/// run as several searches in sequence, and returned as one table. If a single day reaches the limit, its rows are
/// written, and the program ends with exit code 7: rows of that day may be missing.
///
/// Permissions, any one of: oauth:client:view, usage:simpleSearch:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    period: PeriodArgs,

    /// Return only OAuth clients of this name (not id). May be repeated
    #[arg(long, help_heading = "Search", value_name = "NAME")]
    client_name: Vec<String>,

    /// Count only requests with this method. May be repeated
    #[arg(long, help_heading = "Search", value_name = "METHOD", value_parser = one_of(HTTP_METHODS), ignore_case = true)]
    method: Vec<HttpMethod>,

    /// Count only requests to this template URI, such as 'api/v2/users/{userId}'. May be repeated
    #[arg(long, help_heading = "Search", value_name = "URI")]
    uri: Vec<String>,

    /// Return only these columns, separated by commas. Without it, all
    #[arg(long, help_heading = "Search", value_name = "COLUMNS", value_delimiter = ',', value_parser = one_of(COLUMNS), ignore_case = true)]
    metrics: Vec<SearchColumn>,

    /// Send the query in this file, the JSON body that the service takes; - is standard input
    ///
    /// It has the members interval, metrics, oauthClientNames, httpMethods and templateUris: the file that the official command-line client takes by -f.
    /// A member that the query does not have is an error.
    #[arg(long, help_heading = "Search", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = IN_BODY)]
    body: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// The options whose values are in a body.
const IN_BODY: [&str; 7] = ["interval", "last", "month", "client_name", "method", "uri", "metrics"];

/// The members of a body.
const MEMBERS: &[&str] = &["interval", "metrics", "oauthClientNames", "httpMethods", "templateUris"];

const USAGE: &str = "\
genesys-usage search <--last DAYS | --month MONTH | --interval A/B> [OPTIONS]
       genesys-usage search --body FILE [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  genesys-usage search --last 7d --client-name 'Nightly Export'
      Everything that the client of this name called in the last seven days.
  genesys-usage search --month 2026-10 --uri api/v2/users --metrics date,client-name,status429
      Who was rate limited on one URI, day by day.
  genesys-usage search --last 7d --method DELETE --simulate
      The same against a built-in simulator: no account needed.";

pub(crate) fn run(args: SearchArgs) -> Result<(), Problem> {
    let search = match &args.body {
        Some(path) => {
            let search: SimpleSearch = body::read(path, MEMBERS, None, &args.common.output)?;
            check_days(&search.interval)?;
            search
        }
        None => SimpleSearch::new(args.period.days(args.common.service.attach.is_some())?)
            .with_columns(args.metrics)
            .with_oauth_client_names(args.client_name)
            .with_http_methods(args.method)
            .with_template_uris(args.uri),
    };
    // Without dates, a row is the total of its group over the period.
    let is_dated = search.columns.is_empty() || search.columns.contains(&SearchColumn::Date);
    let merge = Merge { granularity: is_dated.then_some(Granularity::Day), ..Merge::default() };
    run_parts(vec![search], merge, &args.common)
}
