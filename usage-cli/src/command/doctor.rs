//! `genesys-usage doctor`: checks everything between this machine and the service.

use std::borrow::Cow;
use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use http::{StatusCode, Uri};
use serde::Serialize;
use usage_core::error::{Error, TransportKind};
use usage_core::events::EventDefinitions;
use usage_core::query::{ClientJob, ClientQuery, OrganizationJob, OrganizationQuery, SimpleSearch};
use usage_core::{BaseUrl, ClientId, Endpoint, ExecutionId, Interval, Timestamp, UsageQuery};
use usage_driver::Proxy;

use crate::config::Config;
use crate::connection::caller::Caller;
use crate::connection::credentials::{CredentialArgs, Source};
use crate::connection::{Connection, TargetArgs, TimingArgs};
use crate::output::document::DocumentArgs;
use crate::output::format::Format;
use crate::output::listing::{Column, List};
use crate::output::printable;
use crate::problem::{Code, Problem};
use crate::process::stderr;
use crate::process::variables::Variables;
use crate::service::advice;
use crate::service::failure;
use crate::text::secrets::redacted;

/// The id of no execution: requesting it needs the permission and costs nothing.
const NO_EXECUTION: &str = "00000000-0000-0000-0000-000000000000";

/// Time limit for resolving a name and for connecting.
const PATIENCE: Duration = Duration::from_secs(10);

/// A larger clock difference makes valid tokens look expired, or expired ones valid.
const MAX_SKEW: Duration = Duration::from_secs(60);

/// Check configuration, network and permissions, and print what to fix
///
/// Checks configuration, credential, names, connections, TLS, token, permissions, clock and rate limit, in this
/// order. It sends about ten requests and submits nothing. A missing permission is a failure if a command of --need
/// requires it, and a warning otherwise. Exit code 1 if a check fails.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Require the permissions of these commands, separated by commas
    #[arg(long, value_name = "COMMANDS", value_enum, value_delimiter = ',', default_value = "query")]
    need: Vec<Need>,

    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    output: DocumentArgs<List>,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage doctor
  genesys-usage doctor --need query,aggregate --profile prod
      Also fails if aggregate is not permitted.
  genesys-usage doctor --format json
      For a monitoring system.";

/// A command that needs permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Need {
    Query,
    /// query --client and summary
    Summary,
    Search,
    Aggregate,
    /// aggregate --client
    AggregateClient,
    Events,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Ok,
    Warning,
    Failed,
    /// A check before it failed, or there is nothing to check.
    Skipped,
}

/// The result of one check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

static COLUMNS: [Column<Check>; 4] = [
    Column { name: "name", title: "Check", cell: |check| Some(check.name.into()) },
    Column { name: "verdict", title: "Verdict", cell: |check| Some(check.verdict.word().into()) },
    Column { name: "text", title: "What was found", cell: |check| Some(Cow::Borrowed(&check.text)) },
    Column { name: "fix", title: "What to do", cell: |check| check.fix.as_deref().map(Into::into) },
];

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The results so far.
#[derive(Debug, Default)]
struct Report {
    checks: Vec<Check>,
    /// Whether each result is printed at once, on a terminal.
    live: bool,
}

impl Report {
    fn add(&mut self, name: &'static str, verdict: Verdict, text: impl Display, fix: Option<String>) {
        if self.live {
            stderr::line(format_args!("{name}: {}", verdict.word()));
        }
        let shown = |text: String| redacted(&text).into_owned();
        self.checks.push(Check { name, verdict, text: shown(text.to_string()), fix: fix.map(shown) });
    }

    fn ok(&mut self, name: &'static str, text: impl Display) {
        self.add(name, Verdict::Ok, text, None);
    }

    /// Adds `problem` as a failed check, with its hints as what to do.
    fn failed(&mut self, name: &'static str, problem: &Problem) {
        let fix = Some(problem.hints().join("; ")).filter(|fix| !fix.is_empty());
        self.add(name, Verdict::Failed, problem.message(), fix);
    }

    fn skipped(&mut self, names: &[&'static str], text: &str) {
        for name in names {
            self.add(name, Verdict::Skipped, text, None);
        }
    }
}

pub(crate) fn run(args: &DoctorArgs) -> Result<(), Problem> {
    args.output.check()?;
    let live =
        args.output.format() == Format::Table && io::stderr().is_terminal() && !io::stdout().is_terminal();
    let mut report = Report { live, ..Report::default() };
    examine(args, &mut report);
    let checks = &report.checks;
    match args.output.format() {
        Format::Table => args.output.put(2 * checks.len(), |to| write_text(to, checks))?,
        _ => args.output.write("checks", &COLUMNS, checks)?,
    }
    match report.checks.iter().filter(|check| check.verdict == Verdict::Failed).count() {
        0 => Ok(()),
        1 => Err(Problem::new(Code::Refused, "1 check failed")),
        count => Err(Problem::new(Code::Refused, format!("{count} checks failed"))),
    }
}

/// Writes a line for each check, and what to do about it on the next line.
fn write_text(to: &mut dyn Write, checks: &[Check]) -> io::Result<()> {
    for Check { name, verdict, text, fix } in checks {
        writeln!(to, "{:<7}  {name:<13}  {}", verdict.word(), printable(text))?;
        if let Some(fix) = fix {
            writeln!(to, "{:24}to fix: {}", "", printable(fix))?;
        }
    }
    Ok(())
}

const ONLINE: [&str; 5] = ["token", "tls", "permissions", "clock", "budget"];

/// Runs the checks until one fails that the next ones depend on.
fn examine(args: &DoctorArgs, report: &mut Report) {
    if let Err(problem) = settled(args, report) {
        report.failed("configuration", &problem);
        return report.skipped(&["names", "connections"], "there is nothing to connect to");
    }
    let connection = match Connection::open(&args.target, &args.timing, &args.credentials) {
        Ok(connection) => connection,
        Err(problem) => return report.failed("token", &problem),
    };
    let service = connection.service();
    let mut urls = vec![service.login_url, service.api_url];
    urls.dedup();
    for url in &urls {
        if !reached(url, report) {
            return report.skipped(&ONLINE, "a host cannot be reached");
        }
    }
    let caller = match Caller::new(&connection) {
        Ok(caller) => caller,
        Err(error) => return report.failed("token", &Problem::build(error)),
    };
    if let Err(error) = caller.log_in() {
        let is_tls = error.failure().transport_failure().is_some_and(|f| f.kind == TransportKind::Tls);
        let problem = failure::of_call(&error, caller.service(), &[]);
        report.failed(if is_tls { "tls" } else { "token" }, &problem);
        return report.skipped(&ONLINE[2..], "there is no token");
    }
    match caller.session().access_token_expires_at() {
        Some(end) => report.ok("token", format!("the credential is good; this token expires at {end}")),
        None => report.ok("token", "there is one; when it expires is not known"),
    }
    permissions(args, &caller, report);
    clock(&caller, report);
    budget(&caller, report);
}

/// Checks what needs no request.
fn settled(args: &DoctorArgs, report: &mut Report) -> Result<(), Problem> {
    if args.target.simulate {
        report.ok("configuration", "the built-in simulator");
        return Ok(());
    }
    let variables: Variables<'_> = &|name| env::var_os(name);
    let config = Config::load(&args.credentials.profile, variables)?;
    let source = args.credentials.source(variables, &config)?;
    let service = args.target.hosts.service(&source, variables, &config)?;
    let (who, place) = match &source {
        Source::AccessToken(token) => ("an access token".to_owned(), token.place.clone()),
        Source::Client { id, secret } => (format!("OAuth client {}", id.value), secret.place.clone()),
        Source::Login(login, store) => {
            (format!("a log-in with OAuth client {}", login.client_id), store.path().display().to_string())
        }
    };
    source.grant()?;
    args.timing.route(&service, variables, &config)?;
    report.ok("configuration", format!("{} as {who} ({place})", service.api_url));
    Ok(())
}

/// Returns whether the host of `url`, or the proxy to it, has an address that accepts connections.
fn reached(url: &BaseUrl, report: &mut Report) -> bool {
    let Some((host, port)) = host_and_port(url) else {
        report.add("names", Verdict::Failed, format!("{url} has no host"), None);
        return false;
    };
    let proxy = match proxy_to(url) {
        Ok(proxy) => proxy,
        Err(problem) => {
            report.failed("configuration", &problem);
            return false;
        }
    };
    let (host, port, what) = match proxy {
        Some(proxy) => (proxy.host().to_owned(), proxy.port(), "the proxy "),
        None => (host, port, ""),
    };
    let addresses = match resolved(&host, port) {
        Ok(addresses) => addresses,
        Err(problem) => {
            let fix = match what {
                "" => {
                    "is the region or the URL right, and does this machine's DNS work? If only a proxy leads out of this \
                     network, HTTPS_PROXY=http://host:port names it"
                }
                _ => "is HTTPS_PROXY right?",
            };
            report.add("names", Verdict::Failed, format!("{what}{host}: {problem}"), Some(fix.into()));
            return false;
        }
    };
    report.ok(
        "names",
        format!(
            "{what}{host} has {} address{}",
            addresses.len(),
            if addresses.len() == 1 { "" } else { "es" }
        ),
    );
    let mut last = None;
    for address in &addresses {
        match TcpStream::connect_timeout(address, PATIENCE) {
            Ok(_) => {
                report.ok("connections", format!("{what}{host} takes connections on port {port}"));
                return true;
            }
            Err(error) => last = Some(error),
        }
    }
    let error = last.map_or_else(|| "no address".into(), |error| error.to_string());
    let fix = "is a firewall or a proxy in between?";
    report.add("connections", Verdict::Failed, format!("{what}{host}:{port}: {error}"), Some(fix.into()));
    false
}

/// Returns the environment's proxy, if connections to `url` use it.
fn proxy_to(url: &BaseUrl) -> Result<Option<Proxy>, Problem> {
    let proxy = Proxy::from_variables(|name| env::var(name).ok()).map_err(Problem::build)?;
    let target: Uri = url.to_string().parse().map_err(Problem::usage)?;
    Ok(proxy.filter(|proxy| proxy.carries(&target)))
}

fn host_and_port(url: &BaseUrl) -> Option<(String, u16)> {
    let uri: Uri = url.to_string().parse().ok()?;
    let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((host, uri.port_u16().unwrap_or(default)))
}

/// Resolves a name with a time limit, which the system's resolver lacks.
fn resolved(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    thread::spawn(move || {
        let addresses = (&*name, port).to_socket_addrs().map(Vec::from_iter);
        // The receiver may have given up.
        sender.send(addresses).unwrap_or_default();
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err("the name has no address".into()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {}", humantime::format_duration(PATIENCE))),
    }
}

/// Requests a non-existent resource of every operation: without the permission, the service refuses (403); with it,
/// the resource is not found.
fn permissions(args: &DoctorArgs, caller: &Caller, report: &mut Report) {
    let now = SystemTime::now().into();
    let interval = || Interval::last_days(1, now);
    let Ok(nothing) = NO_EXECUTION.parse::<ExecutionId>() else { return };
    let Ok(nobody) = NO_EXECUTION.parse::<ClientId>() else { return };
    let mut answered = None;
    for need in Need::value_variants() {
        let (permissions, answer) = match need {
            Need::Query => asked(caller, &OrganizationQuery::new(interval()), &nothing),
            Need::Summary => asked(caller, &ClientQuery::new(nobody.clone(), interval()), &nothing),
            Need::Search => asked(caller, &SimpleSearch::new(interval()), &nothing),
            Need::Aggregate => asked(caller, &OrganizationJob::new(interval()), &nothing),
            Need::AggregateClient => asked(caller, &ClientJob::new(nobody.clone(), interval()), &nothing),
            Need::Events => (EventDefinitions::PERMISSIONS, caller.call(EventDefinitions).map(drop)),
        };
        let name = need.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        // An error page of a proxy says nothing about permissions.
        let refusal =
            answer.as_ref().err().filter(|error| advice::foreign(error).is_none()).and_then(Error::api_error);
        let lacks_permission = refusal.is_some_and(failure::is_about_permissions);
        let status = refusal.map(|refusal| refusal.status);
        // Any response of the API shows that TLS works.
        if answered.is_none() && (answer.is_ok() || status.is_some()) {
            answered = Some(());
            report.ok("tls", "the API host answers");
        }
        match (answer, status) {
            (Ok(()), _) | (_, Some(StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST)) => {
                report.ok("permissions", format!("{name} is permitted"));
            }
            (Err(_), _) if lacks_permission => {
                let verdict = if args.need.contains(need) { Verdict::Failed } else { Verdict::Warning };
                let fix =
                    format!("give a role of the OAuth client or user any one of: {}", permissions.join(", "));
                report.add("permissions", verdict, format!("{name} is not permitted"), Some(fix));
            }
            (Err(error), _) => {
                let is_tls =
                    error.failure().transport_failure().is_some_and(|f| f.kind == TransportKind::Tls);
                let problem = failure::of_call(&error, caller.service(), permissions);
                return report.failed(if is_tls { "tls" } else { "permissions" }, &problem);
            }
        }
    }
}

fn asked<Q: UsageQuery>(
    caller: &Caller,
    query: &Q,
    id: &ExecutionId,
) -> (&'static [&'static str], Result<(), Error>) {
    (Q::Results::PERMISSIONS, caller.call(query.results(id, None)).map(drop))
}

fn clock(caller: &Caller, report: &mut Report) {
    let Some((theirs, ours)) = caller.session().server_date() else {
        return report.skipped(&["clock"], "the service does not say what time it is");
    };
    let skew = theirs.saturating_since(ours).max(ours.saturating_since(theirs));
    let apart = format!("{} s", skew.as_secs());
    if skew <= MAX_SKEW {
        report.ok("clock", format!("this machine's clock and the service's are {apart} apart"));
    } else {
        let which = if theirs > ours { "behind" } else { "ahead of" };
        let text = format!("this machine's clock is {apart} {which} the service's");
        report.add("clock", Verdict::Failed, text, Some("set this machine's clock, by NTP".into()));
    }
}

fn budget(caller: &Caller, report: &mut Report) {
    let now = Timestamp::from(SystemTime::now());
    match caller.session().rate_budget().window(now) {
        Some(window) if window.used * 10 > window.allowed * 9 => {
            let text = format!("{} of {} requests a minute are used", window.used, window.allowed);
            let fix = "others use the same OAuth client: give this program its own".into();
            report.add("budget", Verdict::Warning, text, Some(fix));
        }
        Some(window) => {
            report.ok("budget", format!("{} of {} requests a minute are used", window.used, window.allowed));
        }
        None => report.skipped(&["budget"], "the service does not say how many requests are left"),
    }
}
