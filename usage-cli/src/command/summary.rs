//! `genesys-usage summary`: the last days of one OAuth client.

use clap::Args;
use usage_core::ClientId;
use usage_core::query::ClientSummary;

use crate::arguments::value_parsers::number;
use crate::problem::Problem;
use crate::run::args::CommonArgs;
use crate::run::run as run_query;

/// Query what one OAuth client called in the last days
///
/// Runs GET /api/v2/oauth/clients/{clientId}/usage/summary. The days are whole UTC days and end yesterday.
///
/// Permissions, any one of: oauth:client:view, usage:client:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, next_help_heading = "Query")]
pub(crate) struct SummaryArgs {
    /// The OAuth client
    #[arg(long, value_name = "ID")]
    client: ClientId,

    /// Number of days to look back
    #[arg(long, value_name = "N", default_value_t = ClientSummary::DEFAULT_DAYS, value_parser = number(1u32..))]
    days: u32,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage summary --client 7de3af06-c0b3-4f9b-af45-72f4a14037cc
      The last seven days of one OAuth client.
  genesys-usage summary --client 7de3af06-c0b3-4f9b-af45-72f4a14037cc --days 30 --format json
      A month of it, for a script.";

pub(crate) fn run(args: SummaryArgs) -> Result<(), Problem> {
    run_query(ClientSummary::new(args.client).with_days(args.days), &args.common)
}
