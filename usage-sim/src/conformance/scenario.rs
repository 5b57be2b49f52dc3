//! A scenario: the service, the script of the caller, and the expected observations.

use std::fmt;
use std::time::Duration;

use usage_core::Policy;
use usage_core::retry::Backoff;

use crate::config::SimulatorConfig;
use crate::fault::{Fault, Match, Rule};

/// The client's secret, and a wrong one.
pub(super) const SECRET: &str = "hunter2";
pub(super) const WRONG_SECRET: &str = "guessed";

/// One scenario, as data.
pub(crate) struct Scenario {
    pub(super) work: Work,
    pub(super) script: Script,
    pub(super) config: SimulatorConfig,
    pub(super) rules: Vec<RuleFor>,
    pub(super) policy: Policy,
    /// The limit of a connection, in real time.
    pub(super) connect_timeout: Duration,
    pub(super) credential: Credential,
    pub(super) reach: Reach,
    /// Whether a wait lasts until all connections are closed.
    pub(super) settles: bool,
    pub(super) expected: Expected,
}

/// A rule that may name the other origin.
pub(super) type RuleFor = Box<dyn Fn(&str) -> Rule>;

/// The query or call of a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// The requests by client: one page.
    Organization,
    Client,
    Summary,
    /// Three pages.
    Search,
    /// Two pages.
    OrganizationJob,
    ClientJob,
    /// One operation, without polling.
    Call(Operation),
}

/// A synchronous operation, or an asynchronous one of which only the first response is used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Submit,
    Definitions,
    Definition,
    Events,
    EventAggregates,
    Users,
    OAuthClients,
    OrganizationMe,
}

/// The script of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Runs it to its end.
    Run,
    /// Runs it twice on one client, one after the other.
    Twice,
    /// Runs it to its end, and attaches another client to the execution by its id.
    RunAndAttach,
    /// Starts it twice at once on one client; one fetches the token while the other waits.
    AtOnce,
    /// Drops the future when the fault strikes, and continues with the handle.
    DropAndGoOn,
    /// Drops the future when the fault strikes, saves, and continues with another client.
    DropAndRestore,
    /// Drops the future when the fault strikes, and runs the query again on the same client.
    DropAndRunAnew,
    /// For each step in turn: cancels the execution while it is being driven.
    CancelDuringEachStep,
    /// For each step in turn: stops after it and cancels.
    CancelAtEachStep,
    /// For each step in turn: stops after it, saves, and continues with another client.
    RestoreAtEachStep,
    /// For each step in turn: stops after it and continues with the handle.
    GoOnAtEachStep,
}

/// How the client authenticates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Credential {
    Secret,
    WrongSecret,
    /// A static token that cannot be renewed.
    Token,
}

/// The route between the client and the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Plain,
    /// TLS with a root that the client trusts.
    Tls,
    /// TLS with a root that the client does not trust.
    TlsOfUnknownRoot,
    TlsOfWrongName,
    TlsExpired,
    TlsSelfSigned,
    /// TLS that requires a client certificate, which the client has.
    TlsOfBoth,
    /// TLS that requires a client certificate, which the client lacks.
    TlsOfNobody,
    /// The same with TLS 1.2 only.
    TlsOfNobodyInTls12,
    /// The client speaks TLS, the service does not.
    TlsOfNone,
    /// The handshake never completes.
    TlsInSilence,
    /// The port of the service is closed.
    Refused,
    /// The name does not resolve.
    Unresolved,
    /// A proxy that tunnels.
    Proxy,
    ProxyAnswers401,
    ProxyAnswers403,
    ProxyAnswers407,
    ProxyAnswers502,
    ProxyAnswersHtml,
    ProxyCloses,
    /// The port of the proxy is closed.
    ProxyIsAbsent,
    /// The proxy does not answer.
    ProxyIsSilent,
}

/// The expected observations.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// `0 token`, `0 submit`, `2000 poll`: the virtual milliseconds since the start, and what arrived.
    pub(super) wire: Option<&'static str>,
    /// The causes of the transitions, in order.
    pub(super) causes: Option<&'static str>,
    /// The expected result of each run.
    pub(super) ends: Vec<String>,
}

/// Returns a policy without jitter whose first poll is due after 2 s and the second 4 s later, independent of the
/// defaults, so that the traces of the scenarios are short.
fn slow_polls() -> Policy {
    let poll = Backoff::new(Duration::from_secs(4), 1.5, Duration::from_secs(150));
    Policy::default().with_jitter(0.0).with_first_poll(Duration::from_secs(2)).with_poll(poll)
}

impl Scenario {
    /// Creates a scenario that does `work` at a service that takes two seconds for a query. Polls are due after 2 s, 6
    /// s, 12 s and so on, without jitter.
    pub(super) fn new(work: Work) -> Self {
        Self {
            work,
            script: Script::Run,
            config: SimulatorConfig::default()
                .with_client("7de3af06", SECRET)
                .with_execution_time(Duration::from_secs(2)),
            rules: Vec::new(),
            policy: slow_polls(),
            connect_timeout: Duration::from_secs(10),
            credential: Credential::Secret,
            reach: Reach::Plain,
            settles: false,
            expected: Expected::default(),
        }
    }

    pub(super) fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    pub(super) fn service(mut self, change: impl FnOnce(SimulatorConfig) -> SimulatorConfig) -> Self {
        self.config = change(self.config);
        self
    }

    /// Makes `fault` strike the next request that matches `on`.
    pub(super) fn fault(self, on: Match, fault: impl Into<Fault>) -> Self {
        self.rule(Rule::new(on, fault))
    }

    /// Makes `fault` strike every request that matches `on`.
    pub(super) fn always(self, on: Match, fault: impl Into<Fault>) -> Self {
        self.rule(Rule::new(on, fault).always())
    }

    pub(super) fn rule(self, rule: Rule) -> Self {
        self.rule_with_elsewhere(move |_| rule.clone())
    }

    /// Adds a rule that names the other origin: `https://host`.
    pub(super) fn rule_with_elsewhere(mut self, rule: impl Fn(&str) -> Rule + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    pub(super) fn policy(mut self, change: impl FnOnce(Policy) -> Policy) -> Self {
        self.policy = change(self.policy);
        self
    }

    pub(super) fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    pub(super) fn credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    pub(super) fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Makes waits last until closing connections are closed on both sides.
    pub(super) fn settles(mut self) -> Self {
        self.settles = true;
        self
    }

    /// Expects these requests at these virtual milliseconds: `0 token, 0 submit, 2000 poll`.
    pub(super) fn wire(mut self, wire: &'static str) -> Self {
        self.expected.wire = Some(wire);
        self
    }

    /// Expects these causes of transitions, in order.
    pub(super) fn causes(mut self, causes: &'static str) -> Self {
        self.expected.causes = Some(causes);
        self
    }

    /// Expects this result. Another call states the result of the next run.
    pub(super) fn ends(mut self, end: impl Into<String>) -> Self {
        self.expected.ends.push(end.into());
        self
    }

    /// Expects this number of rows.
    pub(super) fn rows(self, rows: usize) -> Self {
        self.ends(format!("{rows} rows"))
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("work", &self.work)
            .field("script", &self.script)
            .field("reach", &self.reach)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}
