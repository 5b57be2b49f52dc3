//! `genesys-usage aggregate`: the aggregate jobs, of the organization or of one OAuth client, also over long ranges.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use usage_core::ClientId;
use usage_core::model::{Dimension, Granularity, HttpMethod, Metric, SortBy};
use usage_core::query::{ClientJob, MAX_JOB_DAYS, OrganizationJob};

use crate::arguments::period::{PeriodArgs, check_days};
use crate::arguments::value_parsers::{GRANULARITIES, JOB_DIMENSIONS, JOB_HTTP_METHODS, METRICS, one_of};
use crate::problem::Problem;
use crate::run::args::CommonArgs;
use crate::run::divide::Divisible;
use crate::run::merge::Merge;
use crate::run::sort::SortKey;
use crate::run::{body, run_parts};

/// Query all requests of the organization or of one OAuth client, up to a year back
///
/// Runs POST /api/v2/usage/aggregates/query/jobs, or with --client POST
/// /api/v2/usage/client/{clientId}/aggregates/query/jobs. The jobs count all requests, including those of the
/// platform's own clients, and not only the billable ones. They look back one year. A range of more than 90 days is
/// run as several jobs in sequence and returned as one table.
///
/// Permission: usage:organization:view (with --client: usage:client:view). oauth:client:view is not enough.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct AggregateArgs {
    #[command(flatten)]
    period: PeriodArgs,

    #[command(flatten)]
    job: JobArgs,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// The options that define the job.
#[derive(Debug, Args)]
#[command(next_help_heading = "Query")]
struct JobArgs {
    /// Query only the usage of this OAuth client
    #[arg(long, value_name = "ID")]
    client: Option<ClientId>,

    /// Return one row for each day, week or month. Without it, rows are totals over the period
    #[arg(long, value_name = "BUCKET", value_parser = one_of(GRANULARITIES), ignore_case = true)]
    granularity: Option<Granularity>,

    /// Group by these dimensions, separated by commas. Without it, rows are not aggregated
    ///
    /// With --client, it takes organization, uri, method and platform; without it, all but organization.
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',', value_parser = one_of(JOB_DIMENSIONS), ignore_case = true)]
    group_by: Vec<Dimension>,

    /// Return only these counters, separated by commas. Without it, all
    #[arg(long, value_name = "METRICS", value_delimiter = ',', value_parser = one_of(METRICS), ignore_case = true)]
    metrics: Vec<Metric>,

    /// Count only requests to this template URI, such as 'api/v2/users/{userId}'. May be repeated
    #[arg(long, value_name = "URI")]
    uri: Vec<String>,

    /// Count only requests with this method. May be repeated
    #[arg(long, value_name = "METHOD", value_parser = one_of(JOB_HTTP_METHODS), ignore_case = true)]
    method: Vec<HttpMethod>,

    /// Count only requests of this platform. May be repeated
    #[arg(long, value_name = "PLATFORM")]
    platform: Vec<String>,

    /// Count only requests on behalf of this user. May be repeated; not with --client
    #[arg(long, value_name = "ID", conflicts_with = "client")]
    user: Vec<String>,

    /// Count only requests of this OAuth client. May be repeated; not with --client
    #[arg(long, value_name = "ID", conflicts_with = "client")]
    oauth_client: Vec<String>,

    /// Count only requests that this organization made. May be repeated; only with --client
    #[arg(long, value_name = "ID", requires = "client", conflicts_with_all = ["user", "oauth_client"])]
    organization: Vec<String>,

    /// Send the query in this file, the JSON body that the service takes; - is standard input
    ///
    /// It has the members interval, granularity, sortBy, metrics, groupBy, templateUris, httpMethods and platforms, and
    /// userIds and oauthClientIds, or with --client organizationIds: the file that the official command-line client takes
    /// by -f. A member that the query does not have is an error.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = IN_BODY)]
    body: Option<PathBuf>,
}

/// The options whose values are in a body.
const IN_BODY: [&str; 12] = [
    "interval",
    "last",
    "month",
    "granularity",
    "group_by",
    "metrics",
    "uri",
    "method",
    "platform",
    "user",
    "oauth_client",
    "organization",
];

/// The members of a body, of a job over the organization and of one over a client.
const MEMBERS: &[&str] = &[
    "interval",
    "granularity",
    "sortBy",
    "metrics",
    "groupBy",
    "templateUris",
    "httpMethods",
    "platforms",
    "userIds",
    "oauthClientIds",
];
const CLIENT_MEMBERS: &[&str] = &[
    "interval",
    "granularity",
    "sortBy",
    "metrics",
    "groupBy",
    "templateUris",
    "httpMethods",
    "platforms",
    "organizationIds",
];

const USAGE: &str = "\
genesys-usage aggregate <--last DAYS | --month MONTH | --interval A/B> [OPTIONS]
       genesys-usage aggregate --body FILE [OPTIONS]";

const EXAMPLES: &str = "\
Examples:
  genesys-usage aggregate --last 30d --group-by client-name --sort requests:desc
      Who makes the most requests, the platform's own clients included.
  genesys-usage aggregate --last 200d --granularity week --group-by platform --state run.json
      More than 90 days: three jobs, one table. 'genesys-usage resume run.json' goes on if it is stopped.
  genesys-usage aggregate --month 2026-10 --client 7de3af06-c0b3-4f9b-af45-72f4a14037cc --group-by uri,method
      What one client called.
  genesys-usage aggregate --last 90d --group-by uri --metrics requests,status429 --simulate
      The same against a built-in simulator: no account needed.";

pub(crate) fn run(args: AggregateArgs) -> Result<(), Problem> {
    let AggregateArgs { period, job, common } = args;
    if let Some(path) = &job.body {
        return run_body(path, job.client.as_ref(), common);
    }
    let interval = period.days(common.service.attach.is_some())?;
    let sort = &common.selection.sort;
    if let Some(key) = sort.iter().find(|key| !key.is_known_to(job.client.is_some())) {
        let rows = if job.client.is_some() { "with --client" } else { "without --client" };
        return Err(Problem::usage(format!("--sort {key}: rows have no such member {rows}")));
    }
    let merge = Merge { granularity: job.granularity.clone(), ..Merge::default() };
    let sort_by = sort.iter().map(|key| key.sort_by());
    match job.client {
        None => {
            let mut query = OrganizationJob::new(interval)
                .with_sort_by(sort_by)
                .with_metrics(job.metrics)
                .with_group_by(job.group_by)
                .with_template_uris(job.uri)
                .with_http_methods(job.method)
                .with_platforms(job.platform)
                .with_user_ids(job.user)
                .with_oauth_client_ids(job.oauth_client);
            query.granularity = job.granularity;
            run_split(&query, OrganizationJob::split, merge, &common)
        }
        Some(client) => {
            let mut query = ClientJob::new(client, interval)
                .with_sort_by(sort_by)
                .with_metrics(job.metrics)
                .with_group_by(job.group_by)
                .with_template_uris(job.uri)
                .with_http_methods(job.method)
                .with_platforms(job.platform)
                .with_organization_ids(job.organization);
            query.granularity = job.granularity;
            run_split(&query, ClientJob::split, merge, &common)
        }
    }
}

/// Runs the job whose body is in the file at `path`.
fn run_body(path: &Path, client: Option<&ClientId>, mut common: CommonArgs) -> Result<(), Problem> {
    match client {
        None => {
            let query: OrganizationJob = body::read(path, MEMBERS, None, &common.output)?;
            check_days(&query.interval)?;
            let merge = merge_of(query.granularity.as_ref(), &query.sort_by, &mut common)?;
            run_split(&query, OrganizationJob::split, merge, &common)
        }
        client => {
            let query: ClientJob = body::read(path, CLIENT_MEMBERS, client, &common.output)?;
            check_days(&query.interval)?;
            let merge = merge_of(query.granularity.as_ref(), &query.sort_by, &mut common)?;
            run_split(&query, ClientJob::split, merge, &common)
        }
    }
}

/// Returns how the parts of a body's job become one. The whole is sorted as the service sorts each part.
fn merge_of(
    granularity: Option<&Granularity>,
    sort_by: &[SortBy],
    common: &mut CommonArgs,
) -> Result<Merge, Problem> {
    let sort = &mut common.selection.sort;
    if !sort.is_empty() && !sort_by.is_empty() {
        return Err(Problem::usage("the rows are sorted by --sort and by the body's sortBy")
            .with_hint("give one of the two"));
    }
    for key in sort_by {
        let key = format!("{}:{}", key.field_name, key.order).parse::<SortKey>();
        sort.push(key.map_err(|problem| Problem::usage(format!("the body's sortBy: {problem}")))?);
    }
    Ok(Merge { granularity: granularity.cloned(), ..Merge::default() })
}

fn run_split<Q: Divisible>(
    query: &Q,
    split: impl Fn(&Q) -> Vec<Q>,
    merge: Merge,
    args: &CommonArgs,
) -> Result<(), Problem> {
    let parts = split(query);
    if args.service.attach.is_some() && parts.len() > 1 {
        return Err(Problem::usage(format!("an execution is over {MAX_JOB_DAYS} days at most"))
            .with_hint("give --attach without a period, or the period of that execution"));
    }
    run_parts(parts, merge, args)
}
