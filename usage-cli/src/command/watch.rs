//! `genesys-usage watch`: the month's requests again and again, with alerts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::{ArgAction, Args};
use usage_core::model::{Dimension, Granularity};
use usage_core::query::OrganizationQuery;
use usage_core::{Date, Execution, Interval, Policy, Timestamp};
use usage_report::{Allowance, Licenses, Period, Report, ReportOptions};

use crate::arguments::value_parsers::duration;
use crate::config;
use crate::connection::caller::Caller;
use crate::connection::credentials::CredentialArgs;
use crate::connection::{Connection, TargetArgs, TimingArgs};
#[cfg(feature = "parquet")]
use crate::dataset::Selection;
use crate::output::format::{Format, one_of};
use crate::problem::{Code, Problem};
use crate::process::stderr::{self, HINT, WARNING};
#[cfg(feature = "parquet")]
use crate::report::history;
use crate::report::lookback;
use crate::run::failpoint::Failpoint;
use crate::run::failure;
use crate::run::fetch::{Fetched, Stopped, fetch};
use crate::run::observer::Observer;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;
use crate::run::seed;
use crate::watch::alert::{Crossed, Percent, Thresholds, run_hook};
use crate::watch::line;
use crate::watch::metrics::Metrics;
use crate::watch::state::Kept;

/// The service counts once a day: asking more often than this brings nothing.
const EVERY: &str = "6h";
const MIN_EVERY: Duration = Duration::from_secs(60);

/// Look at the month's requests on a schedule, and tell when a threshold is crossed
///
/// Asks for the requests of each OAuth client on each day of the month up to yesterday (on the first day of a month, of
/// the month before) and writes a line. The service counts whole UTC days and recomputes them once a day. With an
/// allowance it also asks once a day for the daily totals of the 16 weeks before the month, which the projection needs.
///
/// Each threshold is told once a month, and again if it was not crossed in between; --state FILE remembers that over
/// restarts, and without it every start tells anew. Without --on-alert, to tell is to end with exit code 6. With
/// --on-alert COMMAND, to tell is to run the command with success: if it fails, it is run again at the next look. Then
/// --once ends with exit code 0 if every command succeeded or none had to be run, and with 2 if one failed.
///
/// The command finds in its environment GENESYS_USAGE_ALERT (share, projected or 429), _TEXT, _VALUE, _THRESHOLD,
/// _REQUESTS, _FROM, _TO, and with an allowance _ALLOWANCE and _PROJECTED. It does not get the secrets of this program.
///
/// Permissions, any one of: oauth:client:view, usage:organization:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WatchArgs {
    /// How often, at most once a minute
    #[arg(long, value_name = "DURATION", default_value = EVERY, value_parser = every)]
    every: Duration,

    /// Look once, and end: with exit code 6 if there is an alert to tell and no --on-alert
    #[arg(long)]
    once: bool,

    /// Look at the days of this history, which 'collect' keeps, and ask nobody
    #[arg(long, value_name = "DIR", conflicts_with = "simulate")]
    from: Option<PathBuf>,

    /// With --from: only these organisations, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "from")]
    organization: Vec<String>,

    /// How many requests a month may have [default, without --licenses: the configuration's allowance]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "licenses")]
    allowance: Option<u64>,

    /// Take the allowance of these licences: cx2-named=40,cx3-concurrent=5,communicate=10; hourly ones count hours
    #[arg(long, value_name = "LICENSES")]
    licenses: Option<Licenses>,

    /// Alert when so much of the allowance is used: 80%, or several: 80%,100%
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    alert_share: Vec<Percent>,

    /// Alert when the month is projected to use so much of the allowance: 100%, or several
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    alert_projected: Vec<Percent>,

    /// Alert when so many of the month's requests were rate limited: 1%, or several
    #[arg(long = "alert-429", value_name = "PERCENT", value_delimiter = ',')]
    alert_429: Vec<Percent>,

    /// Run this command for each alert, and go on
    #[arg(long, value_name = "COMMAND")]
    on_alert: Option<String>,

    /// Remember in this file what was told, when the service was asked, and the daily totals, for the next start
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Serve what was seen as OpenMetrics, at /metrics of this address: 127.0.0.1:9184
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
    metrics_addr: Option<SocketAddr>,

    /// How to write each look
    #[arg(long, value_parser = one_of(line::FORMATS), default_value = "text", help_heading = "Output")]
    format: Format,

    /// Show no progress
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// Print each step on stderr, and details of errors; -vv: every transition
    #[arg(long, short, action = ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,

    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage watch --allowance 1000000 --alert-share 80% --alert-429 1% --on-alert 'notify-send \"$GENESYS_USAGE_TEXT\"'
      Looks four times a day, and sends a notification when a threshold is crossed.
  genesys-usage watch --once --allowance 1000000 --alert-share 80% --state watch.json
      For a timer: exit code 6 once a month, when the threshold is crossed.
  genesys-usage watch --licenses cx2-named=40 --alert-share 80%,100% --alert-projected 100% --state watch.json
      At two thresholds, and as soon as the month is on the way to more than there is.
  genesys-usage watch --every 12h --metrics-addr 127.0.0.1:9184
      For a monitoring system that scrapes.
  genesys-usage watch --from lake --organization acme --once --allowance 1000000 --alert-share 80%
      Of a history that genesys-usage collect keeps: asks nobody.
  genesys-usage watch --once --simulate
      The same against a built-in simulator: no account needed.";

impl WatchArgs {
    fn thresholds(&self) -> Thresholds {
        Thresholds {
            share: self.alert_share.clone(),
            projected: self.alert_projected.clone(),
            rate_limited: self.alert_429.clone(),
        }
    }

    /// What the options say, else the configuration.
    fn allowance(&self) -> Result<Option<Allowance>, Problem> {
        let requests = match (&self.licenses, self.allowance) {
            (Some(licenses), _) => return Ok(Some(licenses.clone().into())),
            (None, Some(requests)) => Some(requests),
            (None, None) => config::allowance(&self.credentials.profile, self.target.simulate)?,
        };
        Ok(requests.map(Allowance::requests))
    }
}

pub(crate) fn run(args: &WatchArgs) -> Result<(), Problem> {
    let allowance = args.allowance()?;
    if args.thresholds().need_allowance() && allowance.is_none() {
        let option = if args.alert_share.is_empty() { "--alert-projected" } else { "--alert-share" };
        return Err(Problem::usage(format!("{option} is a part of an allowance"))
            .with_hint("give --allowance N or --licenses, or configure allowance"));
    }
    let mut kept = Kept::open(args.state.as_deref())?;
    let metrics = Metrics::default();
    if let Some(address) = args.metrics_addr {
        let address = metrics
            .serve(address)
            .map_err(|error| Problem::usage(format!("cannot listen at {address}: {error}")))?;
        if !address.ip().is_loopback() {
            stderr::labelled(
                "warning",
                WARNING,
                format!("everybody who reaches {address} can read the metrics"),
            );
        }
        stderr::line(format_args!("Metrics are at http://{address}/metrics."));
    }
    // A restart is no reason to ask again, unless somebody scrapes.
    if !args.once && args.metrics_addr.is_none() {
        wait(kept.memory.refreshed_at, args.every);
    }
    let mut has_looked = false;
    loop {
        match look(args, allowance.as_ref(), &mut kept, &metrics) {
            Ok(()) => has_looked = true,
            Err(problem) if args.once || problem.code() == Code::Alert => return Err(problem),
            // What is wrong from the start does not come right by itself.
            Err(problem) if !has_looked && matches!(problem.code(), Code::Usage | Code::Unauthorized) => {
                return Err(problem);
            }
            Err(problem) => {
                metrics.failed();
                stderr::problem(&problem, args.verbose);
            }
        }
        if args.once {
            return Ok(());
        }
        wait(Some(now()), args.every);
    }
}

/// Waits until `every` has passed since `last`.
fn wait(last: Option<Timestamp>, every: Duration) {
    let Some(last) = last.map(|last| last.min(now())) else { return };
    let next = last.saturating_add(every);
    // In short naps: a machine that slept meanwhile wakes up late, not later still.
    while let left @ 1.. = next.saturating_since(now()).as_millis() {
        thread::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX)).min(MIN_EVERY));
    }
}

/// One look: asks, writes, and tells of what is new.
fn look(
    args: &WatchArgs,
    allowance: Option<&Allowance>,
    kept: &mut Kept,
    metrics: &Metrics,
) -> Result<(), Problem> {
    let yesterday = Date::of(now()).plus_days(-1);
    let month = yesterday.first_of_month();
    let interval = Interval::from_days(month, yesterday).map_err(Problem::build)?;
    let period = Period::from(&interval);
    let report = match &args.from {
        Some(directory) => of_history(args, directory, period, allowance)?,
        None => asked(args, interval, allowance, kept)?,
    };

    metrics
        .refreshed(&report, now())
        .map_err(|error| Problem::usage(format!("cannot write the metrics: {error}")))?;
    let crossed = args.thresholds().crossed(&report);
    let mut alerts: Vec<_> = crossed.iter().map(|crossed| crossed.alert).collect();
    alerts.dedup();
    line::write(args.format, &report, &alerts, now())?;

    kept.memory.refreshed_at = Some(now());
    let news = kept.memory.news(month, &crossed);
    kept.write()?;
    match &args.on_alert {
        Some(command) => match run_for_each(command, &news, &report, kept)? {
            Some(failed) if args.once => Err(failed),
            Some(failed) => {
                stderr::labelled("warning", WARNING, &failed);
                failed.hints().iter().for_each(|hint| stderr::labelled("hint", HINT, hint));
                Ok(())
            }
            None => Ok(()),
        },
        None => end_with(&news, kept),
    }
}

/// The report of the rows of `interval`, the month up to yesterday, which the service is asked for.
fn asked(
    args: &WatchArgs,
    interval: Interval,
    allowance: Option<&Allowance>,
    kept: &mut Kept,
) -> Result<Report, Problem> {
    let (period, yesterday) = (Period::from(&interval), interval.last_day());
    let before = lookback::days_before(period, yesterday).filter(|_| allowance.is_some());
    let lacking = before.filter(|days| !kept.memory.has_totals(*days, Date::of(now())));
    let Fetched { mut tables, aside, .. } = fetched(args, interval, lacking)?;
    let table = tables.pop().unwrap_or_default();
    let lack = lacking
        .zip(aside)
        .and_then(|(days, totals)| kept.memory.take_totals(totals, days, Date::of(now())).err());

    let mut options = ReportOptions::default()
        .with_period(period)
        .with_granularity(Granularity::Day)
        .with_data_until(yesterday);
    options.allowance = allowance.cloned();
    if let Some((days, totals)) = before.and_then(|days| Some((days, kept.memory.totals(days)?))) {
        options = options.with_history(&totals, days);
    }
    let report = Report::new(&table, &options);
    if let Some((days, why)) = lacking.zip(lack) {
        lookback::warn_of_lack(days, &why, &report);
    }
    Ok(report)
}

/// The report of the days of `period` that a history has.
#[cfg(feature = "parquet")]
fn of_history(
    args: &WatchArgs,
    directory: &Path,
    period: Period,
    allowance: Option<&Allowance>,
) -> Result<Report, Problem> {
    let (organizations, days_before) = (args.organization.clone(), lookback::DAYS);
    let selected = Selection { organizations, period: Some(period), days_before }.select(directory)?;
    let mut options = ReportOptions::default();
    options.allowance = allowance.cloned();
    history::report(&selected, Some(period), false, options)
}

#[cfg(not(feature = "parquet"))]
fn of_history(_: &WatchArgs, _: &Path, _: Period, _: Option<&Allowance>) -> Result<Report, Problem> {
    Err(crate::output::format::of_another_build("parquet"))
}

/// Runs `command` for each of `news`. What it succeeds for is told; what it fails for stays news. Returns the first of
/// its failures.
fn run_for_each(
    command: &str,
    news: &[Crossed],
    report: &Report,
    kept: &mut Kept,
) -> Result<Option<Problem>, Problem> {
    let mut failed: Option<Problem> = None;
    for crossed in news {
        stderr::labelled("alert", WARNING, crossed);
        match run_hook(command, crossed, report) {
            Ok(()) => {
                kept.memory.told(crossed);
                kept.write()?;
            }
            // The others are told all the same.
            Err(problem) => {
                failed.get_or_insert(problem);
            }
        }
    }
    Ok(failed.map(|problem| problem.with_hint("the alert counts as not told: the next look tells it again")))
}

/// Tells `news` by the end of the program, if there is any.
fn end_with(news: &[Crossed], kept: &mut Kept) -> Result<(), Problem> {
    let Some((first, others)) = news.split_first() else { return Ok(()) };
    for crossed in news {
        kept.memory.told(crossed);
    }
    kept.write()?;
    Err(Problem::new(Code::Alert, first).with_hints(others.iter().map(ToString::to_string)))
}

/// Asks for the rows of `interval`, and for the daily totals of `before`.
fn fetched(args: &WatchArgs, interval: Interval, before: Option<Period>) -> Result<Fetched, Problem> {
    let query = OrganizationQuery::new(interval)
        .with_granularity(Granularity::Day)
        .with_group_by([Dimension::OAuthClientId]);
    let connection = Connection::open(&args.target, &args.timing, &args.credentials)?;
    let progress = Progress::start(args.quiet, args.verbose, 1, None);
    progress.tell(2, || connection.describe());
    let observer = Observer { progress: progress.clone(), recorder: None, failpoint: Failpoint::default() };
    let execution = |query| Execution::new(query, Policy::default(), seed(), now()).snapshot();
    let before = before.and_then(lookback::of_organization).map(execution);
    let fetched = Caller::new(&connection)
        .map_err(Stopped::from)
        .and_then(|caller| fetch(&caller, vec![execution(query)], false, before, &observer));
    progress.finish();
    fetched.map_err(|stopped| {
        failure::problem::<OrganizationQuery>(&stopped.error, &connection.service(), &Recovery::Again)
    })
}

fn every(text: &str) -> Result<Duration, String> {
    let every = duration(text)?;
    if every < MIN_EVERY {
        Err("the service counts once a day: at most once a minute".into())
    } else {
        Ok(every)
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
