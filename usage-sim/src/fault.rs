//! Faults as data: what goes wrong, for which request, how often.

use http::{Method, StatusCode};

use crate::route::Operation;
use crate::wire_fault::WireFault;

/// A fault of one exchange. The request is processed unless the variant says that it is not.
///
/// ```
/// use usage_core::Timestamp;
/// use usage_sim::{Fault, Match, Rule, Simulator, SimulatorConfig};
///
/// let mut service = Simulator::new(SimulatorConfig::default());
/// service.inject(Rule::new(Match::Any, Fault::RateLimited { retry_after: Some("7".into()) }));
/// let reply = service.handle(Timestamp::UNIX_EPOCH, http::Request::get("/api/v2/users").body(vec![])?);
/// assert_eq!(reply.response.status(), 429);
/// assert_eq!(reply.response.headers()["retry-after"], "7");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Responds with this status and the service's usual error body, without processing the request. A number that is
    /// not an HTTP status becomes 500.
    Status(u16),
    /// Responds with exactly this, without processing the request.
    StatusWith {
        /// The status; a number that is not an HTTP status becomes 500.
        status: u16,
        /// Header names and values; invalid ones are left out.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Responds with 429, the service's body and this `Retry-After`, without processing the request. The value is sent
    /// verbatim: seconds, an HTTP date or nonsense. `None` sends no such header.
    RateLimited {
        /// The header's value.
        retry_after: Option<String>,
    },
    /// Responds with 502 and a gateway's HTML page, without processing the request.
    Html,
    /// Responds with 302 and this `Location`, without processing the request.
    Redirect(String),
    /// Ends the execution that the request starts or reads as `Failed` when its time is over, also for later requests.
    /// A failed job has the reason in its `errorBody`.
    FailQuery,
    /// Ends the job that the request starts or reads as `Cancelled` when its time is over, also for later requests. The
    /// older executions have no such state, and are not affected.
    CancelQuery,
    /// Responds to a results request with this `queryStatus` and no rows.
    UnknownStatus(String),
    /// Responds to a results request without `queryStatus` and rows.
    MissingStatus,
    /// Makes a page of a complete simple search, job or event query name a cursor that leads to the same page again.
    /// Running executions are not affected.
    RepeatCursor,
    /// Makes `nextUri` and `resultsUri` of the response absolute, with this origin (`https://elsewhere.example`).
    AbsoluteNextUri(String),
    /// Sets members of the response's outermost object to these JSON texts, by name. An empty text removes the member.
    Amended(Vec<(String, String)>),
    /// Sets these headers of the response, by name and value. Invalid ones are left out.
    Headers(Vec<(String, String)>),
    /// Appends blanks to the response's body until it has this many bytes. It is still valid JSON.
    Oversized {
        /// The body's length, in bytes.
        bytes: usize,
    },
    /// Encodes the response with gzip, even if the client did not ask for it.
    Gzip,
    /// Like [`Oversized`](Self::Oversized), encoded with gzip: a thousandth of it is sent.
    GzipBomb {
        /// The length of the decoded body, in bytes.
        bytes: usize,
    },
    /// Loses or mangles the response on its way. The request is processed.
    Wire(WireFault),
}

impl From<WireFault> for Fault {
    fn from(fault: WireFault) -> Self {
        Self::Wire(fault)
    }
}

/// The requests that a [`Rule`] matches.
///
/// ```
/// use usage_sim::{Fault, Match, Operation, Rule};
///
/// let polls = Rule::new(Match::Results, Fault::Status(503)).times(3);
/// let one_operation = Rule::new(Match::Operation(Operation::OrganizationQuery), Fault::FailQuery);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Match {
    /// Every request, including those to unknown paths.
    Any,
    /// Requests for an access token.
    Token,
    /// Requests that start an execution.
    Submit,
    /// Requests for an execution's state and rows.
    Results,
    /// Requests that start or read a job.
    Job,
    /// Requests about operational events.
    Event,
    /// Requests outside the Usage API: users, OAuth clients, the organization.
    Platform,
    /// Requests of this operation.
    Operation(Operation),
    /// Requests with this method and this path (without query).
    Request(Method, String),
}

/// A fault and when it strikes.
///
/// ```
/// use usage_sim::{Fault, Match, Rule};
///
/// // The second and third poll fail.
/// let rule = Rule::new(Match::Results, Fault::Status(503)).skip(1).times(2);
/// # let _ = rule;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    on: Match,
    fault: Fault,
    skip: u32,
    times: u32,
}

impl Rule {
    /// Creates a rule: `fault` strikes the next request that matches `on`, once.
    pub fn new(on: Match, fault: impl Into<Fault>) -> Self {
        Self { on, fault: fault.into(), skip: 0, times: 1 }
    }

    /// Lets the first `requests` that match pass.
    #[must_use]
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Strikes every time from then on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }

    fn fits(&self, operation: Option<Operation>, method: &Method, path: &str) -> bool {
        match &self.on {
            Match::Any => true,
            Match::Token => operation == Some(Operation::Token),
            Match::Submit => operation.is_some_and(Operation::is_submit),
            Match::Results => operation.is_some_and(Operation::is_results),
            Match::Job => operation.is_some_and(Operation::is_job),
            Match::Event => operation.is_some_and(Operation::is_event),
            Match::Platform => operation.is_some_and(Operation::is_platform),
            Match::Operation(wanted) => operation == Some(*wanted),
            Match::Request(wanted_method, wanted_path) => wanted_method == method && wanted_path == path,
        }
    }
}

/// The rules in force, in the order in which they were injected. The first rule that matches and is due strikes. Rules
/// before it that match but still skip count the request; rules after it do not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(Vec<Rule>);

impl Script {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the fault that strikes this request, if any.
    pub(crate) fn strike(
        &mut self,
        operation: Option<Operation>,
        method: &Method,
        path: &str,
    ) -> Option<Fault> {
        for rule in self.0.iter_mut().filter(|rule| rule.times > 0 && rule.fits(operation, method, path)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if rule.times < u32::MAX {
                rule.times -= 1;
            }
            return Some(rule.fault.clone());
        }
        None
    }
}

pub(crate) fn status_or_500(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_skips_applies_and_ends() {
        let mut script = Script::default();
        script.add(Rule::new(Match::Results, Fault::Status(503)).skip(1).times(2));
        script.add(Rule::new(Match::Any, Fault::Html).skip(3));
        let mut strike = || script.strike(Some(Operation::ClientResults), &Method::GET, "/x");
        let struck: Vec<_> = (0..6).map(|_| strike()).collect();
        let failed = Some(Fault::Status(503));
        assert_eq!(struck, [None, failed.clone(), failed, None, None, Some(Fault::Html)]);
    }

    #[test]
    fn a_rule_may_name_a_method_and_a_path() {
        let mut script = Script::default();
        script.add(Rule::new(Match::Request(Method::GET, "/x".into()), WireFault::Hang).always());
        assert_eq!(script.strike(None, &Method::POST, "/x"), None);
        assert_eq!(script.strike(None, &Method::GET, "/y"), None);
        for _ in 0..3 {
            assert_eq!(script.strike(None, &Method::GET, "/x"), Some(Fault::Wire(WireFault::Hang)));
        }
        script.clear();
        assert_eq!(script.strike(None, &Method::GET, "/x"), None);
    }
}
