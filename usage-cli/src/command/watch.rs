//! `genesys-usage watch`: checks the requests of the month repeatedly, and sends alerts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::{ArgAction, Args};
use usage_core::{Date, Interval, Timestamp};
use usage_report::Period;

use crate::arguments::value_parsers::{command, duration, number};
use crate::connection::credentials::CredentialArgs;
use crate::connection::organizations::{AllProfilesArgs, Organizations};
use crate::connection::{TargetArgs, TimingArgs};
use crate::output::format::{Format, LINE_FORMATS, one_of};
use crate::problem::{Code, Problem};
use crate::process::pause::wait_since;
use crate::process::stderr::{self, HINT, WARNING};
use crate::report::allowance::AllowanceArgs;
use crate::watch::alert::{Crossed, Thresholds, run_hook};
#[cfg(feature = "parquet")]
use crate::watch::history::{self, Wanted};
use crate::watch::line;
use crate::watch::live::Service;
use crate::watch::look::{Look, Looks};
use crate::watch::metrics::Metrics;
use crate::watch::percent::{Factor, Percent};
use crate::watch::state::Kept;

/// The service counts once a day: asking more often than this brings nothing.
const EVERY: &str = "6h";
const MIN_EVERY: Duration = Duration::from_secs(60);

/// Options that contradict a history. Options that require one of them contradict it as well, because clap cannot
/// require an option that is not allowed.
const LIVE: [&str; 2] = ["simulate", "all_profiles"];

/// Follow the month's requests on a schedule, and alert when a threshold is crossed
///
/// Queries the requests of each OAuth client and day of the month up to yesterday (on the first day of a month, of the
/// previous month) and writes a line. The service counts whole UTC days and recomputes them once a day. With an allowance,
/// it also queries the daily totals of the preceding 16 weeks once a day, for the projection.
///
/// Each of several profiles is an organization with its own line, alerts and allowance. If one fails, the others are
/// evaluated, and --once ends with exit code 8. --from DIR evaluates each organization of a history, and sends no request.
/// The allowance of an organization is --allowance, or that of the profile with its name.
///
/// Each alert is sent once a month, and again if its threshold was not crossed in between. A jump is sent once a day, a new
/// client once a month. --state FILE remembers sent alerts across restarts.
///
/// Without --on-alert, an alert ends the program with exit code 6. With --on-alert COMMAND, an alert counts as sent when the
/// command succeeds; if it fails, it runs again after the next query. --once then exits with 0 if no command failed, and
/// with 2 if one did.
///
/// The environment of the command has GENESYS_USAGE_ALERT (share, projected, 429, jump or new-client), _TEXT, _VALUE,
/// _THRESHOLD, _REQUESTS, _FROM and _TO; with an allowance _ALLOWANCE and _PROJECTED; for several organizations
/// _ORGANIZATION; and for alerts about a client _CLIENT. It does not have the secrets of this program.
///
/// Permissions, any one of: oauth:client:view, usage:organization:view.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WatchArgs {
    /// How often to query, at most once a minute
    #[arg(long, value_name = "DURATION", default_value = EVERY, value_parser = every)]
    every: Duration,

    /// Evaluate once, and exit: with exit code 6 if there is an alert and no --on-alert
    #[arg(long)]
    once: bool,

    /// Read the days from this history, which 'collect' keeps, instead of querying the service
    #[arg(long, value_name = "DIR", conflicts_with_all = LIVE)]
    from: Option<PathBuf>,

    /// With --from: only these organizations, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "from", conflicts_with_all = LIVE)]
    organization: Vec<String>,

    #[command(flatten)]
    allowance: AllowanceArgs,

    /// Alert when this share of the allowance is used: 80%, or several: 80%,100%
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    alert_share: Vec<Percent>,

    /// Alert when the month is projected to use this share of the allowance: 100%, or several
    #[arg(long, value_name = "PERCENT", value_delimiter = ',')]
    alert_projected: Vec<Percent>,

    /// Alert when this share of the month's requests was rate limited: 1%, or several
    #[arg(long = "alert-429", value_name = "PERCENT", value_delimiter = ',')]
    alert_429: Vec<Percent>,

    /// Alert when the last day of a client exceeds the median of its weekday in the preceding 8 weeks by this factor: 3x, or several
    #[arg(long, value_name = "FACTOR", value_delimiter = ',', requires = "from", conflicts_with_all = LIVE)]
    alert_jump: Vec<Factor>,

    /// Alert when a client has requests this month but had none in the preceding weeks, of which at least 4 must be known
    #[arg(long, requires = "from", conflicts_with_all = LIVE)]
    alert_new_client: bool,

    /// Run this command for each alert, and continue
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    on_alert: Option<String>,

    /// Remember the alerts sent, the time of the last query, and the daily totals in this file
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Serve metrics for Prometheus at /metrics of this address: 127.0.0.1:9184
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
    metrics_addr: Option<SocketAddr>,

    /// How many clients have metrics of their own: this many by requests, by errors and by 429. The others are added up
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = number(0usize..), requires = "metrics_addr", conflicts_with = "once")]
    metrics_clients: usize,

    /// How to write each result
    #[arg(long, value_parser = one_of(LINE_FORMATS), default_value = "text", help_heading = "Output")]
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
    #[command(flatten)]
    all: AllProfilesArgs,
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
  genesys-usage watch --all-profiles --alert-projected 100% --state watch.json
      Each organization of the configuration, against its own allowance.
  genesys-usage watch --from lake --alert-projected 100% --alert-jump 3x --alert-new-client --state watch.json
      Each organization of a history that genesys-usage collect keeps: sends no request.
  genesys-usage watch --once --simulate
      The same against a built-in simulator: no account needed.";

impl WatchArgs {
    fn thresholds(&self) -> Thresholds {
        Thresholds {
            share: self.alert_share.clone(),
            projected: self.alert_projected.clone(),
            rate_limited: self.alert_429.clone(),
            jump: self.alert_jump.clone(),
            new_clients: self.alert_new_client,
        }
    }

    /// Returns the organizations, if the options name several.
    fn several(&self) -> Result<Option<Organizations<'_>>, Problem> {
        Organizations::several(&self.target, &self.timing, &self.credentials, &self.all)
    }

    /// Refuses what can be seen before the first look.
    fn check(&self) -> Result<(), Problem> {
        if self.allowance.given().is_some_and(|allowance| allowance.monthly == 0) {
            return Err(Problem::usage(
                "--allowance: there is nothing to watch of an allowance of no request",
            ));
        }
        if self.from.is_some() || self.several()?.is_some() {
            return Ok(());
        }
        let allowance = self.allowance.of(&self.credentials.profile, self.target.simulate)?;
        self.thresholds().check_allowance(allowance.as_ref())
    }
}

pub(crate) fn run(args: &WatchArgs) -> Result<(), Problem> {
    args.check()?;
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
                format!("everyone who can connect to {address} can read the metrics"),
            );
        }
        stderr::line(format_args!("Metrics are at http://{address}/metrics."));
    }
    // A restart does not ask again early, unless there are metrics to serve.
    if !args.once && args.metrics_addr.is_none() {
        kept.memory.refreshed_at.into_iter().for_each(|last| wait_since(last, args.every));
    }
    let mut has_looked = false;
    loop {
        match look(args, &mut kept, &metrics) {
            Ok(()) => has_looked = true,
            Err(problem) if args.once || problem.code() == Code::Alert => return Err(problem),
            // Wrong options and credentials do not mend themselves, be it of one organization or of all.
            Err(problem)
                if !has_looked
                    && matches!(problem.code(), Code::Usage | Code::Unauthorized | Code::Partial) =>
            {
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
        wait_since(now(), args.every);
    }
}

/// One look: asks, writes, and tells the alerts that are new.
fn look(args: &WatchArgs, kept: &mut Kept, metrics: &Metrics) -> Result<(), Problem> {
    let yesterday = Date::of(now()).plus_days(-1);
    let month = yesterday.first_of_month();
    let interval = Interval::from_days(month, yesterday).map_err(Problem::build)?;
    let looks = looks(args, &interval, kept)?;

    metrics.refreshed(&looks, args.metrics_clients, now());
    let mut crossed = Vec::new();
    for look in &looks.looks {
        let of_look = args.thresholds().crossed(look);
        let mut alerts: Vec<_> = of_look.iter().map(|crossed| crossed.alert).collect();
        alerts.dedup();
        line::write(args.format, look, &alerts, now())?;
        crossed.extend(of_look);
    }

    if !looks.looks.is_empty() {
        kept.memory.refreshed_at = Some(now());
    }
    let news = kept.memory.news(month, &crossed, |name| looks.lacks(name));
    kept.write()?;
    for (name, problem) in &looks.failed {
        stderr::labelled("warning", WARNING, format_args!("{name}: {problem}"));
        problem
            .hints()
            .iter()
            .for_each(|hint| stderr::labelled("hint", HINT, format_args!("{name}: {hint}")));
    }
    match &args.on_alert {
        Some(command) => match run_for_each(command, &news, &looks.looks, kept)? {
            Some(failed) if args.once => return Err(failed),
            Some(failed) => {
                stderr::labelled("warning", WARNING, &failed);
                failed.hints().iter().for_each(|hint| stderr::labelled("hint", HINT, hint));
            }
            None => {}
        },
        None => end_with(&news, kept)?,
    }
    match looks.problem() {
        Some(problem) if args.once || looks.is_hopeless() => Err(problem),
        Some(problem) if looks.looks.is_empty() => Err(Problem::new(Code::Unreachable, problem)),
        _ => Ok(()),
    }
}

/// Looks at the days of `interval`, the month up to yesterday, of each organization.
fn looks(args: &WatchArgs, interval: &Interval, kept: &mut Kept) -> Result<Looks, Problem> {
    let thresholds = args.thresholds();
    if let Some(directory) = &args.from {
        return of_history(args, directory, Period::from(interval), &thresholds);
    }
    let service = Service {
        target: &args.target,
        timing: &args.timing,
        credentials: &args.credentials,
        allowance: &args.allowance,
        thresholds: &thresholds,
        quiet: args.quiet,
        verbose: args.verbose,
    };
    match args.several()? {
        Some(several) => service.look_at_each(&several, interval, &mut kept.memory),
        None => Ok(Looks { looks: vec![service.look(interval, &mut kept.memory)?], failed: Vec::new() }),
    }
}

#[cfg(feature = "parquet")]
fn of_history(
    args: &WatchArgs,
    directory: &Path,
    month: Period,
    thresholds: &Thresholds,
) -> Result<Looks, Problem> {
    let (organizations, allowance, profile) =
        (&args.organization[..], &args.allowance, &args.credentials.profile);
    history::looks(directory, &Wanted { month, organizations, allowance, profile, thresholds })
}

#[cfg(not(feature = "parquet"))]
fn of_history(_: &WatchArgs, _: &Path, _: Period, _: &Thresholds) -> Result<Looks, Problem> {
    Err(crate::output::format::of_another_build("read a history", "parquet"))
}

/// Runs `command` for each of `news`. An alert counts as sent if the command succeeds, and stays news if it fails. Returns the
/// first failure.
fn run_for_each(
    command: &str,
    news: &[Crossed],
    looks: &[Look],
    kept: &mut Kept,
) -> Result<Option<Problem>, Problem> {
    let mut failed: Option<Problem> = None;
    for crossed in news {
        let Some(look) = looks.iter().find(|look| look.organization == crossed.organization) else {
            continue;
        };
        stderr::labelled("alert", WARNING, crossed);
        match run_hook(command, crossed, &look.report) {
            Ok(()) => {
                kept.memory.told(crossed);
                kept.write()?;
            }
            // One failure does not keep the other alerts from being told.
            Err(problem) => {
                failed.get_or_insert(problem);
            }
        }
    }
    Ok(failed.map(|problem| problem.with_hint("the alert counts as not sent: the next look sends it again")))
}

/// Returns `news` as the problem that ends the program, if there are any.
fn end_with(news: &[Crossed], kept: &mut Kept) -> Result<(), Problem> {
    let Some((first, others)) = news.split_first() else { return Ok(()) };
    for crossed in news {
        kept.memory.told(crossed);
    }
    kept.write()?;
    Err(Problem::new(Code::Alert, first).with_hints(others.iter().map(ToString::to_string)))
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
