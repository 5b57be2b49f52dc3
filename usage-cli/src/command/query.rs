//! `genesys-usage query`: the aggregating queries, of the organisation or of one OAuth client.

use clap::Args;
use usage_core::ClientId;
use usage_core::model::{Dimension, Granularity, Metric};
use usage_core::query::{ClientQuery, OrganizationQuery};

use crate::arguments::period::PeriodArgs;
use crate::arguments::value_parsers::{DIMENSIONS, GRANULARITIES, METRICS, one_of};
use crate::problem::Problem;
use crate::run::args::CommonArgs;
use crate::run::run as run_query;

/// Query the usage of the organisation or of one OAuth client, grouped, in total or by day
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

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

const USAGE: &str = "genesys-usage query <--interval A/B | --last DAYS | --month MONTH> [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  genesys-usage query --last 7d
      Requests of each OAuth client in the last seven days.
  genesys-usage query --month 2026-10 --granularity day --group-by client,uri,method --format csv
      What each client called on each day of October, for a spreadsheet.
  genesys-usage query --interval 2026-07/2026-09 --client 7de3af06-c0b3-4f9b-af45-72f4a14037cc
      Requests of one client in a quarter.
  genesys-usage query --last 4w --metrics requests,status429 --simulate
      The same against a built-in simulator: no account needed.";

pub(crate) fn run(args: QueryArgs) -> Result<(), Problem> {
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
