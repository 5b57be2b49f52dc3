//! `genesys-usage collect`: a history of usage by day that keeps itself.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::{ArgAction, Args, ValueEnum};
use usage_core::model::Dimension;
use usage_core::query::{OrganizationJob, OrganizationQuery};
use usage_core::{Date, Timestamp};

use crate::arguments::period::Last;
use crate::arguments::value_parsers::{JOB_DIMENSIONS, duration, one_of};
use crate::collect::{CollectFormat, Daily, First, Order, Outcome, collect};
use crate::connection::credentials::CredentialArgs;
use crate::connection::organizations::{AllProfilesArgs, Organizations};
use crate::connection::{TargetArgs, TimingArgs};
use crate::dataset::History;
use crate::problem::{Code, Problem};
use crate::process::stderr::{self, ERROR, HINT};
use crate::run::failpoint::Failpoint;
use crate::run::interrupt::Interrupt;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;

/// The shortest time between two rounds.
const MIN_EVERY: Duration = Duration::from_secs(60);

/// Keep a history of usage by day: collect what is missing of it, for one organisation or for many
///
/// Asks for the days that the history lacks, and again for those that the service may have counted since: each day is read
/// until two reads on different days agree, or until it is older than --late-days. If nothing is missing and nothing is
/// late, nothing is asked. A run that was stopped or killed continues where it was: the days that are stored stay, and the
/// query that was under way is taken over.
///
/// The history is a directory of Parquet files, DIR/organization=NAME/date=yyyy-MM-dd/usage.parquet, which DuckDB, pandas,
/// polars, Spark, Trino and Athena read as it is. A day is written whole or not at all, and no complete day is replaced by
/// rows that are fewer than all. One process at a time writes to it.
///
/// With several profiles, each is an organisation, and they are asked at the same time. One that fails does not stop the
/// others: the command then ends with exit code 8, and the next run collects what is missing. --deadline is the time for
/// each query. --transport blocking stands for tokio here.
///
/// Permissions: with --source billable any one of oauth:client:view, usage:organization:view; with --source all
/// usage:organization:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CollectArgs {
    /// The directory of the history; it is made if it does not exist
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// Collect the last whole UTC days or weeks, ending yesterday: 120d, 52w [default: from the first day of the history on;
    /// of a new one, 90d]
    #[arg(long, value_name = "DAYS", conflicts_with = "since")]
    last: Option<Last>,

    /// Collect from this day on, ending yesterday: 2026-01-01
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,

    /// How many days back the service may still count requests; such days are read again
    #[arg(long, value_name = "DAYS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(..=366))]
    late_days: u32,

    /// What to group by, separated by commas [default: client,user,uri,method, and with --source all platform]; a history
    /// keeps to what it began with
    #[arg(long, value_name = "DIMENSIONS", value_delimiter = ',', value_parser = one_of(JOB_DIMENSIONS), ignore_case = true)]
    group_by: Vec<Dimension>,

    /// Which requests
    #[arg(long, value_enum, default_value_t)]
    source: Source,

    /// What to call the organisation in the history [default: the name of its profile, else 'default']
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,

    /// Collect again and again, at most once a minute: 24h
    #[arg(long, value_name = "DURATION", value_parser = every)]
    every: Option<Duration>,

    /// Collect once, and end; this is the default
    #[arg(long, conflicts_with = "every")]
    once: bool,

    /// How to write what was collected of each organisation
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    format: CollectFormat,

    /// Show no progress
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,

    /// The time, in milliseconds since 1970. For tests.
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

/// Which requests a history has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Source {
    /// Those of the organisation's own clients, which may be billed (the older queries)
    #[default]
    Billable,
    /// All, those of the platform's clients as well (the jobs), of up to a year
    All,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage collect --simulate --into lake --last 120d
      A history of the built-in simulator: no account needed.
  genesys-usage collect --into lake --every 24h
      For a service that runs; without --every, for a timer.
  genesys-usage collect --into lake --all-profiles --format json
      Every organisation of the configuration, a line of JSON for each.
  genesys-usage collect --into jobs --source all --since 2026-01-01
      All requests, in a history of their own.";

pub(crate) fn run(args: &CollectArgs) -> Result<(), Problem> {
    let progress = Progress::start(args.quiet, args.verbose, 1, None);
    let failpoint = Failpoint::at(args.timing.failpoint);
    Interrupt::watch(progress.clone(), || Recovery::Again)?;
    let mut has_collected = false;
    loop {
        let began = SystemTime::now();
        let round = match args.source {
            Source::Billable => args.round::<OrganizationQuery>(&progress, &failpoint),
            Source::All => args.round::<OrganizationJob>(&progress, &failpoint),
        };
        let Some(every) = args.every else {
            progress.finish();
            return round;
        };
        match round {
            Ok(()) => has_collected = true,
            // What is wrong from the start does not come right by itself.
            Err(problem) if !has_collected && matches!(problem.code(), Code::Usage | Code::Unauthorized) => {
                progress.finish();
                return Err(problem);
            }
            Err(problem) => {
                has_collected |= problem.code() == Code::Partial;
                stderr::problem(&problem, args.verbose);
            }
        }
        // In short naps: a machine that slept meanwhile wakes up late, not later still.
        while let Some(left) =
            every.checked_sub(began.elapsed().unwrap_or_default()).filter(|left| !left.is_zero())
        {
            thread::sleep(left.min(MIN_EVERY));
        }
    }
}

impl CollectArgs {
    /// Collects once what is missing of each organisation.
    fn round<Q: Daily>(&self, progress: &Progress, failpoint: &Failpoint) -> Result<(), Problem> {
        let order = self.order();
        order.check::<Q>()?;
        let organizations = Organizations::of(
            &self.target,
            &self.timing,
            &self.credentials,
            &self.all,
            self.organization.as_deref(),
        )?;
        let history = History::begin(&self.into, &order.kind::<Q>())?;
        let (mut failed, mut number) = (Vec::new(), 0);
        collect::<Q>(&history, organizations.connect(), &order, progress, failpoint, |outcome| {
            number += 1;
            outcome.write(self.format)?;
            if let Some(problem) = outcome.problem() {
                if organizations.are_several() {
                    self.tell(&outcome, problem);
                }
                failed.push((outcome.name().to_owned(), problem.clone()));
            }
            Ok(())
        })?;
        match (failed.pop(), organizations.are_several()) {
            (None, _) => Ok(()),
            (Some((_, problem)), false) => Err(problem),
            (Some(last), true) => {
                failed.push(last);
                let names: Vec<_> = failed.iter().map(|(name, _)| name.as_str()).collect();
                let problem =
                    format!("{} of {number} organisations failed: {}", names.len(), names.join(", "));
                Err(Problem::new(Code::Partial, problem)
                    .with_hint("what the others have is stored; the next run collects what is missing"))
            }
        }
    }

    fn order(&self) -> Order {
        let first = match (self.since, self.last) {
            (Some(since), _) => First::Since(since),
            (None, Some(last)) => First::Last(last.days()),
            (None, None) => First::Known,
        };
        let now = self.now.map(Timestamp::from_unix_millis);
        Order { first, late_days: self.late_days, group_by: self.group_by.clone(), now }
    }

    /// Says why one of several organisations failed.
    fn tell(&self, outcome: &Outcome, problem: &Problem) {
        let name = outcome.name();
        stderr::labelled("error", ERROR, format!("{name}: {problem}"));
        if self.verbose > 0 || problem.code() == Code::Usage {
            problem.hints().iter().for_each(|hint| stderr::labelled("hint", HINT, format!("{name}: {hint}")));
        }
    }
}

fn every(text: &str) -> Result<Duration, String> {
    let every = duration(text)?;
    if every < MIN_EVERY {
        return Err("the service counts once a day: at most once a minute".into());
    }
    Ok(every)
}
