//! `genesys-usage query`: the aggregating queries, of the organization or of one OAuth client.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use usage_core::ClientId;
use usage_core::model::{Dimension, Granularity, Metric};
use usage_core::query::{ClientQuery, OrganizationQuery};

use crate::arguments::period::{PeriodArgs, check_days};
use crate::arguments::value_parsers::{DIMENSIONS, GRANULARITIES, METRICS, one_of};
use crate::problem::Problem;
use crate::run::args::CommonArgs;
use crate::run::{body, run as run_query};

/// Query the usage of the organization or of one OAuth client, grouped, in total or by day
///
/// Runs POST /api/v2/usage/query, or with --client POST /api/v2/oauth/clients/{clientId}/usage/query. The service
/// counts whole UTC days and recomputes them once a day: today is never included.
///
/// Permissions, any one of: oauth:client:view, usage:organization:view (with --client: oauth:client:view,
/// usage:client:view).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    period: PeriodArgs,

    /// Query only the usage of this OAuth client
    #[arg(long, help_heading = "Query", value_name = "ID")]
    client: Option<ClientId>,

    /// Return one row for each day, week or month. Without it, rows are totals over the period
    #[arg(long, help_heading = "Query", value_name = "BUCKET", value_parser = one_of(GRANULARITIES), ignore_case = true)]
    granularity: Option<Granularity>,

    /// Group by these dimensions, separated by commas. Without it, by OAuth client
    #[arg(long, help_heading = "Query", value_name = "DIMENSIONS", value_delimiter = ',', value_parser = one_of(DIMENSIONS), ignore_case = true)]
    group_by: Vec<Dimension>,

    /// Return only these counters, separated by commas. Without it, all
    #[arg(long, help_heading = "Query", value_name = "METRICS", value_delimiter = ',', value_parser = one_of(METRICS), ignore_case = true)]
    metrics: Vec<Metric>,

    /// Send the query in this file, the JSON body that the service takes; - is standard input
    ///
    /// It has the members interval, granularity, metrics and groupBy: the file that the official command-line client takes by -f.
    /// A member that the query does not have is an error.
    #[arg(long, help_heading = "Query", value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = IN_BODY)]
    body: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// The options whose values are in a body.
const IN_BODY: [&str; 6] = ["interval", "last", "month", "granularity", "group_by", "metrics"];

/// The members of a body.
const MEMBERS: &[&str] = &["interval", "granularity", "metrics", "groupBy"];

const USAGE: &str = "\
genesys-usage query <--last DAYS | --month MONTH | --interval A/B> [OPTIONS]
       genesys-usage query --body FILE [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  genesys-usage query --last 7d
      Requests of each OAuth client in the last seven days.
  genesys-usage query --month last --granularity day --group-by client,uri,method --format csv
      What each client called on each day of the last month, for a spreadsheet.
  genesys-usage query --last 1m --group-by client,uri --where 'status429>0' --sort status429:desc --limit 10
      Where most requests were rate limited.
  genesys-usage query --interval 2026-07/2026-09 --client 7de3af06-c0b3-4f9b-af45-72f4a14037cc
      Requests of one client in a quarter.
  genesys-usage query --last 4w --metrics requests,status429 --simulate
      The same against a built-in simulator: no account needed.";

pub(crate) fn run(args: QueryArgs) -> Result<(), Problem> {
    if let Some(path) = &args.body {
        return match &args.client {
            None => {
                let query: OrganizationQuery = body::read(path, MEMBERS, None, &args.common.output)?;
                check_days(&query.interval)?;
                run_query(query, &args.common)
            }
            client => {
                let query: ClientQuery = body::read(path, MEMBERS, client.as_ref(), &args.common.output)?;
                check_days(&query.interval)?;
                run_query(query, &args.common)
            }
        };
    }
    let interval = args.period.days(args.common.service.attach.is_some())?;
    match args.client {
        None => {
            let mut query =
                OrganizationQuery::new(interval).with_metrics(args.metrics).with_group_by(args.group_by);
            query.granularity = args.granularity;
            run_query(query, &args.common)
        }
        Some(client) => {
            let mut query =
                ClientQuery::new(client, interval).with_metrics(args.metrics).with_group_by(args.group_by);
            query.granularity = args.granularity;
            run_query(query, &args.common)
        }
    }
}
