//! Faults as data: what goes wrong, for which request, how often.

use http::{Method, StatusCode};

use crate::route::Operation;
use crate::wire_fault::WireFault;

/// A fault of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answered with this status and the service's usual error body; the request is not processed. A number that
    /// is no HTTP status becomes 500.
    Status(u16),
    /// Answered with exactly this; the request is not processed.
    StatusWith {
        /// The status; a number that is no HTTP status becomes 500.
        status: u16,
        /// Header names and values; invalid ones are left out.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Answered 429 with the service's body and this `Retry-After`, verbatim: seconds, an HTTP date or nonsense; `None`
    /// sends no such header. The request is not processed.
    RateLimited {
        /// The header's value.
        retry_after: Option<String>,
    },
    /// Answered 502 with a gateway's HTML page; the request is not processed.
    Html,
    /// Answered 302 with this `Location`; the request is not processed.
    Redirect(String),
    /// Processed; the execution that it starts or reads ends as `Failed` when its time is over, also for later
    /// requests. A failed job says why, in its `errorBody`.
    FailQuery,
    /// Processed; the job that it starts or reads ends as `Cancelled` when its time is over, also for later requests.
    /// The older executions have no such state: nothing happens to them.
    CancelQuery,
    /// Processed; a results answer says this `queryStatus` and has no rows.
    UnknownStatus(String),
    /// Processed; a results answer has no `queryStatus` and no rows.
    MissingStatus,
    /// Processed; a complete page of a simple search, a job or an event query names a cursor that leads to this very
    /// page again. While the execution is running, nothing happens.
    RepeatCursor,
    /// Processed; `nextUri` and `resultsUri`, where the answer has them, are absolute: they begin with this origin
    /// (`https://elsewhere.example`).
    AbsoluteNextUri(String),
    /// Processed; members of the answer's outermost object are set to these JSON texts, by name. An empty text removes
    /// the member.
    Amended(Vec<(String, String)>),
    /// Processed; these headers of the answer are set, names and values. Invalid ones are left out.
    Headers(Vec<(String, String)>),
    /// Processed; the answer is followed by blanks until its body has this many bytes. It is still valid JSON.
    Oversized {
        /// The body's length, in bytes.
        bytes: usize,
    },
    /// Processed; the answer is encoded with gzip, whether the client asked for that or not.
    Gzip,
    /// Processed; the answer is as with [`Oversized`](Self::Oversized), and encoded with gzip: a thousandth of it goes
    /// over the wire.
    GzipBomb {
        /// The length of the decoded body, in bytes.
        bytes: usize,
    },
    /// Processed; the answer is lost or mangled on its way.
    Wire(WireFault),
}

impl From<WireFault> for Fault {
    fn from(fault: WireFault) -> Self {
        Self::Wire(fault)
    }
}

/// The requests that a [`Rule`] matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Match {
    /// Every request, to unknown paths, too.
    Any,
    /// Requests of an access token.
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
    /// `fault` for the next request that fits `on`, once.
    pub fn new(on: Match, fault: impl Into<Fault>) -> Self {
        Self { on, fault: fault.into(), skip: 0, times: 1 }
    }

    /// Lets the first `requests` that fit pass.
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

/// The rules in force, in the order in which they were injected. The first that fits and is due strikes; a rule before
/// it that fits but still skips counts the request, a rule after it does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(Vec<Rule>);

impl Script {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes this request, if any.
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
    fn rules_skip_strike_and_end() {
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
