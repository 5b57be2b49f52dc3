//! `genesys-usage collect`: keeps a history of usage by day up to date.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{ArgAction, Args, ValueEnum};
use usage_core::model::Dimension;
use usage_core::query::{OrganizationJob, OrganizationQuery};
use usage_core::{Date, Timestamp, UsageQuery as _};

use crate::arguments::period::Last;
use crate::arguments::value_parsers::{JOB_DIMENSIONS, duration, number, one_of};
use crate::collect::{Daily, First, Order, collect};
use crate::config;
use crate::connection::credentials::CredentialArgs;
use crate::connection::organizations::{AllProfilesArgs, Organizations, Participant};
use crate::connection::{TargetArgs, TimingArgs};
use crate::dataset::{History, Kind};
use crate::output::format::{Format, LINE_FORMATS, one_of as one_format};
use crate::problem::{Code, Problem};
use crate::process::pause::wait_since;
use crate::process::stderr::{self, WARNING};
use crate::run::failpoint::Failpoint;
use crate::run::interrupt::Interrupt;
use crate::run::organizations::Failures;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;

/// Minimum time between two rounds.
const MIN_EVERY: Duration = Duration::from_secs(60);

/// Keep a history of usage by day, for one organization or for many
///
/// Queries the days that the history lacks, and reads recent days again, because the service may count late requests:
/// each day is read until two reads on different days agree, or until it is older than --late-days. If no day is
/// missing or late, nothing is sent. A run that was stopped or killed is continued: stored days remain, and the query
/// in progress is resumed.
///
/// The history is a directory of Parquet files, DIR/organization=NAME/date=yyyy-MM-dd/usage.parquet, which DuckDB,
/// pandas, polars, Spark, Trino and Athena read directly. A day is written whole or not at all, and incomplete rows
/// never replace a complete day. One process at a time writes to the history.
///
/// With several profiles, each is an organization, and all are queried concurrently. If one fails, the others
/// continue: the command then ends with exit code 8, and the next run collects what is missing. --deadline is the
/// time for each query. --transport blocking means tokio here.
///
/// Permissions: with --source billable any one of oauth:client:view, usage:organization:view; with --source all
/// usage:organization:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CollectArgs {
    /// Keep the history in this directory, which is created if it does not exist
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// Collect the last days, weeks, months or years, as whole UTC days that end yesterday: 120d, 1y [default: from the
    /// first day of the history; for a new history, 90d]
    #[arg(long, value_name = "DAYS", conflicts_with = "since")]
    last: Option<Last>,

    /// Collect from this day to yesterday: 2026-01-01, or 2026-01 for the first of a month
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<Date>,

    /// Read days again until they are this many days old, because the service may still count late requests
    #[arg(long, value_name = "DAYS", default_value_t = 3, value_parser = number(0..=366u32))]
    late_days: u32,

    /// Group by these dimensions, separated by commas [default: those of the history; for a new one
    /// client,user,uri,method, and with --source all platform]
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',', value_parser = one_of(JOB_DIMENSIONS), ignore_case = true)]
    group_by: Vec<Dimension>,

    /// Which requests to count [default: those of the history; for a new one, billable]
    #[arg(long, value_enum)]
    source: Option<Source>,

    /// Also keep the names of users, OAuth clients and the organization, for reports of the history
    ///
    /// Each is asked for only if the rows need it, and kept: GET /api/v2/users, GET /api/v2/oauth/clients (permission
    /// oauth:client:view), GET /api/v2/organizations/me. What may not be read stays an id, with a warning.
    #[arg(long)]
    names: bool,

    /// Call the organization this in the history [default: the name of its profile, else 'default']
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,

    /// Collect repeatedly at this interval, at least a minute: 24h
    #[arg(long, value_name = "DURATION", value_parser = every)]
    every: Option<Duration>,

    /// Collect once. This is the default
    #[arg(long, conflicts_with = "every")]
    once: bool,

    /// How to write the result of each organization
    #[arg(long, value_parser = one_format(LINE_FORMATS), default_value = "text", help_heading = "Output")]
    format: Format,

    /// Show no progress
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,

    /// The current time, in milliseconds since 1970. For tests.
    #[arg(long, value_name = "MILLISECONDS", hide = true)]
    now: Option<u64>,

    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    all: AllProfilesArgs,
}

/// The requests that a history counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Source {
    /// Requests of the organization's own clients, which may be billed (the older queries)
    Billable,
    /// All requests, including those of the platform's own clients (the jobs), up to a year back
    All,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage collect --simulate --into lake --last 120d
      A history of the built-in simulator: no account needed.
  genesys-usage collect --into lake --every 24h
      For a service that runs; without --every, for a timer.
  genesys-usage collect --into lake --all-profiles --format json
      Every organization of the configuration, a line of JSON for each.
  genesys-usage collect --into jobs --source all --since 2026-01-01
      All requests, in a history of their own.";

pub(crate) fn run(args: &CollectArgs) -> Result<(), Problem> {
    let progress = Progress::start(args.quiet, args.verbose, 1, None);
    let failpoint = Failpoint::at(args.timing.failpoint);
    Interrupt::watch(progress.clone(), || Recovery::Again)?;
    let mut has_collected = false;
    loop {
        let began = Timestamp::from(SystemTime::now());
        let round = args.round(&progress, &failpoint);
        let Some(every) = args.every else {
            progress.finish();
            return round;
        };
        match round {
            Ok(()) => has_collected = true,
            // An error of the first round needs the user.
            Err(problem) if !has_collected && matches!(problem.code(), Code::Usage | Code::Unauthorized) => {
                progress.finish();
                return Err(problem);
            }
            Err(problem) => {
                has_collected |= problem.code() == Code::Partial;
                stderr::problem(&problem, args.verbose);
            }
        }
        wait_since(began, every);
    }
}

impl CollectArgs {
    /// Collects the missing days of each organization once.
    fn round(&self, progress: &Progress, failpoint: &Failpoint) -> Result<(), Problem> {
        // Values that no option gives are those of the history.
        let known = History::kind(&self.into)?;
        let is_of_jobs = known.as_ref().is_some_and(|kind| kind.family == OrganizationJob::FAMILY);
        let source = self.source.unwrap_or(if is_of_jobs { Source::All } else { Source::Billable });
        match source {
            Source::Billable => self.round_of::<OrganizationQuery>(known, progress, failpoint),
            Source::All => self.round_of::<OrganizationJob>(known, progress, failpoint),
        }
    }

    fn round_of<Q: Daily>(
        &self,
        known: Option<Kind>,
        progress: &Progress,
        failpoint: &Failpoint,
    ) -> Result<(), Problem> {
        let mut order = self.order();
        if let Some(kind) = known.filter(|kind| self.group_by.is_empty() && kind.family == Q::FAMILY) {
            order.group_by = kind.group_by.iter().map(|name| Dimension::from(name.as_str())).collect();
        }
        order.check::<Q>()?;
        let organizations = Organizations::of(
            &self.target,
            &self.timing,
            &self.credentials,
            &self.all,
            self.organization.as_deref(),
        )?;
        organizations.check()?;
        let history = History::begin(&self.into, &order.kind::<Q>())?;
        let (participants, are_several) = (organizations.connect(), organizations.are_several());
        order.named = self.named(&participants)?;
        let (number, mut failures) = (participants.len(), Failures::default());
        let mut problem = None;
        collect::<Q>(&history, participants, &order, progress, failpoint, |outcome| {
            outcome.write(self.format)?;
            for warning in outcome.warnings() {
                stderr::labelled("warning", WARNING, format_args!("{}: {warning}", outcome.name()));
            }
            match outcome.problem() {
                Some(of_one) if are_several => failures.add(outcome.name(), of_one, self.verbose),
                of_one => problem = of_one.cloned(),
            }
            Ok(())
        })?;
        if let (Some(problem), false) = (problem, are_several) {
            return Err(problem);
        }
        let hint = if failures.iter().len() < number {
            "what the others have is stored; the next run collects what is missing"
        } else {
            "the next run collects what is missing"
        };
        failures.end(number, hint)
    }

    /// Returns which of `participants` get names: all by the option, or those whose profile says so.
    fn named(&self, participants: &[Participant]) -> Result<BTreeSet<String>, Problem> {
        let mut named = BTreeSet::new();
        for Participant { name, profile, .. } in participants {
            if self.names || config::names(profile, self.target.simulate)? {
                named.insert(name.clone());
            }
        }
        Ok(named)
    }

    fn order(&self) -> Order {
        let first = match (self.since, self.last) {
            (Some(since), _) => First::Since(since),
            (None, Some(last)) => First::Last(last),
            (None, None) => First::Known,
        };
        let now = self.now.map(Timestamp::from_unix_millis);
        let (late_days, group_by) = (self.late_days, self.group_by.clone());
        Order { first, late_days, group_by, named: BTreeSet::new(), now }
    }
}

/// Reads a day, or a month as its first day.
fn since(text: &str) -> Result<Date, String> {
    let first = format!("{text}-01");
    text.parse()
        .or_else(|_| first.parse())
        .map_err(|_| format!("{text:?} is no date; write yyyy-MM-dd, or yyyy-MM for the first of a month"))
}

fn every(text: &str) -> Result<Duration, String> {
    let every = duration(text)?;
    if every < MIN_EVERY {
        return Err("the service counts once a day: at most once a minute".into());
    }
    Ok(every)
}
