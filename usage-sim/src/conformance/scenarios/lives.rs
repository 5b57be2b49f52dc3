//! Executions that are stopped, saved, cancelled and resumed.

use std::time::Duration;

use super::{BY_CLIENT, IN_SEARCH};
use crate::conformance::scenario::{Scenario, Script, Work};
use crate::fault::{Match, Rule};
use crate::wire_fault::WireFault;

fn search(script: Script) -> Scenario {
    Scenario::new(Work::Search).script(script)
}

/// The steps of a search of three pages: Authorized, Sent, Accepted, the wait, Elapsed, Sent, and MorePages and Sent
/// for both pages before the last one.
const STEPS: usize = 10;

/// A wait that would end after the deadline is not started.
pub(crate) fn deadline_before_the_first_poll() -> Scenario {
    Scenario::new(Work::Organization)
        .policy(|policy| policy.with_deadline(Duration::from_secs(1)))
        .wire("0 token, 0 submit")
        .causes("Authorized Sent DeadlinePassed")
        .ends("deadline: next at 2000 for Poll (at usage.query.results after 2 requests, can be resumed)")
}

/// The id of an execution is sufficient to read its rows.
pub(crate) fn attached_to_by_its_id() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::RunAndAttach)
        .wire("0 token, 0 submit, 2000 poll, 2000 token, 2000 poll")
        .causes("Authorized Sent LastPage")
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}

pub(crate) fn cancelled_at_each_step() -> Scenario {
    cancelled(Script::CancelAtEachStep)
}

/// An execution that is cancelled just before a request does not send it.
pub(crate) fn cancelled_during_each_step() -> Scenario {
    cancelled(Script::CancelDuringEachStep)
}

fn cancelled(script: Script) -> Scenario {
    let at = |endpoint: &str, requests: usize| format!("cancelled (at {endpoint} after {requests} requests");
    let of_results = |requests| at("usage.simplesearch.results", requests) + ", can be resumed)";
    search(script)
        .ends(at("oauth.token", 1) + ")")
        .ends(at("usage.simplesearch", 2) + ")")
        .ends(of_results(2))
        .ends(of_results(2))
        .ends(of_results(3))
        .ends(of_results(3))
        .ends(format!("1000 rows, then {}", of_results(3)))
        .ends(format!("1000 rows, then {}", of_results(4)))
        .ends(format!("2000 rows, then {}", of_results(4)))
        .ends(format!("2000 rows, then {}", of_results(5)))
}

/// Wherever it was saved, another client fetches the rest. Only a submit in flight is not sent again.
pub(crate) fn restored_at_each_step() -> Scenario {
    all_rows_but_for_the_submit(Script::RestoreAtEachStep, 0)
}

pub(crate) fn stopped_and_resumed_at_each_step() -> Scenario {
    all_rows_but_for_the_submit(Script::GoOnAtEachStep, 2)
}

fn all_rows_but_for_the_submit(script: Script, requests: usize) -> Scenario {
    let ambiguous = format!("ambiguous submit: Abandoned (at usage.simplesearch after {requests} requests)");
    let begun = search(script).rows(IN_SEARCH).ends(ambiguous);
    (2..STEPS).fold(begun, |scenario, _| scenario.rows(IN_SEARCH))
}

pub(crate) fn dropped_poll() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::DropAndGoOn)
        .fault(Match::Results, WireFault::Hang)
        .wire("0 token, 0 submit, 2000 poll, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Abandoned Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn dropped_in_the_body() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::DropAndGoOn)
        .fault(Match::Results, WireFault::HangMidBody)
        .wire("0 token, 0 submit, 2000 poll, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Abandoned Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn dropped_submit() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::DropAndGoOn)
        .fault(Match::Submit, WireFault::Hang)
        .wire("0 token, 0 submit")
        .causes("Authorized Sent AmbiguousSubmit")
        .ends("ambiguous submit: Abandoned (at usage.query after 2 requests)")
}

/// The exchange is carried to its end; the next execution waits for it, and then proceeds as after any failure.
pub(crate) fn dropped_token_request() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::DropAndRunAnew)
        .policy(|policy| policy.with_exchange_timeout(Duration::from_millis(300)))
        .fault(Match::Token, WireFault::Hang)
        .wire("0 token, 500 token, 500 submit, 2500 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn dropped_and_restored() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::DropAndRestore)
        .fault(Match::Results, WireFault::Hang)
        .wire("0 token, 0 submit, 2000 poll, 2000 token, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Abandoned Authorized Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn dropped_and_restored_in_the_middle() -> Scenario {
    search(Script::DropAndRestore)
        .rule(Rule::new(Match::Results, WireFault::Hang).skip(1))
        .wire("0 token, 0 submit, 2000 poll, 2000 page, 2000 token, 2000 page, 2000 page")
        .rows(IN_SEARCH)
}
